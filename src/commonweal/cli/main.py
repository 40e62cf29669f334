"""``commonweal``: collects the verbs and turns errors into sentences and exit codes."""

import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer
from rich.text import Text

from commonweal import __version__
from commonweal.cli.failures import explain_os_error
from commonweal.cli.output import ERR, OUT
from commonweal.schema.errors import CommonwealError, ExitCode

VERBS = (
    "check",
    "cohort",
    "config",
    "credit",
    "curate",
    "deidentify",
    "demo",
    "match",
    "receive",
    "release",
    "roster",
    "serve",
    "sftp",
    "sites",
    "sprint",
    "submissions",
    "submit",
    "synth",
    "vocabulary",
    "worker",
)
"""The modules of this package that add verbs; each is named after its first one."""


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (the shape Typer calls back with)
    if wanted:
        OUT.print(__version__)
        raise typer.Exit


VersionOption = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]


def about(*, version: VersionOption = False) -> None:
    """Options that stand before a verb."""


def build_app(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """The command line with the verbs of these modules, which are loaded now and no sooner."""
    app = typer.Typer(
        name="commonweal",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        help="A hub for a national cohort research programme: from a hospital's CSV files to a "
        "researcher's notebook.",
    )
    app.callback()(about)
    for verb in verbs:
        import_module(f"commonweal.cli.{verb}").register(app)
    return app


def main() -> None:
    """Run a verb; an error a person can mend is a sentence, never a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    verb = sys.argv[1:2]
    try:
        build_app(verb if set(verb) & set(VERBS) else VERBS)()
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
    ERR.print(error.found, style="bold red")
    for label, text in (("Expected", error.expected), ("What to do", error.fix)):
        if text:
            ERR.print(Text.assemble((f"{label}:", "bold"), f" {text}"))
