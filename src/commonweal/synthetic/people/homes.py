"""Where people are treated and where they live."""

import numpy as np
from numpy.typing import NDArray

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.sites.profile import SiteProfile

NOWHERE = -1
"""Instead of a position: paired to no site, treated at no second one, no address given."""
WITHOUT_SITE_SHARE = 0.08
TWO_SITES_SHARE = 0.03
NEAR_SITE_SHARE = 0.85
NO_ADDRESS_SHARE = 0.01


def draw_sites(draws: Draws, ids: Ints, sites: tuple[SiteProfile, ...]) -> tuple[Ints, Ints]:
    """Positions of each person's site and second site; ``NOWHERE`` where there is none.

    Of those with a site, ``TWO_SITES_SHARE`` are treated at another one as well.
    """
    weights = np.array([site.share for site in sites])
    home = draws.choice("site", ids, weights)
    step = 1 + draws.integers("second site", ids, 0, max(len(sites) - 2, 0))
    second = (home + step) % len(sites)
    paired = ~draws.chance("without site", ids, WITHOUT_SITE_SHARE)
    two = paired & draws.chance("two sites", ids, TWO_SITES_SHARE) & (second != home)
    return np.where(paired, home, NOWHERE), np.where(two, second, NOWHERE)


def draw_residence(draws: Draws, ids: Ints, near: NDArray[np.str_]) -> Ints:
    """Rows of ``states.csv``: mostly in the state that is near; ``near`` is empty for nowhere.

    Raises:
        CommonwealError: nothing is known of one of the states.
    """
    places = read_facts("states.csv")
    weights = np.array([float(place["weight"]) for place in places])
    states = np.array([place["state"] for place in places])
    wanted = sorted(set(near.tolist()) - {""})
    _check_states(wanted, states.tolist())
    residence = draws.choice("residence", ids, weights)
    stays = draws.chance("near site", ids, NEAR_SITE_SHARE)
    for state in wanted:
        local = draws.choice("residence near site", ids, np.where(states == state, weights, 0.0))
        residence = np.where(stays & (near == state), local, residence)
    return np.where(_without_address(draws, ids), NOWHERE, residence)


def _without_address(draws: Draws, ids: Ints) -> Flags:
    return draws.chance("no address", ids, NO_ADDRESS_SHARE)


def _check_states(wanted: list[str], known: list[str]) -> None:
    if unknown := sorted(set(wanted) - set(known)):
        raise CommonwealError(
            f"No postal codes are known of {', '.join(unknown)}.",
            expected=f"one of {', '.join(sorted(set(known)))}",
            fix="Choose one of these states for the site, or none.",
        )
