"""Sound CSV text in slices: nothing is lost, and every slice ends where a record does."""

import csv
import io
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.intake_folders import programme_table

from commonweal.intake.reading import RECORD, scan_columns, write_text_parquet
from commonweal.intake.slices import read_slices
from commonweal.schema.errors import CommonwealError

DEATH = programme_table("death")
MARK = "\ufeff"
CELLS = st.text('ab ,"\n\r\\é😀' + MARK, max_size=6)
WIDTH = len(DEATH.columns)
ROWS = st.lists(st.lists(CELLS, min_size=WIDTH, max_size=WIDTH), max_size=8)
SIZES = st.integers(1, 120)


@dataclass(frozen=True)
class Style:
    """How rows are written; the last line need not have an end, and a mark may stand in front."""

    end: str = "\n"
    quotes_all: bool = False
    is_ended: bool = True
    is_marked: bool = False

    def write(self, rows: list[list[str]]) -> str:
        lines = [",".join(map(self._write_cell, row)) + self.end for row in rows]
        text = "".join(lines)
        return MARK * self.is_marked + (text if self.is_ended else text.removesuffix(self.end))

    def _write_cell(self, cell: str) -> str:
        needs = self.quotes_all or any(mark in cell for mark in ',"\r\n')
        return '"' + cell.replace('"', '""') + '"' if needs else cell


STYLES = st.builds(
    Style, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans(), st.booleans()
)


def read_strictly(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def cut(text: str, size: int) -> list[str]:
    stream = io.BufferedReader(io.BytesIO(text.encode()))
    return [piece.decode() for piece in read_slices(stream, size)]


@given(ROWS, STYLES, SIZES)
@settings(deadline=None)
@example([["\n" * 6] * WIDTH] * 3, Style("\r\n"), 1)
def test_slices_are_whole_records_and_all_there_is(
    rows: list[list[str]], style: Style, size: int
) -> None:
    text = replace(style, is_marked=False).write(rows)
    pieces = cut(text, size)
    assert "".join(pieces) == text
    assert [record for piece in pieces for record in read_strictly(piece)] == rows


@pytest.mark.parametrize("text", ['"a\nb\nc\nd"\n', "a" * 9 + "\n"])
def test_a_record_without_an_end_does_not_fill_the_memory(text: str) -> None:
    stream = io.BufferedReader(io.BytesIO(text.encode()))
    with pytest.raises(CommonwealError, match="longer than any"):
        list(read_slices(stream, 2, limit=4))


@given(ROWS, STYLES, SIZES)
@settings(deadline=None)
@example([[MARK + "a", *[""] * (WIDTH - 1)]] * 3, Style(), 1)
def test_cells_are_those_that_pythons_csv_reads(
    rows: list[list[str]], style: Style, size: int
) -> None:
    text = style.write([list(DEATH.columns), *rows])
    assert read_strictly(text.removeprefix(MARK))[1:] == rows
    expected = [[*(cell or None for cell in row), n] for n, row in enumerate(rows, start=1)]
    asked = (DEATH.columns[-1], "no_such", DEATH.columns[0])
    with TemporaryDirectory() as name:
        file, out = Path(name) / "death.csv", Path(name) / "death.parquet"
        file.write_bytes(text.encode())
        assert write_text_parquet(file, DEATH, out, slice_bytes=size) == len(rows)
        cells = pl.read_parquet(out)
        some = scan_columns(file, DEATH, asked, slice_bytes=size).collect()
    assert cells.columns == [*DEATH.columns, RECORD]
    assert [list(row) for row in cells.rows()] == expected
    assert [list(row) for row in some.rows()] == [[r[-2], None, r[0], r[-1]] for r in expected]


def write_numbered(folder: Path, count: int) -> Path:
    file = folder / "death.csv"
    lines = (f"{n},2020-01-01\n" for n in range(1, count + 1))
    file.write_text("person_id,death_date\n" + "".join(lines))
    return file


def test_every_slice_is_written_before_the_next_is_read(tmp_path: Path) -> None:
    """What bounds the memory: no group of rows is larger than a slice."""
    file, out = write_numbered(tmp_path, 1000), tmp_path / "out.parquet"
    assert write_text_parquet(file, DEATH, out, slice_bytes=1500) == 1000
    with pq.ParquetFile(out) as found:
        groups = [found.metadata.row_group(at).num_rows for at in range(found.num_row_groups)]
    assert len(groups) > 5
    assert max(groups) <= 120


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_a_scan_reads_only_what_a_plan_asks_for(tmp_path: Path, engine: str) -> None:
    file = write_numbered(tmp_path, 100)
    scan = scan_columns(file, DEATH, ("death_date", "person_id"), slice_bytes=64)
    number = pl.col("person_id").cast(pl.Int64)
    assert scan.filter(number % 40 == 0).select(RECORD).collect(engine=engine).rows() == [
        (40,),
        (80,),
    ]
    first = scan.head(7).filter(number > 5).select("person_id", RECORD).collect(engine=engine)
    assert first.rows() == [("6", 6), ("7", 7)]
    records = scan.select(RECORD).collect(engine=engine)[RECORD].to_list()
    assert all(after == before + 1 for before, after in pairwise([0, *records]))
    assert len(records) == 100
