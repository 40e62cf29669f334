"""``commonweal sprint``: the goals, a site's own score, and the board of all sites."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli.check import run_check, write_report
from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.cli.summary import new_table
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import Settings, read_settings
from commonweal.intake.landing import list_submissions, read_report
from commonweal.intake.report import FileReport
from commonweal.intake.sites import list_sites
from commonweal.intake.sprint.advice import Unmapped
from commonweal.intake.sprint.board import BoardRow, read_board
from commonweal.intake.sprint.files import FileScore, score_files
from commonweal.intake.sprint.page import TICKS, render_board
from commonweal.intake.sprint.plan import find_week, list_weeks
from commonweal.intake.sprint.questions import Question, list_scored
from commonweal.intake.sprint.score import ColumnScore
from commonweal.pipeline.vocabulary import get_vocabulary
from commonweal.schema.errors import CommonwealError, ExitCode
from commonweal.vocabulary.views import VocabularyViews, register_vocabulary

app = typer.Typer(no_args_is_help=True, help="The data sprint: goals, scores and the board.")

StartOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="First day of the sprint; the setting programme.sprint_start when not given.",
        show_default=False,
    ),
]
HtmlFileOption = Annotated[
    Path | None, typer.Option("--html", help="Write the board as one HTML page into this file.")
]
WhatArgument = Annotated[
    str, typer.Argument(help="A folder of files, or the id of a submission.", show_default=False)
]
DialectOption = Annotated[
    str, typer.Option(help="What the files of a folder follow: sprint, alpha or programme.")
]
ValuesOption = Annotated[
    bool,
    typer.Option(
        "--show-values",
        help="List the codes that are not mapped. They come from your records: keep them here.",
    ),
]


@app.command()
def goals(*, start: StartOption = None, json: JsonOption = False) -> None:
    """Say which tables are due in which week.

    Example: commonweal sprint goals --start 2027-01-11
    """
    weeks = list_weeks(_choose_start(read_settings(), start))
    if json:
        print_json([week.to_json() for week in weeks])
        return
    now = find_week(weeks, _today())
    table = new_table("", "Week", "What", "Tables", "Due")
    for week in weeks:
        due = week.due.isoformat() if week.due else ""
        tables = ", ".join(week.tables) or "what is still open"
        table.add_row(str(week.number), week.title, tables, due)
    OUT.print(table, soft_wrap=False)
    if now is not None:
        OUT.print(f"This is week {now.number}.")


@app.command()
def score(
    what: WhatArgument,
    *,
    dialect: DialectOption = "sprint",
    show_values: ValuesOption = False,
    json: JsonOption = False,
) -> None:
    """Score how well concepts are mapped: table by table, question by question.

    Mapped: the row has a concept. Standard: the concept is a standard one. Domain: it belongs
    into the table. Agreement: it is what the source concept maps to in the vocabulary. The
    vocabulary in force decides, the abridged one when none is loaded. The exit code is 1 when
    no file could be scored.

    Example: commonweal sprint score for-the-sprint

    Example: commonweal sprint score for-the-sprint --show-values
    """
    folder, files, dialect = _find_files(what, dialect)
    with _open_vocabulary(read_settings()) as (engine, views):
        scored = list(
            score_files(engine, folder, files, views, dialect=dialect, show_values=show_values)
        )
    if json:
        print_json({"dialect": dialect, "files": [file.to_json() for file in scored]})
    else:
        how = f"commonweal check {folder} --dialect {dialect}"
        _print_scores(scored, how, shows=show_values)
    if not any(file.was_read for file in scored):
        ERR.print(f"Nothing could be scored. See: commonweal check {folder} --dialect {dialect}")
        raise typer.Exit(ExitCode.REJECTED)


@app.command()
def board(
    *, start: StartOption = None, html: HtmlFileOption = None, json: JsonOption = False
) -> None:
    """Show how far every site is with every table: received, parsed, loaded, mapped.

    The newest file of each table that was handed in for the purpose sprint counts.

    Example: commonweal sprint board

    Example: commonweal sprint board --start 2027-01-11 --html board.html
    """
    settings = read_settings()
    sites = [site.name for site in list_sites(settings.home)]
    with _open_vocabulary(settings) as (engine, views):
        rows = read_board(
            engine,
            settings.home,
            views,
            sites=sites,
            start=_choose_start(settings, start),
            today=_today(),
        )
    if html is not None:
        write_report(html, render_board(rows, today=_today()).encode())
    if json:
        print_json([row.to_json() for row in rows])
    elif rows:
        _print_board(rows)
    else:
        OUT.print("No site is registered yet. Start with: commonweal sites register --help")


def _choose_start(settings: Settings, start: datetime | None) -> date | None:
    return start.date() if start else settings.programme.sprint_start


def _today() -> date:
    return datetime.now().astimezone().date()


def _find_files(what: str, dialect: str) -> tuple[Path, Sequence[FileReport], str]:
    """The folder, its checked files and their dialect: of a folder, or of a submission."""
    folder = Path(what)
    if folder.is_dir():
        report = run_check(folder, dialect=dialect)
        return folder, report.files, dialect
    found = [s for s in list_submissions(read_settings().home) if s.id == what]
    if not found:
        raise CommonwealError(
            f"There is neither a folder nor a submission called {what}.",
            expected="a folder of files, or the id of a submission",
            fix="List the submissions: commonweal submissions",
        )
    return found[0].folder, read_report(found[0]).files, found[0].dialect


@contextmanager
def _open_vocabulary(settings: Settings) -> Iterator[tuple[Engine, VocabularyViews]]:
    """An engine in which the vocabulary in force is registered."""
    vocabulary = get_vocabulary(settings.home)
    with open_engine(settings.engine) as engine:
        yield engine, register_vocabulary(engine, vocabulary.files)


def _print_scores(scored: Sequence[FileScore], how: str, *, shows: bool) -> None:
    table = new_table("", "Column", "Rows")
    for question in Question:
        table.add_column(question.capitalize(), justify="right", no_wrap=True)
    order = [column.concept for column in list_scored()]
    scores = [score for file in scored for score in file.scores]
    for one in sorted(scores, key=lambda score: order.index(score.column.concept)):
        shares = (_describe_share(one, question) for question in Question)
        table.add_row(one.column.concept, f"{one.rows:,}", *shares)
    OUT.print(table, soft_wrap=False)
    if any(one.below and one.column.is_goal for one in scores):
        OUT.print("An exclamation mark stands where a goal is not reached.")
    for file in scored:
        if not file.was_read:
            OUT.print(f"{file.file} has errors and was not scored. See: {how}")
    _print_unknown(scores)
    _print_all_unmapped([one for file in scored for one in file.unmapped], shows=shows)


def _describe_share(one: ColumnScore, question: Question) -> str:
    if question not in one.shares:
        return ""
    mark = " !" if question in one.below and one.column.is_goal else ""
    return f"{one.shares[question]}{mark}"


def _print_unknown(scores: Iterable[ColumnScore]) -> None:
    unknown = {score.column.concept: score.unknown for score in scores if score.unknown}
    if unknown:
        counts = ", ".join(f"{column} {count:,}" for column, count in unknown.items())
        OUT.print(f"Rows with concepts that the vocabulary in force does not have: {counts}")
        OUT.print("See which it is: commonweal vocabulary info")


def _print_all_unmapped(unmapped: Sequence[Unmapped], *, shows: bool) -> None:
    if not unmapped:
        return
    table = new_table(
        "Rows without a concept", "Column", "Rows", "Codes", "Without a code", "Mappable"
    )
    for found in unmapped:
        counts = (found.rows, found.different, found.without_code, found.mappable)
        table.add_row(found.column.concept, *(f"{count:,}" for count in counts))
    OUT.print(table, soft_wrap=False)
    OUT.print("Mappable are rows whose source concept maps to a standard one: use that.")
    if not shows:
        OUT.print("The codes are in your files; to see the most frequent: --show-values")
    for found in unmapped:
        _print_codes(found)


def _print_codes(found: Unmapped) -> None:
    if found.codes:
        OUT.print(f"{found.column.source_value}, the most frequent:")
    for code in found.codes:
        hint = ""
        if code.suggestion:
            concept = code.suggestion
            hint = f" -> {concept.concept_id} {concept.name} ({concept.domain})?"
        OUT.print(f"  {code.rows:,} rows: {code.value}{hint}")


def _print_board(rows: Sequence[BoardRow]) -> None:
    table = new_table("", "Site", "Table", "Due", *(t.capitalize() for t in TICKS))
    for row in rows:
        due = row.due.isoformat() if row.due else f"week {row.week}"
        ticks = ("yes" if getattr(row, tick) else "no" for tick in TICKS)
        table.add_row(row.site, row.table, f"{due} late" if row.is_late else due, *ticks)
    OUT.print(table, soft_wrap=False)
    for row in rows:
        if row.received and row.why:
            OUT.print(f"{row.site} {row.table}: {row.why}")


def register(main: typer.Typer) -> None:
    """Add the verbs to the command line."""
    main.add_typer(app, name="sprint")
