"""Headers: matched by name, and every difference said."""

import json
import re
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tests.intake_folders import check, codes, found, programme_table, valid_row, write_table

from commonweal.intake.html import render_html
from commonweal.intake.terminal import render_terminal

COLUMNS = programme_table("death").columns


def with_header(tmp_path: Path, header: str, table: str = "death") -> Path:
    path = write_table(tmp_path, table, [valid_row(table)])
    _, rest = path.read_text().split("\n", 1)
    path.write_text(f"{header}\n{rest}")
    return tmp_path


def test_another_order_is_matched_by_name(tmp_path: Path) -> None:
    row = valid_row("death", death_date="soon")
    columns = COLUMNS[::-1]
    text = ",".join(columns) + "\n" + ",".join(row[c] for c in columns) + "\n"
    (tmp_path / "death.csv").write_text(text)
    report = check(tmp_path)
    assert found(report, "header.order").severity == "warning"
    assert found(report, "type.date").column == "death_date"


def test_missing_column(tmp_path: Path) -> None:
    (tmp_path / "death.csv").write_text("person_id,death_date\n1,2020-01-01\n")
    report = check(tmp_path)
    missing = {f.column for f in report.all_findings if f.code == "header.missing_column"}
    assert missing == set(COLUMNS) - {"person_id", "death_date"}
    assert report.verdict == "rejected"


def test_unknown_column_is_named_with_a_suggestion(tmp_path: Path) -> None:
    header = ",".join(COLUMNS).replace("cause_source_value", "cause_source_valu")
    finding = found(check(with_header(tmp_path, header)), "header.unknown_column")
    assert finding.column == "cause_source_valu"
    assert "did you mean cause_source_value?" in finding.message


def test_duplicate_column(tmp_path: Path) -> None:
    header = ",".join(COLUMNS).replace("cause_concept_id", "death_date")
    report = check(with_header(tmp_path, header))
    assert found(report, "header.duplicate_column").column == "death_date"


def test_spaces_around_a_name_are_an_error(tmp_path: Path) -> None:
    report = check(with_header(tmp_path, ",".join(COLUMNS).replace("death_date,", "death_date ,")))
    assert found(report, "header.spelling").column == "death_date"
    assert report.verdict == "rejected"


def test_other_case_is_a_warning(tmp_path: Path) -> None:
    report = check(with_header(tmp_path, ",".join(COLUMNS).upper()))
    assert {f.column for f in report.all_findings if f.code == "header.case"} == set(COLUMNS)
    assert report.verdict == "accepted"


@pytest.mark.parametrize(("header", "warned"), [("MRN", False), ("mrn", True)])
def test_mrn_is_upper_case(tmp_path: Path, header: str, *, warned: bool) -> None:
    with_header(tmp_path, f"person_id,health_system,{header}", "pii_mrn")
    assert ("header.case" in codes(check(tmp_path))) is warned


def test_quoted_names(tmp_path: Path) -> None:
    header = ",".join(f'"{name}"' for name in COLUMNS)
    assert check(with_header(tmp_path, header)).verdict == "accepted"


def test_data_in_place_of_a_header_are_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "pii_name.csv").write_text("19,Secretname,,Doe,,\n")
    report = check(tmp_path)
    assert found(report, "header.absent")
    assert "Secretname" not in str(report.to_json())


SECRETS = (
    "Anderson",
    "Patterson",
    "Price",
    "Grace",
    "Anna Maria Doe",
    "jane.doe@example.org",
    "(555) 010-7788",
    "555-010-7788",
    "15550107788",
    "12 Elm Street",
    "1961-04-12",
    "O'Brien",
    "jane_doe_smith",
    "Müller",
    "x" * 65,
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("known", [["person_id"], ["person_id", "person_id"]])
def test_data_beside_a_known_name_are_not_repeated(
    tmp_path: Path, secret: str, known: list[str]
) -> None:
    """The first line names one column, once or twice; the rest is somebody's data."""
    cells = [*known, secret, secret, secret]
    (tmp_path / "pii_name.csv").write_text(",".join(cells) + "\n")
    report = check(tmp_path)
    shown = [f.column for f in report.all_findings if f.code == "header.unknown_column"]
    assert shown == [f"column {n}" for n in range(len(known) + 1, len(cells) + 1)]
    printed = Console(width=200, record=True, file=StringIO())
    printed.print(render_terminal(report))
    for text in (str(report.to_json()), render_html(report, "in"), printed.export_text()):
        assert secret not in unescape(text)


@pytest.mark.parametrize("secret", [s for s in SECRETS if "_" not in s])
def test_data_among_known_names_are_not_repeated(tmp_path: Path, secret: str) -> None:
    header = ",".join([*COLUMNS, secret])
    finding = found(check(with_header(tmp_path, header)), "header.unknown_column")
    assert finding.column == f"column {len(COLUMNS) + 1}"
    assert secret not in str(finding)


@pytest.mark.parametrize(
    "name", ["extra_1", "gender_concept_id", "PersonId", "cause_source", "state_id", "email"]
)
def test_unknown_columns_are_named_in_a_header_that_is_known_otherwise(
    tmp_path: Path, name: str
) -> None:
    report = check(with_header(tmp_path, ",".join([*COLUMNS, name])))
    assert found(report, "header.unknown_column").column == name


def test_a_column_without_a_name(tmp_path: Path) -> None:
    finding = found(
        check(with_header(tmp_path, ",".join([*COLUMNS, " "]))), "header.unknown_column"
    )
    assert f"column {len(COLUMNS) + 1}, which has no name" in finding.message


def test_keys_of_json_lines_are_not_repeated_either(tmp_path: Path) -> None:
    """Each line is a header of its own there."""
    note = valid_row("note")
    lines = [note | {"note_author": "x"}, note | {"Anderson": "x", "Anna Maria": 1}]
    (tmp_path / "note.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = check(tmp_path)
    unknown = [f for f in report.all_findings if f.code == "header.unknown_column"]
    assert {(f.column, f.count) for f in unknown} == {("note_author", 1), ("", 1)}
    assert not {"Anderson", "Anna"} & set(re.findall(r"\w+", str(report.to_json())))


@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
def test_other_separators_are_named(tmp_path: Path, separator: str, name: str) -> None:
    (tmp_path / "death.csv").write_text(separator.join(COLUMNS) + "\n")
    assert name in found(check(tmp_path), "file.delimiter").message


def test_ten_thousand_columns(tmp_path: Path) -> None:
    header = ",".join([*COLUMNS, *(f"extra_{i}" for i in range(10_000))])
    (tmp_path / "death.csv").write_text(f"{header}\n{',' * (10_000 + len(COLUMNS) - 1)}\n")
    findings = [f for f in check(tmp_path).all_findings if f.code == "header.unknown_column"]
    assert sum(f.count for f in findings) == 10_000
    assert len(findings) == 21


def test_header_that_never_closes_its_quote(tmp_path: Path) -> None:
    (tmp_path / "death.csv").write_text('"person_id,death_date\n1,2020-01-01\n')
    assert found(check(tmp_path), "header.malformed")
