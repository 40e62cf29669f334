"""``commonweal submit``: hand a folder in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli.check import FolderArgument, run_check
from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.engine.settings import read_settings
from commonweal.intake.check.folder import check_is_folder
from commonweal.intake.landing import (
    Delivery,
    Submission,
    check_holds_no_links,
    find_metrics,
    list_submissions,
    submit_folder,
)
from commonweal.intake.lifecycle.history import list_not_counted, read_history
from commonweal.intake.lifecycle.tombstones import add_returned
from commonweal.intake.matching.matched import Matched
from commonweal.intake.metric_report import render_metrics_terminal
from commonweal.intake.purposes import check_dialect, choose_dialect
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose, check_authorised, check_fits_programme, get_site
from commonweal.intake.terminal import render_terminal
from commonweal.pipeline.matching import match_at_intake
from commonweal.pipeline.measuring import get_surroundings
from commonweal.schema.errors import ExitCode

SiteOption = Annotated[str, typer.Option(help="The registered site the folder comes from.")]
PurposeOption = Annotated[
    Purpose, typer.Option(help="What the data are for; only production data are curated.")
]
SyntheticOption = Annotated[
    bool, typer.Option("--synthetic", help="The data are made up; marked so for good.")
]
PurposeDialectOption = Annotated[
    str, typer.Option(help="What the files follow; that of the purpose if not given.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, and hand nothing in.")
]


def submit(
    folder: FolderArgument,
    *,
    site: SiteOption,
    purpose: PurposeOption,
    synthetic: SyntheticOption = False,
    dry_run: DryRunOption = False,
    dialect: PurposeDialectOption = "",
    json: JsonOption = False,
) -> None:
    """Check a folder and hand it in.

    The files are copied into the landing area with their checksums, and stay there for good;
    a rejected folder is kept too, with the report that says why. An accepted one is measured,
    and its metrics are kept and shown. Handing in once more what the site handed in last changes
    nothing. Links in the folder are refused: what they lead to lies elsewhere. The exit code is 0
    when the submission is accepted and 1 when it is rejected.

    Example: commonweal submit my-submission --site general_hospital --purpose production
    """
    settings = read_settings()
    home, now = settings.home, datetime.now(tz=UTC)
    chosen = choose_dialect(purpose, dialect)
    check_dialect(chosen)
    only_synthetic = settings.programme.synthetic
    check_fits_programme(synthetic=synthetic, only_synthetic=only_synthetic)
    check_authorised(get_site(home, site), purpose, synthetic=synthetic, dialect=chosen)
    check_is_folder(folder)
    check_holds_no_links(folder)
    report = run_check(folder, dialect=chosen)
    report = add_returned(report, folder, home=home, site=site, purpose=purpose)
    known = {submission.id for submission in list_submissions(home)}
    submission = None
    if not dry_run:
        with ERR.status("Measuring and storing"):
            submission = submit_folder(
                folder,
                home=home,
                site=site,
                purpose=purpose,
                synthetic=synthetic,
                now=now,
                report=report,
                delivery=Delivery(
                    around=get_surroundings(settings, day=now.date()),
                    only_synthetic=only_synthetic,
                ),
            )
    matched, why_not = None, ""
    if submission is not None and submission.is_accepted:
        matched, why_not = match_at_intake(settings, submission)
    if json:
        _print_json(home, report, submission, matched)
    else:
        _print(report, submission, known=submission is not None and submission.id in known)
        for reason in _list_not_counted(home, submission):
            OUT.print(reason)
        _print_matched(matched, why_not)
    judged = submission or report
    if not judged.is_accepted:
        raise typer.Exit(ExitCode.REJECTED)


def _print_json(
    home: Path, report: CheckReport, submission: Submission | None, matched: Matched | None
) -> None:
    metrics = find_metrics(submission) if submission else None
    print_json(
        {
            "submission": submission.to_json() if submission else None,
            "not_counted": _list_not_counted(home, submission),
            "report": report.to_json(),
            "metrics": metrics.to_json() if metrics else None,
            "matching": matched.to_json() if matched else None,
        }
    )


def _list_not_counted(home: Path, submission: Submission | None) -> list[str]:
    """What the submission does not count for although it was accepted."""
    if submission is None:
        return []
    history = read_history(home, submission.site, submission.key)
    return list_not_counted(event.to_json() for event in history.events)


def _print(report: CheckReport, submission: Submission | None, *, known: bool) -> None:
    metrics = find_metrics(submission) if submission else None
    OUT.print(render_terminal(report), soft_wrap=False)
    if metrics is not None:
        OUT.print()
        OUT.print(render_metrics_terminal(metrics), soft_wrap=False)
    if submission is None:
        OUT.print("Nothing was handed in: this was a dry run.")
        return
    OUT.print(f"Submission {submission.id}: {submission.verdict}")
    if known:
        OUT.print(
            f"It was handed in before, on {submission.received_at:%Y-%m-%d at %H:%M} UTC; "
            "nothing changed."
        )


def _print_matched(matched: Matched | None, why_not: str) -> None:
    """What the comparison with the programme's side found, in one sentence."""
    if why_not:
        OUT.print(f"Not compared with the programme's participants: {why_not}")
    if matched is None:
        return
    persons = sum(matched.to_json()["persons_without_consent"].values())
    OUT.print(
        f"Compared with the programme's participants: {persons:,} persons without consent, "
        f"{len(matched.findings):,} findings. `commonweal match` shows them."
    )


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(submit)
