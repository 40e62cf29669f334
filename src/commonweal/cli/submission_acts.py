"""What the data centre does with one submission: ``commonweal submissions rerun`` and others."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from commonweal.cli.check import FileBars
from commonweal.cli.output import OUT, JsonOption, confirm, name_actor, print_json
from commonweal.cli.summary import new_table
from commonweal.engine.settings import Settings, read_settings
from commonweal.engine.storage import Location
from commonweal.intake.findings import show_name
from commonweal.intake.lifecycle.acts import (
    declare_folder,
    exclude_submission,
    include_submission,
    make_ledger,
    rerun_check,
)
from commonweal.intake.lifecycle.declaration import build_declaration
from commonweal.intake.lifecycle.erase import ErasurePlan
from commonweal.intake.lifecycle.history import History
from commonweal.intake.lifecycle.lookup import get_entry, get_landed
from commonweal.intake.lifecycle.reception import list_drops
from commonweal.intake.lifecycle.retract import (
    NobodyFoundError,
    Retraction,
    RetractionPlan,
    plan_retraction,
    read_certificate,
    read_person_list,
    retract,
)
from commonweal.intake.lifecycle.settle import Ledger
from commonweal.intake.purposes import check_dialect
from commonweal.intake.sites import Purpose, check_fits_programme, get_site
from commonweal.intake.submission import Submission
from commonweal.intake.terminal import render_terminal
from commonweal.pipeline.matching import list_derived
from commonweal.pipeline.measuring import get_surroundings
from commonweal.schema.errors import CommonwealError, ExitCode

IdArgument = Annotated[
    str, typer.Argument(help="Id of a submission that has landed.", show_default=False)
]
ByOption = Annotated[
    str | None, typer.Option("--by", help="In whose name; the account on this machine if not.")
]
ReasonOption = Annotated[str, typer.Option(help="Why; kept in the history for good.")]


def rerun(
    submission_id: IdArgument,
    *,
    reason: Annotated[
        str, typer.Option(help="Why; the site reads it, and it is kept in the history.")
    ] = "",
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Check a submission once more, with the rules of today.

    The new report and metrics are kept beside the first, and are those that the site is shown
    from now on. The verdict of the submission stays as it is: whoever wants another one hands
    in again. The exit code is that of the new report.

    Example: commonweal submissions rerun general_hospital-20260301-0a1b2c3d

    Example: commonweal submissions rerun ID --reason "units are judged by the new list"
    """
    settings = read_settings()
    submission = get_landed(settings.home, submission_id)
    with FileBars() as bars:
        ledger = _ledger(settings, submission.site, by)
        around = get_surroundings(settings, day=ledger.now.date())
        done = rerun_check(
            ledger,
            submission,
            settings.engine,
            reason=reason,
            around=around,
            progress=bars.advance,
        )
    if json:
        print_json({"number": done.number, "report": done.report.to_json()})
    else:
        OUT.print(render_terminal(done.report), soft_wrap=False)
        same = "as before" if done.is_same else f"it was {submission.verdict} when it landed"
        OUT.print(f"Report {done.number} of {submission.id}: {done.report.verdict}, {same}.")
    if not done.report.is_accepted:
        raise typer.Exit(ExitCode.REJECTED)


def declare(
    folder: Annotated[
        str,
        typer.Argument(help="Site and folder, such as hospital/2026-03-01-v1.", show_default=False),
    ],
    *,
    purpose: Annotated[Purpose, typer.Option(help="What the data are for.")],
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The data are made up.")] = False,
    dialect: Annotated[
        str, typer.Option(help="What the files follow; that of the purpose if not given.")
    ] = "",
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Declare a folder that a site put into its drop area without a declaration.

    The next round of `commonweal receive` takes it, when it is complete or quiet for long
    enough. One that expired is opened again, if its files are still there.

    Example: commonweal submissions declare general_hospital/2026-03-01-v1 --purpose test
    """
    settings = read_settings()
    if dialect:
        check_dialect(dialect)
    check_fits_programme(synthetic=synthetic, only_synthetic=settings.programme.synthetic)
    entry = get_entry(settings.home, folder)
    declaration = build_declaration(str(purpose), synthetic, dialect)
    history = declare_folder(_ledger(settings, entry.site, by), entry.key, declaration)
    if json:
        print_json(history.events[-1].to_json())
    else:
        OUT.print(f"{entry.name} is declared: {purpose}.")


def exclude(
    submission_id: IdArgument,
    *,
    reason: ReasonOption,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Keep a site's current submission out of curation, until it is included again.

    Example: commonweal submissions exclude ID --reason "units are under review"
    """
    _decide(exclude_submission, submission_id, reason, by, json=json)


def include(
    submission_id: IdArgument,
    *,
    reason: ReasonOption,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """End an exclusion: the submission goes into curation again.

    Example: commonweal submissions include ID --reason "units are mended"
    """
    _decide(include_submission, submission_id, reason, by, json=json)


Decision = Callable[[Ledger, Submission, str], History]


def _decide(
    decision: Decision, submission_id: str, reason: str, by: str | None, *, json: bool
) -> None:
    settings = read_settings()
    submission = get_landed(settings.home, submission_id)
    history = decision(_ledger(settings, submission.site, by), submission, reason)
    _print_state(submission, history.state, json=json)


def retract_one(
    submission_id: IdArgument,
    *,
    reason: ReasonOption,
    persons: Annotated[
        Path | None, typer.Option(help="Erase the persons in this file, one id to a line.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Erase the whole submission.")] = False,
    only_this: Annotated[
        bool,
        typer.Option("--only-this", help="The persons from no other submission of the site."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go, and erase nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Erase some persons, or all of a submission, with a certificate.

    Data files, notes and reports go, and so do copies in the drop area of the site: folders
    with any of the persons, or, with --all, folders of nothing but these files; unfinished
    uploads as well. What curation made is emptied and made again by the next
    `commonweal curate`. Sealed releases are not touched.

    Persons are erased from everything the site sent, and each submission has a certificate of
    its own. With --only-this they stay in the others, and the certificate says where.

    Example: commonweal submissions retract ID --persons withdrawn.txt --reason "withdrawal"

    Example: commonweal submissions retract ID --all --reason "sent in error" --dry-run
    """
    if everything == (persons is not None) or (only_this and everything):
        raise CommonwealError(
            "It is not said what to erase.",
            expected="--persons with a file, or --all, and not both; --only-this with persons",
            fix="Add one of them.",
        )
    settings = read_settings()
    submission = get_landed(settings.home, submission_id)
    chosen = read_person_list(persons) if persons else None
    order = _build_order(settings, submission, chosen, reason, name_actor(by))
    order = replace(order, only_this=only_this)
    if dry_run:
        _print_plan(plan_retraction(settings.home, order), json=json)
        return
    if not yes:
        _ask(settings.home, order)
    now = datetime.now(tz=UTC)
    around = get_surroundings(settings, day=now.date())
    first = retract(settings.home, order, now=now, engine=settings.engine, around=around)
    names = first["certificates"]
    done = [read_certificate(settings.home, submission.site, name) for name in names]
    if json:
        print_json(done)
    else:
        for certificate in done:
            _print_certificate(certificate)


def add_acts(app: typer.Typer) -> None:
    """Add the verbs to those of ``submissions``."""
    for act in (rerun, declare, exclude, include):
        app.command()(act)
    app.command("retract")(retract_one)


def _build_order(
    settings: Settings,
    submission: Submission,
    persons: frozenset[int] | None,
    reason: str,
    by: str,
) -> Retraction:
    site = get_site(settings.home, submission.site)
    drop, *earlier = (
        Location.of(place, settings.storage) for place in list_drops(settings.home, site)
    )
    derived = partial(list_derived, settings.home)
    return Retraction(submission, reason, by, persons, drop, tuple(earlier), derived)


def _ledger(settings: Settings, site: str, by: str | None) -> Ledger:
    return make_ledger(settings.home, site, datetime.now(tz=UTC), name_actor(by))


def _ask(home: Path, order: Retraction) -> None:
    """Have an erasure confirmed; one that was interrupted may have nothing left to ask about."""
    try:
        _confirm(plan_retraction(home, order))
    except NobodyFoundError:
        if not get_entry(home, order.submission.id).has_open_erasure:
            raise


def _confirm(plan: RetractionPlan) -> None:
    parts = [
        f"all of {s.id}" if erased is None else f"{erased.removed:,} rows from {s.id}"
        for s, erased in plan.erasures
    ]
    folders = sum(1 for copy in plan.copies if not copy.stays)
    if folders:
        parts.append(f"{folders} folders of the drop area")
    confirm(
        f"Erase {', '.join(parts)} for good?",
        reason="An erasure cannot be undone",
        fix="Look at it with --dry-run first, then add --yes.",
    )


def _print_state(submission: Submission, state: str, *, json: bool) -> None:
    if json:
        print_json({"id": submission.id, "state": state})
    else:
        OUT.print(f"{submission.id} is {state}.")


def _print_plan(plan: RetractionPlan, *, json: bool) -> None:
    described: dict[str, Any] = {
        "submissions": [_describe_plan(submission, erased) for submission, erased in plan.erasures],
        "drop_area": [
            {
                "where": c.where,
                "folder": show_name(c.name),
                "files": len(c.files),
                "stays": c.stays or None,
            }
            for c in plan.copies
        ],
        "not_covered": plan.not_covered,
    }
    if json:
        print_json(described)
        return
    for one in described["submissions"]:
        _print_erasure(one)
    for copy in described["drop_area"]:
        fate = f"stays: {copy['stays']}" if copy["stays"] else f"{copy['files']} files would go"
        OUT.print(f"In {copy['where']}, {copy['folder'] or 'all of it'}: {fate}.")
    OUT.print(f"Not covered: {'; '.join(plan.not_covered)}.")
    OUT.print("Nothing was erased: this was a dry run.")


def _describe_plan(submission: Submission, plan: ErasurePlan | None) -> dict[str, Any]:
    if plan is None:
        files = [
            {"name": f.name, "rows": f.rows, "removed": f.rows, "whole": True, "doubtful": 0}
            for f in submission.files
        ]
        return {"submission": submission.id, "scope": "all", "files": files}
    return {
        "submission": submission.id,
        "scope": "persons",
        "persons": plan.asked,
        "persons_found": plan.found,
        "files": [
            {
                "name": f.name,
                "rows": f.rows,
                "removed": f.removed,
                "whole": f.is_whole,
                "doubtful": f.doubtful,
            }
            for f in plan.files
        ],
    }


def _print_erasure(plan: Mapping[str, Any]) -> None:
    table = new_table(f"Would go from {plan['submission']}", "File", "Rows", "Below", "")
    table.columns[2].header = "Removed"
    for file in plan["files"]:
        note = "the whole file" if file["whole"] else ""
        if file["doubtful"]:
            note = f"{file['doubtful']:,} of them name nobody that can be read"
        table.add_row(file["name"], f"{file['rows']:,}", f"{file['removed']:,}", note)
    OUT.print(table, soft_wrap=False)
    if "persons" in plan:
        OUT.print(f"Persons asked for: {plan['persons']:,}; found: {plan['persons_found']:,}")


def _print_certificate(certificate: Mapping[str, Any]) -> None:
    OUT.print(f"Erased: {certificate['rows']:,} rows of {certificate['submission']}.")
    OUT.print(f"In the drop area: {certificate['drop_area']}.")
    if certificate["replacement"]:
        OUT.print(f"In its place: {certificate['replacement']}")
    OUT.print(f"Not covered: {'; '.join(certificate['not_covered'])}.")
    if "follow_up" in certificate:
        OUT.print(certificate["follow_up"])
    OUT.print(f"Certificate: {certificate['file']}")
