"""Names of people and streets, all put together by chance from ``names.csv``."""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.people.body import FEMALE
from commonweal.synthetic.sites.columns import choose_words

INITIALS = [f"{letter}." for letter in "ABCDEFGHIJKLMNOPRSTVW"]
SUFFIXES = ["Jr.", "Sr.", "II", "III"]


@dataclass(frozen=True)
class Names:
    """A name of each person, as positions in the list of all names."""

    given: Ints
    family: Ints

    @property
    def given_text(self) -> pa.Array:
        """Such as José."""
        return choose_words(self.given, _all_names())

    @property
    def family_text(self) -> pa.Array:
        """Such as O’Neill."""
        return choose_words(self.family, _all_names())

    @property
    def plain_given(self) -> pa.Array:
        """Such as jose: small letters without accents, for addresses."""
        return choose_words(self.given, _plain_names())

    @property
    def plain_family(self) -> pa.Array:
        """Such as oneill."""
        return choose_words(self.family, _plain_names())


def draw_names(draws: Draws, stream: str, keys: Ints, sex: Ints, spanish: Flags) -> Names:
    """Given names by sex, any where it is not known; Spanish names for those flagged."""
    even = draws.chance(f"{stream}/any sex", keys, 0.5)
    female = np.where(sex == 0, even, sex == FEMALE)
    given = np.where(
        female,
        _draw_of(draws, f"{stream}/female", keys, spanish),
        _draw_of(draws, f"{stream}/male", keys, spanish),
    )
    return Names(given, _draw_of(draws, f"{stream}/family", keys, spanish))


def list_next(positions: Ints) -> Ints:
    """For each name the next one of its kind and language in the list; never the same one."""
    return _next_of_kind()[positions]


def draw_streets(draws: Draws, stream: str, keys: Ints) -> pa.Array:
    """Such as Mill Lane."""
    low, high = _span("street", "en")
    return choose_words(draws.integers(stream, keys, low, high), _all_names())


def _draw_of(draws: Draws, stream: str, keys: Ints, spanish: Flags) -> Ints:
    kind = stream.rpartition("/")[2]
    english, other = (_span(kind, language) for language in ("en", "es"))
    low = np.where(spanish, other[0], english[0])
    high = np.where(spanish, other[1], english[1])
    return draws.integers(stream, keys, low, high)


@cache
def _all_names() -> list[str]:
    return [row["name"] for row in read_facts("names.csv")]


@cache
def _plain_names() -> list[str]:
    return [_plain(name) for name in _all_names()]


def _plain(name: str) -> str:
    """ASCII letters only, as they are left when accents are taken off."""
    letters = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


@cache
def _next_of_kind() -> Ints:
    kinds = [(row["kind"], row["language"]) for row in read_facts("names.csv")]
    following = np.arange(1, len(kinds) + 1, dtype=np.int64)
    for kind in set(kinds):
        low, high = _span(*kind)
        following[high] = low
    return following


@cache
def _span(kind: str, language: str) -> tuple[int, int]:
    """The first and the last position of a kind of name, which stand together in the file."""
    wanted = (kind, language)
    listed = [(row["kind"], row["language"]) == wanted for row in read_facts("names.csv")]
    return listed.index(True), len(listed) - 1 - listed[::-1].index(True)
