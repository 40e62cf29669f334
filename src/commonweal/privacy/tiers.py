"""Tiers as data: what is done to a row before researchers of a tier may see it."""

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from commonweal.schema.errors import CommonwealError

TIERS = ("registered", "controlled")
"""The tiers of every build."""
TRAINING = "synthetic"
"""The tier of releases out of made-up people, for training and tutorials."""


class BirthPolicy(StrEnum):
    """How much of the birth date is kept."""

    SHIFTED = "shifted"
    YEAR = "year"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Geography(_Data):
    """Which columns say where a person lives, and how coarse they become."""

    state: str
    zip: str
    differs_from_site: bool
    """Whether the state is hidden of whoever has rows of a site in another state."""
    fewest_persons_in_state: Annotated[int, Field(ge=0)]
    """A state with fewer persons, of those whose state is not hidden already, is hidden too."""
    zip_digits: Literal[0, 3]
    """First digits of the postal code that are kept."""
    zip_areas_hidden: tuple[str, ...] = ()
    """Three digits that stand for too few people; shown as 000."""

    @model_validator(mode="after")
    def _say_which_areas_are_hidden(self) -> Self:
        if self.zip_digits and not self.zip_areas_hidden:
            raise ValueError("a tier that shows postal codes must name the areas it hides")
        return self


class Tier(_Data):
    """One tier: its letter in release ids, its title, and its policies."""

    name: str
    letter: Annotated[str, Field(pattern="^[A-Z]$")]
    title: str
    summary: str
    date_shift: bool
    birth: BirthPolicy
    oldest_age: int | None = None
    """Persons older than this when ages are counted are left out."""
    first_year_of_age: int | None = None
    """Rows before 1 January of the year of birth plus this are left out."""
    clip_tables: tuple[str, ...] = ()
    """Tables of spans that start on that day instead of being left out."""
    empty_tables: tuple[str, ...]
    null_columns: tuple[str, ...]
    """Columns left empty: a name, wherever it occurs, or ``table.column``."""
    geography: Geography

    def leaves_empty(self, table: str, column: str) -> bool:
        return column in self.null_columns or f"{table}.{column}" in self.null_columns


@cache
def get_tier(name: str) -> Tier:
    """Return the tier called ``name``.

    Raises:
        CommonwealError: when there is no such tier; the message lists those there are.
    """
    known = (*TIERS, TRAINING)
    if name not in known:
        raise CommonwealError(
            f"There is no tier called {name!r}.",
            expected=f"one of {', '.join(known)}",
            fix="Choose one of these names.",
        )
    policy = _read_policy(name)
    like = policy.pop("like", None)
    return Tier(name=name, **(_read_policy(like) if like else {}) | policy)


def _read_policy(name: str) -> dict[str, Any]:
    text = (files("commonweal.privacy") / "tiers" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
