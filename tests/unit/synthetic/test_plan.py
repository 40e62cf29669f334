"""A plan is possible, or it is refused in words before anything is made."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import FIRST_PERSON, build_plan

HEADER = "characteristic,value,weight\n"
TABLE = HEADER + "age,40-49,1\nsex,8532,3\nsex,8507,1\nrace,8527,1\nethnicity,0,2\n"


@pytest.mark.parametrize(
    ("persons", "sites", "found"),
    [
        (0, 1, "0 persons"),
        (-5, 1, "-5 persons"),
        (50_000_001, 6, "50,000,001 persons"),
        (10, 0, "0 sites"),
        (3, 4, "4 sites"),
    ],
)
def test_impossible_numbers_are_refused(persons: int, sites: int, found: str) -> None:
    with pytest.raises(CommonwealError, match=found) as refused:
        build_plan(persons=persons, sites=sites)
    assert refused.value.expected
    assert refused.value.fix


@pytest.mark.parametrize("day", [date(2017, 5, 31), date(2100, 1, 1)])
def test_a_day_outside_the_programme_is_refused(day: date) -> None:
    with pytest.raises(CommonwealError, match=f"as of {day}"):
        build_plan(persons=10, as_of=day)


def test_one_person_at_one_site_is_a_programme() -> None:
    plan = build_plan(persons=1)
    assert len(plan.sites) == 1
    assert len(make_people(plan, plan.batch(0, 20))) == 1


def test_batches_are_the_plan_s_persons_and_no_more() -> None:
    plan = build_plan(persons=25)
    ids = np.concatenate([plan.batch(first, 10) for first in (0, 10, 20)])
    assert ids.tolist() == list(range(FIRST_PERSON, FIRST_PERSON + 25))


def test_any_number_of_sites_has_names_and_ids_of_its_own() -> None:
    sites = build_plan(persons=40, sites=40).sites
    assert len({site.name for site in sites}) == 40
    assert len({site.id_offset for site in sites}) == 40
    assert [site.name for site in sites[:2]] == ["prairie", "harborview"]


def test_the_first_six_sites_differ_in_how_they_code_and_send() -> None:
    sites = build_plan(persons=6).sites
    assert len({site.codes for site in sites}) == 3
    assert 0.05 <= np.mean([site.unmapped_conditions for site in sites]) <= 0.15
    assert 0.2 <= np.mean([site.unmapped_drugs for site in sites]) <= 0.35
    assert len({site.volume for site in sites}) > 3
    assert len({site.records_from for site in sites}) > 3


def test_a_table_of_demographics_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(TABLE)
    plan = build_plan(persons=4_000, demographics=file)
    people = make_people(plan, plan.batch(0, 4_000))
    years = (plan.last - people.born).astype(int) / 365.2425
    assert years.min() >= 40
    assert years.max() < 50
    assert (people.sex == 8532).mean() == pytest.approx(0.75, abs=0.03)
    assert set(people.race.tolist()) == {8527}
    assert set(people.ethnicity.tolist()) == {0}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\n1,2\n", "line 1"),
        ("", "line 1"),
        (TABLE + "age,10-19,1\n", "line 7"),
        (TABLE + "age,60-50,1\n", "line 7"),
        (TABLE + "sex,woman,1\n", "line 7"),
        (TABLE + "sex,8532,-1\n", "line 7"),
        (TABLE + "sex,8532,nan\n", "line 7"),
        (TABLE + "sex,8532\n", "line 7"),
        (TABLE + "income,1,1\n", "line 7"),
        (TABLE + "sex,99,1\n", "line 7"),
        (TABLE + "sex,8532,1\n", "line 7"),
        (TABLE + "age,18-40,1\n", "line 7"),
        (TABLE + "race,8516,1,2\n", "line 7"),
        (TABLE + "race,8516,1e308\n", "line 7"),
        (HEADER + "age,40-49,1\nsex,8532,0\nrace,8527,1\nethnicity,0,2\n", "demographics table"),
    ],
)
def test_a_faulty_table_of_demographics_is_refused_with_its_place(
    tmp_path: Path, text: str, found: str
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text)
    with pytest.raises(CommonwealError) as refused:
        build_plan(persons=10, demographics=file)
    assert found in str(refused.value) or "weight above 0" in str(refused.value)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommonwealError, match="cannot be read"):
        build_plan(persons=10, demographics=file)
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(CommonwealError, match="There is no table"):
            build_plan(persons=10, demographics=path)
