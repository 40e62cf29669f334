"""What must hold of a tier whatever the combined dataset is."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.privacy_programme import Programme, Row, born, rows_of, write_programme

from commonweal.privacy.deidentify import TierResult

SITES = ("north", "south")
FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
dates = st.dates(date(1995, 1, 1), date(2019, 12, 31))


@st.composite
def datasets(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Persons with visits and conditions of two sites, whose row ids overlap.

    The concept of a row is its tag: it is unique, kept by every tier, and so tells which
    row became which.
    """
    people = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=5, unique=True))
    drawn = draw(st.lists(st.tuples(st.sampled_from(people), st.sampled_from(SITES), dates)))
    visits = [
        {
            "visit_occurrence_id": 500 - n,
            "person_id": person,
            "visit_concept_id": 10_000 + n,
            "visit_start_date": day,
            "visit_end_date": day + timedelta(days=draw(st.integers(0, 30))),
            "preceding_visit_occurrence_id": draw(st.none() | st.integers(480, 500)),
            "_src_site": site,
        }
        for n, (person, site, day) in enumerate(drawn)
    ]
    pointed_to = st.none() if not visits else st.none() | st.sampled_from(visits)
    conditions = []
    for n in range(draw(st.integers(0, 12))):
        visit = draw(pointed_to)
        conditions.append(
            {
                "condition_occurrence_id": 500 - n,
                "person_id": visit["person_id"] if visit else draw(st.sampled_from(people)),
                "condition_concept_id": 20_000 + n,
                "condition_start_date": draw(dates),
                "visit_occurrence_id": visit["visit_occurrence_id"] if visit else None,
                "_src_site": visit["_src_site"] if visit else draw(st.sampled_from(SITES)),
            }
        )
    return {
        "person": [born(person, date(1960, 7, 1), _src_row=person) for person in people],
        "visit_occurrence": visits,
        "condition_occurrence": conditions,
    }


def by_tag(rows: list[Any], column: str) -> dict[int, Any]:
    found = {row[column]: row for row in rows}
    assert len(found) == len(rows)
    return found


def check_numbered(result: TierResult) -> None:
    for name in ("visit_occurrence", "condition_occurrence"):
        ids = [row[f"{name}_id"] for row in rows_of(result, name)]
        assert ids == list(range(1, len(ids) + 1))


def check_keys_follow(result: TierResult, before: dict[str, list[Row]]) -> None:
    """Every row points to the row that it pointed to before, at its own site."""
    visits = rows_of(result, "visit_occurrence")
    tag_of = {row["visit_occurrence_id"]: row["visit_concept_id"] for row in visits}
    old_tag = {
        (row["_src_site"], row["visit_occurrence_id"]): row["visit_concept_id"]
        for row in before["visit_occurrence"]
    }
    for name, tag, key in (
        ("visit_occurrence", "visit_concept_id", "preceding_visit_occurrence_id"),
        ("condition_occurrence", "condition_concept_id", "visit_occurrence_id"),
    ):
        was = by_tag(before[name], tag)
        for row in rows_of(result, name):
            old = was[row[tag]]
            expected = old_tag.get((old["_src_site"], old[key]))
            assert tag_of.get(row[key]) == expected


@FEW
@given(datasets())
def test_ids_are_dense_keys_follow_and_dates_keep_their_distance(
    tables: dict[str, list[Row]],
) -> None:
    with TemporaryDirectory() as home:
        programme = write_programme(Path(home), tables)
        registered = programme.build("registered")
        new, days = programme.new_ids("registered"), programme.days()
        check_numbered(registered)
        check_keys_follow(registered, tables)
        visits = by_tag(rows_of(registered, "visit_occurrence"), "visit_concept_id")
        assert len(visits) == len(tables["visit_occurrence"])
        for old in tables["visit_occurrence"]:
            now = visits[old["visit_concept_id"]]
            assert now["person_id"] == new[old["person_id"]]
            back = timedelta(days=days[old["person_id"]])
            assert old["visit_start_date"] - now["visit_start_date"] == back
            assert old["visit_end_date"] - now["visit_end_date"] == back


@FEW
@given(datasets())
def test_two_tiers_share_no_person_ids_and_lose_no_rows(tables: dict[str, list[Row]]) -> None:
    with TemporaryDirectory() as home:
        programme = write_programme(Path(home), tables)
        registered, controlled = programme.build("registered"), programme.build("controlled")
        check_numbered(controlled)
        check_keys_follow(controlled, tables)
        first, second = (
            {row["person_id"] for row in rows_of(tier, "person")}
            for tier in (registered, controlled)
        )
        originals = {row["person_id"] for row in tables["person"]}
        assert len(first) == len(second) == len(originals)
        assert not first & second
        assert not (first | second) & originals


def test_the_order_of_people_and_of_rows_that_are_alike_differs_between_tiers() -> None:
    people = list(range(1, 41))
    alike: dict[str, list[Row]] = {
        "person": [born(person, date(1960, 7, 1)) for person in people],
        "measurement": [
            {
                "measurement_id": n,
                "person_id": person,
                "measurement_concept_id": 1,
                "measurement_date": date(2010, 1, 1),
            }
            for n, person in enumerate([person for person in people for _ in range(4)], 1)
        ],
    }
    with TemporaryDirectory() as home:
        programme = write_programme(Path(home), alike)
        order = {}
        for tier in ("registered", "controlled"):
            result = programme.build(tier)
            old = {new: old for old, new in programme.new_ids(tier).items()}
            order[tier] = [old[row["person_id"]] for row in rows_of(result, "person")]
            assert sorted(order[tier]) == people
            rows = rows_of(result, "measurement")
            assert [row["measurement_id"] for row in rows] == list(range(1, 161))
            assert [old[row["person_id"]] for row in rows[::4]] == order[tier]
    assert order["registered"] != order["controlled"]
    assert order["registered"] != people


def test_bytes_are_the_same_for_one_thread_or_two_with_many_rows_alike(tmp_path: Path) -> None:
    people = list(range(1, 301))
    tables: dict[str, list[Row]] = {
        "person": [born(person, date(1960, 7, 1)) for person in people],
        "measurement": [
            {
                "measurement_id": n,
                "person_id": n % 300 + 1,
                "measurement_concept_id": n % 3,
                "measurement_date": date(2010, 1, n % 5 + 1),
                "value_as_number": float(n % 7),
            }
            for n in range(20_000)
        ],
    }
    programme = write_programme(tmp_path, tables)
    one = programme.build("registered", stages="one")
    two = Programme(tmp_path, programme.combined, {}, threads=2, memory_limit="80MB").build(
        "registered", stages="two"
    )
    assert one.file("measurement").read_bytes() == two.file("measurement").read_bytes()
