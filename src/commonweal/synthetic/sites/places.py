"""A site itself: its places of care and the people who work there."""

from collections.abc import Iterable, Mapping

import numpy as np

from commonweal.synthetic.draws import Ints
from commonweal.synthetic.frames import Columns
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.cities import get_main_city
from commonweal.synthetic.sites.columns import choose_words, digits, join
from commonweal.synthetic.sites.names import draw_names, draw_streets
from commonweal.synthetic.sites.rows import SiteRows

ROOM = 1_000
"""Room for the places and the providers of a site, see ``place_ids``."""
KINDS = ((8756, "outpatient hospital"), (8717, "inpatient hospital"), (8716, "clinic"))
"""OMOP concepts of places of service: of the first place, the second, and the others."""
SPECIALTIES = (
    (38004446, "primary care", 70.0),
    (38004463, "eye clinic", 5.0),
    (0, "ward team", 15.0),
    (0, "emergency department", 10.0),
)
"""OMOP concept (0: the site has not mapped it), the site's word, and the weight."""
SPANISH_SHARE = 0.1
MADE_UP_NPI = "0000"
"""True provider numbers begin with 1 or 2."""


def place_ids(positions: Ints, numbers: Ints | int) -> Ints:
    """Ids of the places, or of the providers, with these numbers at these sites.

    The first number is 1. A provider works at the place whose number is the same, or differs
    by a multiple of the number of places.
    """
    return np.asarray((positions + 1) * ROOM + numbers, dtype=np.int64)


def build_places(plan: Plan) -> Mapping[str, SiteRows]:
    """Rows of ``location``, ``care_site`` and ``provider`` that belong to the sites themselves."""
    site, number = _number_all(profile.care_sites for profile in plan.sites)
    ids = place_ids(site, number)
    kind = np.minimum(number, len(KINDS)) - 1
    care_sites: Columns = {
        "care_site_id": ids,
        "care_site_name": join(_of_site(plan, site, "title"), ", place ", number),
        "place_of_service_concept_id": np.array([concept for concept, _ in KINDS])[kind],
        "location_id": ids,
        "care_site_source_value": join("P", digits(number, 3)),
        "place_of_service_source_value": choose_words(kind, [word for _, word in KINDS]),
    }
    return {
        "location": SiteRows(site, _build_locations(plan, site, number)),
        "care_site": SiteRows(site, care_sites),
        "provider": _build_providers(plan),
    }


def _build_locations(plan: Plan, site: Ints, number: Ints) -> Columns:
    ids = place_ids(site, number)
    cities = [get_main_city(profile.state) for profile in plan.sites]
    zips = [np.array([city["zip3"] for city in cities])[site], digits(number, 2)]
    streets = draw_streets(plan.draws, "place/street", ids)
    return {
        "location_id": ids,
        "address_1": join(plan.draws.integers("place/house", ids, 1, 900), " ", streets),
        "city": np.array([city["city"] for city in cities])[site],
        "state": _of_site(plan, site, "state"),
        "zip": join(*zips),
        "location_source_value": join("P", digits(number, 3)),
    }


def _build_providers(plan: Plan) -> SiteRows:
    site, number = _number_all(profile.providers for profile in plan.sites)
    places = np.array([profile.care_sites for profile in plan.sites])[site]
    ids, draws = place_ids(site, number), plan.draws
    spanish = draws.chance("provider/spanish", ids, SPANISH_SHARE)
    names = draw_names(draws, "provider", ids, np.zeros(len(ids), dtype=np.int64), spanish)
    special = draws.choice("provider/specialty", ids, [weight for *_, weight in SPECIALTIES])
    columns: Columns = {
        "provider_id": ids,
        "provider_name": join(names.given_text, " ", names.family_text),
        "npi": join(MADE_UP_NPI, digits(ids, 6)),
        "specialty_concept_id": np.array([concept for concept, *_ in SPECIALTIES])[special],
        "care_site_id": place_ids(site, (number - 1) % places + 1),
        "provider_source_value": join("S", digits(number, 4)),
        "specialty_source_value": choose_words(special, [word for _, word, _ in SPECIALTIES]),
    }
    return SiteRows(site, columns)


def _number_all(counts: Iterable[int]) -> tuple[Ints, Ints]:
    """For sites with so many things each: the site of each thing, and its number from 1."""
    many = np.array(list(counts), dtype=np.int64)
    site = np.repeat(np.arange(len(many), dtype=np.int64), many)
    return site, np.arange(len(site), dtype=np.int64) - np.repeat(np.cumsum(many) - many, many) + 1


def _of_site(plan: Plan, site: Ints, detail: str) -> np.ndarray:
    return np.array([getattr(profile, detail) for profile in plan.sites])[site]
