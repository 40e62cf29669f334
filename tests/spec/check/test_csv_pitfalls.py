"""The pitfalls of CSV at which readers differ, row by row: the finding, and where it stands.

The rows are those of a comparison of five readers, each of which passes over some of them in
silence. The file has a whole number, a date and a text; other columns are empty where they may
be. A file that no reader could misread is accepted.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.intake_folders import check, programme_table

from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import CheckReport
from commonweal.schema.model import DataType

TABLE = programme_table("specimen")
NUMBER, DATE, TEXT = "specimen_id", "specimen_date", "disease_status_source_value"
HEADER = ",".join(TABLE.columns).encode()
BEYOND_ONE_FILE = ("key.not_checked", "concept.not_abridged")
Places = tuple[tuple[int, int], ...]


def row(number: bytes, date: bytes = b"2020-01-01", text: bytes = b"x") -> bytes:
    """A record of which only three cells matter, as they are written."""
    cells = {
        field.name: b"1" if field.required and field.type is DataType.INTEGER else b""
        for field in TABLE.fields
    }
    return b",".join((cells | {NUMBER: number, DATE: date, TEXT: text}).values())


OK, OK3 = row(b"1"), row(b"3")


def lines(*records: bytes, end: bytes = b"\n") -> bytes:
    return b"".join(record + end for record in (HEADER, *records))


@dataclass(frozen=True)
class Pitfall:
    """A file, what must be found in it, and how many rows of it are read and rejected."""

    name: str
    content: bytes
    found: dict[tuple[str, str], Places]
    rows: int
    rejected: int = 0
    accepted: bool = False


LATIN = row(b"2", text=b"caf\xe9")
SHORT = row(b"2").removesuffix(b",x")
PITFALLS = [
    Pitfall("byte order mark", b"\xef\xbb\xbf" + lines(OK), {("encoding.bom", ""): ()}, 1, 0, True),
    Pitfall("UTF-16", lines(OK).decode().encode("utf-16"), {("encoding.utf16", ""): ()}, 0),
    Pitfall(
        "UTF-16 without a mark",
        lines(OK).decode().encode("utf-16-be"),
        {("encoding.utf16", ""): ()},
        0,
    ),
    *(
        Pitfall(
            f"{code} without a mark, in letters that are not Latin",
            lines(*[row(b"1", text="漢字の検査".encode() * 30)] * 2000).decode().encode(code),
            {("encoding.utf16", ""): ()},
            0,
        )
        for code in ("utf-16-le", "utf-16-be")
    ),
    Pitfall("UTF-32", lines(OK).decode().encode("utf-32"), {("encoding.utf16", ""): ()}, 0),
    Pitfall(
        "UTF-32 without a mark",
        lines(OK).decode().encode("utf-32-le"),
        {("encoding.utf16", ""): ()},
        0,
    ),
    *(
        Pitfall(
            f"a space {where} a quoted value",
            lines(OK, row(b"2", text=text), OK3),
            {("structure.stray_quote", ""): ((3, 2),)},
            2,
            1,
        )
        for where, text in (("before", b' "a,b"'), ("after", b'"a,b" '))
    ),
    Pitfall("Latin-1 byte", lines(OK, LATIN, OK3), {("encoding.invalid_utf8", ""): ((3, 2),)}, 3),
    Pitfall(
        "too few fields", lines(OK, SHORT, OK3), {("structure.ragged_row", ""): ((3, 2),)}, 2, 1
    ),
    Pitfall(
        "too many fields",
        lines(OK, row(b"2") + b",extra", OK3),
        {("structure.ragged_row", ""): ((3, 2),)},
        2,
        1,
    ),
    Pitfall(
        "newline in quotes, and a bad cell after it",
        lines(OK, row(b"2", text=b'"li\nne"'), row(b"z"), OK3),
        {("structure.newline_in_value", ""): ((3, 2),), ("type.integer", NUMBER): ((5, 3),)},
        4,
    ),
    Pitfall(
        "newline in quotes",
        lines(OK, row(b"2", text=b'"li\r\nne"'), OK3),
        {("structure.newline_in_value", ""): ((3, 2),)},
        3,
        0,
        True,
    ),
    Pitfall(
        "stray quote in a value without quotes",
        lines(OK, row(b"2", text=b'5" pipe'), OK3),
        {("structure.stray_quote", ""): ((3, 2),)},
        2,
        1,
    ),
    Pitfall(
        "quote in the middle of a quoted value",
        lines(OK, row(b"2", text=b'"he said "hi" ok"'), OK3),
        {("structure.stray_quote", ""): ((3, 2),)},
        2,
        1,
    ),
    Pitfall(
        "doubled quotes",
        lines(OK, row(b"2", text=b'"he said ""hi"" ok"'), OK3),
        {},
        3,
        0,
        True,
    ),
    Pitfall(
        "unclosed quote costs its own line",
        lines(OK, row(b"2", text=b'"open'), OK3, row(b"4")),
        {("structure.unclosed_quote", ""): ((3, 2),)},
        3,
        1,
    ),
    Pitfall("blank line", lines(OK, b"", OK3), {("structure.blank_line", ""): ((3, 2),)}, 2, 1),
    Pitfall("CRLF", lines(OK, OK3, end=b"\r\n"), {}, 2, 0, True),
    Pitfall("no end of the last line", lines(OK, OK3).rstrip(b"\n"), {}, 2, 0, True),
    Pitfall(
        "mixed line ends",
        HEADER + b"\r\n" + OK + b"\n" + OK3 + b"\r\n",
        {("structure.mixed_line_ends", ""): ()},
        2,
        0,
        True,
    ),
    Pitfall(
        "NUL byte",
        lines(OK, row(b"2", text=b"x\0y"), OK3),
        {("encoding.nul", ""): ((3, 2),)},
        3,
    ),
    Pitfall(
        "duplicate header",
        lines(OK).replace(b"specimen_source_id", TEXT.encode()),
        {
            ("header.duplicate_column", TEXT): ((1, 0),),
            ("header.missing_column", "specimen_source_id"): ((1, 0),),
        },
        1,
    ),
    Pitfall(
        "12.5, 1e5 and spaces in a whole number, and dates of the wrong shape",
        lines(row(b"12.5"), row(b"1e5", b"2020-1-5"), row(b" 7 ", b"2020-02-31")),
        {("type.integer", NUMBER): ((2, 1), (3, 2), (4, 3)), ("type.date", DATE): ((3, 2), (4, 3))},
        3,
    ),
    Pitfall(
        "nothing and empty quotes are the same",
        lines(row(b"1", text=b""), row(b"2", text=b'""')),
        {},
        2,
        0,
        True,
    ),
]


def check_content(folder: Path, content: bytes) -> CheckReport:
    (folder / "specimen.csv").write_bytes(content)
    return check(folder)


@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda pitfall: pitfall.name)
def test_a_pitfall_is_found_where_it_stands(tmp_path: Path, pitfall: Pitfall) -> None:
    report = check_content(tmp_path, pitfall.content)
    found = {
        (f.code, f.column): (f.count, tuple((e.line, e.record) for e in f.examples))
        for f in report.all_findings
        if f.code not in BEYOND_ONE_FILE
    }
    assert found == {key: (max(len(at), 1), at) for key, at in pitfall.found.items()}
    assert (report.files[0].rows, report.files[0].rejected_rows) == (pitfall.rows, pitfall.rejected)
    assert report.is_accepted == pitfall.accepted


@pytest.mark.parametrize("pitfall", [p for p in PITFALLS if p.accepted], ids=lambda p: p.name)
def test_what_is_accepted_is_read_as_it_was_meant(tmp_path: Path, pitfall: Pitfall) -> None:
    file, out = tmp_path / "specimen.csv", tmp_path / "out.parquet"
    file.write_bytes(pitfall.content)
    assert write_text_parquet(file, TABLE, out) == pitfall.rows


def test_the_first_bad_byte_is_named_by_its_offset(tmp_path: Path) -> None:
    content = lines(OK, LATIN, OK3, LATIN)
    (finding,) = [
        f
        for f in check_content(tmp_path, content).all_findings
        if f.code == "encoding.invalid_utf8"
    ]
    assert finding.count == 2
    assert f"number {content.index(0xE9):,} of the file" in finding.message


def test_a_bad_byte_in_the_header_is_named_as_such(tmp_path: Path) -> None:
    report = check_content(tmp_path, lines(OK).replace(b"quantity", b"quantit\xe9"))
    (finding,) = report.files[0].findings
    assert (finding.code, finding.examples[0].line) == ("encoding.invalid_utf8", 1)
    assert f"number {HEADER.index(b'quantity') + 7}" in finding.message
