"""Dates that can be read and cannot be true: all of them are counted, and none is an error."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.intake_folders import check, codes, found, places, valid_row, write_persons, write_table

from commonweal.intake.report import CheckReport

TODAY = date(2026, 3, 1)


def check_days(folder: Path, table: str, column: str, days: list[str]) -> CheckReport:
    """Check a table that has one row for each day, and else nothing to complain of."""
    write_persons(folder, 1)
    field = f"{table}_id"
    keys = ({field: str(n)} if table != "death" else {} for n in range(1, len(days) + 1))
    rows = [valid_row(table, **key, **{column: day}) for key, day in zip(keys, days, strict=True)]
    write_table(folder, table, rows)
    return check(folder, today=TODAY)


@pytest.mark.parametrize(
    ("table", "column", "days", "wrong"),
    [
        ("measurement", "measurement_date", ["1979-12-31", "1980-01-01"], [1]),
        ("measurement", "measurement_date", ["2026-03-01", "2026-03-02", "9999-12-31"], [2, 3]),
        ("observation", "observation_date", ["1899-12-31", "1900-01-01", "1979-12-31"], [1]),
        ("death", "death_datetime", ["1900-01-01 00:00:00", "2020-01-31T23:59:59Z"], [1]),
        ("note", "note_date", ["", "2099-01-01"], [2]),
    ],
)
def test_implausible_dates(
    tmp_path: Path, table: str, column: str, days: list[str], wrong: list[int]
) -> None:
    report = check_days(tmp_path, table, column, days)
    finding = found(report, "date.implausible", column)
    assert (finding.severity, finding.count) == ("warning", len(wrong))
    assert places(finding) == [(n + 1, n) for n in wrong]
    assert "2026-03-01" in finding.message


def test_every_row_is_counted_and_ten_are_shown(tmp_path: Path) -> None:
    finding = found(
        check_days(tmp_path, "measurement", "measurement_date", ["1900-01-01"] * 250),
        "date.implausible",
    )
    assert (finding.count, len(finding.examples)) == (250, 10)


def test_dates_that_may_be_true_are_passed_over(tmp_path: Path) -> None:
    write_table(tmp_path, "person", [valid_row("person", year_of_birth="1931")])
    periods = [valid_row("observation_period", observation_period_start_date="1931-05-01")]
    write_table(tmp_path, "observation_period", periods)
    assert not {code for code in codes(check(tmp_path, today=TODAY)) if code.startswith("date.")}


def test_a_day_of_birth_is_judged_by_its_year_alone(tmp_path: Path) -> None:
    years = ["1899", "1900", "2026", "2027", "0"]
    rows = [
        valid_row(
            "person", person_id=str(n), year_of_birth=year, birth_datetime="1905-01-01 00:00:00"
        )
        for n, year in enumerate(years)
    ]
    write_table(tmp_path, "person", rows)
    report = check(tmp_path, today=TODAY)
    finding = found(report, "date.birth_year")
    assert (finding.column, places(finding)) == ("year_of_birth", [(2, 1), (5, 4), (6, 5)])
    assert "date.implausible" not in codes(report)
    assert report.verdict == "accepted"


def test_a_time_on_another_day_than_its_date(tmp_path: Path) -> None:
    times = ["2020-01-31 23:59:59", "2020-02-01 00:00:00", "", "2020-01-30 10:00:00+05:00"]
    finding = found(
        check_days(tmp_path, "measurement", "measurement_datetime", times), "date.differs"
    )
    assert (finding.column, finding.severity) == ("measurement_datetime", "warning")
    assert places(finding) == [(3, 2), (5, 4)]


def test_notes_as_json_lines_are_asked_the_same(tmp_path: Path) -> None:
    write_table(tmp_path, "person", [valid_row("person", person_id="1")])
    note = valid_row("note") | {"note_date": "1901-01-01"}
    line = "{" + ", ".join(f'"{name}": "{cell}"' for name, cell in note.items()) + "}"
    (tmp_path / "note.jsonl").write_text(f"{line}\n")
    assert places(found(check(tmp_path, today=TODAY), "date.implausible", "note_date")) == [(1, 1)]


def test_tomorrow_cannot_be_true_today(tmp_path: Path) -> None:
    """Unless a day is given, it is the one on this machine."""
    near = date.today() + timedelta(days=3)  # noqa: DTZ011 - the day on this machine is meant
    rows = [valid_row("death", death_date=str(near))]
    write_table(tmp_path, "death", rows)
    assert found(check(tmp_path), "date.implausible", "death_date").count == 1


def test_values_stay_out_of_the_report(tmp_path: Path) -> None:
    report = check_days(tmp_path, "measurement", "measurement_date", ["1901-02-03"])
    assert "1901-02-03" not in str(report.to_json())


def test_months_and_days_of_birth(tmp_path: Path) -> None:
    cells = [("12", "31"), ("0", "1"), ("13", ""), ("", "32")]
    rows = [
        valid_row("person", person_id=str(i), month_of_birth=month, day_of_birth=day)
        for i, (month, day) in enumerate(cells)
    ]
    report = check(write_table(tmp_path, "person", rows).parent, today=TODAY)
    assert places(found(report, "date.birth_part", "month_of_birth")) == [(3, 2), (4, 3)]
    assert places(found(report, "date.birth_part", "day_of_birth")) == [(5, 4)]
