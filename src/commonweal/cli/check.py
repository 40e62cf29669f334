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
from commonweal.intake.metric_report import render_metrics_terminal
from commonweal.intake.metrics import Measured, measure_submission
from commonweal.intake.report import CheckReport
from commonweal.intake.terminal import render_terminal
from commonweal.pipeline.measuring import get_surroundings
from commonweal.schema.errors import CommonwealError, ExitCode

FolderArgument = Annotated[
    Path, typer.Argument(help="Folder with one CSV file for each table.", show_default=False)
]
DialectOption = Annotated[
    str, typer.Option(help="What the files follow: programme, omop-5.3 or omop-5.4.")
]
JsonFileOption = Annotated[
    Path | None,
    typer.Option("--json", help="Write the report as JSON into this file; - prints it."),
]
HtmlFileOption = Annotated[
    Path | None, typer.Option("--html", help="Write the report as one HTML page into this file.")
]
ValuesOption = Annotated[
    bool,
    typer.Option(
        "--show-values",
        help="Show the values that are at fault. They may identify people: keep the report here.",
    ),
]
MetricsOption = Annotated[
    bool,
    typer.Option(
        "--metrics",
        help="Measure the metrics of quality as well, when the folder is accepted; takes longer.",
    ),
]


def check(
    folder: FolderArgument,
    *,
    dialect: DialectOption = "programme",
    json: JsonFileOption = None,
    html: HtmlFileOption = None,
    show_values: ValuesOption = False,
    metrics: MetricsOption = False,
) -> None:
    """Check a submission before it is sent.

    Every cell of every file is checked, and every fault is counted and located by line. No
    value of a cell is shown. The exit code is 0 when the folder is accepted, 1 when it is
    rejected and 2 when the check could not run.

    Example: commonweal check my-submission

    Example: commonweal check my-submission --json report.json --html report.html

    Example: commonweal check my-submission --metrics
    """
    report = run_check(folder, dialect=dialect, show_values=show_values)
    measured = run_metrics(folder, report) if metrics and report.is_accepted else None
    content = report.to_json() | ({"metrics": measured.metrics.to_json()} if measured else {})
    if html is not None:
        write_report(html, _render_page(folder, report, measured))
    if json is not None and str(json) != "-":
        write_report(json, readable_json(content))
    if str(json) == "-":
        print_json(content)
    else:
        OUT.print(render_terminal(report), soft_wrap=False)
        if measured:
            OUT.print()
            OUT.print(render_metrics_terminal(measured.metrics), soft_wrap=False)
        elif metrics:
            OUT.print("Metrics are measured once the folder is accepted.")
    if not report.is_accepted:
        raise typer.Exit(ExitCode.REJECTED)


def run_check(folder: Path, *, dialect: str, show_values: bool = False) -> CheckReport:
    """Check a folder with a progress bar on standard error."""
    with FileBars() as bars:
        return check_folder(
            folder,
            dialect=dialect,
            settings=read_settings().engine,
            show_values=show_values,
            progress=bars.advance,
        )


def run_metrics(folder: Path, report: CheckReport) -> Measured:
    """Measure an accepted folder with the vocabulary in force; consents are not known here."""
    with ERR.status("Measuring"):
        return measure_submission(folder, report, get_surroundings(read_settings()))


def _render_page(folder: Path, report: CheckReport, measured: Measured | None) -> bytes:
    name = show_name(folder.resolve().name)
    if measured is None:
        return render_html(report, name).encode()
    return render_html(report, name, measured.completeness, measured.metrics).encode()


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


class FileBars:
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

    def __enter__(self) -> "FileBars":
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
