"""What is said beside the strict outcome: which values bring which evidence, and no other."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching_frames import Row, contacts_of, details_of

from commonweal.intake.matching.evidence import find_evidence, judge_with_evidence
from commonweal.intake.matching.match import Result, compare, judge, make_comparable

ANN = {"first_name": "Ann", "last_name": "O’Neill", "birth_date": "1980-03-04", "sex": "female"}
AT_SITE = ANN | {"birth_date": "1980-03-04 00:00:00", "sex": "8532"}
Told = set[tuple[str, str]]


def evidence_of(own: Row, *sites: Row) -> Told:
    details, contacts = details_of(*sites), contacts_of(own)
    comparable = make_comparable(details, contacts)
    found = find_evidence(details, contacts, comparable, compare(comparable.persons))
    return {(field, kind) for _, field, kind in found.iter_rows()}


def birth(year: int, month: int, day: int) -> Row:
    parts = {"year_of_birth": year, "month_of_birth": month, "day_of_birth": day}
    return {name: str(number) for name, number in parts.items()}


CASES = [
    ("first_name", "José", "Jose", {"accents"}),
    ("first_name", "Chloë", "CHLOE", {"accents"}),
    ("first_name", "William", "Bill", {"nickname"}),
    ("first_name", "Liz", "Elizabeth", {"nickname"}),
    ("first_name", "Bill", "Will", {"nickname"}),
    ("first_name", "Catherine", "Katherine", {"similar"}),
    ("first_name", "Mary", "Mary Ann", {"one_of_several", "similar"}),
    ("first_name", "李", "李", {"accents"}),
    ("first_name", "Ann", "Robert", set()),
    ("last_name", "Garcia Lopez", "García", {"one_of_several", "similar"}),
    ("last_name", "Johnson", "Johnston", {"similar"}),
    ("last_name", "Smith", "Jones", set()),
    ("last_name", "William", "Bill", set()),
    ("middle_name", "B.", "Beatrice", {"initial"}),
    ("middle_name", "Clara", "Beatrice", set()),
    ("phone_number", "6175550102", "(617) 555-0102", {"digits"}),
    ("phone_number", "6175550102", "1 617.555.0102", {"digits"}),
    ("phone_number", "6175550102", "555-0102", set()),
    ("birth_date", "1980-03-04", "1980-04-03 00:00:00", {"swapped_birth"}),
    ("birth_date", "1980-03-04", "1981-03-04 00:00:00", set()),
    ("city", "Cañon City", "Canon City", {"accents"}),
    ("email", "ann@mail.example", "ann@mail.test", set()),
]


@pytest.mark.parametrize(("field", "own", "sites", "kinds"), CASES)
def test_two_values_bring(field: str, own: str, sites: str, kinds: set[str]) -> None:
    told = evidence_of(ANN | {field: own}, AT_SITE | {field: sites})
    assert told == {(field, kind) for kind in kinds}


def test_first_and_last_name_the_other_way_round() -> None:
    swapped = {"first_name": "O'Neill", "last_name": "Ann"}
    assert evidence_of(ANN, AT_SITE | swapped) == {
        ("first_name", "swapped_names"),
        ("last_name", "swapped_names"),
    }


def test_year_month_and_day_where_the_time_of_birth_is_empty_or_another() -> None:
    parts = birth(1980, 3, 4)
    expected = {("birth_date", "parts_of_birth")}
    assert evidence_of(ANN, AT_SITE | {"birth_date": None} | parts) == expected
    assert evidence_of(ANN, AT_SITE | {"birth_date": "1990-01-01"} | parts) == expected
    assert evidence_of(ANN, AT_SITE | {"birth_date": None} | birth(1980, 4, 4)) == set()


def test_another_row_of_the_person_is_looked_at_too() -> None:
    own = ANN | {"phone_number": "6175550199", "email": "b@mail.example"}
    first = AT_SITE | {"phone_number": "6175550100", "email": "a@mail.example"}
    second = {"phone_number": "617-555-0199", "email": "b@mail.example"}
    assert evidence_of(own, first, second) == {
        ("phone_number", "other_row"),
        ("phone_number", "digits"),
        ("email", "other_row"),
    }


def test_what_matches_needs_no_evidence() -> None:
    assert evidence_of(ANN, AT_SITE, AT_SITE | {"first_name": "Anne"}) <= {
        ("first_name", "other_row")
    }
    assert evidence_of(ANN, AT_SITE) == set()


NAMES = st.sampled_from(["Ann", "José", "Jose", "Bill", "William", "Mary Ann", "O’Neill", "", None])


@given(own=st.tuples(NAMES, NAMES), sites=st.tuples(NAMES, NAMES))
@settings(deadline=None)
def test_evidence_does_not_depend_on_the_side(
    own: tuple[str | None, ...], sites: tuple[str | None, ...]
) -> None:
    names = ("first_name", "last_name")
    one, other = (
        evidence_of(
            ANN | dict(zip(names, a, strict=True)), AT_SITE | dict(zip(names, b, strict=True))
        )
        for a, b in ((own, sites), (sites, own))
    )
    assert one == other


@given(rows=st.permutations([AT_SITE | {"first_name": n} for n in ("Anne", "Bo", "Ann", "Zoe")]))
@settings(deadline=None)
def test_evidence_does_not_depend_on_the_order_of_rows(rows: list[Row]) -> None:
    assert evidence_of(ANN, *rows) == evidence_of(ANN, *reversed(rows))


def test_evidence_changes_no_outcome_but_is_judged_beside_it() -> None:
    own = ANN | {"first_name": "William", "last_name": "García"}
    details = details_of(AT_SITE | {"first_name": "Bill", "last_name": "Garcia"})
    contacts = contacts_of(own)
    comparable = make_comparable(details, contacts)
    outcomes = compare(comparable.persons)
    evidence = find_evidence(details, contacts, comparable, outcomes)
    strict = judge(outcomes, None)
    assert strict["result"].to_list() == [Result.LEAVES]
    filled = outcomes.with_columns(
        pl.lit("match").alias(f) for f in ("phone_number", "email", "city", "state", "zip")
    )
    assert judge_with_evidence(filled, None, evidence).to_list() == [Result.STAYS]
    assert judge(outcomes, None).equals(strict)
