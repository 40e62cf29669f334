"""The fast passes never disagree with the slow and certain ones."""

import csv
import io
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.intake_folders import check, csv_text, programme_table

from commonweal.intake.check import plain
from commonweal.intake.check.block import PAD, new_buffer
from commonweal.intake.check.columnar import Source, check_cells
from commonweal.intake.check.doubtful import build_suspect, read_key
from commonweal.intake.check.exact import find_fault
from commonweal.intake.check.kept import is_kept, is_kept_presence
from commonweal.intake.check.loops import load_compiled
from commonweal.intake.check.preflight import survey
from commonweal.intake.check.structure import Copy, copy_sound_records
from commonweal.intake.findings import Tally
from commonweal.schema.model import DataType, Field

NUMBERS = st.text("0123456789+-.eE ,_xnaif٣", max_size=24)
TIMES = st.text("0123456789+-: TZUCEST./", max_size=34)
NEARLY_TIMES = st.from_regex(
    r"[ +-]?[0-9]{1,5}[-/ ][ 0-9][0-9]?[- ][ 0-9][0-9]?([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}"
    r"(\.[0-9]{0,10})?)?(Z| UTC| Europe/Berlin|[+-][0-9]{2}:?[0-9]{2})?)?",
    fullmatch=True,
)
CELLS = st.one_of(NUMBERS, TIMES, NEARLY_TIMES, st.text(max_size=12), st.dates().map(str))
FIELDS = st.builds(
    Field,
    name=st.just("cell"),
    type=st.sampled_from(DataType),
    required=st.booleans(),
    primary_key=st.just(value=False),
    description=st.just(""),
    length=st.none() | st.integers(1, 8),
    values=st.sampled_from([frozenset(), frozenset({"1", "UTC"})]),
)


@given(FIELDS, st.lists(st.none() | CELLS, min_size=1, max_size=30))
@settings(max_examples=150, deadline=None)
@example(Field("cell", DataType.DATE, True, False, ""), ["+2020-1-15", " 2020-1-01", "0000-01-01"])
@example(Field("cell", DataType.STRING, True, False, ""), [" ", "\t\v\f", "x", " x", "\xa0"])
@example(Field("cell", DataType.FLOAT, True, False, ""), ["nan", "inf", "1e999", "1_0"])
def test_columnar_pass_suspects_every_cell_that_is_wrong(
    field: Field, cells: list[str | None]
) -> None:
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String})
    suspects = frame.select(build_suspect(field))["cell"].to_list()
    for cell, suspect in zip(cells, suspects, strict=True):
        if find_fault(field, cell or ""):
            assert suspect == (cell or "")


DEATH = programme_table("death")
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: CELLS.map(lambda t: t.translate({0: "0", 13: "r"})) for name in DEATH.columns}
    ),
    max_size=8,
)


@given(ROWS, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=40, deadline=None)
def test_all_passes_together_count_what_python_counts(
    rows: list[dict[str, str]], line_end: str
) -> None:
    expected: dict[tuple[str, str], int] = {}
    for row in rows:
        for field in DEATH.fields:
            if code := find_fault(field, row[field.name]):
                expected[code, field.name] = expected.get((code, field.name), 0) + 1
    with TemporaryDirectory() as name:
        path = Path(name) / "death.csv"
        path.write_text(csv_text("death", rows, line_end=line_end), newline="", encoding="utf-8")
        report = check(Path(name))
    counted = {(f.code, f.column): f.count for f in report.all_findings}
    assert {
        k: n
        for k, n in counted.items()
        if k[0].split(".")[0] not in ("concept", "date", "file", "key", "structure")
    } == (expected)
    assert (report.files[0].rows, report.files[0].rejected_rows) == (len(rows), 0)


LOOPS = pytest.mark.parametrize("little", [-1, 1 << 40], ids=["compiled", "plain"])
"""Text is always too much for the plain loops, or never."""


DAMAGED = st.lists(st.sampled_from(['"', ",", "\n", "\r\n", "\r", "a", "é", '"",'])).map("".join)


@LOOPS
@given(text=DAMAGED)
@settings(max_examples=500, deadline=None)
@example(text='a,"b\n')
@example(text='1,2\n"a\n\n",b\n"x"y,1\n1,2\n')
def test_structure_is_called_sound_only_when_python_reads_the_same(little: int, text: str) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("commonweal.intake.check.loops.LITTLE", little)
        path = Path(name) / "file.csv"
        path.write_text("a,b\n" + text, encoding="utf-8", newline="")
        structure = survey(path, header_bytes=4, header_lines=1, width=2, progress=lambda _: None)
        if structure.sound:
            records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            assert len(records) == structure.records
            assert {len(record) for record in records} <= {2}


@given(DAMAGED, st.integers(1, 3))
@settings(max_examples=1000, deadline=None)
@example('a,"b', 2)
@example('a,"b"', 2)
@example("a,b\r", 2)
@example('"a"\r\n""\r', 1)
def test_plain_and_compiled_loops_see_the_same_edges(text: str, width: int) -> None:
    content = text.encode()
    seen = []
    for loops in (plain, load_compiled()):
        data = new_buffer(len(content))
        data[PAD : PAD + len(content)] = list(content)
        edges = np.zeros((width + 1, len(content) + 2), dtype=np.int32)
        breaks = np.zeros(len(content), dtype=np.int32)
        rows, cut, broken, crlf = loops.find_edges(
            data, data.view("<u8"), PAD + len(content), edges, breaks
        )
        found = (edges[:, :rows].tolist(), cut, breaks[:broken].tolist(), crlf)
        seen.append(found if rows >= 0 else None)
    assert seen[0] == seen[1]


def copy_records(source: Path, *, block: int) -> Copy:
    """Read a damaged file, so many bytes at a time when they are sound."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("commonweal.intake.check.structure.BLOCK_BYTES", block)
        return copy_sound_records(
            source,
            source.with_suffix(".copy"),
            header_bytes=4,
            header_lines=1,
            width=2,
            tally=Tally(),
            progress=lambda _: None,
        )


@given(DAMAGED)
@settings(max_examples=400, deadline=None)
@example('"a\n\n",b\n"x"y,1\n1,2\n')
@example('"",",\n"')
@example(",\r\r\n")
@example('a,b\n\n"a\n",b\na,"\nb"\n5",\na,b')
def test_what_the_structural_reader_keeps_is_sound(text: str) -> None:
    with TemporaryDirectory() as name:
        source = Path(name) / "file.csv"
        source.write_text("a,b\n" + text, encoding="utf-8", newline="")
        copy = copy_records(source, block=4096)
        again = survey(copy.path, header_bytes=0, header_lines=0, width=2, progress=lambda _: None)
        assert (again.sound, again.records) == (True, copy.rows)
        whole = survey(source, header_bytes=4, header_lines=1, width=2, progress=lambda _: None)
        if whole.sound:
            assert (copy.rows, copy.rejected) == (whole.records, 0)
        places = [copy.lines.place(row) for row in range(1, copy.rows + 1)]
        assert places == sorted(set(places))
        assert all(record <= copy.seen for record, _ in places)
        for block in (1, 7):
            other = copy_records(source, block=block)
            assert (other.rows, other.rejected) == (copy.rows, copy.rejected)
            assert [other.lines.place(row) for row in range(1, copy.rows + 1)] == places


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_bytes_get_an_answer(content: bytes, with_header: bool) -> None:
    header = ",".join(DEATH.columns).encode() + b"\n" if with_header else b""
    with TemporaryDirectory() as name:
        (Path(name) / "death.csv").write_bytes(header + content)
        report = check(Path(name))
        assert report.verdict in ("accepted", "rejected")


FLOATS = st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?", fullmatch=True)
KEPT = st.builds(
    Field,
    name=st.sampled_from(["cell", "year_of_birth", "zip"]),
    type=st.sampled_from(DataType),
    required=st.booleans(),
    primary_key=st.booleans(),
    description=st.just(""),
    length=st.none() | st.integers(1, 8),
)


def read_whole(field: Field, cells: list[str], *, quoted: bool) -> tuple[Tally, list[object]]:
    """What the columnar pass makes of a file with one column: faults, and what it keeps."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerows(["", cell] for cell in cells)
    tally = Tally(show_values=True)
    with TemporaryDirectory() as name:
        path, keys = Path(name) / "file.csv", Path(name) / "keys.parquet"
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        source = Source(path, header_bytes=0, header_lines=0, width=2, fields=((1, field),))
        structure = check_cells(source, keys, tally=tally, progress=lambda _: None)
        assert (structure.sound, structure.records) == (True, len(cells))
        kept = pl.read_parquet(keys)
    column = kept[field.name].to_physical() if field.name in kept.columns else None
    return tally, [] if column is None else column.to_list()


@given(
    KEPT,
    st.lists(CELLS | FLOATS, min_size=1, max_size=40).filter(lambda c: "\0" not in "".join(c)),
    st.booleans(),
    st.sampled_from([0, 500]),
    st.sampled_from([-1, 1 << 40]),
)
@settings(max_examples=500, deadline=None)
@example(
    Field("cell", DataType.FLOAT, False, False, ""),
    ["-1.5", "-", ".", "5.", "1.2.3"],
    False,
    500,
    -1,
)
@example(
    Field("cell", DataType.INTEGER, True, True, ""), ["12345678", "9" * 18, "9" * 19], True, 500, -1
)
@example(
    Field("cell", DataType.TIMESTAMP, False, False, ""),
    [
        "2020-02-29 23:59:59",
        "2020-02-29T24:00:00",
        "2020-02-30 00:00:00",
        "1849-01-01 00:00:00 UTC",
    ],
    False,
    500,
    -1,
)
def test_the_three_readers_together_are_the_certain_one(
    field: Field, cells: list[str], quoted: bool, few: int, little: int
) -> None:
    cells = [cell.encode("utf-8", "ignore").decode() for cell in cells]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("commonweal.intake.check.cells.FEW", few)
        patch.setattr("commonweal.intake.check.loops.LITTLE", little)
        tally, kept = read_whole(field, cells, quoted=quoted)
    expected = Counter(filter(None, (find_fault(field, cell) for cell in cells)))
    found = {f.code: f.count for f in tally.findings(file="f", table="t", details={})}
    assert found == expected
    if not is_kept(field):
        assert kept == []
    elif is_kept_presence(field):
        assert kept == [cell != "" or None for cell in cells]
    else:
        assert kept == [read_key(field, cell) for cell in cells]
