"""The union stage with all its rules against a plain sorted copy of the same table.

As a script it does one contender's work: ``generate FOLDER ROWS``, ``copy FOLDER`` or
``stage FOLDER``.
"""

import sys
import tempfile
from datetime import date
from pathlib import Path

import polars as pl

from commonweal.curation.runner import order_of, run_stage
from commonweal.curation.stages import UNION
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.engine.sql import quoted_text
from commonweal.schema.model import DataType, Field, get_model

SETTINGS = EngineSettings(memory_limit="1GB", threads=2)
CUTOFF = date(2023, 6, 30)
FIRST_DAY = 14_610
"""2010-01-01 in days since 1970; 5,000 days follow, about 1.5 % of them after the cut-off."""
EVENTS_PER_PERSON = 50
DUPLICATE_EVERY = 100
EMPTY = {"measurement_event_id", "meas_event_field_concept_id", "birth_datetime"}
"""Columns that a rule of the stage would change in every row, which no real site's data ask for."""
POLARS_TYPE = {DataType.INTEGER: pl.Int64, DataType.TIMESTAMP: pl.Datetime("us")}


def make_column(field: Field) -> pl.Expr:
    """Cells of a field, made from the row's number; every hundredth row repeats the one before."""
    row, key = pl.col("source"), pl.col("row")
    day = (FIRST_DAY + row * 7919 % 5000).cast(pl.Int32).cast(pl.Date)
    cells = {
        DataType.INTEGER: row * 7919 % 4000 + 1,
        DataType.FLOAT: (row * 31 % 20_000) / 100,
        DataType.DATE: day,
        DataType.TIMESTAMP: day.cast(pl.Datetime("us")),
        DataType.STRING: pl.concat_str(pl.lit("text "), row * 13 % 1000),
    }
    if field.primary_key:
        return key.alias(field.name)
    if field.name == "person_id":
        return (row // EVENTS_PER_PERSON + 1).alias(field.name)
    if field.name in EMPTY or (field.references is not None and not field.is_concept):
        return pl.lit(None, POLARS_TYPE[field.type]).alias(field.name)
    return cells[field.type].alias(field.name)


def generate(folder: Path, rows: int) -> None:
    """Write measurements of one site in the order they were sent, and the site's persons."""
    row = pl.int_range(rows, eager=True)
    # A coprime step scatters the rows, so that sorting them is work.
    scattered = (row * 7_368_787) % rows
    source = pl.select(scattered - (scattered % DUPLICATE_EVERY == 1).cast(pl.Int64)).to_series()
    numbers = pl.LazyFrame({"row": scattered, "source": source})
    for table, limit in (("person", rows // EVENTS_PER_PERSON + 1), ("measurement", rows)):
        fields = get_model("release").table(table).fields
        lineage = [pl.lit("site").alias("_src_site"), pl.col("row").alias("_src_row")]
        frame = numbers.filter(pl.col("row") < limit).with_columns(
            pl.col("row") + 1 if table == "person" else pl.col("row")
        )
        frame.select(*map(make_column, fields), *lineage).sink_parquet(folder / f"{table}.parquet")


def copy(folder: Path) -> None:
    """Sort and write both tables, as the stage does at its end, and nothing else."""
    with tempfile.TemporaryDirectory() as out, open_engine(SETTINGS) as engine:
        for name in ("person", "measurement"):
            order = order_of(get_model("release").table(name))
            sql = f"FROM read_parquet({quoted_text(str(folder / f'{name}.parquet'))})"
            engine.write_parquet(sql, Path(out) / f"{name}.parquet", order_by=order)


def stage(folder: Path) -> None:
    """Run the stage: rules, counts, evidence, one sorted file for each table."""
    inputs = {name: [folder / f"{name}.parquet"] for name in ("person", "measurement")}
    with tempfile.TemporaryDirectory() as out, open_engine(SETTINGS) as engine:
        parameters = {"cutoff": CUTOFF, "duplicate_measurements": True}
        result = run_stage(engine, UNION, inputs, out=Path(out), parameters=parameters)
        print(sum(count.dropped for count in result.counts))


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        {"copy": copy, "stage": stage}[sys.argv[1]](Path(sys.argv[2]))
