"""The strict comparison of identities: what a participant entered, what a site has, the outcome."""

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching_frames import Row, contacts_of, details_of, validations_of

from commonweal.intake.matching.declared import FIELDS
from commonweal.intake.matching.match import Outcome, Result, compare, judge, make_comparable

MATCH, NO_MATCH = "match", "no_match"
NO_OWN, NO_SITE = "missing_rdr", "missing_ehr"
ANN = {
    "first_name": "Ann",
    "middle_name": "B.",
    "last_name": "O’Neill",
    "phone_number": "6175550102",
    "email": "ann.oneill@mail.example",
    "address_1": "12 Mill Lane",
    "address_2": "Apt 5",
    "city": "Boston",
    "state": "MA",
    "zip": "02139",
    "birth_date": "1980-02-29",
    "sex": "female",
}
AT_SITE = ANN | {"birth_date": "1980-02-29 00:00:00", "sex": "8532"}


def outcomes_of(own: Row, *sites: Row) -> dict[str, str]:
    frame = compare(make_comparable(details_of(*sites), contacts_of(own)).persons)
    (row,) = frame.rows(named=True)
    return {name: row[name] for name in FIELDS}


CASES = [
    ("first_name", "Ann", " ANN ", MATCH),
    ("first_name", "Mary Ann", "Mary-Ann", MATCH),
    ("first_name", "José", "JOSÉ", MATCH),
    ("first_name", "José", "Jose", NO_MATCH),
    ("first_name", "William", "Bill", NO_MATCH),
    ("first_name", None, "Ann", NO_OWN),
    ("first_name", "Ann", None, NO_SITE),
    ("first_name", None, None, NO_OWN),
    ("first_name", "李", "王", NO_OWN),
    ("middle_name", "B.", "b", MATCH),
    ("middle_name", "Beatrice", "B", NO_MATCH),
    ("last_name", "O’Neill", "oneill", MATCH),
    ("last_name", "Smith", "Jones", NO_MATCH),
    ("phone_number", "6175550102", "617-555-0102", MATCH),
    ("phone_number", "6175550102", "(617)555-0102", MATCH),
    ("phone_number", "6175550102", "(617) 555-0102", NO_MATCH),
    ("phone_number", "6175550102", "16175550102", NO_MATCH),
    ("phone_number", "6175550102", "617.555.0102", NO_MATCH),
    ("phone_number", None, "6175550102", NO_OWN),
    ("email", "Ann@Mail.Example", " ann@mail.example", MATCH),
    ("email", "none", "none", NO_MATCH),
    ("email", "ann@mail.example", "ann@mail.test", NO_MATCH),
    ("email", "ann@mail.example", None, NO_SITE),
    ("city", "Saint Louis", "St. Louis", MATCH),
    ("city", "Boston", "Cambridge", NO_MATCH),
    ("state", "PIIState_MA", "ma", MATCH),
    ("state", "MA", "Massachusetts", NO_SITE),
    ("state", "ZZ", "MA", NO_OWN),
    ("zip", "02139", "2139", MATCH),
    ("zip", "02139-4307", "02139 1111", MATCH),
    ("zip", "02139", "02140", NO_MATCH),
    ("birth_date", "1980-02-29", "1980-02-29T23:59:59-05:00", MATCH),
    ("birth_date", "1980-03-04", "1980-04-03 00:00:00", NO_MATCH),
    ("birth_date", "1980-02-29", None, NO_SITE),
    ("sex", "male", "8507", MATCH),
    ("sex", "female", "8532", MATCH),
    ("sex", "female", "8507", NO_MATCH),
    ("sex", "none_of_these", "8551", MATCH),
    ("sex", "none_of_these", "8521", MATCH),
    ("sex", "none_of_these", "8570", MATCH),
    ("sex", "none_of_these", "8507", NO_MATCH),
    ("sex", "intersex", "8570", NO_MATCH),
    ("sex", "male", "8551", NO_MATCH),
    ("sex", "male", "0", NO_SITE),
    ("sex", "male", None, NO_SITE),
    ("sex", "skip", "8507", NO_OWN),
    ("sex", "prefer_not_to_answer", "0", NO_OWN),
    ("sex", "unset", "8532", NO_OWN),
]


@pytest.mark.parametrize(("field", "own", "sites", "outcome"), CASES)
def test_one_field(field: str, own: str | None, sites: str | None, outcome: str) -> None:
    found = outcomes_of(ANN | {field: own}, AT_SITE | {field: sites})
    assert found == dict.fromkeys(FIELDS, MATCH) | {field: outcome}


LINES = [
    (("12 Mill Ln", "Apt 5"), ("12 mill lane", "#5"), (MATCH, NO_MATCH)),
    (("12 Mill Ln Apt 5", None), ("12 Mill Lane", "Apartment 5"), (MATCH, MATCH)),
    (("12 Mill Ln", "Apt 5"), ("12 Mill Lane Apt 5", None), (MATCH, MATCH)),
    (("Apt 5", "12 Mill Ln"), ("12 Mill Ln", "Apt 5"), (NO_MATCH, NO_MATCH)),
    (("12 Mill Ln", None), ("12 Mill Ln", None), (MATCH, NO_OWN)),
    (("12 Mill Ln", None), (None, None), (NO_SITE, NO_OWN)),
    ((None, None), (None, None), (NO_OWN, NO_OWN)),
    (("7th Ave N", None), ("7 Avenue North", "Rear"), (MATCH, NO_OWN)),
]


@pytest.mark.parametrize(("own", "sites", "expected"), LINES)
def test_two_lines_of_an_address(
    own: tuple[str | None, ...], sites: tuple[str | None, ...], expected: tuple[str, ...]
) -> None:
    lines = ("address_1", "address_2")
    found = outcomes_of(
        ANN | dict(zip(lines, own, strict=True)), AT_SITE | dict(zip(lines, sites, strict=True))
    )
    assert tuple(found[line] for line in lines) == expected


def test_a_person_whom_the_programme_does_not_know_has_nothing_to_compare() -> None:
    frame = compare(make_comparable(details_of(AT_SITE), contacts_of()).persons)
    assert set(frame.row(0)[1:]) == {NO_OWN}


def test_a_person_who_was_not_sent_is_not_compared() -> None:
    other = ANN | {"person_id": 2}
    frame = compare(make_comparable(details_of(AT_SITE), contacts_of(ANN, other)).persons)
    assert frame["person_id"].to_list() == [1]


def judged(
    wrong: tuple[str, ...], validations: pl.DataFrame | None = None
) -> tuple[str, bool | None, str]:
    outcome = {"person_id": 1} | {f: NO_MATCH if f in wrong else MATCH for f in FIELDS}
    row = judge(pl.DataFrame([outcome]), validations).row(0, named=True)
    return row["algorithm"], row["validated"], row["result"]


@pytest.mark.parametrize(
    ("wrong", "algorithm"),
    [
        ((), "yes"),
        (("first_name",), "yes"),
        (("first_name", "last_name"), "no"),
        (("birth_date", "last_name"), "no"),
        (("first_name", "sex", "zip"), "yes"),
        (("sex", "zip", "city"), "yes"),
        (("sex", "zip", "city", "email"), "no"),
        (("middle_name", "address_2", "phone_number", "email"), "no"),
    ],
)
def test_two_naming_fields_or_four_of_all_decide(wrong: tuple[str, ...], algorithm: str) -> None:
    assert judged(wrong)[0] == algorithm


@pytest.mark.parametrize("outcome", [o.value for o in Outcome if o is not Outcome.MATCH])
def test_what_is_missing_counts_as_what_differs(outcome: str) -> None:
    row = {"person_id": 1} | dict.fromkeys(FIELDS, MATCH)
    row |= dict.fromkeys(("first_name", "birth_date"), outcome)
    assert judge(pl.DataFrame([row]), None)["algorithm"].to_list() == ["no"]


YES, NO, EMPTY = "yes", "no", None
VALIDATIONS = [
    (YES, YES, True, Result.STAYS),
    (YES, NO, True, Result.STAYS),
    (NO, YES, True, Result.STAYS),
    (YES, EMPTY, True, Result.STAYS),
    (EMPTY, YES, True, Result.STAYS),
    (NO, NO, False, Result.LEAVES),
    (NO, EMPTY, None, Result.NOT_KNOWN),
    (EMPTY, NO, None, Result.NOT_KNOWN),
    (EMPTY, EMPTY, None, Result.NOT_KNOWN),
]


@pytest.mark.parametrize(("algorithm", "manual", "validated", "result"), VALIDATIONS)
def test_the_site_s_own_answers_count_in_three_values(
    algorithm: str | None, manual: str | None, validated: bool | None, result: Result
) -> None:
    given_answers = validations_of([(1, algorithm, manual)])
    assert judged(("first_name", "last_name"), given_answers) == ("no", validated, result)
    assert judged((), given_answers) == ("yes", validated, Result.STAYS)


def test_nobody_is_validated_by_a_table_that_is_not_there_or_leaves_them_out() -> None:
    wrong = ("first_name", "last_name")
    assert judged(wrong) == ("no", False, Result.LEAVES)
    assert judged(wrong, validations_of([(2, YES, YES)])) == ("no", False, Result.LEAVES)


def test_of_several_answers_of_a_site_one_yes_is_enough() -> None:
    wrong = ("first_name", "last_name")
    assert judged(wrong, validations_of([(1, NO, NO), (1, NO, YES)]))[2] == Result.STAYS
    assert judged(wrong, validations_of([(1, NO, NO), (1, NO, EMPTY)]))[2] == Result.NOT_KNOWN


WORDS = st.sampled_from(["Ann", "ann", "Bo", "José", "jose", "12 Mill Ln", "", None])
TEXT_FIELDS = ("first_name", "middle_name", "last_name", "email", "address_1", "address_2", "city")


@given(own=st.tuples(*[WORDS] * len(TEXT_FIELDS)), sites=st.tuples(*[WORDS] * len(TEXT_FIELDS)))
@settings(deadline=None)
def test_whether_a_field_matches_does_not_depend_on_the_side(
    own: tuple[str | None, ...], sites: tuple[str | None, ...]
) -> None:
    """All but the names of what is missing is the same with the sides exchanged."""
    one, other = (
        outcomes_of(
            ANN | dict(zip(TEXT_FIELDS, a, strict=True)),
            AT_SITE | dict(zip(TEXT_FIELDS, b, strict=True)),
        )
        for a, b in ((own, sites), (sites, own))
    )
    for field in TEXT_FIELDS:
        assert (one[field] == MATCH) == (other[field] == MATCH)
        assert (one[field] == NO_MATCH) == (other[field] == NO_MATCH)


NAMES = [
    {"first_name": "Ann", "last_name": "Smith"},
    {"first_name": "Anna", "last_name": "Jones"},
    {"first_name": None, "last_name": "O’Neill"},
]


def test_the_order_of_a_person_s_rows_does_not_matter() -> None:
    found = [outcomes_of(ANN, *rows) for rows in itertools.permutations(NAMES)]
    assert found == found[:1] * len(found)
