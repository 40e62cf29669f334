"""What identifies a person: name, home, mail and telephone, the same wherever it is written.

Everything is made up: mail goes to ``.example``, telephone numbers are those kept free for
fiction (555-0100 to 555-0199), names are put together by chance. All of it depends on the id
of the person, so what a site sends and what the programme knows agree.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Columns
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.cities import get_city, get_main_city
from commonweal.synthetic.sites.columns import choose_words, digits, join
from commonweal.synthetic.sites.names import INITIALS, Names, draw_names, draw_streets

HISPANIC = 38003563
SPANISH_NAME_SHARE = 0.85
"""Of those who are Hispanic or answer in Spanish."""
MIDDLE_SHARE, APARTMENT_SHARE = 0.4, 0.2
LAST_OF_FICTION = 99
MAIL_NUMBERS = 10**4
SPREAD = 61_803_399
"""Has no factor in common with powers of ten: neighbours get numbers far apart."""
HOUSE_NUMBERS = (1, 1_900)
PLAIN_PHONE = ("", "55501")
"""What stands before and after the area code of ten digits."""


@dataclass(frozen=True)
class Whom:
    """Those whose details are drawn: one entry of each array for each of them."""

    ids: Ints
    sex: Ints
    may_be_spanish: Flags
    """Whose name may be a Spanish one."""
    residence: Ints
    """Row of ``states.csv``; that of the first one where none is known."""
    home: Ints
    """Position of the site they are paired to; ``NOWHERE`` for none."""

    def __len__(self) -> int:
        return len(self.ids)


def list_whom(people: People, who: Ints) -> Whom:
    """The people at these positions, who may stand there more than once."""
    spanish = people.spanish | (people.ethnicity == HISPANIC)
    return Whom(
        ids=people.ids[who],
        sex=people.sex[who],
        may_be_spanish=spanish[who],
        residence=np.maximum(people.residence, 0)[who],
        home=people.home[who],
    )


def draw_person_names(draws: Draws, whom: Whom) -> Names:
    """Given and family name."""
    likely = draws.chance("spanish name", whom.ids, SPANISH_NAME_SHARE)
    return draw_names(draws, "name", whom.ids, whom.sex, whom.may_be_spanish & likely)


def draw_middle_names(draws: Draws, whom: Whom) -> pa.Array:
    """An initial, for those who have one."""
    none = ~draws.chance("has middle name", whom.ids, MIDDLE_SHARE)
    middle = draws.integers("middle name", whom.ids, 0, len(INITIALS) - 1)
    return pa.array(INITIALS).take(pa.array(middle, mask=none))


def draw_homes(draws: Draws, whom: Whom) -> Columns:
    """Parts of an address, also for those of whom no residence is known."""
    ids, place, states = whom.ids, whom.residence, read_facts("states.csv")
    flat = draws.integers("flat", ids, 1, 40)
    no_flat = ~draws.chance("has flat", ids, APARTMENT_SHARE)
    streets = draw_streets(draws, "street", ids)
    return {
        "address_1": join(draws.integers("house number", ids, *HOUSE_NUMBERS), " ", streets),
        "address_2": join("Apt ", pa.array(flat, mask=no_flat)),
        "city": choose_words(place, [get_city(row["zip3"])["city"] for row in states]),
        "state": choose_words(place, [row["state"] for row in states]),
        "zip": join(
            choose_words(place, [row["zip3"] for row in states]),
            digits(draws.integers("zip", ids, 1, 99), 2),
        ),
    }


def build_addresses(names: Names, ids: Ints, *, further: Ints | int = 0) -> pa.Array:
    """Mail addresses; ``further`` makes another one of the same person."""
    number = digits((ids * SPREAD + further) % MAIL_NUMBERS, 4)
    return join(names.plain_given, ".", names.plain_family, number, "@mail.example")


def draw_last_digits(draws: Draws, ids: Ints, number: Ints | int = 0) -> Ints:
    """How the telephone numbers of persons end; the first ``number`` of each is 0."""
    return draws.integers("phone number", ids, 0, LAST_OF_FICTION, number)


def list_area_codes(plan: Plan, whom: Whom) -> pa.Array:
    """Telephone area of the site each is paired to, or else of where they live."""
    near = [get_main_city(profile.state)["area_code"] for profile in plan.sites]
    cities = [get_city(row["zip3"])["area_code"] for row in read_facts("states.csv")]
    place = np.where(whom.home == NOWHERE, len(near) + whom.residence, whom.home)
    return choose_words(place, [*near, *cities])
