"""``commonweal check`` against a bare parse of the same file by Polars, and against its peer.

As a script it does one contender's work: ``generate TABLE FILE ROWS`` writes a file with
planted faults and prints how many there are; ``parse FILE`` reads it with Polars.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from commonweal.schema.model import DataType, Field, get_model

FIRST_DAY = 14_610
"""2010-01-01 in days since 1970."""
EMPTY = frozenset(
    {
        "measurement_time", "operator_concept_id", "value_as_concept_id", "range_low",
        "range_high", "provider_id", "visit_detail_id", "preceding_visit_occurrence_id",
    }
)  # fmt: skip
"""Columns that sites leave empty more often than not."""
ONE_IN = 10_000
"""Of so many cells of a column that is filled and has a type, one is bad."""
CHUNK = 1_000_000
BAD = {
    DataType.INTEGER: ("12.5", "1e5", "abc", "9999999999999999999"),
    DataType.FLOAT: ("high", "1.2.3", ">5", "1,000"),
    DataType.DATE: ("2020-02-31", "01/02/2020", "2020-1-5", ""),
    DataType.TIMESTAMP: ("2020-13-01 00:00:00", "noon", "2020-02-30 10:00:00", "2020-01-01"),
}


def is_dirty(field: Field) -> bool:
    """Whether bad cells are planted in a column."""
    return field.name not in EMPTY and field.type in BAD


def make_column(field: Field, place: int) -> pl.Expr:
    """Cells made from the row number, so that every run has the same file."""
    cells = _make_good(field)
    if field.name in EMPTY:
        cells = pl.lit(None, pl.String)
    elif is_dirty(field):
        turn = (pl.col("row") + 37 * place) % ONE_IN == 0
        which = pl.col("row") // ONE_IN % len(BAD[field.type])
        bad = which.replace_strict(dict(enumerate(BAD[field.type])), return_dtype=pl.String)
        cells = pl.when(turn).then(bad).otherwise(cells)
    return cells.alias(field.name)


def _make_good(field: Field) -> pl.Expr:
    row = pl.col("row")
    day = (FIRST_DAY + row * 7919 % 5000).cast(pl.Int32).cast(pl.Date)
    if field.primary_key:
        # A prime step visits every number below 2^24 once: keys in no order, none repeated.
        return ((row % 2**24 * 7_368_787 % 2**24) + row // 2**24 * 2**24 + 1).cast(pl.String)
    if field.is_concept:
        return _make_concept(field)
    cells = {
        DataType.INTEGER: (row * 7919 % 4_000_000 + 1).cast(pl.String),
        DataType.FLOAT: ((row * 31 % 20_000 - 100) / 100).cast(pl.String),
        DataType.DATE: day.dt.to_string("%Y-%m-%d"),
        DataType.TIMESTAMP: _make_time(day),
        DataType.STRING: _make_text(field),
    }
    return cells[field.type]


def _make_concept(field: Field) -> pl.Expr:
    """One of 9,000 for what happened; sources are not mapped, the others are always the same."""
    if field.name.endswith("_source_concept_id"):
        return pl.lit("0")
    if field.name in ("measurement_concept_id", "visit_concept_id"):
        return (pl.col("row") * 31 % 9000 + 3_000_000).cast(pl.String)
    return pl.lit("32817")


def _make_text(field: Field) -> pl.Expr:
    number = (pl.col("row") * 13 % 9000).cast(pl.String)
    if field.name == "unit_source_value":
        return pl.lit("mm[Hg]")
    if field.name == "value_source_value":
        return pl.concat_str(pl.lit('val "q", '), number)
    return pl.concat_str(pl.lit("LOINC:"), number, pl.lit("-7"))


def _make_time(day: pl.Expr) -> pl.Expr:
    """Three of the accepted shapes in turn."""
    text = day.dt.to_string("%Y-%m-%d")
    return (
        pl.when(pl.col("row") % 3 == 0)
        .then(text + " 08:30:00")
        .when(pl.col("row") % 3 == 1)
        .then(text + "T08:30:00.125")
        .otherwise(text + " 08:30:00 UTC")
    )


def generate(table: str, file: Path, rows: int) -> int:
    """Write a file of the programme's dialect and return the number of its bad cells."""
    fields = get_model("programme").tables[table].fields
    bad = 0
    with file.open("wb") as stream:
        for first in range(0, rows, CHUNK):
            numbers = pl.DataFrame(
                {"row": pl.int_range(first, min(first + CHUNK, rows), eager=True)}
            )
            text = numbers.select(make_column(field, place) for place, field in enumerate(fields))
            text.write_csv(stream, include_header=first == 0)
            bad += _count_planted(fields, first, min(first + CHUNK, rows))
    return bad


def _count_planted(fields: Sequence[Field], first: int, stop: int) -> int:
    return sum(
        (row + 37 * place) % ONE_IN == 0
        and (field.required or bool(BAD[field.type][row // ONE_IN % 4]))
        for place, field in enumerate(fields)
        if is_dirty(field)
        for row in range(-(-(first + 37 * place) // ONE_IN) * ONE_IN - 37 * place, stop, ONE_IN)
        if row >= first
    )


def parse(file: Path) -> None:
    """Read every cell of every column as text, and do nothing with it."""
    pl.scan_csv(file, infer_schema=False).select(pl.all().count()).collect(engine="streaming")


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        print(generate(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
    else:
        parse(Path(sys.argv[2]))
