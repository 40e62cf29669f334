"""Who joins the programme, when, with which consents, and who leaves again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.frames import (
    Columns,
    Days,
    Moments,
    at_daytime,
    build_table,
    join_text,
    read_facts,
    some_day_between,
)

FIRST_DAY = date(2017, 6, 1)
PACE = [
    ("2017-06-01", 0.10),  # invited only
    ("2018-05-06", 1.00),  # open to all
    ("2020-03-15", 1.30),
    ("2020-03-16", 0.03),  # clinics closed
    ("2020-08-31", 0.03),
    ("2020-09-01", 0.50),
    ("2021-06-01", 1.00),
]
"""How fast people join: straight lines between these points, level after the last."""

MONTHS_TO_ADULTHOOD = 18 * 12
MALE, FEMALE = 8507, 8532
MAN, WOMAN, NON_BINARY, TRANSGENDER, SKIPPED = 1585839, 1585840, 1585841, 1585842, 0

WITHDRAWN_SHARE = 1 / 200
DEACTIVATED_SHARE = 1 / 150
DIED_SHARE = 1 / 200
TEST_SHARE = 1 / 500
SPANISH_SHARE = 0.08
NO_ADDRESS_SHARE = 0.01
NEAR_SITE_SHARE = 0.85
NEVER_CONSENTED_SHARE = 0.15
EHR_GROUPS = {"yes": 93, "no": 3, "expired": 2, "not_validated": 2}
WEARABLE_SHARE = 0.10

NEVER = np.datetime64("NaT", "D")
FORM_VERSIONS = {"primary": "3.1", "ehr": "2.0", "genomic_results": "1.2", "wearable": "1.0"}


@dataclass(frozen=True)
class Participants:
    """Everybody who enrolled: one entry of each array for each, in the order of their ids."""

    ids: Ints
    site: pa.Array
    born: Days
    sex: Ints
    race: Ints
    ethnicity: Ints
    gender: Ints
    enrolled: Days
    withdrawn: Days
    deactivated: Days
    died: Days
    last_day: Days
    """Last day on which the programme may have heard from them."""
    residence: Ints
    """Row of ``states.csv``; -1 where no address was given."""
    language: pa.Array

    def pick(self, whom: Flags, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The chosen participants' ids, then their part of each array."""
        return (self.ids[whom], *(array[whom] for array in arrays))


def enrol(persons: pa.Table, draws: Draws, as_of: date) -> Participants:
    """Enrol every person who is an adult by ``as_of``.

    Raises:
        CommonwealError: ``as_of`` lies before the programme began, or nothing is known of the
            state of a site.
    """
    if as_of < FIRST_DAY:
        raise CommonwealError(
            f"The programme began on {FIRST_DAY}, after {as_of}.",
            fix="Choose a later date for the snapshot.",
        )
    last = np.datetime64(as_of, "D")
    adult = _adult_on(_birth_days(persons)) <= last
    persons = persons.filter(pa.array(adult)).sort_by("person_id")
    born = _birth_days(persons)
    ids = persons["person_id"].to_numpy().astype(np.int64)
    sex = persons["sex_concept_id"].to_numpy().astype(np.int64)
    enrolled = np.maximum(_joining_days(draws, "enrolled", ids, as_of), _adult_on(born))
    ends = {
        stream: _event_day(draws, stream, share, ids, between=(enrolled, last))
        for stream, share in (
            ("withdrawn", WITHDRAWN_SHARE),
            ("deactivated", DEACTIVATED_SHARE),
            ("died", DIED_SHARE),
        )
    }
    return Participants(
        ids=ids,
        site=persons["site"].combine_chunks(),
        born=born,
        sex=sex,
        race=persons["race_concept_id"].to_numpy().astype(np.int64),
        ethnicity=persons["ethnicity_concept_id"].to_numpy().astype(np.int64),
        gender=_gender_identity(draws, ids, sex),
        enrolled=enrolled,
        **ends,
        last_day=np.fmin.reduce([*ends.values(), np.full(len(ids), last)]),
        residence=_residence(draws, ids, _states_of_sites(persons)),
        language=_language(draws, ids),
    )


def build_participants(people: Participants, draws: Draws) -> pa.Table:
    """The feed ``participant``."""
    states = read_facts("states.csv")
    homes = people.residence
    numbers = draws.integers("zip", people.ids, 1, 99)
    zips = [
        f"{states[h]['zip3']}{n:02d}" if h >= 0 else None
        for h, n in zip(homes, numbers, strict=True)
    ]
    columns: Columns = {
        "participant_id": people.ids,
        "site": people.site,
        "enrolled_on": people.enrolled,
        "birth_date": people.born,
        "sex_at_birth_concept_id": people.sex,
        "gender_identity_concept_id": people.gender,
        "race_concept_id": people.race,
        "ethnicity_concept_id": people.ethnicity,
        "state": pa.array([states[h]["state"] if h >= 0 else None for h in homes], pa.string()),
        "zip_code": pa.array(zips, pa.string()),
        "is_test": draws.chance("test", people.ids, TEST_SHARE).astype(np.int64),
        "withdrawn_on": people.withdrawn,
        "deactivated_on": people.deactivated,
        "died_on": people.died,
    }
    return build_table(get_model("feeds").table("participant"), [columns])


def build_accounts(people: Participants, draws: Draws, as_of: date) -> pa.Table:
    """The feed ``account_registration``: every participant, and some who never consented."""
    before = draws.integers("registered", people.ids, 0, 20).astype("timedelta64[D]")
    days = np.maximum(people.enrolled - before, np.datetime64(FIRST_DAY, "D"))
    visitors = np.arange(1, round(len(people.ids) * NEVER_CONSENTED_SHARE) + 1, dtype=np.int64)
    visits = _joining_days(draws, "visitor", visitors, as_of)
    return build_table(
        get_model("feeds").table("account_registration"),
        [
            {
                "account_id": join_text("participant", people.ids),
                "registered_at": days.astype("datetime64[us]") + np.timedelta64(7, "h"),
                "participant_id": people.ids,
                "language": people.language,
            },
            {
                "account_id": join_text("visitor", visitors),
                "registered_at": at_daytime(draws, "visitor", visitors, visits),
                "language": _language(draws, visitors),
            },
        ],
    )


def build_consents(people: Participants, draws: Draws) -> pa.Table:
    """The feed ``consent_event``, in the order of participant and time."""
    everybody = np.full(len(people.ids), fill_value=True)
    primary = people.enrolled.astype("datetime64[us]") + np.timedelta64(8, "h")
    withdrawn = people.withdrawn.astype("datetime64[us]") + np.timedelta64(21, "h")
    blocks = [
        _consents(people, everybody, "primary", "yes", primary),
        _consents(people, ~np.isnat(people.withdrawn), "primary", "no", withdrawn),
        *_ehr_consents(people, draws),
        *_answers_by_share(
            people, draws, "genomic_results", {"yes": 60, "no": 8, "not_sure": 7, "": 25}
        ),
        _consents(people, wears_device(people, draws), "wearable", "yes", primary),
    ]
    table = build_table(get_model("feeds").table("consent_event"), blocks)
    return table.sort_by(
        [(name, "ascending") for name in ("participant_id", "authored_at", "consent_event_id")]
    )


def wears_device(people: Participants, draws: Draws) -> Flags:
    """Who shares a wearable's data."""
    return draws.chance("wearable", people.ids, WEARABLE_SHARE)


def _ehr_consents(people: Participants, draws: Draws) -> Iterator[Columns]:
    groups = list(EHR_GROUPS)
    group = draws.choice("ehr", people.ids, list(EHR_GROUPS.values()))
    days = people.enrolled + draws.integers("ehr/day", people.ids, 0, 10).astype("timedelta64[D]")
    answered = at_daytime(draws, "ehr", people.ids, days)
    given = (group == groups.index("yes")) | (group == groups.index("expired"))
    yield _consents(people, given, "ehr", "yes", answered)
    yield _consents(people, group == groups.index("no"), "ehr", "no", answered)
    unchecked = group == groups.index("not_validated")
    yield _consents(people, unchecked, "ehr", "yes", answered, validation="not_validated")
    ends = some_day_between(draws, "ehr/end", people.ids, days + 1, people.last_day)
    expired = ends.astype("datetime64[us]") + np.timedelta64(23, "h")
    yield _consents(people, group == groups.index("expired"), "ehr", "expired", expired)


def _answers_by_share(
    people: Participants, draws: Draws, module: str, shares: dict[str, float]
) -> Iterator[Columns]:
    """One answer for each; the share of the empty answer never says anything."""
    group = draws.choice(module, people.ids, list(shares.values()))
    days = people.enrolled + draws.integers(f"{module}/day", people.ids, 1, 60).astype(
        "timedelta64[D]"
    )
    moments = at_daytime(draws, module, people.ids, days)
    for position, status in enumerate(shares):
        if status:
            yield _consents(people, group == position, module, status, moments)


def _consents(
    people: Participants,
    whom: Flags,
    module: str,
    status: str,
    moments: Moments,
    *,
    validation: str = "submitted",
) -> Columns:
    in_time = moments.astype("datetime64[D]") <= people.last_day
    ids, when = people.pick(whom & in_time, moments)
    return {
        "consent_event_id": join_text(ids, module, status),
        "participant_id": ids,
        "module": module,
        "status": status,
        "authored_at": when,
        "form_version": FORM_VERSIONS[module],
        "language": people.language.filter(pa.array(whom & in_time)),
        "validation": validation,
    }


def _joining_days(draws: Draws, stream: str, ids: Ints, as_of: date) -> Days:
    days = np.datetime64(FIRST_DAY, "D") + np.arange((as_of - FIRST_DAY).days + 1)
    known = np.array([day for day, _ in PACE], dtype="datetime64[D]").astype(np.int64)
    pace = np.interp(days.astype(np.int64), known, [speed for _, speed in PACE])
    return np.asarray(days[draws.choice(f"{stream}/day", ids, pace)])


def _birth_days(persons: pa.Table) -> Days:
    return np.asarray(persons["birth_date"].to_numpy(), dtype="datetime64[D]")


def _adult_on(born: Days) -> Days:
    """The 18th birthday; 1 March for those born on 29 February."""
    month = born.astype("datetime64[M]")
    day_of_month = born - month.astype("datetime64[D]")
    return np.asarray((month + MONTHS_TO_ADULTHOOD).astype("datetime64[D]") + day_of_month)


def _event_day(
    draws: Draws, stream: str, share: float, ids: Ints, *, between: tuple[Days, np.datetime64]
) -> Days:
    """A day between two for ``share`` of the persons, NaT for the others."""
    first, last = between
    day = some_day_between(draws, f"{stream}/day", ids, first, np.full(len(ids), last))
    return np.where(draws.chance(stream, ids, share), day, NEVER)


def _gender_identity(draws: Draws, ids: Ints, sex: Ints) -> Ints:
    usual = np.select([sex == MALE, sex == FEMALE], [MAN, WOMAN], SKIPPED)
    group = draws.choice("gender", ids, [96.5, 0.8, 0.7, 2.0])
    return np.asarray(np.choose(group, [usual, NON_BINARY, TRANSGENDER, SKIPPED]), dtype=np.int64)


def _states_of_sites(persons: pa.Table) -> NDArray[Any]:
    """Where each person's site is; empty where that is not told."""
    if "state" not in persons.column_names:
        return np.full(persons.num_rows, "")
    return np.array([state or "" for state in persons["state"].to_pylist()], dtype=str)


def _residence(draws: Draws, ids: Ints, near: NDArray[Any]) -> Ints:
    """Rows of ``states.csv``: mostly in the state that is near, where there is one."""
    places = read_facts("states.csv")
    weights = np.array([float(place["weight"]) for place in places])
    states = np.array([place["state"] for place in places])
    _check_states(set(near.tolist()) - {""}, set(states.tolist()))
    home = draws.choice("residence", ids, weights)
    stays = draws.chance("near site", ids, NEAR_SITE_SHARE)
    for state in sorted(set(near.tolist()) - {""}):
        local = draws.choice("residence near site", ids, np.where(states == state, weights, 0.0))
        home = np.where(stays & (near == state), local, home)
    return np.where(draws.chance("no address", ids, NO_ADDRESS_SHARE), -1, home)


def _check_states(wanted: set[str], known: set[str]) -> None:
    if unknown := sorted(wanted - known):
        raise CommonwealError(
            f"No postal codes are known of {', '.join(unknown)}.",
            expected=f"one of {', '.join(sorted(known))}",
            fix="Choose one of these states for the site, or none.",
        )


def _language(draws: Draws, ids: Ints) -> pa.Array:
    spanish = draws.chance("language", ids, SPANISH_SHARE)
    return pa.array(np.where(spanish, "es", "en"), pa.string())
