"""``commonweal submit``: hand a folder in."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from commonweal.cli.check import DialectOption, FolderArgument, run_check
from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.engine.settings import read_settings
from commonweal.intake.check.folder import check_is_folder
from commonweal.intake.landing import Submission, list_submissions, submit_folder
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose, check_authorised, get_site
from commonweal.intake.terminal import render_terminal
from commonweal.schema.errors import ExitCode

SiteOption = Annotated[str, typer.Option(help="The registered site the folder comes from.")]
PurposeOption = Annotated[
    Purpose, typer.Option(help="What the data are for; only production data are curated.")
]
SyntheticOption = Annotated[
    bool, typer.Option("--synthetic", help="The data are made up; marked so for good.")
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
    dialect: DialectOption = "programme",
    json: JsonOption = False,
) -> None:
    """Check a folder and hand it in.

    The files are copied into the landing area with their checksums, and stay there for good;
    a rejected folder is kept too, with the report that says why. Handing in once more what
    the site handed in last changes nothing. The exit code is 0 when the submission is
    accepted and 1 when it is rejected.

    Example: commonweal submit my-submission --site general_hospital --purpose production
    """
    home = read_settings().home
    check_authorised(get_site(home, site), purpose, synthetic=synthetic)
    check_is_folder(folder)
    report = run_check(folder, dialect=dialect)
    known = {submission.id for submission in list_submissions(home)}
    submission = None
    if not dry_run:
        submission = submit_folder(
            folder,
            home=home,
            site=site,
            purpose=purpose,
            synthetic=synthetic,
            now=datetime.now(tz=UTC),
            report=report,
        )
    _print(report, submission, json=json, known=submission is not None and submission.id in known)
    judged = submission or report
    if not judged.is_accepted:
        raise typer.Exit(ExitCode.REJECTED)


def _print(report: CheckReport, submission: Submission | None, *, json: bool, known: bool) -> None:
    if json:
        event = submission.to_json() if submission else None
        print_json({"submission": event, "report": report.to_json()})
        return
    OUT.print(render_terminal(report), soft_wrap=False)
    if submission is None:
        OUT.print("Nothing was handed in: this was a dry run.")
        return
    OUT.print(f"Submission {submission.id}: {submission.verdict}", markup=False)
    if known:
        OUT.print(
            f"It was handed in before, on {submission.received_at:%Y-%m-%d at %H:%M} UTC; "
            "nothing changed."
        )


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(submit)
