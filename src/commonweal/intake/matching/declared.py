"""What the comparison of identities is declared with: fields, words, kinds of evidence."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

FIELDS = (
    "first_name",
    "middle_name",
    "last_name",
    "phone_number",
    "email",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
    "birth_date",
    "sex",
)
"""The fields that are compared; they are columns of the feed ``participant_contact``."""
NAMING = ("first_name", "last_name", "birth_date")
NAMING_LIMIT, FIELDS_LIMIT = 2, 4
"""A person does not match with so many of ``NAMING``, or of all fields, not matching."""


@dataclass(frozen=True)
class FieldRule:
    """A field and how it is made comparable, in words."""

    name: str
    title: str
    rule: str


@dataclass(frozen=True)
class SexTable:
    """Which gender concepts of a site match an answer, and which answers say nothing."""

    matches: Mapping[str, frozenset[int]]
    unanswered: frozenset[str]


@dataclass(frozen=True)
class EvidenceKind:
    """A kind of evidence: the fields it can be about, and what it says."""

    name: str
    fields: tuple[str, ...]
    words: str


@cache
def list_field_rules() -> tuple[FieldRule, ...]:
    """Every field in its order."""
    declared = _read("fields.toml")
    return tuple(FieldRule(name, **declared[name]) for name in FIELDS)


@cache
def get_sex_table() -> SexTable:
    """The table by which sexes are compared."""
    declared = _read("words.toml")["sex"]
    matches = {answer: frozenset(concepts) for answer, concepts in declared["matches"].items()}
    return SexTable(MappingProxyType(matches), frozenset(declared["unanswered"]))


@cache
def get_states() -> tuple[str, tuple[str, ...]]:
    """The prefix that codes of states may have, and the codes."""
    declared = _read("words.toml")["state"]
    return declared["prefix"], tuple(declared["codes"])


@cache
def get_abbreviations(kind: str) -> Mapping[str, str]:
    """Abbreviations of a ``street`` or a ``city`` with what they stand for."""
    return MappingProxyType(_read("words.toml")[kind])


@cache
def list_evidence_kinds() -> Mapping[str, EvidenceKind]:
    """Kinds of evidence by name."""
    return MappingProxyType(
        {
            name: EvidenceKind(name, tuple(facts["fields"]), facts["words"])
            for name, facts in _read("evidence.toml").items()
        }
    )


def _read(name: str) -> dict[str, Any]:
    text = (files("commonweal.intake.matching") / "data" / name).read_text(encoding="utf-8")
    return tomllib.loads(text)
