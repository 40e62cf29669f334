"""Files that grow piece by piece: text as declared, bytes that no piece shows in, true lines."""

import csv
import hashlib
import io
import itertools
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.clean_dirt import Clean

from commonweal.engine.protocol import ROW_GROUP_ROWS
from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.frames import Columns, build_table
from commonweal.synthetic.output.encoding import encode_csv, encode_header, encode_json_lines
from commonweal.synthetic.output.parquet_file import ParquetFile
from commonweal.synthetic.output.submission_file import SubmissionFile
from commonweal.synthetic.output.truth import TruthFile
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=4)
PEOPLE = make_people(PLAN, PLAN.batch(0, 4))
NOTE = get_model("programme").table("note")
HARD_TEXT = ["plain", "a, b", 'say "no"', "two\nlines", "ends\r\n", " edges ", "Ángel", ""]


def notes(*texts: str | None, first: int = 1) -> pa.Table:
    columns: Columns = {
        "note_id": np.arange(first, first + len(texts), dtype=np.int64),
        "person_id": 7,
        "note_date": date(2024, 2, 29),
        "note_datetime": np.full(len(texts), np.datetime64("2024-02-29T08:05:01", "us")),
        "note_type_concept_id": 1,
        "note_class_concept_id": 2,
        "note_title": "Note",
        "note_text": pa.array(list(texts), pa.string()),
        "encoding_concept_id": 3,
        "language_concept_id": 4,
    }
    return build_table(NOTE, [columns])


def test_csv_is_as_rfc_4180_says() -> None:
    text = encode_csv(notes("plain", 'a "b", c'))
    assert text.decode() == (
        "1,7,2024-02-29,2024-02-29 08:05:01,1,2,Note,plain,3,4,,,,\r\n"
        '2,7,2024-02-29,2024-02-29 08:05:01,1,2,Note,"a ""b"", c",3,4,,,,\r\n'
    )


def test_csv_gives_back_every_text() -> None:
    text = encode_csv(notes(*HARD_TEXT)).decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [row[7] for row in rows] == HARD_TEXT


def test_numbers_are_as_short_as_they_can_be() -> None:
    values = [0.1, 98.6, 1.0, 1 / 3, -2.5, 1e-7, float("nan"), None]
    rows = pa.table({"value": pa.array(values, pa.float64(), from_pandas=True)})
    written = encode_csv(rows).decode().split("\r\n")[:-1]
    assert [float(text) if text else None for text in written] == [*values[:-2], None, None]
    assert written[:3] == ["0.1", "98.6", "1.0"]


def test_a_header_is_one_line() -> None:
    assert encode_header(["a", "b "]) == b"a,b \r\n"


def test_json_lines_have_every_column_on_one_line_each() -> None:
    lines = encode_json_lines(notes("two\nlines", None)).splitlines()
    first, second = (json.loads(line) for line in lines)
    assert list(first) == list(NOTE.columns)
    assert first["note_text"] == "two\nlines"
    assert first["note_datetime"] == "2024-02-29 08:05:01"
    assert second["note_text"] is None


class Spots(Clean):
    """Plants a fault in every row whose text says so, and one in every line with a digit 9."""

    def change_header(self, table: str, names: Sequence[str]) -> tuple[list[str], list[Fault]]:
        return [name.upper() for name in names], [Fault("s", "x", 1, "note_id", "upper")]

    def change_rows(
        self, table: str, rows: pa.Table, people: People
    ) -> tuple[pa.Table, list[Fault]]:
        texts = rows["note_text"].to_pylist()
        hits = [at for at, text in enumerate(texts) if text and "fault" in text]
        return rows, [Fault("s", "x", at, "note_text", "row") for at in hits]

    def change_text(
        self, table: str, rows: pa.Table, text: bytes, people: People
    ) -> tuple[bytes, list[Fault]]:
        lines = text.split(b"\r\n")
        hits = [at for at, line in enumerate(lines) if b"nine" in line]
        return text.replace(b"nine", b"9999"), [Fault("s", "x", at, "", "text") for at in hits]


TEXTS = st.lists(st.sampled_from(["fine", "fault", "two\nlines", "fault\nand more", "nine"]))


@given(texts=TEXTS, cut=st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_faults_stand_on_the_lines_the_truth_says(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], cut: int
) -> None:
    path = tmp_path_factory.mktemp("file") / "note.csv"
    file = SubmissionFile(path, NOTE, Spots(), site="s", label="note.csv")
    faults = file.start()
    for part, first in ((texts[:cut], 1), (texts[cut:], 1 + cut)):
        if part:
            faults += file.append(file.encode(notes(*part, first=first), PEOPLE))
    lines = path.read_bytes().decode().split("\n")
    assert {fault.file for fault in faults} == {"note.csv"}
    assert faults[0].line == 1
    assert lines[0].startswith("NOTE_ID,PERSON_ID")
    rows = [fault for fault in faults if fault.recipe == "row"]
    assert len(rows) == sum("fault" in text for text in texts)
    assert all("fault" in lines[(fault.line or 0) - 1] for fault in rows)
    spoilt = [fault for fault in faults if fault.recipe == "text"]
    assert len(spoilt) == texts.count("nine")
    assert file.rows == len(texts)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


class Gone(Clean):
    """Leaves a file empty."""

    def find_empty(self, table: str) -> Fault | None:
        return Fault("s", "x", None, "", "empty")


class Short(Clean):
    """Leaves a column out."""

    def change_header(self, table: str, names: Sequence[str]) -> tuple[list[str], list[Fault]]:
        return [name for name in names if name != "note_title"], []


def test_an_empty_file_has_no_byte_and_no_rows(tmp_path: Path) -> None:
    file = SubmissionFile(tmp_path / "note.csv", NOTE, Gone(), site="s", label="note.csv")
    assert file.start() == [Fault("s", "note.csv", None, "", "empty")]
    file.append(file.encode(notes("text"), PEOPLE))
    assert (tmp_path / "note.csv").read_bytes() == b""
    assert file.rows == 0


def test_a_column_without_a_name_is_not_written(tmp_path: Path) -> None:
    file = SubmissionFile(tmp_path / "note.csv", NOTE, Short(), site="s", label="note.csv")
    file.start()
    file.append(file.encode(notes("text"), PEOPLE))
    header, row = csv.reader(io.StringIO((tmp_path / "note.csv").read_text(encoding="utf-8")))
    assert len(header) == len(row) == len(NOTE.columns) - 1
    assert dict(zip(header, row, strict=True))["note_text"] == "text"


def test_json_lines_have_no_header_and_their_faults_start_at_line_1(tmp_path: Path) -> None:
    file = SubmissionFile(tmp_path / "note.jsonl", NOTE, Spots(), site="s", label="note.jsonl")
    assert file.start() == []
    faults = file.append(file.encode(notes("fault", "two\nlines", "fault"), PEOPLE))
    faults += file.append(file.encode(notes("fault", first=4), PEOPLE))
    assert [fault.line for fault in faults] == [1, 3, 4]
    assert len((tmp_path / "note.jsonl").read_bytes().splitlines()) == 4


GROUPS = 3
SCHEMA = pa.schema(
    [pa.field("id", pa.int64(), nullable=False), ("word", pa.string()), ("value", pa.float64())]
)


def make_rows(count: int) -> pa.Table:
    ids = np.arange(count, dtype=np.int64)
    words = pa.array([f"word {number % 997}" if number % 7 else None for number in ids.tolist()])
    return pa.table([ids, words, pa.array(np.sqrt(ids))], schema=SCHEMA)


WHOLE = make_rows(GROUPS * ROW_GROUP_ROWS - 1_000)


def write_in_pieces(path: Path, cuts: Sequence[int]) -> ParquetFile:
    file = ParquetFile(path, SCHEMA)
    ends = sorted({0, len(WHOLE), *cuts})
    for start, end in itertools.pairwise(ends):
        file.append(WHOLE.slice(start, end - start))
    file.close()
    return file


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6))
@settings(max_examples=12, deadline=None)
def test_a_parquet_file_is_the_same_in_whatever_pieces_it_came(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    at_once = write_in_pieces(folder / "one.parquet", [])
    pieces = write_in_pieces(folder / "many.parquet", cuts)
    assert (folder / "one.parquet").read_bytes() == (folder / "many.parquet").read_bytes()
    assert pieces.sha256 == at_once.sha256
    assert pieces.rows == len(WHOLE)


def test_row_groups_are_full_and_the_rows_are_all_there(tmp_path: Path) -> None:
    file = write_in_pieces(tmp_path / "file.parquet", [5, 200_000])
    content = (tmp_path / "file.parquet").read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    footer = pq.read_metadata(tmp_path / "file.parquet")
    groups = [footer.row_group(at).num_rows for at in range(footer.num_row_groups)]
    assert groups == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, ROW_GROUP_ROWS - 1_000]
    assert pq.read_table(tmp_path / "file.parquet").equals(WHOLE)


def test_a_parquet_file_may_have_no_rows(tmp_path: Path) -> None:
    ParquetFile(tmp_path / "file.parquet", SCHEMA).close()
    assert pq.read_table(tmp_path / "file.parquet").num_rows == 0


def test_an_abandoned_parquet_file_is_let_go_without_a_word(tmp_path: Path) -> None:
    file = ParquetFile(tmp_path / "file.parquet", SCHEMA)
    file.append(WHOLE)
    file.abandon()
    file.abandon()


def test_the_truth_is_sorted_by_site_file_and_line_whatever_came_first(tmp_path: Path) -> None:
    truth = TruthFile(tmp_path / "truth.csv")
    truth.add([Fault("b", "person.csv", 1, "x", "header")])
    truth.add([Fault("a", "visit.csv", 9, "", "r"), Fault("a", "visit.csv", 3, "c", "r")])
    truth.add([Fault("a", "death.csv", None, "", "empty")])
    truth.add([Fault("a", "visit.csv", 11, "c", "b"), Fault("a", "visit.csv", 11, "c", "a")])
    truth.close()
    assert (tmp_path / "truth.csv").read_text(encoding="utf-8").splitlines() == [
        "site,file,line,column,recipe",
        "a,death.csv,,,empty",
        "a,visit.csv,3,c,r",
        "a,visit.csv,9,,r",
        "a,visit.csv,11,c,a",
        "a,visit.csv,11,c,b",
        "b,person.csv,1,x,header",
    ]
    assert truth.rows == 6
    assert [path.name for path in tmp_path.iterdir()] == ["truth.csv"]
