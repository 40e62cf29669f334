"""A made-up site itself: its places, providers, persons, and their identifying details."""

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.frames import Columns, join_text
from commonweal.synthetic.history import CARE_SITES, PROVIDERS, Patients

STATE, ZIP3, CITY = "WI", "532", "Milwaukee"
GENERAL_PRACTICE = 38004446
HOMES_FROM = 1_000
"""Location ids of homes come after those of the places of care."""
GIVEN_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gail", "Hugo", "Inés", "José", "Kim")
FAMILY_NAMES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Oak", "O’Pine", "Rowan")
STREETS = ("First Street", "Lake Road", "Mill Lane", "Station Avenue")
MATCHED_FIELDS = (
    "first_name", "last_name", "dob", "sex", "address", "phone_number", "email",
)  # fmt: skip


def build_identity(
    persons: pa.Table, patients: Patients, site: str, draws: Draws
) -> dict[str, list[Columns]]:
    """Blocks of the person, health-system, PII and matching tables."""
    ids = patients.ids
    homes = HOMES_FROM + np.arange(len(ids), dtype=np.int64)
    return {
        "person": [_person_columns(persons, patients, homes)],
        "location": [_care_locations(), _home_locations(ids, homes, draws)],
        "care_site": [_care_site_columns(site)],
        "provider": [_provider_columns()],
        "pii_name": [
            {
                "person_id": ids,
                "first_name": _pick(draws, "given name", ids, GIVEN_NAMES),
                "last_name": _pick(draws, "family name", ids, FAMILY_NAMES),
            }
        ],
        "pii_email": [
            {"person_id": ids, "email": _padded("person", ids, "@mail.example")},
        ],
        "pii_phone_number": [
            {"person_id": ids, "phone_number": _padded("414555", ids % 10_000, "")},
        ],
        "pii_address": [{"person_id": ids, "location_id": homes}],
        "pii_mrn": [{"person_id": ids, "health_system": site, "MRN": _padded("0", ids, "")}],
        "participant_match": _match_blocks(ids, draws),
    }


def _person_columns(persons: pa.Table, patients: Patients, homes: Ints) -> Columns:
    month = patients.born.astype("datetime64[M]")
    return {
        "person_id": patients.ids,
        "gender_concept_id": patients.sex,
        "year_of_birth": patients.born.astype("datetime64[Y]").astype(np.int64) + 1970,
        "month_of_birth": month.astype(np.int64) % 12 + 1,
        "day_of_birth": (patients.born - month.astype("datetime64[D]")).astype(np.int64) + 1,
        "birth_datetime": patients.born.astype("datetime64[us]"),
        "race_concept_id": persons["race_concept_id"].combine_chunks(),
        "ethnicity_concept_id": persons["ethnicity_concept_id"].combine_chunks(),
        "location_id": homes,
        "person_source_value": join_text("local", patients.ids),
    }


def _care_locations() -> Columns:
    ids = np.arange(1, CARE_SITES + 1, dtype=np.int64)
    return {
        "location_id": ids,
        "address_1": pa.array([f"{number} Clinic Square" for number in ids], pa.string()),
        "city": CITY,
        "state": STATE,
        "zip": f"{ZIP3}02",
        "location_source_value": join_text("clinic", ids),
    }


def _home_locations(ids: Ints, homes: Ints, draws: Draws) -> Columns:
    numbers = draws.integers("house number", ids, 1, 400)
    streets = _pick(draws, "street", ids, STREETS)
    addresses = [f"{n} {street}" for n, street in zip(numbers, streets.tolist(), strict=True)]
    return {
        "location_id": homes,
        "address_1": pa.array(addresses, pa.string()),
        "city": CITY,
        "state": STATE,
        "zip": _padded(ZIP3, draws.integers("home zip", ids, 1, 28), "", digits=2),
        "location_source_value": join_text("home", ids),
    }


def _care_site_columns(site: str) -> Columns:
    ids = np.arange(1, CARE_SITES + 1, dtype=np.int64)
    return {
        "care_site_id": ids,
        "care_site_name": join_text(site, "clinic", ids),
        "place_of_service_concept_id": 0,
        "location_id": ids,
        "care_site_source_value": join_text("clinic", ids),
    }


def _provider_columns() -> Columns:
    ids = np.arange(1, PROVIDERS + 1, dtype=np.int64)
    return {
        "provider_id": ids,
        "provider_name": join_text("Provider", ids),
        "npi": _padded("0000", ids, ""),
        "specialty_concept_id": GENERAL_PRACTICE,
        "care_site_id": (ids - 1) % CARE_SITES + 1,
        "provider_source_value": join_text("provider", ids),
    }


def _match_blocks(ids: Ints, draws: Draws) -> list[Columns]:
    """Nearly everybody matches in everything; a few were confirmed by hand."""
    moved = draws.chance("moved", ids, 0.03)
    return [
        {"person_id": ids[~moved]}
        | dict.fromkeys(MATCHED_FIELDS, "match")
        | {"algorithm_validation": "yes", "manual_validation": "no"},
        {"person_id": ids[moved]}
        | dict.fromkeys(MATCHED_FIELDS, "match")
        | {"address": "no_match", "phone_number": "missing"}
        | {"algorithm_validation": "no", "manual_validation": "yes"},
    ]


def _pick(draws: Draws, stream: str, ids: Ints, names: tuple[str, ...]) -> np.ndarray:
    return np.array(names)[draws.integers(stream, ids, 0, len(names) - 1)]


def _padded(before: str, numbers: Ints, after: str, *, digits: int = 6) -> pa.Array:
    """Numbers with leading zeros inside a text."""
    return pa.array([f"{before}{number:0{digits}d}{after}" for number in numbers], pa.string())
