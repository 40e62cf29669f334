"""Folders with marker values in every column of every table: to see where they turn up."""

import csv
import json
from pathlib import Path

from tests.intake_folders import csv_text, valid_row

from commonweal.schema.model import DataType, Field, Model, Submission, Table

WORD, NUMBER, YEAR = "Zqxmark", "77700", "1871"
TRACES = (WORD, WORD.lower(), NUMBER, "77,700,", YEAR)
"""What nobody may read anywhere."""
TIME = f"{YEAR}-03-09 07:08:09.12345678"
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
        rows.append(filled | {field.name: " "})
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


def find_traces(said: str) -> list[str]:
    """Markers in a text, each with what stands before it."""
    return [said[max(said.index(t) - 200, 0) :][:300] for t in TRACES if t in said]


def fit(field: Field, number: int) -> str:
    """A marker that is a valid value of a field, if an odd one."""
    match field.type:
        case DataType.TIMESTAMP:
            return f"{YEAR}-03-09 07:08:09"
        case DataType.STRING:
            return f"{WORD}{number}"[: field.length]
        case DataType.FLOAT:
            return f"{NUMBER}.5"
        case _:
            return mark(field, number)


def write_accepted(folder: Path, model: Model) -> None:
    """Every table with a marker in every column, and nothing that an error would reject."""
    folder.mkdir(parents=True)
    for table in model.tables.values():
        if table.submission is Submission.NEVER or table.name == "participant_match":
            continue
        row = {field.name: fit(field, number) for number, field in enumerate(table.fields, 10)}
        rows = [row, row] if table.name != "person" else [row]
        (folder / f"{table.name}.csv").write_text(csv_text(table.name, rows), "utf-8", newline="")
