"""``commonweal check``: is this submission good? Runs at the site, before anything is sent."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from commonweal.cli.output import ERR, OUT, print_json
from commonweal.engine.settings import read_settings
from commonweal.engine.storage import readable_json
from commonweal.intake.check import check_folder
from commonweal.intake.findings import show_name
from commonweal.intake.html import render_html
from commonweal.intake.report import CheckReport
from commonweal.intake.reports.junit import render_junit
from commonweal.intake.reports.table import render_csv
from commonweal.intake.terminal import render_terminal
from commonweal.pipeline.vocabulary import get_terms
from commonweal.schema.errors import CommonwealError, ExitCode

FolderArgument = Annotated[
    Path,
    typer.Argument(
        help="Folder with one CSV file for each table, or one file.", show_default=False
    ),
]
DialectOption = Annotated[
    str, typer.Option(help="What the files follow: programme, omop-5.3, omop-5.4, sprint or alpha.")
]
JsonFileOption = Annotated[
    Path | None,
    typer.Option("--json", help="Write the report as JSON into this file; - prints it."),
]
HtmlFileOption = Annotated[
    Path | None, typer.Option("--html", help="Write the report as one HTML page into this file.")
]
CsvFileOption = Annotated[
    Path | None,
    typer.Option("--csv", help="Write the findings as CSV into this file, a row for each place."),
]
JunitFileOption = Annotated[
    Path | None,
    typer.Option("--junit", help="Write the report as JUnit XML into this file."),
]
ValuesOption = Annotated[
    bool,
    typer.Option(
        "--show-values",
        help="Show the values that are at fault. They may identify people: keep the report here.",
    ),
]


def check(
    folder: FolderArgument,
    *,
    dialect: DialectOption = "programme",
    json: JsonFileOption = None,
    html: HtmlFileOption = None,
    csv: CsvFileOption = None,
    junit: JunitFileOption = None,
    show_values: ValuesOption = False,
) -> None:
    """Check a submission before it is sent.

    Every cell of every file is checked, every fault is counted, and the first of each kind are
    located by line. No value of a cell is shown unless --show-values is given. The exit code is
    0 when all is accepted, 1 when something is rejected and 2 when the check could not run.

    Example: commonweal check my-submission

    Example: commonweal check my-submission/person.csv

    Example: commonweal check my-submission --html report.html --csv findings.csv

    Example: commonweal check my-submission --json - | jq .verdict

    Example: commonweal check sprint-week-2 --dialect sprint --junit report.xml
    """
    report = run_check(folder, dialect=dialect, show_values=show_values)
    name = show_name(folder.resolve().name)
    if html is not None:
        write_report(html, render_html(report, name).encode())
    if csv is not None:
        write_report(csv, render_csv(report).encode())
    if junit is not None:
        write_report(junit, render_junit(report, name).encode())
    if json is not None and str(json) != "-":
        write_report(json, readable_json(report.to_json()))
    if str(json) == "-":
        print_json(report.to_json())
    else:
        OUT.print(render_terminal(report), soft_wrap=False)
    if not report.is_accepted:
        raise typer.Exit(ExitCode.REJECTED)


def run_check(folder: Path, *, dialect: str, show_values: bool = False) -> CheckReport:
    """Check a folder with a progress bar on standard error."""
    settings = read_settings()
    with _FileBars() as bars:
        return check_folder(
            folder,
            dialect=dialect,
            settings=settings.engine,
            terms=get_terms(settings.home),
            show_values=show_values,
            progress=bars.advance,
        )


def write_report(file: Path, content: bytes) -> None:
    """Write a report where the user wants it.

    Raises:
        CommonwealError: the file cannot be written.
    """
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CommonwealError(
            f"The report cannot be written to {file}: {error.strerror}.",
            fix="Choose a file in a folder that exists and can be written.",
        ) from error


class _FileBars:
    """One bar for each file, drawn only where somebody watches."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=30),
            DownloadColumn(),
            console=ERR,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "_FileBars":
        if ERR.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._progress.stop()

    def advance(self, file: str, done: int, total: int) -> None:
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task(escape(file), total=total)
        self._progress.update(self._tasks[file], completed=done)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(check)
