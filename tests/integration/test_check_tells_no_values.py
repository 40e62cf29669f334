"""Nothing that the check says, in whatever form, holds a value of the files it has read.

Marker values are planted in every column of every table and in every kind of damage.
"""

import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.intake_folders import csv_text, valid_row, write_persons

from commonweal.cli.main import main
from commonweal.intake.findings import all_kinds
from commonweal.schema.model import DataType, Field, Model, Submission, Table, get_model

WORD, NUMBER, YEAR = "Zqxmark", "77700", "1871"
TRACES = (WORD, WORD.lower(), NUMBER, "77,700,", YEAR)
TIME = f"{YEAR}-03-09 07:08:09.12345678"
FORMS = ("json", "html", "csv", "junit")
UNTOLD = {
    # What is said of a folder, of a file as a whole or of one that is not there.
    *(code for code in all_kinds() if code.split(".")[0] in ("folder", "file")),
    # What the comparison with the programme's participants says, which the check does not make.
    *(code for code in all_kinds() if code.split(".")[0] in ("consent", "identity")),
    "encoding.utf16",
    "header.malformed",
    "structure.cr_line_ends",
    "structure.record_too_long",
    "pii.not_submitted",
    "key.not_checked",
    # What these say of concepts needs known ones, which are no markers.
    "concept.unknown",
    "concept.not_abridged",
    "concept.not_standard",
    "concept.wrong_domain",
    "concept.not_mapped",
    "concept.mapped_elsewhere",
}


PERSON, OTHER, VISIT, LATER = (f"{NUMBER}{number:06}" for number in range(900, 904))
DAY, LATER_DAY = f"{YEAR}-05-06", f"{YEAR}-08-09"
RELATED: dict[str, list[dict[str, str]]] = {
    "person": [
        {"person_id": PERSON, "year_of_birth": "1990"},
        {"person_id": OTHER, "year_of_birth": "1990"},
    ],
    "visit_occurrence": [
        {"visit_occurrence_id": key, "person_id": PERSON, "visit_start_date": day}
        | {"visit_end_date": day, "preceding_visit_occurrence_id": LATER}
        for key, day in ((VISIT, DAY), (LATER, LATER_DAY))
    ],
    "measurement": [
        {"person_id": who, "measurement_date": LATER_DAY, "visit_occurrence_id": VISIT}
        for who in (PERSON, OTHER)
    ],
    "fact_relationship": [
        {"domain_concept_id_1": "21", "fact_id_1": PERSON, "domain_concept_id_2": "21"}
    ],
}
"""Rows that contradict each other: a visit of another, before birth, long after, unknown."""


def mark(field: Field, number: int) -> str:
    """A marker that is at fault in a field of this type, or at least strange."""
    match field.type:
        case DataType.STRING:
            return f"{WORD}{number}".ljust((field.length or 0) + 1, "y")
        case DataType.TIMESTAMP:
            return TIME
        case DataType.DATE:
            return f"{YEAR}-03-{number % 28 + 1:02}"
        case DataType.INTEGER:
            return f"{NUMBER}{number:06}"
        case DataType.FLOAT:
            return f"{WORD}{number}"


def marked_rows(table: Table) -> list[dict[str, str]]:
    """For every column a row with a marker of its type, and one with a word."""
    filled = {f.name: cell for f, cell in zip(table.fields, valid_cells(table), strict=True)}
    rows = [dict(filled), dict(filled)]
    for number, field in enumerate(table.fields, start=10):
        rows.append(filled | {field.name: mark(field, number)})
        rows.append(filled | {field.name: f"{WORD}{number}"})
        rows.append(filled | {field.name: ""})
        rows.append(filled | {field.name: f"{NUMBER}{'7' * 20}"})
    marked = {field.name: mark(field, 9) for field in table.fields}
    return [*rows, marked, dict(marked)]


def valid_cells(table: Table) -> list[str]:
    row = valid_row(table.name)
    return [row.get(name, "") for name in table.columns]


def write_marked(folder: Path, model: Model) -> None:
    for table in model.tables.values():
        if table.submission is not Submission.NEVER:
            path = folder / f"{table.name}.csv"
            rows = marked_rows(table) + [
                valid_row(table.name, **r) for r in RELATED.get(table.name, [])
            ]
            path.write_text(csv_text(table.name, rows), "utf-8", newline="")
    damage(folder / "observation.csv")
    spoil_header(folder / "device_exposure.csv")
    turn_columns(folder / "procedure_occurrence.csv")
    (folder / "specimen.csv").write_text(f"{WORD},{NUMBER},{TIME}\n{WORD},,\n")
    write_notes(folder)


def damage(path: Path) -> None:
    """Every fault that a record can have, each with a marker in it."""
    record = path.read_bytes().splitlines(keepends=True)[1]
    word = WORD.encode()
    long_text = b'"' + word + b"\n" + word + b'"'
    damaged = [
        word + b"," + record,
        b"\n",
        record.replace(b"text", word + b'5"') if b"text" in record else word + b'5"' + record,
        b'"' + word + b'" ' + record,
        record.rstrip(b"\n") + b"\r" + word + b"\n",
        record.rstrip(b"\n")[: record.rindex(b",")] + b"," + long_text + b"\n",
        record.rstrip(b"\n") + word + b"\xff\n",
        record.rstrip(b"\n") + word + b"\0\n",
        record.rstrip(b"\n") + b"\r\n",
        b'"' + word + b"\n",
    ]
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"".join(damaged))


def spoil_header(path: Path) -> None:
    header, _, rest = path.read_text().partition("\n")
    names = [f" {header.split(',')[0]}", *header.split(",")[2:], WORD, header.split(",")[3]]
    names[3] = names[3].upper()
    path.write_text(",".join(names) + "\n" + rest)


def turn_columns(path: Path) -> None:
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([row[1], row[0], *row[2:]] for row in rows)


def write_notes(folder: Path) -> None:
    (folder / "note.csv").unlink()
    valid = valid_row("note")
    lines = [
        json.dumps(valid),
        json.dumps(valid | {WORD: WORD}),
        json.dumps(valid | {"note_text": [WORD]}),
        json.dumps(valid)[:-1] + f', "note_title": "{WORD}", "note_title": "{WORD}"}}',
        f'{{"{WORD}": ',
    ]
    (folder / "note.jsonl").write_text("\n".join(lines) + "\n")


Say = Callable[..., dict[str, str]]


@pytest.fixture
def say(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Say:
    """All that one run of the check gives away, by the form it takes."""
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)

    def run(folder: Path, *options: str) -> dict[str, str]:
        forms = [f"--{form}={tmp_path / form}" for form in FORMS]
        arguments = ["commonweal", "check", str(folder), *forms, *options]
        monkeypatch.setattr("sys.argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        said = capsys.readouterr()
        written = {form: (tmp_path / form).read_text("utf-8") for form in FORMS}
        return written | {"terminal": said.out, "stderr": said.err, "logs": caplog.text}

    return run


def read_codes(said: dict[str, str]) -> set[str]:
    report = json.loads(said["json"])
    findings = report["findings"] + [f for file in report["files"] for f in file["findings"]]
    return {finding["code"] for finding in findings}


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    folder = tmp_path / "marked"
    write_persons(folder, 1)
    write_marked(folder, get_model("programme"))
    return folder


def test_no_marker_is_told(marked: Path, say: Say) -> None:
    said = say(marked)
    for form, text in said.items():
        for trace in TRACES:
            assert trace not in text, f"{trace} in {form}: {text[text.index(trace) - 300 :][:400]}"
    expected = {code for code in all_kinds() if not code.startswith("sprint.")} - UNTOLD
    assert expected - read_codes(said) == set()


def test_no_marker_is_told_of_a_sprint(marked: Path, say: Say) -> None:
    said = say(marked, "--dialect=sprint")
    for form, text in said.items():
        for trace in TRACES:
            assert trace not in text, f"{trace} in {form}: {text[text.index(trace) - 300 :][:400]}"
    assert any(code.startswith("sprint.") for code in read_codes(said))


def test_markers_are_told_where_values_are_asked_for(marked: Path, say: Say) -> None:
    said = say(marked, "--show-values")
    for form in (*FORMS, "terminal"):
        assert WORD in said[form], form
        assert NUMBER in said[form], form
