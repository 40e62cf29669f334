"""What happened when, across tables: birth, visits and death."""

from pathlib import Path

import pytest
from tests.intake_folders import check, codes, found, places, valid_row, write_persons, write_table

from commonweal.intake.report import CheckReport


def write_person(folder: Path, **cells: str) -> None:
    write_table(folder, "person", [valid_row("person", **cells)])


def write_events(folder: Path, *dates: str, table: str = "procedure_occurrence") -> None:
    """Events of person 1 in visit 1, on these days."""
    start = {"procedure_occurrence": "procedure_date", "measurement": "measurement_date"}[table]
    rows = [
        valid_row(table, **{f"{table}_id": str(i), start: day, "visit_occurrence_id": "1"})
        | ({"procedure_datetime": f"{day} 00:00:00"} if table == "procedure_occurrence" else {})
        for i, day in enumerate(dates)
    ]
    write_table(folder, table, rows)


def write_visit(folder: Path, start: str, end: str, **cells: str) -> None:
    visit = valid_row("visit_occurrence", visit_start_date=start, visit_end_date=end, **cells)
    write_table(folder, "visit_occurrence", [visit])


@pytest.mark.parametrize(
    ("born", "first"),
    [
        ({"year_of_birth": "1990"}, "1990-01-01"),
        ({"year_of_birth": "1990", "month_of_birth": "5", "day_of_birth": "4"}, "1990-05-04"),
        ({"year_of_birth": "1990", "month_of_birth": "5"}, "1990-01-01"),
        ({"year_of_birth": "1990", "birth_datetime": "1990-05-04 11:00:00"}, "1990-05-04"),
    ],
)
def test_before_birth_as_exactly_as_it_is_known(
    tmp_path: Path, born: dict[str, str], first: str
) -> None:
    write_person(tmp_path, **born)
    write_events(tmp_path, "1989-12-31", first, "2020-01-01")
    finding = found(check(tmp_path), "date.before_birth")
    assert (finding.column, finding.count, places(finding)) == ("procedure_date", 1, [(2, 1)])


def test_a_birth_that_cannot_be_told_is_not_judged(tmp_path: Path) -> None:
    write_person(tmp_path, year_of_birth="199O")
    write_events(tmp_path, "1989-12-31")
    assert "date.before_birth" not in codes(check(tmp_path))


def write_death(folder: Path, *days: str) -> None:
    write_table(folder, "death", [valid_row("death", death_date=day) for day in days])


def test_results_arrive_for_thirty_days_after_a_death(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_death(tmp_path, "2020-03-01", "2020-01-01")
    write_events(tmp_path, "2020-01-31", "2020-02-01")
    finding = found(check(tmp_path), "date.after_death")
    assert (finding.column, finding.count, places(finding)) == ("procedure_date", 1, [(3, 2)])
    assert "more than 30 days" in finding.message


def test_any_day_of_a_row_may_be_after_the_death(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_death(tmp_path, "2020-01-01")
    write_visit(tmp_path, "2019-12-30", "2020-05-01")
    assert found(check(tmp_path), "date.after_death").file == "visit_occurrence.csv"


def check_in_visit(folder: Path, *dates: str, **visit: str) -> CheckReport:
    write_persons(folder, 1)
    write_visit(folder, "2020-03-10", "2020-03-12", **visit)
    write_events(folder, *dates, table="measurement")
    return check(folder)


def test_a_week_around_a_visit_is_allowed(tmp_path: Path) -> None:
    report = check_in_visit(tmp_path, "2020-03-03", "2020-03-19", "2020-03-02", "2020-03-20")
    finding = found(report, "date.outside_visit")
    assert (finding.column, places(finding)) == ("measurement_date", [(4, 3), (5, 4)])
    assert "7 days" in finding.message


def test_an_end_before_the_start_shortens_no_visit(tmp_path: Path) -> None:
    report = check_in_visit(tmp_path, "2020-03-11", visit_end_datetime="")
    assert "date.outside_visit" not in codes(report)
    write_visit(tmp_path, "2020-03-12", "2020-01-01")
    assert "date.outside_visit" not in codes(check(tmp_path))


def test_the_visit_of_another_person(tmp_path: Path) -> None:
    report = check_in_visit(tmp_path, "2020-03-11", person_id="2")
    finding = found(report, "key.visit_of_another_person")
    assert (finding.column, places(finding)) == ("visit_occurrence_id", [(2, 1)])


def test_a_visit_that_two_persons_share_is_nobody_elses(tmp_path: Path) -> None:
    write_persons(tmp_path, 1, 2, 3)
    visits = [valid_row("visit_occurrence", person_id=person) for person in ("2", "3")]
    write_table(tmp_path, "visit_occurrence", visits)
    write_events(tmp_path, "2020-01-31", table="measurement")
    report = check(tmp_path)
    assert "key.duplicate" in codes(report)
    assert "key.visit_of_another_person" not in codes(report)


def test_the_preceding_visit_begins_no_later(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    rows = [
        ("1", "2020-01-05", "2"),
        ("2", "2020-01-05", "3"),
        ("3", "2020-02-05", ""),
    ]
    visits = [
        valid_row(
            "visit_occurrence",
            visit_occurrence_id=key,
            visit_start_date=start,
            visit_end_date=start,
            preceding_visit_occurrence_id=before,
        )
        for key, start, before in rows
    ]
    write_table(tmp_path, "visit_occurrence", visits)
    finding = found(check(tmp_path), "date.preceding_visit_later")
    assert (finding.column, places(finding)) == ("preceding_visit_occurrence_id", [(3, 2)])


def test_links_of_facts_are_looked_for_where_the_domain_says(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_events(tmp_path, "2020-01-31", "2020-01-31", table="measurement")
    links = [
        ("21", "0", "21", "1"),
        ("21", "0", "21", "7"),
        ("27", "5", "56", "1"),
        ("56", "9", "21", "1"),
    ]
    rows = [
        valid_row(
            "fact_relationship",
            domain_concept_id_1=one,
            fact_id_1=fact,
            domain_concept_id_2=two,
            fact_id_2=other,
        )
        for one, fact, two, other in links
    ]
    write_table(tmp_path, "fact_relationship", rows)
    report = check(tmp_path)
    assert places(found(report, "key.fact_absent", "fact_id_1")) == [(5, 4)]
    assert places(found(report, "key.fact_absent", "fact_id_2")) == [(3, 2)]
