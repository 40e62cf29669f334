"""What the check makes of damaged files: each fault named, counted and located."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.intake_folders import check, codes, csv_text, found, places, valid_row

from commonweal.intake.check import file as check_file
from commonweal.intake.check.columnar import Source, check_cells
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import Structure
from commonweal.intake.check.structure import Copy, copy_sound_records
from commonweal.schema.errors import CommonwealError

GOOD = [valid_row("death", person_id=str(i), cause_source_value="x") for i in range(1, 6)]
WIDTH = 7


def spoil(tmp_path: Path, text: str | bytes) -> Path:
    content = text.encode() if isinstance(text, str) else text
    (tmp_path / "death.csv").write_bytes(content)
    return tmp_path


def lines(line_end: str = "\n") -> list[str]:
    return csv_text("death", GOOD, line_end=line_end).splitlines(keepends=True)


def test_clean_file_has_no_findings_of_its_own(tmp_path: Path) -> None:
    report = check(spoil(tmp_path, "".join(lines())))
    assert report.verdict == "accepted"
    assert codes(report) == {"key.not_checked"}
    assert report.files[0].rows == 5


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_ragged_rows_are_counted_and_the_others_read(tmp_path: Path, line_end: str) -> None:
    text = lines(line_end)
    text[2] = text[2].rstrip() + f",extra{line_end}"
    text[4] = f"4,2020-01-01{line_end}"
    report = check(spoil(tmp_path, "".join(text)))
    finding = found(report, "structure.ragged_row")
    assert (finding.count, places(finding)) == (2, [(3, 2), (5, 4)])
    assert (report.files[0].rows, report.files[0].rejected_rows) == (3, 2)
    assert report.to_json()["files"][0]["rows"] == 5


def test_faults_after_a_ragged_row_keep_their_true_places(tmp_path: Path) -> None:
    text = lines()
    text[2] = "2,2020-01-01\n"
    text[4] = text[4].replace("2020-01-31", "2020-02-31")
    finding = found(check(spoil(tmp_path, "".join(text))), "type.date", "death_date")
    assert places(finding) == [(5, 4)]


@pytest.mark.parametrize("value", ['5" pipe', '"he said "hi" ok"', '""x"'])
def test_stray_quote_costs_its_row_only(tmp_path: Path, value: str) -> None:
    text = lines()
    text[3] = f"3,2020-01-31,,1,,{value},\n"
    report = check(spoil(tmp_path, "".join(text)))
    finding = found(report, "structure.stray_quote")
    assert (finding.count, places(finding)) == (1, [(4, 3)])
    assert report.files[0].rows == 4


@pytest.mark.parametrize("row", [2, 5])
def test_unclosed_quote_does_not_swallow_the_lines_after_it(tmp_path: Path, row: int) -> None:
    text = lines()
    text[row] = f'{row},2020-01-31,,1,,"open,\n'
    report = check(spoil(tmp_path, "".join(text)))
    finding = found(report, "structure.unclosed_quote")
    assert (finding.count, places(finding)) == (1, [(row + 1, row)])
    assert report.files[0].rows == 4


def test_unclosed_quote_before_a_quoted_row_keeps_that_row(tmp_path: Path) -> None:
    text = lines()
    text[2] = '2,2020-01-31,,1,,"open,\n'
    text[4] = '4,2020-01-31,,1,,"closed, and whole",\n'
    report = check(spoil(tmp_path, "".join(text)))
    assert places(found(report, "structure.unclosed_quote")) == [(3, 2)]
    assert report.files[0].rows == 4


def test_line_break_in_a_value_is_allowed_and_moves_the_lines(tmp_path: Path) -> None:
    text = lines()
    text[2] = '2,2020-01-31,,1,,"two\nlines, ""really""\r\n",\n'
    text[4] = text[4].replace("2020-01-31", "yesterday")
    report = check(spoil(tmp_path, "".join(text)))
    assert found(report, "structure.newline_in_value").count == 1
    assert places(found(report, "type.date")) == [(7, 4)]
    assert report.files[0].rows == 5


def test_blank_lines_are_located(tmp_path: Path) -> None:
    text = lines()
    text.insert(3, "\n")
    finding = found(check(spoil(tmp_path, "".join(text))), "structure.blank_line")
    assert places(finding) == [(4, 3)]


def test_mixed_line_ends_are_a_warning(tmp_path: Path) -> None:
    text = lines("\r\n")
    text[2] = text[2].replace("\r\n", "\n")
    report = check(spoil(tmp_path, "".join(text)))
    assert found(report, "structure.mixed_line_ends")
    assert (report.verdict, report.files[0].rows) == ("accepted", 5)


def test_carriage_return_inside_a_line(tmp_path: Path) -> None:
    text = lines()
    text[2] = text[2].replace(",x,", ",x\ry,")
    finding = found(check(spoil(tmp_path, "".join(text))), "structure.lone_carriage_return")
    assert places(finding) == [(3, 2)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("damaged", [False, True])
def test_missing_last_line_end_is_no_fault(tmp_path: Path, line_end: str, *, damaged: bool) -> None:
    text = lines(line_end)
    if damaged:
        text.insert(3, line_end)
    report = check(spoil(tmp_path, "".join(text).rstrip("\r\n")))
    assert report.files[0].rows == 5
    expected = {"structure.blank_line"} if damaged else set()
    assert codes(report) == {"key.not_checked"} | expected


def test_invalid_utf8_is_located_and_the_other_cells_still_checked(tmp_path: Path) -> None:
    text = "".join(lines()).encode().splitlines(keepends=True)
    text[2] = text[2].replace(b",x,", b",caf\xe9,")
    text[5] = text[5].replace(b"2020-01-31", b"31.01.2020")
    content = b"".join(text)
    report = check(spoil(tmp_path, content))
    finding = found(report, "encoding.invalid_utf8")
    assert (finding.count, places(finding)) == (1, [(3, 2)])
    assert f"number {content.index(0xE9)} " in finding.message
    assert places(found(report, "type.date")) == [(6, 5)]


def test_nul_byte(tmp_path: Path) -> None:
    text = lines()
    text[3] = text[3].replace(",x,", ",x\0y,")
    assert places(found(check(spoil(tmp_path, "".join(text))), "encoding.nul")) == [(4, 3)]


def test_endless_line_stops_the_reading(tmp_path: Path) -> None:
    text = lines()
    text[3] = "3," + "9" * 5000 + "\n"
    report = check(spoil(tmp_path, "".join(text)), max_record_bytes=1000)
    finding = found(report, "structure.record_too_long")
    assert (report.verdict, places(finding)) == ("rejected", [(4, 3)])


def test_a_file_whose_first_row_is_endless_is_not_called_empty(tmp_path: Path) -> None:
    text = [lines()[0], "3," + "9" * 5000 + "\n"]
    report = check(spoil(tmp_path, "".join(text)), max_record_bytes=1000)
    assert "structure.record_too_long" in codes(report)
    assert "file.no_rows" not in codes(report)


def test_endless_first_line(tmp_path: Path) -> None:
    report = check(spoil(tmp_path, "x" * 5000), max_record_bytes=1000)
    assert codes(report) >= {"structure.record_too_long"}


def test_records_that_reach_over_blocks_are_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonweal.intake.check.preflight.BLOCK_BYTES", 16)
    text = lines("\r\n")
    text[2] = '2,2020-01-31,,1,,"one\n\ntwo, ""three""\n four",\r\n'
    text[5] = text[5].replace("2020-01-31", "never")
    report = check(spoil(tmp_path, "".join(text)))
    assert report.files[0].rows == 5
    assert found(report, "structure.newline_in_value").count == 1
    assert places(found(report, "type.date")) == [(9, 5)]


def test_every_broken_kind_in_one_file_adds_up(tmp_path: Path) -> None:
    text = [
        *lines(),
        "\n",
        '7,2020-01-31,,1,,5",\n',
        "8\n",
        '9,2020-01-31,,1,,"open,\n',
        *lines()[1:],
    ]
    report = check(spoil(tmp_path, "".join(text)))
    assert (report.files[0].rows, report.files[0].rejected_rows) == (10, 4)


def test_line_map_follows_shifts() -> None:
    line_map = LineMap(header_lines=1)
    line_map.shift_from(3, records=1, lines=1)
    line_map.shift_from(5, records=1, lines=4)
    assert [line_map.place(row) for row in (1, 2, 3, 4, 5)] == [
        (1, 2),
        (2, 3),
        (4, 5),
        (5, 6),
        (6, 10),
    ]


def test_bytes_that_no_record_has_stop_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*arguments: Any, **options: Any) -> Structure:
        done = check_cells(*arguments, **options)
        return replace(done, records=done.records - 1, bytes=done.bytes - 20)

    monkeypatch.setattr(check_file, "check_cells", lose)
    with pytest.raises(CommonwealError, match=r"bytes, but .* are accounted for"):
        check(spoil(tmp_path, "".join(lines())))


def test_lines_that_no_record_has_stop_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*arguments: Any, **options: Any) -> Copy:
        done = copy_sound_records(*arguments, **options)
        return replace(done, lines_read=done.lines_read - 1)

    monkeypatch.setattr(check_file, "copy_sound_records", lose)
    with pytest.raises(CommonwealError, match="has 6 lines, but 5 are accounted for"):
        check(spoil(tmp_path, "".join([*lines(), "\n"])))


def test_a_file_that_grows_while_it_is_checked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grow(source: Source, *arguments: Any, **options: Any) -> Structure:
        with source.path.open("a") as stream:
            stream.write(lines()[1])
        return check_cells(source, *arguments, **options)

    monkeypatch.setattr(check_file, "check_cells", grow)
    with pytest.raises(CommonwealError, match="changed while it was checked"):
        check(spoil(tmp_path, "".join(lines())))
