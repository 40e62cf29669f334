"""``commonweal check`` against a bare parse of the same file by Polars.

As a script it does one contender's work: ``generate FILE ROWS`` or ``parse FILE``.
"""

import sys
from pathlib import Path

import polars as pl

from commonweal.schema.model import DataType, Field, get_model

FIRST_DAY = 14_610
"""2010-01-01 in days since 1970."""


def make_column(field: Field) -> pl.Expr:
    """Valid cells for a field, made from the row number so that every run has the same file."""
    row = pl.col("row")
    day = (FIRST_DAY + row * 7919 % 5000).cast(pl.Int32).cast(pl.Date)
    cells = {
        DataType.INTEGER: row + 1 if field.primary_key else row * 7919 % 4_000_000 + 1,
        DataType.FLOAT: (row * 31 % 20_000) / 100,
        DataType.DATE: day.dt.to_string("%Y-%m-%d"),
        DataType.TIMESTAMP: day.dt.to_string("%Y-%m-%d 08:30:00"),
        DataType.STRING: pl.concat_str(pl.lit("text "), row * 13 % 1000),
    }
    return cells[field.type].alias(field.name)


def generate(file: Path, rows: int) -> None:
    """Write a faultless ``measurement.csv`` of the programme's dialect."""
    fields = get_model("programme").tables["measurement"].fields
    numbers = pl.LazyFrame({"row": pl.int_range(rows, eager=True)})
    table = numbers.select(make_column(field) for field in fields)
    table.sink_csv(file, quote_style="non_numeric")


def parse(file: Path) -> None:
    """Read every cell of every column as text, and do nothing with it."""
    pl.scan_csv(file, infer_schema=False).select(pl.all().count()).collect(engine="streaming")


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        parse(Path(sys.argv[2]))
