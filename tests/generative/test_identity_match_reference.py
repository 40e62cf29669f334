"""The strict comparison of whole columns gives what a plain reference says of each person."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching_frames import TABLES, Row, contacts_of, details_of, validations_of

from commonweal.intake.matching.declared import FIELDS, NAMING, get_sex_table
from commonweal.intake.matching.match import compare, judge, make_comparable
from commonweal.intake.matching.normalise import NORMALISERS

VALUES: Mapping[str, list[str | None]] = {
    "first_name": ["Ann", "ANN", "José", "Jose", "李", "", None],
    "middle_name": ["B.", "b", "Beatrice", None],
    "last_name": ["O’Neill", "oneill", "Smith", None],
    "phone_number": ["6175550102", "617-555-0102", "(617) 555-0102", None],
    "email": ["a@mail.example", " A@MAIL.example", "none", None],
    "address_1": ["12 Mill Ln", "12 mill lane apt 5", "7th Ave", None],
    "address_2": ["Apt 5", "#5", "apartment 5", None],
    "city": ["St. Louis", "saint louis", "Boston", None],
    "state": ["MA", "PIIState_MA", "ZZ", None],
    "zip": ["02139", "2139", "02139-1", None],
}
OWN = VALUES | {
    "birth_date": ["1980-02-03", "1980-03-02"],
    "sex": ["male", "female", "intersex", "none_of_these", "skip", None],
}
SITES = VALUES | {
    "birth_date": ["1980-02-03 00:00:00", "1980-03-02", None],
    "sex": ["8507", "8532", "8551", "0", None],
}
PERSONS = st.integers(1, 4)


def rows_of(values: Mapping[str, list[str | None]]) -> st.SearchStrategy[Row]:
    cells = {field: st.sampled_from(options) for field, options in values.items()}
    return st.fixed_dictionaries({"person_id": PERSONS, **cells})


def normalise(field: str, text: str | None) -> str | None:
    """By the product: each value was compared with a reference of its own elsewhere."""
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    found: str | None = frame.select(NORMALISERS[field](pl.col("text")))["text"][0]
    return found


def reference_fields(own: Row | None, rows: list[Row]) -> dict[str, str]:
    """The outcome of one person, of whom the site sent these rows of every table."""
    theirs: dict[str, str | None] = {}
    for fields in TABLES.values():
        compared = [field for field in fields if field in FIELDS]
        made = [tuple(normalise(f, row[f]) for f in compared) for row in rows]
        least = min(made, key=lambda cells: [(cell is None, cell or "") for cell in cells])
        theirs |= dict(zip(compared, least, strict=True))
    theirs["sex"] = None if theirs["sex"] == "0" else theirs["sex"]
    ours = {field: normalise(field, own[field]) if own else None for field in FIELDS}
    if ours["sex"] in get_sex_table().unanswered:
        ours["sex"] = None
    found = {field: reference_field(field, ours[field], theirs[field]) for field in FIELDS}
    lines = ("address_1", "address_2")
    both = [" ".join(side[line] or "" for line in lines).strip() for side in (ours, theirs)]
    if both[0] == both[1] != "" and "match" not in {found[line] for line in lines}:
        found |= dict.fromkeys(lines, "match")
    return found


def reference_field(field: str, ours: str | None, theirs: str | None) -> str:
    if ours is None:
        return "missing_rdr"
    if theirs is None:
        return "missing_ehr"
    if field == "sex":
        same = int(theirs) in get_sex_table().matches[ours]
    else:
        same = ours == theirs and (field != "email" or "@" in ours)
    return "match" if same else "no_match"


def reference_result(found: Mapping[str, str], answers: list[tuple[Any, ...]]) -> str:
    differing = [field for field in FIELDS if found[field] != "match"]
    if len(differing) < 4 and len([f for f in differing if f in NAMING]) < 2:
        return "stays"
    said = [answer for row in answers for answer in row[1:]]
    if "yes" in said:
        return "stays"
    return "not_known" if None in said else "leaves"


ANSWERS = st.sampled_from(["yes", "no", None])


@given(
    own=st.lists(rows_of(OWN), unique_by=lambda row: row["person_id"], max_size=4),
    sent=st.lists(rows_of(SITES), max_size=6),
    answers=st.none() | st.lists(st.tuples(PERSONS, ANSWERS, ANSWERS), max_size=4),
)
@settings(deadline=None, max_examples=60)
def test_columns_and_persons_agree(
    own: list[Row], sent: list[Row], answers: list[tuple[Any, ...]] | None
) -> None:
    comparable = make_comparable(details_of(*sent), contacts_of(*own))
    validations = None if answers is None else validations_of(answers)
    judged = judge(compare(comparable.persons), validations)
    entered = {row["person_id"]: row for row in own}
    by_person = sorted(sent, key=lambda row: row["person_id"])
    expected = []
    for person, rows in groupby(by_person, key=lambda row: row["person_id"]):
        found = reference_fields(entered.get(person), list(rows))
        given_answers = [row for row in answers or () if row[0] == person]
        expected.append((person, *found.values(), reference_result(found, given_answers)))
    assert judged.select("person_id", *FIELDS, "result").rows() == expected
