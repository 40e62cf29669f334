"""``commonweal``: collects the verbs and turns errors into sentences and exit codes."""

import signal
import sys
from types import FrameType
from typing import Annotated

import typer
from rich.markup import escape

from commonweal import __version__
from commonweal.cli import (
    check,
    cohort,
    config,
    curate,
    demo,
    match,
    receive,
    release,
    roster,
    serve,
    sftp,
    sites,
    submissions,
    submit,
    synth,
    vocabulary,
)
from commonweal.cli.failures import explain_os_error
from commonweal.cli.output import ERR, OUT
from commonweal.schema.errors import CommonwealError, ExitCode

app = typer.Typer(
    name="commonweal",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A hub for a national cohort research programme: from a hospital's CSV files to a "
    "researcher's notebook.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (the shape Typer calls back with)
    if wanted:
        OUT.print(__version__)
        raise typer.Exit


VersionOption = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]


@app.callback()
def about(*, version: VersionOption = False) -> None:
    """Options that stand before a verb."""


check.register(app)
cohort.register(app)
config.register(app)
curate.register(app)
demo.register(app)
match.register(app)
receive.register(app)
release.register(app)
roster.register(app)
serve.register(app)
sftp.register(app)
sites.register(app)
submissions.register(app)
submit.register(app)
synth.register(app)
vocabulary.register(app)


def main() -> None:
    """Run a verb; an error a person can mend is a sentence, never a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except CommonwealError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except OSError as error:
        _tell(explain_os_error(error))
        sys.exit(ExitCode.COULD_NOT_RUN)
    except KeyboardInterrupt:
        ERR.print("Stopped.")
        sys.exit(130)


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    """End as after an error, so that whoever was at work clears away what is unfinished."""
    sys.exit(128 + signal_number)


def _tell(error: CommonwealError) -> None:
    ERR.print(f"[bold red]{escape(error.found)}[/]")
    for label, text in (("Expected", error.expected), ("What to do", error.fix)):
        if text:
            ERR.print(f"[bold]{label}:[/] {escape(text)}")
