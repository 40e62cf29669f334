"""Headers: matched by name, and every difference said."""

from pathlib import Path

import pytest
from tests.intake_folders import check, codes, found, programme_table, valid_row, write_table

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
