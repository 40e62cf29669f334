"""Some columns of an accepted file, and the lines its records stand on."""

import json
from pathlib import Path

import pytest
from tests.intake_folders import programme_table, valid_row, write_table

from commonweal.intake.reading import map_lines, scan_columns


def test_columns_come_as_text_with_their_record(tmp_path: Path) -> None:
    rows = [valid_row("note", note_id=str(n), note_text=text) for n, text in ((7, "a\nb"), (8, ""))]
    file = write_table(tmp_path, "note", rows)
    found = scan_columns(file, programme_table("note"), ("note_text", "note_id")).collect()
    assert found.rows() == [("a\nb", "7", 1), (None, "8", 2)]
    assert [map_lines(file).place(record)[1] for record in (1, 2)] == [2, 4]


def test_a_column_that_was_not_sent_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "note.csv"
    file.write_text("NOTE_ID\n7\n")
    table = programme_table("note")
    assert scan_columns(file, table, ("note_id", "person_id")).collect().rows() == [("7", None, 1)]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_lines_too(tmp_path: Path, count: int) -> None:
    file = tmp_path / "note.jsonl"
    notes = [valid_row("note", note_id=str(n), person_id="5") for n in range(1, count + 1)]
    file.write_text("".join(json.dumps(note) + "\n" for note in notes))
    found = scan_columns(file, programme_table("note"), ("person_id", "no_such")).collect()
    assert found.rows() == [("5", None, n) for n in range(1, count + 1)]
    assert map_lines(file).place(2) == (2, 2)
