"""Fields are made comparable as specified: a table of cases, and a plain reference beside it."""

import re
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.intake.matching.declared import (
    FIELDS,
    get_abbreviations,
    get_states,
    list_evidence_kinds,
    list_field_rules,
)
from commonweal.intake.matching.normalise import BLANKS, NORMALISERS, fold_accents, get_digits

CASES = [
    ("first_name", "  Mary-Ann ", "maryann"),
    ("first_name", "José", "jos"),
    ("first_name", "JOSE\u0301", "jose"),
    ("middle_name", "B.", "b"),
    ("middle_name", " ", None),
    ("last_name", "O’Neill", "oneill"),
    ("last_name", "De la Cruz", "delacruz"),
    ("last_name", "李", None),
    ("phone_number", "(617) 555-0102", "617 5550102"),
    ("phone_number", "617-555-0102", "6175550102"),
    ("phone_number", "+16175550102", "16175550102"),
    ("phone_number", "617.555.0102", "617.555.0102"),
    ("phone_number", "()-+", None),
    ("email", " Ann@Mail.Example ", "ann@mail.example"),
    ("email", "nothing", "nothing"),
    ("address_1", "12 N. Main St.", "12 north main street"),
    ("address_1", "7th Ave", "7 avenue"),
    ("address_1", "21st St", "21 street"),
    ("address_1", "50a Mill Ln", "50 a mill lane"),
    ("address_1", "P.O. Box 7", "p o box 7"),
    ("address_1", "PO Box 7", "post office box 7"),
    ("address_1", "First  Street", "first street"),
    ("address_1", "1st2nd", "1 st2 nd"),
    ("address_2", "Apt #5", "apartment 5"),
    ("address_2", "--", None),
    ("city", "St. Louis", "saint louis"),
    ("city", "Edwards AFB", "edwards air force base"),
    ("city", "Winston-Salem", "winston salem"),
    ("state", "PIIState_MA", "ma"),
    ("state", " ma ", "ma"),
    ("state", "PR", "pr"),
    ("state", "AE", "ae"),
    ("state", "XX", None),
    ("state", "Massachusetts", None),
    ("zip", "2139", "02139"),
    ("zip", "02139-4307", "02139"),
    ("zip", " 02139 4307", "02139"),
    ("zip", "-", None),
    ("birth_date", "1980-02-29 00:00:00", "1980-02-29"),
    ("birth_date", "1980-02-29T23:00:00-05:00", "1980-02-29"),
    ("birth_date", "1980-02-30", None),
    ("sex", "Male ", "male"),
    ("sex", "", None),
]


def normalise(field: str, *texts: str | None) -> list[str | None]:
    column = pl.Series("text", texts, pl.String).to_frame()
    return column.select(NORMALISERS[field](pl.col("text")))["text"].to_list()


@pytest.mark.parametrize(("field", "text", "expected"), CASES)
def test_a_value_becomes(field: str, text: str, expected: str | None) -> None:
    assert normalise(field, text) == [expected]


def test_nothing_stays_nothing_in_every_field() -> None:
    for field in FIELDS:
        assert normalise(field, None, "") == [None, None], field


def lower(text: str) -> str:
    return text.strip(BLANKS).lower()


def name_reference(text: str) -> str:
    return "".join(c for c in lower(text) if "a" <= c <= "z")


def words_reference(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower())


def street_reference(text: str) -> str:
    words = []
    for word in words_reference(text).split():
        ending = re.fullmatch("([0-9]+)(st|nd|rd|th)", word)
        parted = ending[1] if ending else re.sub("([0-9])([a-z])", r"\1 \2", word)
        words += [get_abbreviations("street").get(part, part) for part in parted.split()]
    return " ".join(words)


def city_reference(text: str) -> str:
    full = get_abbreviations("city")
    return " ".join(full.get(word, word) for word in words_reference(text).split())


def state_reference(text: str) -> str:
    prefix, codes = get_states()
    code = lower(text).removeprefix(prefix)
    return code if code in codes else ""


def zip_reference(text: str) -> str:
    before = re.split("[- ]", text.strip(BLANKS))[0]
    return before.rjust(5, "0") if before else ""


def day_reference(text: str) -> str:
    try:
        day = date.fromisoformat(text[:10]) if re.match(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return ""
    return day.isoformat() if day else ""


REFERENCES = {
    "first_name": name_reference,
    "middle_name": name_reference,
    "last_name": name_reference,
    "phone_number": lambda text: "".join(c for c in text if c not in "-+()"),
    "email": lower,
    "address_1": street_reference,
    "address_2": street_reference,
    "city": city_reference,
    "state": state_reference,
    "zip": zip_reference,
    "birth_date": day_reference,
    "sex": lower,
}
SPOKEN = st.sampled_from(
    ["7th", "50a", "St.", "apt", "#5", "AFB", "1st", "22nd", "é", "PIIState_", "MA", "N", "-", "99"]
)
TEXTS = st.one_of(
    st.text(),
    st.lists(SPOKEN).map(" ".join),
    st.lists(SPOKEN).map("".join),
    st.dates().map(str),
    st.text(alphabet="ab1 9-.(+İK", max_size=12),
)


@pytest.mark.parametrize("field", FIELDS)
@given(texts=st.lists(TEXTS, max_size=6))
@settings(deadline=None)
def test_a_column_is_made_comparable_as_each_of_its_values(field: str, texts: list[str]) -> None:
    assert normalise(field, *texts) == [REFERENCES[field](text) or None for text in texts]


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"phone_number", "address_1", "address_2"}))
@given(text=TEXTS)
@settings(deadline=None)
def test_what_is_comparable_stays_as_it_is(field: str, text: str) -> None:
    """Telephone numbers and streets too, but for what their rules join anew."""
    once = normalise(field, text)
    assert normalise(field, *once) == once


@given(text=st.text())
@settings(deadline=None)
def test_folding_leaves_no_accent_and_digits_are_ten(text: str) -> None:
    frame = pl.Series("text", [text, "(617) 555-0102", "1-617-555-0102"]).to_frame()
    digits = frame.select(get_digits(pl.col("text")))["text"].to_list()
    assert digits[1:] == ["6175550102"] * 2
    assert digits[0] is None or re.fullmatch("[0-9]{10}", digits[0])
    folded = frame.select(fold_accents(pl.col("text")))["text"].to_list()
    assert frame.select(fold_accents(pl.lit("José Ñu\u0308")))["literal"][0] == "Jose Nu"
    assert folded[1] == "(617) 555-0102"


def test_what_is_declared_fits_together() -> None:
    assert [rule.name for rule in list_field_rules()] == list(FIELDS) == list(NORMALISERS)
    assert len(FIELDS) == 12
    assert len(get_states()[1]) == len(set(get_states()[1])) == 62
    assert len(get_abbreviations("street")) == 49
    for kind in list_evidence_kinds().values():
        assert set(kind.fields) <= set(FIELDS), kind.name
