"""Rows go to at most one recipe, at its rate, and for the same reason in every table."""

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.recipe import Rates
from commonweal.synthetic.dirt.registry import get_recipe
from commonweal.synthetic.dirt.slots import build_slots, choose_rows, row_keys
from commonweal.synthetic.draws import Draws
from commonweal.synthetic.frames import build_table

DRAWS = Draws(4)
KEYS = np.arange(1, 100_001, dtype=np.int64)


def portions(**rates: float) -> list:  # type: ignore[type-arg]  # pairs of recipe and rate
    names = {name.replace("__", "."): rate for name, rate in rates.items()}
    return [(get_recipe(name), Rates(rate)) for name, rate in names.items()]


def shares(table: str, some: list) -> dict[str, float]:  # type: ignore[type-arg]  # as above
    slots = build_slots(table, some)
    chosen = choose_rows(DRAWS, "here", table, KEYS, slots)
    return {slot.recipe.name: float(np.mean(chosen == n)) for n, slot in enumerate(slots)}


def test_each_recipe_gets_its_share_of_the_rows() -> None:
    """Within five standard errors of the rate, which are 0.7 % of all rows at most."""
    found = shares(
        "measurement", portions(key__duplicate=0.3, time__future=0.02, unit__missing=0.5)
    )
    assert found.keys() == {"key.duplicate", "time.future", "unit.missing"}
    for name, rate in {"key.duplicate": 0.3, "time.future": 0.02, "unit.missing": 0.5}.items():
        assert abs(found[name] - rate) < 5 * (rate * (1 - rate) / len(KEYS)) ** 0.5


def test_a_recipe_for_other_tables_leaves_no_gap() -> None:
    mixed = portions(unit__missing=0.5, time__future=0.4)
    assert shares("specimen", mixed) == shares("specimen", portions(time__future=0.4))


def test_what_comes_later_moves_no_row_of_what_comes_before() -> None:
    alone = build_slots("measurement", portions(key__duplicate=0.1))
    together = build_slots("measurement", portions(key__duplicate=0.1, time__future=0.1))
    one, other = (
        np.flatnonzero(choose_rows(DRAWS, "here", "measurement", KEYS, slots) == 0)
        for slots in (alone, together)
    )
    assert np.array_equal(one, other)


def test_tables_about_one_person_draw_together_and_all_others_alone() -> None:
    some = portions(key__duplicate=0.1, identity__wrong_birth=0.2)
    (duplicate, birth), (match,) = (
        build_slots(table, some) for table in ("person", "participant_match")
    )
    assert (match.low, match.high) == (birth.low, birth.high) == (duplicate.high, 0.1 + 0.2)
    person, matched = (
        choose_rows(DRAWS, "here", table, KEYS, build_slots(table, some))
        for table in ("person", "participant_match")
    )
    assert np.array_equal(person == 1, matched == 0)
    visits = choose_rows(DRAWS, "here", "visit_occurrence", KEYS, [duplicate])
    assert 0 < np.mean((visits == 0) & (person == 0)) < 0.02


def test_sites_draw_apart() -> None:
    slots = build_slots("measurement", portions(key__duplicate=0.1))
    here, there = (
        choose_rows(DRAWS, site, "measurement", KEYS, slots) == 0 for site in ("here", "there")
    )
    assert np.mean(here & there) < 0.02


def test_a_table_without_a_key_is_told_apart_by_all_its_numbers() -> None:
    table = get_model("programme").table("fact_relationship")
    pair = {"fact_id_1": np.array([1, 2, 2]), "fact_id_2": np.array([2, 1, 1])}
    domains = {"domain_concept_id_1": 21, "domain_concept_id_2": 21}
    links = {"relationship_concept_id": np.array([5, 5, 6])}
    keys = row_keys(table, build_table(table, [pair | domains | links]))
    assert len(set(keys.tolist())) == 3


def test_a_key_is_the_primary_one() -> None:
    table = get_model("programme").table("death")
    rows = pa.table({"person_id": pa.array([7, -3])})
    assert row_keys(table, rows).tolist() == [7, -3]
