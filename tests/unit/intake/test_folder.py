"""Folders and files that are not what they should be: every one gets an answer."""

import os
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tests.intake_folders import (
    SETTINGS,
    check,
    codes,
    csv_text,
    found,
    valid_row,
    write_persons,
    write_table,
)

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check import check_folder
from commonweal.intake.html import render_html
from commonweal.intake.terminal import render_terminal
from commonweal.schema.errors import CommonwealError


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="There is no folder"):
        check(tmp_path / "nowhere")


def test_a_file_is_checked_alone(tmp_path: Path) -> None:
    person = write_persons(tmp_path, 1)
    write_table(tmp_path, "death", [valid_row("death", death_date="soon")])
    report = check(person)
    assert [(f.file, f.verdict, f.rows) for f in report.files] == [("person.csv", "accepted", 1)]
    assert (report.verdict, report.complete) == ("accepted", False)
    assert "death" in report.missing
    assert check(tmp_path / "death.csv").verdict == "rejected"


def test_a_file_alone_says_what_it_could_not_be_compared_with(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    death = write_table(tmp_path, "death", [valid_row("death")])
    assert "person is not in the folder" in found(check(death), "key.not_checked").message


def test_a_file_of_no_table_is_rejected_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text("x\n")
    report = check(tmp_path / "persons.csv")
    assert (report.verdict, codes(report)) == ("rejected", {"file.unknown", "folder.empty"})


def test_unknown_dialect(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="no data model"):
        check_folder(tmp_path, dialect="omop-9", settings=SETTINGS)


def test_empty_folder_is_rejected(tmp_path: Path) -> None:
    report = check(tmp_path)
    assert (report.verdict, codes(report)) == ("rejected", {"folder.empty"})
    assert len(report.missing) == 16


def test_header_only_is_fine(tmp_path: Path) -> None:
    report = check(write_table(tmp_path, "death", []).parent)
    assert (report.verdict, report.files[0].rows) == ("accepted", 0)


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "person.csv").touch()
    assert codes(check(tmp_path)) == {"file.empty"}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"PK\x03\x04\x14\0", "Excel"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"PAR1\x15\0", "Parquet"),
        (b"\0" * 5000, "binary"),
    ],
)
def test_other_kinds_of_file(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "person.csv").write_bytes(content)
    assert what in found(check(tmp_path), "file.not_csv").message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings(tmp_path: Path, encoding: str) -> None:
    text = csv_text("person", [valid_row("person")])
    (tmp_path / "person.csv").write_bytes(text.encode(encoding))
    assert codes(check(tmp_path)) == {"encoding.utf16"}


def test_byte_order_mark_is_a_warning(tmp_path: Path) -> None:
    text = csv_text("person", [valid_row("person")])
    (tmp_path / "person.csv").write_bytes(text.encode("utf-8-sig"))
    report = check(tmp_path)
    assert (report.verdict, codes(report)) == ("accepted", {"encoding.bom"})


def test_carriage_returns_only(tmp_path: Path) -> None:
    text = csv_text("person", [valid_row("person")] * 3, line_end="\r")
    (tmp_path / "person.csv").write_text(text, newline="")
    assert codes(check(tmp_path)) == {"structure.cr_line_ends"}


@pytest.mark.parametrize("text", ["\n", "\n\n\n"])
def test_only_line_ends(tmp_path: Path, text: str) -> None:
    (tmp_path / "person.csv").write_text(text)
    assert codes(check(tmp_path)) == {"header.absent"}


def test_unknown_file_and_folder_are_named(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    (tmp_path / "persons.csv").write_text("x\n")
    (tmp_path / "visit_occurrence.json").write_text("{}")
    (tmp_path / "old").mkdir()
    report = check(tmp_path)
    unknown = [f.file for f in report.findings if f.code == "file.unknown"]
    assert unknown == ["persons.csv", "visit_occurrence.json"]
    assert found(report, "folder.subfolder").file == "old"
    assert report.verdict == "accepted"


def test_what_desktops_leave_behind_is_passed_over(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    for name in (".DS_Store", "._person.csv", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"\0")
    assert codes(check(tmp_path)) == set()


def test_mixed_case_name_is_read_with_a_warning(tmp_path: Path) -> None:
    write_persons(tmp_path, 1).rename(tmp_path / "Person.CSV")
    report = check(tmp_path)
    assert (report.verdict, codes(report)) == ("accepted", {"file.case"})
    assert report.files[0].table == "person"


def test_two_files_for_one_table(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    (tmp_path / "Person.csv").write_text("x\n")
    report = check(tmp_path)
    assert found(report, "file.duplicate_table").file == "Person.csv"
    assert report.verdict == "rejected"


def test_links_that_lead_nowhere_or_in_circles(tmp_path: Path) -> None:
    (tmp_path / "person.csv").symlink_to(tmp_path / "gone.csv")
    (tmp_path / "death.csv").symlink_to(tmp_path / "death.csv")
    report = check(tmp_path)
    assert [f.code for f in report.all_findings] == ["file.unreadable", "file.unreadable"]


def test_pipe_named_like_a_table_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "person.csv")
    assert codes(check(tmp_path)) == {"file.unreadable"}


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    write_persons(tmp_path, 1).chmod(0)
    assert codes(check(tmp_path)) == {"file.unreadable"}


def test_brackets_in_a_path_are_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "batch[1]*"
    assert check(write_persons(folder, 1, 2).parent).files[0].rows == 2


def test_scratch_that_cannot_be_written(tmp_path: Path) -> None:
    write_persons(tmp_path / "in", 1)
    (tmp_path / "file").touch()
    settings = EngineSettings(spill_folder=tmp_path / "file" / "spill")
    with pytest.raises(CommonwealError, match="cannot work in"):
        check_folder(tmp_path / "in", dialect="programme", settings=settings)


def test_scratch_is_gone_afterwards(tmp_path: Path) -> None:
    path = write_persons(tmp_path / "in", 1)
    path.write_text(path.read_text() + "\n")
    settings = EngineSettings(spill_folder=tmp_path / "spill")
    check_folder(tmp_path / "in", dialect="programme", settings=settings)
    assert list((tmp_path / "spill").iterdir()) == []


def test_progress_reaches_the_whole(tmp_path: Path) -> None:
    size = write_persons(tmp_path, 1, 2, 3).stat().st_size
    told: list[tuple[str, int, int]] = []
    check(tmp_path, progress=lambda *facts: told.append(facts))
    assert told[-1] == ("person.csv", size, size)


def test_complete_means_every_required_table(tmp_path: Path) -> None:
    report = check(write_persons(tmp_path, 1).parent)
    assert not report.complete
    assert "person" not in report.missing
    assert len(report.missing) == 15


def test_a_file_without_rows_is_mentioned(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_table(tmp_path, "death", [])
    report = check(tmp_path)
    finding = found(report, "file.no_rows")
    assert (finding.file, finding.severity, report.verdict) == ("death.csv", "info", "accepted")


def test_names_of_files_cannot_steer_a_terminal(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    (tmp_path / "a\x1b[2J\u202eb\n.txt").touch()
    (tmp_path / "sub\x07").mkdir()
    with suppress(OSError):
        os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9.txt", os.O_CREAT | os.O_WRONLY))
    report = check(tmp_path)
    printed = Console(width=200, file=StringIO(), force_terminal=False)
    printed.print(render_terminal(report))
    text = printed.file.getvalue()
    assert r"a\x1b[2J\u202eb\n.txt" in text
    for output in (text, render_html(report, "in"), str(report.all_findings)):
        assert not set("\x1b\x07\u202e") & set(output)
        output.encode("utf-8")


def test_progress_only_rises_and_ends_at_the_size_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonweal.intake.check.preflight.BLOCK_BYTES", 512)
    rows = [valid_row("death", person_id=str(number)) for number in range(100)]
    damaged = write_table(tmp_path, "death", rows)
    damaged.write_bytes(damaged.read_bytes() + b"1,2\n")
    told: dict[str, list[tuple[int, int]]] = {"death.csv": [], "person.csv": []}
    write_table(tmp_path, "person", [valid_row("person", person_id=str(n)) for n in range(100)])
    check(tmp_path, progress=lambda file, done, total: told[file].append((done, total)))
    for file, steps in told.items():
        size = (tmp_path / file).stat().st_size
        assert len(steps) > 3
        assert steps == sorted(steps)
        assert {total for _, total in steps} == {size}
        assert steps[-1] == (size, size)
