"""Who a site's patients are: persons, their homes, and how to recognise them.

Everything is made up: mail goes to ``.example``, telephone numbers are those kept free for
fiction (555-0100 to 555-0199), names are put together by chance. Details of a person are the
same at both sites of somebody who goes to two; record numbers are the site's own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Columns
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.cities import get_city, get_main_city
from commonweal.synthetic.sites.columns import choose_words, digits, join, pick_rows
from commonweal.synthetic.sites.matching import build_match
from commonweal.synthetic.sites.names import INITIALS, SUFFIXES, Names, draw_names, draw_streets
from commonweal.synthetic.sites.staff import draw_usual

HOMES_FROM = 100_000_000_000
"""Ids of homes come after those of places of care."""
HISPANIC = 38003563
SPANISH_NAME_SHARE = 0.85
"""Of those who are Hispanic or answer in Spanish."""
MIDDLE_SHARE, SUFFIX_SHARE, APARTMENT_SHARE = 0.4, 0.02, 0.2
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
LAST_OF_FICTION = 99
RECORD_NUMBERS, MAIL_NUMBERS = 10**8, 10**4
SPREAD = 61_803_399
"""Has no factor in common with ``RECORD_NUMBERS``: neighbours get numbers far apart."""


def build_identity(plan: Plan, patients: Patients) -> Records:
    """Rows of ``person``, ``location`` (homes), the PII tables and ``participant_match``."""
    has_home = patients.of_person(patients.people.residence) != NOWHERE
    has_mail = plan.draws.chance("email", patients.ids, EMAIL_SHARE)
    has_phone = plan.draws.chance("phone", patients.ids, PHONE_SHARE)
    names = _draw_names(plan, patients)
    home = HOMES_FROM + patients.keys
    match = build_match(plan, patients, has_home=has_home, has_phone=has_phone, has_mail=has_mail)
    everybody = np.arange(len(patients), dtype=np.int64)
    at_home = np.flatnonzero(has_home)
    calls = plan.draws.chance("second phone", patients.ids, SECOND_PHONE_SHARE)
    return {
        "person": _rows(everybody, _build_persons(plan, patients, has_home, home)),
        "location": _rows(at_home, _build_homes(plan, patients, home)),
        "pii_name": _rows(everybody, _build_names(plan, patients, names)),
        "pii_email": _rows(np.flatnonzero(has_mail), _build_emails(patients, names)),
        "pii_phone_number": _build_phones(plan, patients, np.where(has_phone, 1 + calls, 0)),
        "pii_address": _rows(at_home, {"person_id": patients.ids, "location_id": home}),
        "pii_mrn": _rows(everybody, _build_record_numbers(plan, patients)),
        "participant_match": _rows(everybody, match),
    }


def _rows(whom: Ints, columns: Columns) -> Rows:
    return Rows(whom, pick_rows(columns, whom))


def _draw_names(plan: Plan, patients: Patients) -> Names:
    people = patients.people
    may_be = patients.of_person(people.spanish | (people.ethnicity == HISPANIC))
    spanish = may_be & plan.draws.chance("spanish name", patients.ids, SPANISH_NAME_SHARE)
    return draw_names(plan.draws, "name", patients.ids, patients.of_person(people.sex), spanish)


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


def _build_homes(plan: Plan, patients: Patients, home: Ints) -> Columns:
    """A home for each patient, also where no residence is known."""
    draws, ids = plan.draws, patients.ids
    place = np.maximum(patients.of_person(patients.people.residence), 0)
    states = read_facts("states.csv")
    flat = pa.array(draws.integers("flat", ids, 1, 40))
    no_flat = ~draws.chance("has flat", ids, APARTMENT_SHARE)
    streets = draw_streets(draws, "street", ids)
    return {
        "location_id": home,
        "address_1": join(draws.integers("house number", ids, 1, 1_900), " ", streets),
        "address_2": join("Apt ", pa.array(flat.to_numpy(), mask=no_flat)),
        "city": choose_words(place, [get_city(row["zip3"])["city"] for row in states]),
        "state": choose_words(place, [row["state"] for row in states]),
        "zip": join(
            choose_words(place, [row["zip3"] for row in states]),
            digits(draws.integers("zip", ids, 1, 99), 2),
        ),
        "location_source_value": join("H", patients.keys),
    }


def _build_names(plan: Plan, patients: Patients, names: Names) -> Columns:
    draws, ids = plan.draws, patients.ids
    no_middle = ~draws.chance("has middle name", ids, MIDDLE_SHARE)
    is_man = patients.of_person(patients.people.sex) == MALE
    no_suffix = ~(is_man & draws.chance("has suffix", ids, SUFFIX_SHARE))
    middle = draws.integers("middle name", ids, 0, len(INITIALS) - 1)
    suffix = draws.integers("suffix", ids, 0, len(SUFFIXES) - 1)
    return {
        "person_id": ids,
        "first_name": names.given_text,
        "middle_name": pa.array(INITIALS).take(pa.array(middle, mask=no_middle)),
        "last_name": names.family_text,
        "suffix": pa.array(SUFFIXES).take(pa.array(suffix, mask=no_suffix)),
    }


def _build_emails(patients: Patients, names: Names) -> Columns:
    number = digits(patients.ids * SPREAD % MAIL_NUMBERS, 4)
    address = join(names.plain_given, ".", names.plain_family, number, "@mail.example")
    return {"person_id": patients.ids, "email": address}


def _build_phones(plan: Plan, patients: Patients, count: Ints) -> Rows:
    """So many numbers of each patient: of the first it is the area of the site."""
    who = np.repeat(np.arange(len(patients), dtype=np.int64), count)
    first = np.cumsum(count) - count
    number = np.arange(len(who), dtype=np.int64) - np.repeat(first, count)
    ids, site = patients.ids[who], patients.site[who]
    near = [get_main_city(profile.state)["area_code"] for profile in plan.sites]
    last = plan.draws.integers("phone number", ids, 0, LAST_OF_FICTION, number)
    shape = site % len(PHONE_SHAPES)
    columns: Columns = {
        "person_id": ids,
        "phone_number": join(
            choose_words(shape, [before for before, _ in PHONE_SHAPES]),
            choose_words(site, near),
            choose_words(shape, [after for _, after in PHONE_SHAPES]),
            digits(last, 2),
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
