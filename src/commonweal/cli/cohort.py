"""``commonweal cohort``: count, explain and generate cohorts on any OMOP data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import read_settings
from commonweal.query.count import CohortCount, count_cohort
from commonweal.query.definition import CohortDefinition
from commonweal.query.explain import explain_cohort
from commonweal.query.generate import generate_cohort
from commonweal.query.reader import read_definition
from commonweal.release.cdm import Cdm, open_cdm

EXAMPLE = """
An example of a definition, to be saved as gi_bleed.json (what is not needed can be left \
out):

\b
{
  "format": "commonweal-cohort/1",
  "name": "Gastrointestinal bleeding after 40, no device",
  "people": {"age": {"min": 40}, "sex": [8532]},
  "include": [
    {"any": [{"domain": "condition", "occurrences": 2,
              "concepts": [{"concept_id": 192671, "descendants": true}],
              "age_at_event": {"min": 40}, "dates": {"from": "1990-01-01"}}]}
  ],
  "exclude": [{"any": [{"domain": "device"}]}],
  "data": ["ehr"]
}

A person must fit people, be in every group of include and in none of exclude, and have all \
data; a group is met by any of its items. Ages are counted at as_of, which is the release's \
cut-off unless the definition or --as-of names another day.
"""

app = typer.Typer(no_args_is_help=True, help="Count, explain and generate cohorts.")


class Dialect(StrEnum):
    """Dialects the SQL of a cohort can be printed in."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"
    BIGQUERY = "bigquery"


CdmOption = Annotated[
    Path,
    typer.Option(
        "--cdm",
        help="Folder of OMOP tables in Parquet or CSV, a .duckdb file, or the id of a release.",
    ),
]
DefinitionOption = Annotated[Path, typer.Option("--definition", help="Definition in JSON.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day at which ages are counted."),
]


def register(app_: typer.Typer) -> None:
    """Add the verb to the command line."""
    app_.add_typer(app, name="cohort")


@app.command(epilog=EXAMPLE)
def count(
    *,
    cdm: CdmOption,
    definition: DefinitionOption,
    as_of: AsOfOption = None,
    json: JsonOption = False,
) -> None:
    """Count the persons a definition means, by sex, race and age.

    The numbers are exact: they are for researchers with access to the data, not for the public.

    Example: commonweal cohort count --cdm R2026Q4R1 --definition gi_bleed.json
    """
    with _opened(cdm, definition, as_of) as (engine, opened, wanted):
        result = count_cohort(engine, opened, wanted)
    _print_notes(result.warnings)
    if json:
        print_json(result.to_json())
    else:
        _print_count(result)


@app.command(epilog=EXAMPLE)
def explain(
    *,
    cdm: CdmOption,
    definition: DefinitionOption,
    as_of: AsOfOption = None,
    dialect: Annotated[Dialect, typer.Option(help="Dialect of the SQL.")] = Dialect.DUCKDB,
    json: JsonOption = False,
) -> None:
    """Say what a definition means, in English and in SQL.

    Example: commonweal cohort explain --cdm R2026Q4R1 --definition gi_bleed.json
    """
    with _opened(cdm, definition, as_of) as (engine, opened, wanted):
        result = explain_cohort(engine, opened, wanted, dialect=dialect)
    _print_notes(result.warnings)
    if json:
        print_json(asdict(result))
    else:
        OUT.print(result.sentence)
        OUT.print(f"\n{result.sql}")


@app.command(epilog=EXAMPLE)
def generate(
    *,
    cdm: CdmOption,
    definition: DefinitionOption,
    out: Annotated[Path, typer.Option("--out", help="File to write: .parquet or .csv.")],
    as_of: AsOfOption = None,
    json: JsonOption = False,
) -> None:
    """Write subject_id, cohort_start_date and cohort_end_date of every person.

    A person enters on the day of their first event that the definition includes (or at as_of,
    where there is none) and leaves at as_of.

    Example: commonweal cohort generate --cdm R2026Q4R1 --definition gi_bleed.json --out bleeds.csv
    """
    with _opened(cdm, definition, as_of) as (engine, opened, wanted):
        result = generate_cohort(engine, opened, wanted, out)
    _print_notes(result.warnings)
    if json:
        print_json({"file": str(out), **asdict(result)})
    else:
        OUT.print(f"{out} holds {result.rows:,} rows, one for each person.")


@contextmanager
def _opened(
    cdm: Path, definition: Path, as_of: datetime | None
) -> Iterator[tuple[Engine, Cdm, CohortDefinition]]:
    """The definition is read first: it is quick, and its faults are the likely ones."""
    wanted = read_definition(definition)
    if as_of is not None:
        wanted = wanted.model_copy(update={"as_of": as_of.date()})
    settings = read_settings()
    day: date | None = wanted.as_of
    with open_engine(settings.engine) as engine:
        opened = open_cdm(engine, cdm, home=settings.home, as_of=day)
        _print_notes(opened.notes)
        yield engine, opened, wanted


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        ERR.print(note, style="yellow")


def _print_count(result: CohortCount) -> None:
    found = "1 person[/] fits" if result.persons == 1 else f"{result.persons:,} persons[/] fit"
    OUT.print(f"[bold]{found} the definition as of {result.as_of}.", markup=True)
    if result.breakdown:
        table = Table("Sex", "Race", "Age")
        table.add_column("Persons", justify="right")
        for stratum in result.breakdown:
            table.add_row(stratum.sex, stratum.race, stratum.age, f"{stratum.persons:,}")
        OUT.print(table)
    about = f"{result.engine}, {result.milliseconds:,.0f} ms, {result.definition_hash}"
    OUT.print(about, style="dim")
