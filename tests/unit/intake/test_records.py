"""Records of files that landed: their own bytes, and the cells that tell whose they are."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.intake.lifecycle import records
from commonweal.intake.lifecycle.records import read_header, read_records

CELLS = st.text(
    alphabet=st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    bom=st.booleans(),
)
def test_records_are_the_whole_file_and_cells_those_that_were_written(
    tmp_path: Path, rows: list[list[str]], line_end: str, quoting: int, bom: bool
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=line_end, quoting=quoting)
    writer.writerow(["Person_id", "b", "c"])
    writer.writerows(rows)
    content = (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode()
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    header, names = read_header(path)
    found = list(read_records(path, ["c", "absent", "person_id"]))
    assert header + b"".join(record.raw for record in found) == content
    assert names == ["person_id", "b", "c"]
    assert [record.cells for record in found] == [(c, "", a) for a, _, c in rows]
    assert all(record.is_whole for record in found)


def test_a_last_line_without_an_end_is_a_record(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b'a,b\n1,"x\ny"\n2,z')
    assert list(read_records(tmp_path / "t.csv", ["b"])) == [
        (b'1,"x\ny"\n', ("x\ny",), True),
        (b"2,z", ("z",), True),
    ]


def test_a_record_longer_than_any_may_be_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 8)
    content = b'a,b\n"1\n",2\n"3\n4\n5\n6\n7\n8",9\n'
    (tmp_path / "t.csv").write_bytes(content)
    found = list(read_records(tmp_path / "t.csv", ["a"]))
    assert b"".join(record.raw for record in found) == content[4:]
    assert [record.is_whole for record in found][:2] == [True, False]
    assert max(len(record.raw) for record in found) <= 2 * 8


@pytest.mark.parametrize("value", [7, "7"])
def test_json_lines_have_no_header(tmp_path: Path, value: object) -> None:
    lines = [json.dumps({"person_id": value, "note_text": "a\nb"}), json.dumps({"note_id": None})]
    content = "".join(f"{line}\n" for line in lines).encode()
    (tmp_path / "note.jsonl").write_bytes(content)
    assert read_header(tmp_path / "note.jsonl") == (b"", [])
    found = list(read_records(tmp_path / "note.jsonl", ["person_id", "note_id"]))
    assert b"".join(record.raw for record in found) == content
    assert [record.cells for record in found] == [("7", ""), ("", "")]
