"""The weeks of a sprint, with and without dates."""

from datetime import date

import pytest

from commonweal.intake.sprint.plan import find_week, list_goals, list_weeks
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Submission, get_model

MONDAY = date(2027, 1, 11)


def test_every_table_of_the_sprint_is_due_once() -> None:
    tables = [table for week in list_weeks() for table in week.tables]
    required = get_model("sprint").with_submission(Submission.REQUIRED)
    assert sorted(tables) == sorted(table.name for table in required)


def test_weeks_follow_the_first_day() -> None:
    weeks = list_weeks(MONDAY)
    assert [week.number for week in weeks] == [1, 2, 3, 4, 5]
    assert weeks[0].due == date(2027, 1, 17)
    assert weeks[3].first_day == date(2027, 2, 1)
    assert list_goals(MONDAY)["drug_exposure"].due == date(2027, 1, 31)


def test_without_a_first_day_there_are_no_dates() -> None:
    assert {week.due for week in list_weeks()} == {None}
    assert find_week(list_weeks(), MONDAY) is None


def test_a_day_is_in_one_week_or_in_none() -> None:
    weeks = list_weeks(MONDAY)
    found = [find_week(weeks, day) for day in (date(2027, 1, 10), MONDAY, date(2027, 2, 14))]
    assert [week and week.number for week in found] == [None, 1, 5]
    assert find_week(weeks, date(2027, 2, 15)) is None


def test_weeks_as_json() -> None:
    first = list_weeks(MONDAY)[0].to_json()
    assert first["tables"] == ["person", "visit_occurrence"]
    assert (first["first_day"], first["due"]) == ("2027-01-11", "2027-01-17")


def test_a_sprint_does_not_go_past_the_end_of_the_calendar() -> None:
    with pytest.raises(CommonwealError, match="cannot begin on 9999-12-31"):
        list_weeks(date(9999, 12, 31))
