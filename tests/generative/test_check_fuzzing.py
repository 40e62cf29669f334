"""Whatever bytes a file has, the check ends in a verdict; what it accepts is there whole."""

import csv
import io
import json
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
from commonweal.intake.findings import MAX_EXAMPLES, Severity
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


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """Up to three changes of some bytes: put in, taken out, or put in another's place."""
    changes = draw(
        st.lists(
            st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from([b"", *MARKS, b"7"])),
            max_size=3,
        )
    )

    def mutate(content: bytes) -> bytes:
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


@given(GOOD_ROWS, mutations(), ENDS, st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_file_is_accepted_only_when_no_cell_is_lost(
    rows: list[dict[str, str]], mutate: Mutation, line_end: str, quoted: bool
) -> None:
    text = quoted_text(rows, line_end) if quoted else csv_text("death", rows, line_end=line_end)
    content = mutate(text.encode())
    with TemporaryDirectory() as name:
        path, out = Path(name) / "death.csv", Path(name) / "out.parquet"
        path.write_bytes(content)
        report = check(path)
        if not report.is_accepted:
            return
        expected = read_strictly(content, DEATH)
        assert write_text_parquet(path, DEATH, out) == len(expected) == report.files[0].rows
        cells = pl.read_parquet(out)
    assert cells[RECORD].to_list() == list(range(1, len(expected) + 1))
    found = [{k: v or "" for k, v in row.items()} for row in cells.drop(RECORD).to_dicts()]
    assert found == expected
    for row in expected:
        for field in DEATH.fields:
            code = find_fault(field, row[field.name])
            assert code is None or code in {"length.exceeded", "type.timestamp_precision"}


NOTES = st.lists(
    st.fixed_dictionaries(
        {"note_id": st.integers(0, 2**63 - 1), "note_text": st.text(min_size=1, max_size=8)}
    ),
    min_size=1,
    max_size=4,
)


@given(NOTES, mutations())
@settings(max_examples=80, deadline=None)
def test_mutated_json_lines_are_accepted_only_when_no_cell_is_lost(
    notes: list[dict[str, int | str]], mutate: Mutation
) -> None:
    lines = [json.dumps(valid_row("note") | note, ensure_ascii=False) for note in notes]
    content = mutate("\n".join(lines).encode())
    with TemporaryDirectory() as name:
        path, out = Path(name) / "note.jsonl", Path(name) / "out.parquet"
        path.write_bytes(content)
        report = check(path)
        if not report.is_accepted:
            return
        write_text_parquet(path, NOTE, out)
        found = [
            {key: cell for key, cell in row.items() if cell is not None}
            for row in pl.read_parquet(out).drop(RECORD).to_dicts()
        ]
    named = {fold(column): column for column in NOTE.columns}
    expected = []
    for line in content.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n"):
        pairs = json.loads(line, object_pairs_hook=list, parse_int=str, parse_float=str)
        cells = [(named[fold(key)], value) for key, value in pairs]
        assert len(dict(cells)) == len(cells)
        expected.append({key: value for key, value in cells if value not in ("", None)})
    assert found == expected


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
