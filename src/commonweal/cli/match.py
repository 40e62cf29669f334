"""``commonweal match``: whose records a site may send, and who its persons are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.check import DialectOption, run_check
from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.engine.settings import Settings, read_settings
from commonweal.intake.landing import Submission, list_submissions
from commonweal.intake.matching.declared import list_evidence_kinds, list_field_rules
from commonweal.intake.matching.match import Outcome
from commonweal.intake.matching.matched import Matched, match_sent, write_matched
from commonweal.intake.matching.sent import open_folder
from commonweal.intake.terminal import STYLES
from commonweal.pipeline.matching import read_programme, record_match
from commonweal.schema.errors import CommonwealError

WhatArgument = Annotated[
    str,
    typer.Argument(
        metavar="SUBMISSION_OR_FOLDER",
        help="Id of a submission (see `commonweal submissions`), or a folder of files.",
        show_default=False,
    ),
]
FeedsOption = Annotated[
    Path | None,
    typer.Option(help="Folder of a snapshot of feeds; the newest one when left out."),
]
OutOption = Annotated[
    Path | None, typer.Option(help="Folder for the lists of persons and the report.")
]
SyntheticOption = Annotated[
    bool | None,
    typer.Option(
        "--synthetic/--real",
        help="Whether a folder's people are made up; as the programme's when left out.",
        show_default=False,
    ),
]


def match(
    what: WhatArgument,
    *,
    feeds: FeedsOption = None,
    out: OutOption = None,
    synthetic: SyntheticOption = None,
    dialect: DialectOption = "programme",
    json: JsonOption = False,
) -> None:
    """Compare the persons of a submission with the programme's participants.

    Tells which rows are about persons without consent, and of which persons too little agrees
    with what the participant entered. Nothing is removed. What is printed names nobody: ids
    stand in the lists alone. Those of a submission are kept, for the site to download.

    Example: commonweal match general_hospital-20261002-1a2b3c4d

    Example: commonweal match my-submission --feeds feeds/2026-10-01 --out lists --json
    """
    settings = read_settings()
    submission = None if Path(what).is_dir() else _get_submission(settings, what)
    if submission is None:
        matched = _match_folder(settings, Path(what), feeds, dialect, synthetic=synthetic)
    else:
        matched = _match_submission(settings, submission, feeds)
    if out is not None:
        write_matched(matched, out)
    if json:
        print_json(matched.to_json())
    else:
        _print(matched)


def _match_folder(
    settings: Settings, folder: Path, feeds: Path | None, dialect: str, *, synthetic: bool | None
) -> Matched:
    programme = read_programme(settings, feeds, synthetic=synthetic)
    sent = open_folder(folder, run_check(folder, dialect=dialect))
    with ERR.status(f"Comparing with the feeds of {programme.as_of}"):
        return match_sent(sent, programme.side)


def _match_submission(settings: Settings, submission: Submission, feeds: Path | None) -> Matched:
    programme = read_programme(settings, feeds, synthetic=submission.synthetic)
    with ERR.status(f"Comparing with the feeds of {programme.as_of}"):
        matched, folder = record_match(settings, submission, programme)
    ERR.print(f"The lists are in {folder}")
    return matched


def _get_submission(settings: Settings, name: str) -> Submission:
    found = {submission.id: submission for submission in list_submissions(settings.home)}
    if name not in found:
        raise CommonwealError(
            f"There is no submission and no folder called {name!r}.",
            expected="an id as `commonweal submissions` lists them, or a folder of files",
            fix="Check the id, or the path.",
        )
    return found[name]


def _print(matched: Matched) -> None:
    report = matched.to_json()
    OUT.print(_field_table(report["fields"]), soft_wrap=False)
    for line in _tell_evidence(report["evidence"]):
        OUT.print(line)
    OUT.print()
    results = report["results"]
    OUT.print(
        f"{report['compared']:,} of {report['persons']:,} persons were compared. "
        f"By the strict rule {results['stays']:,} stay, {results['leaves']:,} leave and "
        f"{results['not_known']:,} were left open by the site; if all evidence counted, "
        f"{report['results_with_evidence']['stays']:,} would stay."
    )
    for reason, persons in report["persons_without_consent"].items():
        OUT.print(f"Without consent ({reason}): {persons:,}")
    for finding in matched.findings:
        OUT.print()
        severity = (finding.severity.capitalize(), STYLES[finding.severity])
        OUT.print(Text.assemble(severity, f"  {finding.code}"))
        OUT.print(f"  {finding.message}")
    if not matched.findings:
        OUT.print("Nothing is to be told: everybody may be sent and is who they should be.")


def _tell_evidence(evidence: dict[str, dict[str, int]]) -> Iterator[str]:
    """What speaks for persons where a field does not match, in words."""
    kinds, titles = list_evidence_kinds(), {r.name: r.title for r in list_field_rules()}
    if evidence:
        yield "\nWhere a field does not match, beside the outcome:"
    for field, counts in evidence.items():
        for kind, persons in counts.items():
            yield f"  {titles[field]}: {kinds[kind].words} ({persons:,})"


def _field_table(fields: dict[str, dict[str, int]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Field")
    for outcome in Outcome:
        table.add_column(outcome.value, justify="right")
    for rule in list_field_rules():
        counts = fields[rule.name]
        table.add_row(rule.title, *(f"{counts[outcome.value]:,}" for outcome in Outcome))
    return table


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(match)
