"""Notes as JSON lines: no digit, key or character of them is lost without a word."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.intake_folders import check, codes, found, places, programme_table, valid_row

from commonweal.intake.reading import write_text_parquet


def test_notes_as_json_lines(tmp_path: Path) -> None:
    good = valid_row("note", note_text="line\nline")
    bad = valid_row("note", note_id="1.5") | {"shoe_size": 42}
    content = [json.dumps(good), "", "[1]", "{", "[" * 100_000, json.dumps(bad)]
    (tmp_path / "note.jsonl").write_text("\n".join(content) + "\n")
    report = check(tmp_path)
    assert places(found(report, "structure.blank_line")) == [(2, 2)]
    assert places(found(report, "structure.bad_json")) == [(3, 3), (4, 4), (5, 5)]
    assert places(found(report, "type.integer", "note_id")) == [(6, 6)]
    assert found(report, "header.unknown_column").column == "shoe_size"
    assert (report.files[0].rows, report.files[0].rejected_rows) == (2, 4)


def test_json_values_of_a_cell(tmp_path: Path) -> None:
    row: dict[str, object] = {k: v or None for k, v in valid_row("note").items()}
    row |= {"note_id": 7, "person_id": 1.5, "note_title": ["a"], "note_text": None}
    (tmp_path / "note.jsonl").write_text(json.dumps(row))
    report = check(tmp_path)
    wrong = {(f.code, f.column) for f in report.all_findings if f.severity == "error"}
    assert wrong == {
        ("type.integer", "person_id"),
        ("type.string", "note_title"),
        ("required.empty", "note_text"),
    }


def write_notes(folder: Path, *texts: str) -> None:
    (folder / "note.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8", newline="")


def note_text(**cells: object) -> str:
    return json.dumps(valid_row("note") | cells)


def test_keys_of_json_in_other_letters_are_matched_with_a_warning(tmp_path: Path) -> None:
    row = {key.upper(): value for key, value in valid_row("note").items()}
    write_notes(tmp_path, note_text(), json.dumps(row))
    report = check(tmp_path)
    assert report.is_accepted
    assert places(found(report, "header.case", "note_id")) == [(2, 2)]
    out = tmp_path / "out.parquet"
    write_text_parquet(tmp_path / "note.jsonl", programme_table("note"), out)
    assert pl.read_parquet(out)["note_id"].to_list() == ["1", "1"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"note_id": 1, "note_id": 2}', "structure.repeated_key"),
        ('{"note_id": 1, "NOTE_ID": 2}', "structure.repeated_key"),
        ('{"note_id": NaN}', "structure.bad_json"),
        ('{"note_text": "\\ud83d"}', "structure.bad_json"),
        ('{"\\ud83d": "x"}', "structure.bad_json"),
        ('{"note_id": 1}{"note_id": 2}', "structure.bad_json"),
        ("null", "structure.bad_json"),
    ],
)
def test_json_that_would_be_read_in_two_ways_is_rejected(
    tmp_path: Path, line: str, code: str
) -> None:
    write_notes(tmp_path, note_text(), line, note_text())
    report = check(tmp_path)
    assert places(found(report, code)) == [(2, 2)]
    assert (report.files[0].rows, report.files[0].rejected_rows) == (2, 1)


def test_json_numbers_keep_every_digit(tmp_path: Path) -> None:
    line = note_text(note_text="@").replace('"@"', "0.10000000000000000001")
    write_notes(tmp_path, line.replace('"note_id": "1"', '"note_id": 9007199254740993'))
    assert check(tmp_path).is_accepted
    out = tmp_path / "out.parquet"
    write_text_parquet(tmp_path / "note.jsonl", programme_table("note"), out)
    row = pl.read_parquet(out).row(0, named=True)
    assert (row["note_id"], row["note_text"]) == ("9007199254740993", "0.10000000000000000001")


def test_json_lines_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "note.jsonl").write_bytes(b"\xef\xbb\xbf" + note_text().encode())
    report = check(tmp_path)
    assert (report.is_accepted, report.files[0].rows) == (True, 1)
    assert "encoding.bom" in codes(report)


def test_bad_bytes_and_nul_in_json_lines(tmp_path: Path) -> None:
    good, bad = note_text().encode() + b"\n", note_text(note_text="caf@").encode()
    content = good + bad.replace(b"@", b"\xe9") + b"\n"
    nul = note_text(note_text="x\0y").encode()
    (tmp_path / "note.jsonl").write_bytes(content + nul)
    report = check(tmp_path)
    finding = found(report, "encoding.invalid_utf8")
    assert places(finding) == [(2, 2)]
    assert f"number {content.index(0xE9):,} of" in finding.message
    assert places(found(report, "encoding.nul")) == [(3, 3)]


def test_an_endless_line_of_json_is_a_rejected_row(tmp_path: Path) -> None:
    write_notes(tmp_path, note_text(), note_text(note_text="x" * 5000), note_text())
    report = check(tmp_path, max_record_bytes=2000)
    assert places(found(report, "structure.record_too_long")) == [(2, 2)]
    assert (report.files[0].rows, report.files[0].rejected_rows) == (1, 1)
