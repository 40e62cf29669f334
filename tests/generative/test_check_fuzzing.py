"""Whatever bytes a file has, the check ends in a verdict; what it accepts is there whole."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.intake_folders import SETTINGS, check, csv_text, programme_table, valid_row

from commonweal.intake.check import check_folder
from commonweal.intake.check.exact import find_fault
from commonweal.intake.check.file import FileCheck
from commonweal.intake.check.header import fold
from commonweal.intake.check.structure import count_lines
from commonweal.intake.findings import MAX_EXAMPLES, Severity, get_kind
from commonweal.intake.reading import RECORD, write_text_parquet
from commonweal.intake.report import CheckReport, FileReport
from commonweal.schema.model import DataType, Table, get_model

DEATH, NOTE = programme_table("death"), programme_table("note")
HEADER = ",".join(DEATH.columns).encode()
MARKS = [b'"', b",", b"\n", b"\r\n", b"\r", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe9", b"\\"]
PIECES = st.one_of(
    st.sampled_from(MARKS),
    st.sampled_from([b"1", b"2020-01-01", b'""', b"caf\xc3\xa9", HEADER, b"1,2020-01-01,,0,,x,"]),
    st.binary(max_size=6),
)
ANYTHING = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join))
JSON_PIECES = st.one_of(
    PIECES,
    st.sampled_from(
        [b"{", b"}", b"[", b'"note_id":', b'"NOTE_ID":', b"1e999", b"NaN", b'"\\ud83d"', b"null"]
    ),
    st.just(json.dumps(valid_row("note")).encode() + b"\n"),
)


def check_file(content: bytes, table: Table, name: str) -> tuple[CheckReport, FileReport]:
    with TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        report = check(Path(folder))
    (file,) = report.files
    assert file.table == table.name
    return report, file


def assert_sums_up(report: CheckReport, file: FileReport) -> None:
    """Every finding has as many places as it counts, or as many as are shown, all in the file."""
    assert report.verdict in ("accepted", "rejected")
    assert file.verdict == report.verdict
    assert bool(file.rejected_rows) <= bool(file.count(Severity.ERROR))
    for finding in file.findings:
        assert finding.count > 0
        assert len(finding.examples) <= finding.count
        at = [(example.line, example.record) for example in finding.examples]
        assert all(record <= file.seen_rows + 1 and line > record - 1 for line, record in at)
        if finding.column and finding.code.startswith(("type.", "required.", "length.")):
            assert finding.count <= file.rows
            assert at == sorted(set(at))
            assert len(at) == min(finding.count, 10)


@given(ANYTHING, st.booleans())
@settings(max_examples=100, deadline=None)
@example(b'"\xff\n1,2020-01-01,,0,,,\n', True)
@example(b"\xef\xbb\xbf\xef\xbb\xbf", False)
@example(b"\0" * 7, True)
@example(b'1,2020-01-01,,0,,"' + b"x\n" * 50, True)
def test_any_bytes_as_csv_end_in_a_verdict_whose_counts_add_up(
    content: bytes, with_header: bool
) -> None:
    content = HEADER + b"\n" + content if with_header else content
    assert_sums_up(*check_file(content, DEATH, "death.csv"))


@given(st.lists(JSON_PIECES, max_size=25).map(b"".join))
@settings(max_examples=100, deadline=None)
@example(b'{"note_id": "\\ud83d"}')
@example(b'{"note_id": 1, "NOTE_ID": 2}')
@example(b'{"note_id": ' + b"9" * 5000 + b"}")
@example(b'{"note_id": 1, "note_text": "\\u0000"}')
@example(b"[" * 100_000)
@example(b"\xef\xbb\xbf" + json.dumps(valid_row("note")).encode())
def test_any_bytes_as_json_lines_end_in_a_verdict_whose_counts_add_up(content: bytes) -> None:
    report, file = check_file(content, NOTE, "note.jsonl")
    assert_sums_up(report, file)
    stopped = {"file.empty", "file.not_csv", "encoding.utf16", "structure.cr_line_ends"}
    if not {f.code for f in file.findings} & stopped:
        there = content.count(b"\n") + (not content.endswith(b"\n"))
        assert file.seen_rows == there


TEXTS = st.text("ab ,\"\n\r\\é—😀'\0;\t", max_size=8).map(lambda t: t.replace("\0", ""))
GOOD_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.integers(-5, 2**63 - 1).map(str),
            "death_date": st.dates().map(str),
            "death_datetime": st.sampled_from(["", "2020-01-01 10:00:00.5", "2020-01-01T10:00Z"]),
            "death_type_concept_id": st.just("32817"),
            "cause_concept_id": st.sampled_from(["", "0", "007"]),
            "cause_source_value": TEXTS,
            "cause_source_concept_id": st.sampled_from(["", "0"]),
        }
    ),
    min_size=1,
    max_size=6,
)
Mutation = Callable[[bytes], bytes]
ENDS = st.sampled_from(["\n", "\r\n"])


def quoted_text(rows: list[dict[str, str]], line_end: str) -> str:
    """Every cell in quotes, so that any of them may hold any character."""
    out = io.StringIO()
    writer = csv.DictWriter(out, DEATH.columns, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


GENTLE: list[Mutation] = [
    lambda content: content,
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: content.removesuffix(b"\n").removesuffix(b"\r"),
    lambda content: content.replace(b"\r\n", b"\n", 1),
    lambda content: content[::-1].replace(b"\n", b"\n\r", 1)[::-1],
    lambda content: content[:20].upper() + content[20:],
    lambda content: content.replace(b"32817", b"44814649"),
    lambda content: content.replace(b"x", "é—".encode()),
]
"""Changes that a file may bear: a mark, other line ends, other letters, another value."""


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """A gentle change, and up to three of some bytes: put in, taken out, or put in another's place.

    Nearly every change of a byte spoils a file, so half of the mutants have none.
    """
    changes = draw(
        st.lists(
            st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from([b"", *MARKS, b"7"])),
            max_size=3,
        )
        if draw(st.booleans())
        else st.just([])
    )
    gentle = draw(st.sampled_from(GENTLE))

    def mutate(content: bytes) -> bytes:
        content = gentle(content)
        for where, gone, new in changes:
            at = int(where * len(content))
            content = content[:at] + new + content[at + gone :]
        return content

    return mutate


def read_strictly(content: bytes, table: Table) -> list[dict[str, str]]:
    """The cells by column, as Python's csv reads them when it is strict."""
    text = content.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    named = {fold(field.name): field.name for field in table.fields}
    columns = [named[fold(name)] for name in header]
    assert sorted(columns) == sorted(table.columns)
    return [dict(zip(columns, row, strict=True)) for row in rows]


STRICTER = {
    "encoding.nul",
    "structure.blank_line",
    "structure.cr_line_ends",
    "structure.lone_carriage_return",
    "structure.stray_quote",
}
"""Faults at which Python's reader, strict as it is, does not stop."""
LEAST_OF_EACH = 1
"""Mutants that are accepted, and as many that are not: else one side was never tried."""


def count_faults(rows: list[dict[str, str]]) -> Counter[tuple[str, str]]:
    """The errors in cells, by code and column, when every cell is put to the exact rules."""
    faults = ((find_fault(f, row[f.name]), f.name) for row in rows for f in DEATH.fields)
    return Counter((code, name) for code, name in faults if code and is_error(code))


def is_error(code: str) -> bool:
    return get_kind(code).severity is Severity.ERROR


def assert_rejected_for_a_reason(content: bytes, file: FileReport) -> None:
    """Python's strict reader stops as well, or meets the same errors as often."""
    found = {(f.code, f.column): f.count for f in file.findings if is_error(f.code)}
    assert found
    try:
        rows = read_strictly(content, DEATH)
    except (csv.Error, UnicodeDecodeError, ValueError, KeyError, AssertionError, StopIteration):
        return
    if not {code for code, _ in found} & STRICTER:
        assert found == dict(count_faults(rows))


def assert_kept_whole(content: bytes, report: CheckReport, path: Path) -> None:
    """Every cell of an accepted file arrives, and is what Python's strict reader finds."""
    expected, out = read_strictly(content, DEATH), path.with_name("out.parquet")
    assert write_text_parquet(path, DEATH, out) == len(expected) == report.files[0].rows
    cells = pl.read_parquet(out)
    assert cells[RECORD].to_list() == list(range(1, len(expected) + 1))
    found = [{k: v or "" for k, v in row.items()} for row in cells.drop(RECORD).to_dicts()]
    assert found == expected
    assert not count_faults(expected)


def test_a_mutated_file_is_accepted_only_when_no_cell_is_lost() -> None:
    """And rejected only when something is wrong with it."""
    verdicts: Counter[str] = Counter()

    @given(GOOD_ROWS, mutations(), ENDS, st.booleans())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def try_one(rows: list[dict[str, str]], mutate: Mutation, end: str, quoted: bool) -> None:
        text = quoted_text(rows, end) if quoted else csv_text("death", rows, line_end=end)
        content = mutate(text.encode())
        with TemporaryDirectory() as name:
            path = Path(name) / "death.csv"
            path.write_bytes(content)
            report = check(path)
            verdicts[report.verdict] += content != text.encode()
            assert_sums_up(report, report.files[0])
            if report.is_accepted:
                assert_kept_whole(content, report, path)
            else:
                assert_rejected_for_a_reason(content, report.files[0])

    try_one()
    assert min(verdicts["accepted"], verdicts["rejected"]) >= LEAST_OF_EACH


NOTES = st.lists(
    st.fixed_dictionaries(
        {"note_id": st.integers(0, 2**63 - 1), "note_text": st.text(min_size=1, max_size=8)}
    ),
    min_size=1,
    max_size=4,
)


def read_notes(content: bytes) -> list[dict[str, str]]:
    """The cells of each line by column, numbers as they are written."""
    named = {fold(column): column for column in NOTE.columns}
    rows = []
    for line in content.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n"):
        pairs = json.loads(line, object_pairs_hook=list, parse_int=str, parse_float=str)
        cells = [(named[fold(key)], value) for key, value in pairs]
        assert len(dict(cells)) == len(cells)
        rows.append({key: value for key, value in cells if value not in ("", None)})
    return rows


def test_mutated_json_lines_are_accepted_only_when_no_cell_is_lost() -> None:
    verdicts: Counter[str] = Counter()

    @given(NOTES, mutations())
    @settings(max_examples=300, deadline=None)
    def try_one(notes: list[dict[str, int | str]], mutate: Mutation) -> None:
        lines = [json.dumps(valid_row("note") | note, ensure_ascii=False) for note in notes]
        text = "\n".join(lines).encode()
        content = mutate(text)
        with TemporaryDirectory() as name:
            path, out = Path(name) / "note.jsonl", Path(name) / "out.parquet"
            path.write_bytes(content)
            report = check(path)
            verdicts[report.verdict] += content != text
            assert_sums_up(report, report.files[0])
            if not report.is_accepted:
                assert any(is_error(finding.code) for finding in report.files[0].findings)
                return
            write_text_parquet(path, NOTE, out)
            found = [
                {key: cell for key, cell in row.items() if cell is not None}
                for row in pl.read_parquet(out).drop(RECORD).to_dicts()
            ]
        assert found == read_notes(content)

    try_one()
    assert min(verdicts["accepted"], verdicts["rejected"]) >= LEAST_OF_EACH


@given(GOOD_ROWS, ENDS)
@settings(max_examples=40, deadline=None)
def test_a_good_file_is_accepted(rows: list[dict[str, str]], line_end: str) -> None:
    _, file = check_file(quoted_text(rows, line_end).encode(), DEATH, "death.csv")
    assert (file.verdict, file.rows, file.rejected_rows) == ("accepted", len(rows), 0)


@given(st.lists(PIECES, max_size=30).map(b"".join))
@settings(max_examples=100, deadline=None)
def test_every_physical_line_belongs_to_a_record(content: bytes) -> None:
    """The number of lines is counted twice, with and without any thought of records."""
    with TemporaryDirectory() as name:
        path = Path(name) / "death.csv"
        path.write_bytes(HEADER + b"\n" + content)
        checked = FileCheck(Path(name)).run(path, DEATH)
        there = count_lines(path, after=len(HEADER) + 1)
    lines = checked.lines
    assert lines is not None
    places = [lines.place(row) for row in range(1, checked.report.rows + 1)]
    assert places == sorted(set(places))
    assert checked.report.seen_rows <= there
    assert all(line <= there + 1 for _, line in places)


EXTREME = {
    DataType.INTEGER: ["", "0", "1", "2", "-1", str(-(2**63)), str(2**63 - 1), "2000000001", "x"],
    DataType.FLOAT: ["", "1.5", "-1e308", "nan"],
    DataType.STRING: ["", "x"],
    DataType.DATE: ["", "0001-01-01", "9999-12-31", "2020-01-01", "2020-02-30"],
    DataType.TIMESTAMP: ["", "0001-01-01 00:00", "9999-12-31T23:59:59Z", "2020-01-01 08:00:00"],
}
TOGETHER = ("person", "visit_occurrence", "condition_occurrence", "measurement", "location")


@given(st.data(), st.sampled_from(["programme", "omop-5.4", "sprint", "alpha"]))
@settings(max_examples=40, deadline=None)
def test_extreme_cells_in_several_tables_end_in_a_verdict(
    data: st.DataObject, dialect: str
) -> None:
    """Keys that meet, years that no calendar has, numbers at the ends of their range."""
    model = get_model(dialect)
    names = [n for n in (*TOGETHER, "death", "fact_relationship") if n in model.tables]
    with TemporaryDirectory() as name:
        sent = {}
        for table in map(model.table, names):
            cells = st.tuples(*(st.sampled_from(EXTREME[field.type]) for field in table.fields))
            sent[table.name] = data.draw(st.lists(cells, max_size=4), label=table.name)
            text = io.StringIO()
            csv.writer(text).writerows([table.columns, *sent[table.name]])
            (Path(name) / f"{table.name}.csv").write_text(text.getvalue(), newline="")
        report = check_folder(Path(name), dialect=dialect, settings=SETTINGS)
    for file in report.files:
        assert file.seen_rows == len(sent[file.table])
        for finding in file.findings:
            shown = 0 if finding.code in WITHOUT_PLACES else min(finding.count, MAX_EXAMPLES)
            assert len(finding.examples) == shown, finding.code


WITHOUT_PLACES = {
    "file.no_rows",
    "key.not_checked",
    "concept.not_abridged",
    "sprint.too_many_persons",
}


@pytest.mark.parametrize("dialect", ["programme", "omop-5.3", "omop-5.4", "sprint", "alpha"])
def test_a_header_alone_is_accepted_as_every_table(tmp_path: Path, dialect: str) -> None:
    for table in get_model(dialect).tables.values():
        (tmp_path / f"{table.name}.csv").write_text(",".join(table.columns) + "\n")
    report = check_folder(tmp_path, dialect=dialect, settings=SETTINGS)
    assert report.is_accepted
    assert {f.code for f in report.all_findings} == {"file.no_rows"}
    assert len(report.files) == len(get_model(dialect).tables)
