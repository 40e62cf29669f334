"""What data sprints and alpha uploads must not hold, and what they are called."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from tests.intake_folders import SETTINGS, codes, found, places, write_table

from commonweal.intake.check import check_folder
from commonweal.intake.report import CheckReport
from commonweal.schema.model import DataType, get_model

TODAY = date(2026, 5, 4)
DAY = {DataType.DATE: "2015-01-01", DataType.TIMESTAMP: "2015-01-01 08:00:00"}


def write(folder: Path, table: str, *rows: dict[str, str], dialect: str = "alpha") -> Path:
    """A file with these cells; keys count from 1 and all days are the first of their year."""
    fields = get_model(dialect).table(table).fields
    folder.mkdir(exist_ok=True)
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields], lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(rows, start=1):
        filled = {f.name: DAY.get(f.type, "1") if f.required else "" for f in fields}
        filled |= {"year_of_birth": "1970"} if "year_of_birth" in filled else {}
        filled[fields[0].name] = str(number)
        writer.writerow(filled | row)
    path = folder / f"{table}.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def check(folder: Path, dialect: str = "alpha") -> CheckReport:
    return check_folder(folder, dialect=dialect, settings=SETTINGS, today=TODAY)


def test_a_de_identified_folder_passes_without_a_word(tmp_path: Path) -> None:
    write(tmp_path, "person", {"month_of_birth": "1", "day_of_birth": "", "location_id": "1"})
    write(tmp_path, "location", {"state": "MA"})
    write(tmp_path, "visit_occurrence", {"provider_id": "0", "care_site_id": "0"})
    write(tmp_path, "measurement", {"measurement_datetime": "2015-01-01T07:30:00Z"})
    report = check(tmp_path)
    assert (report.verdict, codes(report)) == ("accepted", set())


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("measurement", "measurement_date", "2015-01-02"),
        ("measurement", "measurement_datetime", "2015-02-01 00:00:00"),
        ("visit_occurrence", "visit_end_date", "2015-12-31"),
        ("person", "birth_datetime", "1970-01-02 00:00:00"),
        ("person", "month_of_birth", "7"),
        ("person", "day_of_birth", "31"),
    ],
)
@pytest.mark.parametrize("dialect", ["sprint", "alpha"])
def test_every_date_is_the_first_of_january(
    tmp_path: Path, table: str, column: str, value: str, dialect: str
) -> None:
    write(tmp_path, table, {}, {column: value}, dialect=dialect)
    report = check(tmp_path, dialect)
    finding = found(report, "sprint.real_date", column)
    assert (finding.count, places(finding)) == (1, [(3, 2)])
    assert not report.is_accepted


def test_nobody_is_more_than_eighty_years_old(tmp_path: Path) -> None:
    born = ("1946", "1945", "1970", "1970")
    rows = [{"year_of_birth": year} for year in born]
    rows[2]["birth_datetime"] = "1940-01-01 00:00:00"
    rows[1]["birth_datetime"] = "1945-01-01 00:00:00"
    write(tmp_path, "person", *rows)
    report = check(tmp_path)
    assert places(found(report, "sprint.over_80", "year_of_birth")) == [(3, 2)]
    assert places(found(report, "sprint.over_80", "birth_datetime")) == [(4, 3)]


@pytest.mark.parametrize("year", [str(-(2**63)), "0", "-5"])
def test_years_that_no_calendar_has_are_too_long_ago(tmp_path: Path, year: str) -> None:
    write(tmp_path, "person", {"year_of_birth": year})
    assert places(found(check(tmp_path), "sprint.over_80")) == [(2, 1)]


@pytest.mark.parametrize(
    ("table", "column"),
    [("person", "person_source_value"), ("location", "address_1"), ("location", "zip")],
)
def test_text_that_tells_who_somebody_is(tmp_path: Path, table: str, column: str) -> None:
    write(tmp_path, table, {}, {column: "12 Elm St"})
    report = check(tmp_path)
    assert places(found(report, "sprint.identifying_value", column)) == [(3, 2)]
    assert "Elm" not in str(report.to_json())
    assert not report.is_accepted


def test_placeholders(tmp_path: Path) -> None:
    write(tmp_path, "person", {"provider_id": "4", "location_id": "5"}, dialect="sprint")
    write(tmp_path, "measurement", {"provider_id": "0", "operator_concept_id": "4172703"})
    report = check(tmp_path, "sprint")
    placeholders = {f.column for f in report.all_findings if f.code == "sprint.placeholder"}
    assert placeholders == {"provider_id", "location_id"}
    assert found(report, "sprint.not_used").column == "operator_concept_id"
    assert report.is_accepted


@pytest.mark.parametrize("name", ["pii_name.csv", "participant_match.csv", "note.jsonl"])
@pytest.mark.parametrize("dialect", ["sprint", "alpha"])
def test_identifying_files_are_refused(tmp_path: Path, name: str, dialect: str) -> None:
    write(tmp_path, "person", {}, dialect=dialect)
    (tmp_path / name).write_text("x\n")
    report = check(tmp_path, dialect)
    assert found(report, "sprint.identifying_file").file == name
    assert report.verdict == "rejected"


def test_other_tables_of_omop_are_not_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "person", {})
    write_table(tmp_path, "care_site", [])
    report = check(tmp_path)
    assert found(report, "file.not_asked").file == "care_site.csv"
    assert report.is_accepted


def test_a_sprint_is_an_exercise_with_a_hundred_persons(tmp_path: Path) -> None:
    write(tmp_path, "person", *({} for _ in range(101)), dialect="sprint")
    finding = found(check(tmp_path, "sprint"), "sprint.too_many_persons")
    assert (finding.severity, finding.count) == ("warning", 101)
    assert "the 100 persons" in finding.message
    assert "sprint.too_many_persons" not in codes(check(tmp_path))


@pytest.mark.parametrize(
    "name",
    ["Some_HPO_Visit_Occurrence_DataSprint_2.csv", "aou-hpo_20170930_visit_occurrence.csv"],
)
def test_files_may_be_named_as_they_were_in_the_first_years(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "visit_occurrence", {}, dialect="sprint")
    path.rename(tmp_path / name)
    report = check(tmp_path, "sprint")
    assert [file.table for file in report.files] == ["visit_occurrence"]
    assert codes(report) == {"key.not_checked"}
    production = check_folder(tmp_path, dialect="programme", settings=SETTINGS)
    assert "file.unknown" in codes(production)


def test_a_sprint_is_complete_with_six_tables(tmp_path: Path) -> None:
    tables = set(check(write(tmp_path, "person", {}).parent, "sprint").missing)
    assert tables == {
        "condition_occurrence",
        "drug_exposure",
        "measurement",
        "procedure_occurrence",
        "visit_occurrence",
    }
    assert set(check(tmp_path, "alpha").missing) == tables | {"location"}


def test_production_dates_are_what_they_are(tmp_path: Path) -> None:
    write_table(tmp_path, "person", [{"person_id": "1", "year_of_birth": "1930"}])
    report = check_folder(tmp_path, dialect="programme", settings=SETTINGS, today=TODAY)
    assert not {code for code in codes(report) if code.startswith("sprint.")}
