"""Who a site's patients are: persons, their homes, and how to recognise them.

Details of a person are the same at both sites of somebody who goes to two, and the same as the
programme's but for ``matching.DIFFERING``; record numbers are the site's own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.frames import Columns
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import choose_words, digits, join, pick_rows
from commonweal.synthetic.sites.details import (
    SPREAD,
    Whom,
    build_addresses,
    draw_homes,
    draw_last_digits,
    draw_middle_names,
    draw_person_names,
    list_area_codes,
    list_whom,
)
from commonweal.synthetic.sites.matching import build_match
from commonweal.synthetic.sites.names import SUFFIXES, Names
from commonweal.synthetic.sites.staff import draw_usual

HOMES_FROM = 100_000_000_000
"""Ids of homes come after those of places of care."""
SUFFIX_SHARE = 0.02
EMAIL_SHARE, PHONE_SHARE, SECOND_PHONE_SHARE = 0.85, 0.96, 0.15
SEX_WORDS = {FEMALE: "F", MALE: "M", 0: "U"}
RACE_WORDS = {
    8527: "White",
    8516: "Black or African American",
    8515: "Asian",
    8657: "American Indian or Alaska Native",
    8557: "Native Hawaiian or Other Pacific Islander",
    0: "Unknown",
}
ETHNICITY_WORDS = {38003563: "Hispanic", 38003564: "Not Hispanic", 0: "Unknown"}
OTHER = "Other"
PHONE_SHAPES = (("(", ") 555-01"), ("", "-555-01"), ("1", "55501"))
"""What stands before and after the area code; a site writes all its numbers alike."""
RECORD_NUMBERS = 10**8


def build_identity(plan: Plan, patients: Patients) -> Records:
    """Rows of ``person``, ``location`` (homes), the PII tables and ``participant_match``."""
    has_home = patients.of_person(patients.people.residence) != NOWHERE
    has_mail = plan.draws.chance("email", patients.ids, EMAIL_SHARE)
    has_phone = plan.draws.chance("phone", patients.ids, PHONE_SHARE)
    whom = list_whom(patients.people, patients.person)
    names = draw_person_names(plan.draws, whom)
    home = HOMES_FROM + patients.keys
    match = build_match(plan, patients, has_home=has_home, has_phone=has_phone, has_mail=has_mail)
    everybody = np.arange(len(patients), dtype=np.int64)
    at_home = np.flatnonzero(has_home)
    calls = plan.draws.chance("second phone", patients.ids, SECOND_PHONE_SHARE)
    return {
        "person": _rows(everybody, _build_persons(plan, patients, has_home, home)),
        "location": _rows(at_home, _build_homes(plan, patients, whom, home)),
        "pii_name": _rows(everybody, _build_names(plan, patients, whom, names)),
        "pii_email": _rows(np.flatnonzero(has_mail), _build_emails(patients, names)),
        "pii_phone_number": _build_phones(plan, patients, np.where(has_phone, 1 + calls, 0)),
        "pii_address": _rows(at_home, {"person_id": patients.ids, "location_id": home}),
        "pii_mrn": _rows(everybody, _build_record_numbers(plan, patients)),
        "participant_match": _rows(everybody, match),
    }


def _rows(whom: Ints, columns: Columns) -> Rows:
    return Rows(whom, pick_rows(columns, whom))


def _build_persons(plan: Plan, patients: Patients, has_home: Flags, home: Ints) -> Columns:
    people = patients.people
    born = patients.of_person(people.born)
    month = born.astype("datetime64[M]")
    place, provider = draw_usual(plan, patients)
    columns: dict[str, Any] = {
        "person_id": patients.ids,
        "year_of_birth": born.astype("datetime64[Y]").astype(np.int64) + 1970,
        "month_of_birth": month.astype(np.int64) % 12 + 1,
        "day_of_birth": (born - month.astype("datetime64[D]")).astype(np.int64) + 1,
        "birth_datetime": born.astype("datetime64[us]"),
        "location_id": pa.array(home, mask=~has_home),
        "provider_id": provider,
        "care_site_id": place,
        "person_source_value": _record_numbers(patients),
    }
    for name, concepts, known in (
        ("gender", people.sex, SEX_WORDS),
        ("race", people.race, RACE_WORDS),
        ("ethnicity", people.ethnicity, ETHNICITY_WORDS),
    ):
        columns[f"{name}_concept_id"] = patients.of_person(concepts)
        columns[f"{name}_source_value"] = _word(columns[f"{name}_concept_id"], known)
        columns[f"{name}_source_concept_id"] = 0
    return columns


def _build_homes(plan: Plan, patients: Patients, whom: Whom, home: Ints) -> Columns:
    """A home for each patient, also where no residence is known."""
    return {
        "location_id": home,
        **draw_homes(plan.draws, whom),
        "location_source_value": join("H", patients.keys),
    }


def _build_names(plan: Plan, patients: Patients, whom: Whom, names: Names) -> Columns:
    draws, ids = plan.draws, patients.ids
    is_man = patients.of_person(patients.people.sex) == MALE
    no_suffix = ~(is_man & draws.chance("has suffix", ids, SUFFIX_SHARE))
    suffix = draws.integers("suffix", ids, 0, len(SUFFIXES) - 1)
    return {
        "person_id": ids,
        "first_name": names.given_text,
        "middle_name": draw_middle_names(draws, whom),
        "last_name": names.family_text,
        "suffix": pa.array(SUFFIXES).take(pa.array(suffix, mask=no_suffix)),
    }


def _build_emails(patients: Patients, names: Names) -> Columns:
    return {"person_id": patients.ids, "email": build_addresses(names, patients.ids)}


def _build_phones(plan: Plan, patients: Patients, count: Ints) -> Rows:
    """So many numbers of each patient, written as the site writes all of them."""
    who = np.repeat(np.arange(len(patients), dtype=np.int64), count)
    first = np.cumsum(count) - count
    number = np.arange(len(who), dtype=np.int64) - np.repeat(first, count)
    whom = list_whom(patients.people, patients.person[who])
    shape = patients.site[who] % len(PHONE_SHAPES)
    columns: Columns = {
        "person_id": whom.ids,
        "phone_number": join(
            choose_words(shape, [before for before, _ in PHONE_SHAPES]),
            list_area_codes(plan, whom),
            choose_words(shape, [after for _, after in PHONE_SHAPES]),
            digits(draw_last_digits(plan.draws, whom.ids, number), 2),
        ),
    }
    return Rows(who, columns)


def _build_record_numbers(plan: Plan, patients: Patients) -> Columns:
    titles = [profile.title for profile in plan.sites]
    return {
        "person_id": patients.ids,
        "health_system": choose_words(patients.site, titles),
        "MRN": _record_numbers(patients),
    }


def _record_numbers(patients: Patients) -> pa.Array:
    """Ten digits with leading zeros, no two alike."""
    return digits(patients.keys % RECORD_NUMBERS * SPREAD % RECORD_NUMBERS, 10)


def _word(concepts: Ints, known: Mapping[int, str]) -> pa.Array:
    """A site's word for each concept."""
    listed = np.array(sorted(known), dtype=np.int64)
    at = np.minimum(np.searchsorted(listed, concepts), len(listed) - 1)
    at = np.where(listed[at] == concepts, at, len(listed))
    return choose_words(at, [*(known[concept] for concept in listed.tolist()), OTHER])
