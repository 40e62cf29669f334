"""``commonweal submissions``: what was handed in, and what became of it."""

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.engine.settings import read_settings
from commonweal.intake.landing import Submission, list_submissions
from commonweal.intake.terminal import VERDICT_STYLES


def submissions(*, json: JsonOption = False) -> None:
    """List the submissions with their verdicts, the latest last.

    Example: commonweal submissions --json
    """
    found = list_submissions(read_settings().home)
    if json:
        print_json([submission.to_json() | _sizes(submission) for submission in found])
    elif found:
        OUT.print(_table(found), soft_wrap=False)
    else:
        OUT.print("Nothing has been handed in yet. Start with: commonweal submit --help")


def _sizes(submission: Submission) -> dict[str, int]:
    return {
        "files": len(submission.files),
        "rows": sum(file.rows for file in submission.files),
        "bytes": sum(file.bytes for file in submission.files),
    }


def _table(found: list[Submission]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Submission", "Purpose", "Received", "Verdict"):
        table.add_column(heading, no_wrap=heading != "Purpose")
    table.add_column("Rows", justify="right", no_wrap=True)
    for submission in found:
        purpose = (
            f"{submission.purpose} (synthetic)" if submission.synthetic else submission.purpose
        )
        table.add_row(
            submission.id,
            purpose,
            f"{submission.received_at:%Y-%m-%d %H:%M}",
            Text(submission.verdict, style=VERDICT_STYLES[submission.verdict]),
            f"{_sizes(submission)['rows']:,}",
        )
    return table


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(submissions)
