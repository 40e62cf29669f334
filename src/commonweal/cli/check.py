"""``commonweal check``: is this submission good? Runs at the site, before anything is sent."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from commonweal.cli.output import ERR, OUT
from commonweal.engine.settings import read_settings
from commonweal.engine.storage import readable_json
from commonweal.intake.check import check_folder
from commonweal.intake.findings import show_name
from commonweal.intake.html import render_html
from commonweal.intake.metric_report import render_metrics_terminal
from commonweal.intake.metrics import Measured, measure_submission
from commonweal.intake.purposes import check_dialect
from commonweal.intake.report import CheckReport
from commonweal.intake.reports.junit import render_junit
from commonweal.intake.reports.table import render_csv
from commonweal.intake.terminal import render_terminal
from commonweal.pipeline.measuring import get_surroundings
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
    Path | None,
    typer.Option("--html", help="Write the report as one HTML page into this file; - prints it."),
]
CsvFileOption = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        help="Write the findings as CSV into this file, a row for each place; - prints them.",
    ),
]
JunitFileOption = Annotated[
    Path | None,
    typer.Option("--junit", help="Write the report as JUnit XML into this file; - prints it."),
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

PRINTED = "-"
"""In place of a file: print the report."""


def check(
    folder: FolderArgument,
    *,
    dialect: DialectOption = "programme",
    json: JsonFileOption = None,
    html: HtmlFileOption = None,
    csv: CsvFileOption = None,
    junit: JunitFileOption = None,
    show_values: ValuesOption = False,
    metrics: MetricsOption = False,
) -> None:
    """Check a submission before it is sent.

    Every cell of every file is checked, every fault is counted, and the first of each kind are
    located by line. No value of a cell is shown unless --show-values is given. The exit code is
    0 when all is accepted, 1 when something is rejected and 2 when the check could not run.
    Reports go beside the folder, not into it: what is in it would be sent along. A link in your
    folder is followed here, and refused when the folder is handed in.

    Example: commonweal check my-submission

    Example: commonweal check my-submission/person.csv

    Example: commonweal check my-submission --html report.html --csv findings.csv

    Example: commonweal check my-submission --json - | jq .verdict

    Example: commonweal check my-submission --metrics

    Example: commonweal check sprint-week-2 --dialect sprint --junit report.xml
    """
    wanted = {"--html": html, "--csv": csv, "--junit": junit, "--json": json}
    targets = {option: file for option, file in wanted.items() if file is not None}
    check_targets(folder, targets)
    if metrics:
        _check_measurable(folder)
    report = run_check(folder, dialect=dialect, show_values=show_values)
    measured = run_metrics(folder, report) if metrics and report.is_accepted else None
    for option, file in targets.items():
        content = _render(option, folder, report, measured)
        if str(file) == PRINTED:
            typer.echo(content, nl=False)
        else:
            write_report(file, content)
    if PRINTED not in map(str, targets.values()):
        OUT.print(render_terminal(report, alone=folder.is_file()), soft_wrap=False)
        if measured:
            OUT.print()
            OUT.print(render_metrics_terminal(measured.metrics), soft_wrap=False)
        elif metrics:
            OUT.print("Metrics are measured once the folder is accepted.")
    if not report.is_accepted:
        raise typer.Exit(ExitCode.REJECTED)


def check_targets(folder: Path, targets: Mapping[str, Path]) -> None:
    """Refuse, before anything is read, files that the reports could not or must not go into.

    Raises:
        CommonwealError: two reports have one place, or one would go into the folder that is
            checked, over the file that is checked, or where no file can be.
    """
    if len({str(file.absolute()) for file in targets.values()}) < len(targets):
        raise CommonwealError(
            f"{' and '.join(targets)} name one place twice.",
            expected="a file of its own for each report",
            fix="Name another file for one of them.",
        )
    for file in targets.values():
        if str(file) == PRINTED:
            continue
        if Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
            raise CommonwealError(
                f"The report would be written into what is checked: {file}.",
                expected="a file outside of the folder, as all that is in it is sent along",
                fix="Choose another place for the report.",
            )
        if file.is_dir() or not file.parent.is_dir():
            raise CommonwealError(
                f"The report cannot be written to {file}: "
                f"{'that is a folder' if file.is_dir() else 'its folder does not exist'}.",
                fix="Choose a file in a folder that exists and can be written.",
            )


def _check_measurable(folder: Path) -> None:
    if folder.is_file():
        raise CommonwealError(
            f"Metrics are measured for a whole folder, and {folder} is one file.",
            expected="a folder with one CSV file for each table",
            fix="Leave --metrics out, or check the folder.",
        )


def run_check(folder: Path, *, dialect: str, show_values: bool = False) -> CheckReport:
    """Check a folder with a progress bar on standard error."""
    check_dialect(dialect)
    settings = read_settings()
    with FileBars() as bars:
        return check_folder(
            folder,
            dialect=dialect,
            settings=settings.engine,
            terms=get_terms(settings.home),
            show_values=show_values,
            progress=bars.advance,
        )


def run_metrics(folder: Path, report: CheckReport) -> Measured:
    """Measure an accepted folder with the vocabulary in force; consents are not known here."""
    with ERR.status("Measuring"):
        return measure_submission(folder, report, get_surroundings(read_settings()))


def _render(option: str, folder: Path, report: CheckReport, measured: Measured | None) -> bytes:
    """The report in the form of an option."""
    if option == "--html":
        return _render_page(folder, report, measured)
    if option == "--csv":
        return render_csv(report).encode()
    if option == "--junit":
        return render_junit(report, _name(folder)).encode()
    metrics = {"metrics": measured.metrics.to_json()} if measured else {}
    return readable_json(report.to_json() | metrics)


def _render_page(folder: Path, report: CheckReport, measured: Measured | None) -> bytes:
    if measured is None:
        return render_html(report, _name(folder)).encode()
    return render_html(report, _name(folder), measured.completeness, measured.metrics).encode()


def _name(folder: Path) -> str:
    return show_name(folder.resolve().name)


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
        if self._progress.live.is_started:
            self._progress.stop()

    def advance(self, file: str, done: int, total: int) -> None:
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task(escape(file), total=total)
        self._progress.update(self._tasks[file], completed=done)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(check)
