"""``commonweal deidentify``: files for a trial, made at the site from the real ones."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli.check import run_check, write_report
from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.summary import new_table
from commonweal.engine.settings import read_settings
from commonweal.engine.storage import readable_json
from commonweal.intake.check.folder import check_is_folder
from commonweal.intake.deidentify.folder import DIALECTS, Request, deidentify_folder
from commonweal.intake.deidentify.people import NOT_DRAWN, OVER_AGE, PERSON_ABSENT, UNUSED
from commonweal.intake.deidentify.report import Deidentification, TableReport
from commonweal.schema.errors import CommonwealError

REASONS = {
    OVER_AGE: "Over 80",
    PERSON_ABSENT: "No person",
    NOT_DRAWN: "Not drawn",
    UNUSED: "Unused",
}
KEY_ENDING = ".key.csv"

FolderArgument = Annotated[
    Path, typer.Argument(help="Folder with one CSV file for each table.", show_default=False)
]
OutOption = Annotated[Path, typer.Option("--out", help="Folder to make; it must not be there yet.")]
DialectOption = Annotated[
    str, typer.Option(help=f"What the new files follow: {' or '.join(DIALECTS)}.")
]
FromOption = Annotated[
    str, typer.Option("--from", help="What your files follow: programme, omop-5.3 or omop-5.4.")
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="File of the new ids; it stays with you, and gives the same ids the next time. "
        f"Beside the new folder, with the ending {KEY_ENDING}, when not given.",
        show_default=False,
    ),
]
PersonsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Take at most so many patients, drawn by lot; known ones first."),
]
TableOption = Annotated[
    list[str] | None,
    typer.Option("--table", help="Write this table alone; say it once for each. All if not given."),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Day whose year ages are counted at: today when not given, or one since last year.",
    ),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write what was done, in counts, into this file.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Count everything, and write nothing.")
]


def deidentify(
    folder: FolderArgument,
    *,
    out: OutOption,
    dialect: DialectOption = DIALECTS[0],
    from_dialect: FromOption = "programme",
    key: KeyOption = None,
    persons: PersonsOption = None,
    table: TableOption = None,
    as_of: AsOfOption = None,
    report: ReportOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make de-identified files for a data sprint or an alpha upload, on your own machine.

    Every date becomes 1 January of its year, every id a random number, nobody over 80 stays,
    and names, addresses, numbers and free text are left out. The key to the ids is a file that
    you keep: whoever has it can tell who is who. The folder is checked first, and the new one
    afterwards. Nothing is written unless all of it is.

    Example: commonweal deidentify my-submission --out for-the-sprint --persons 100

    Example: commonweal deidentify my-submission --out for-alpha --dialect alpha --key my.key.csv
    """
    if dialect not in DIALECTS:
        raise CommonwealError(
            f"Files cannot be de-identified as {dialect!r}.",
            expected=f"one of {', '.join(DIALECTS)}",
            fix="Choose one of these with --dialect.",
        )
    check_is_folder(folder)
    today = datetime.now().astimezone().date()
    day = as_of.date() if as_of else today
    _check_day(day, today)
    checked = run_check(folder, dialect=from_dialect)
    key_file = key or out.with_name(out.name + KEY_ENDING)
    request = Request(
        folder=folder,
        out=out,
        key=key_file,
        report=checked,
        dialect=dialect,
        as_of=day,
        most_persons=persons,
        tables=frozenset(table or ()),
        dry_run=dry_run,
    )
    with Bars() as bars:
        bars.begin("De-identifying", 2 * len(checked.files))
        done = deidentify_folder(request, settings=read_settings().engine, tell=bars.advance)
        bars.end()
    if report is not None:
        write_report(report, readable_json(done.to_json()))
    if json:
        print_json(done.to_json() | {"folder": str(out), "key": str(key_file)})
    else:
        _print(done, request)


def _check_day(day: date, today: date) -> None:
    """Ages counted at a day long past would let people of more than 80 years through."""
    first = date(today.year - 1, 1, 1)
    if not first <= day <= today:
        raise CommonwealError(
            f"Ages cannot be counted at {day}.",
            expected=f"a day from {first} until today",
            fix="Check the year, or leave --as-of out: ages are counted today then.",
        )


def _print(done: Deidentification, request: Request) -> None:
    reasons = [r for r in REASONS if any(r in one.removed for one in done.tables)]
    table = new_table("", "Table", "Read", *map(REASONS.__getitem__, reasons), "Written")
    for one in done.tables:
        removed = [f"{one.removed.get(reason, 0):,}" for reason in reasons]
        table.add_row(one.table, f"{one.rows_read:,}", *removed, f"{one.rows_written:,}")
    OUT.print(table, soft_wrap=False)
    for one in done.tables:
        if emptied := _describe_emptied(one):
            OUT.print(f"Emptied in {one.table}: {emptied}")
    if done.left_out:
        OUT.print("Left out whole: " + ", ".join(left.table for left in done.left_out))
    if done.dry_run:
        OUT.print("Nothing was written: this was a dry run.")
        return
    OUT.print(f"The files are in {request.out}; look at them before you send them.")
    OUT.print(f"The key is {request.key}. Keep it, and never send it.")
    OUT.print(f"Next: commonweal check {request.out} --dialect {done.dialect}")


def _describe_emptied(one: TableReport) -> str:
    counts = [f"{count:,} of {column}" for column, count in one.emptied.items()]
    return ", ".join([*counts, *(f"all of {column}" for column in one.columns_emptied)])


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(deidentify)
