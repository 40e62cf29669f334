"""What speaks for a person beside the strict outcome, in words (``data/evidence.toml``).

Evidence is sought only for fields that do not match, among all rows the site sent of the
person, and changes no outcome.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import jellyfish
import polars as pl
from nicknames import NickNamer

from commonweal.intake.matching.declared import FIELDS, list_evidence_kinds
from commonweal.intake.matching.match import (
    OWN,
    RESULT,
    Comparable,
    Outcome,
    judge,
)
from commonweal.intake.matching.normalise import fold_accents, get_digits
from commonweal.intake.matching.sent import PERSON

SIMILAR = 0.9
"""Least similarity of Jaro and Winkler, from 0 to 1, of names that are spelled much alike."""
FIELD, KIND = "field", "kind"
SCHEMA = {PERSON: pl.Int64, FIELD: pl.String, KIND: pl.String}
TABLE_OF: Mapping[str, str] = {
    "first_name": "pii_name",
    "middle_name": "pii_name",
    "last_name": "pii_name",
    "phone_number": "pii_phone_number",
    "email": "pii_email",
    "address_1": "pii_address",
    "address_2": "pii_address",
    "city": "pii_address",
    "state": "pii_address",
    "zip": "pii_address",
    "birth_date": "person",
    "sex": "person",
}
"""Where a site sends each field."""


def find_evidence(
    details: Mapping[str, pl.DataFrame],
    contacts: pl.DataFrame,
    comparable: Comparable,
    outcomes: pl.DataFrame,
) -> pl.DataFrame:
    """One row for each person, field and kind of evidence, in this order.

    ``details`` and ``contacts`` are the sides as they were written, ``comparable`` both as
    they are compared, ``outcomes`` what came of it.
    """
    told = [
        *_find_in_written(details, contacts, outcomes),
        *(_find_other_rows(comparable, outcomes, field) for field in _fields_of("other_row")),
        _find_swapped_names(comparable, outcomes),
        _find_swapped_births(comparable, outcomes),
        _find_parts_of_births(details["person"], comparable, outcomes),
    ]
    return pl.concat([frame.select(*SCHEMA) for frame in told]).unique().sort(PERSON, FIELD, KIND)


def judge_with_evidence(
    outcomes: pl.DataFrame, validations: pl.DataFrame | None, evidence: pl.DataFrame
) -> pl.Series:
    """What the rule would say if every field with evidence matched; one for each outcome."""
    having = {field: evidence.filter(pl.col(FIELD) == field)[PERSON].unique() for field in FIELDS}
    likely = outcomes.with_columns(
        pl.when(pl.col(PERSON).is_in(persons.implode()))
        .then(pl.lit(Outcome.MATCH.value))
        .otherwise(field)
        .alias(field)
        for field, persons in having.items()
    )
    return judge(likely, validations)[RESULT]


def _find_in_written(
    details: Mapping[str, pl.DataFrame], contacts: pl.DataFrame, outcomes: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """What two texts tell as they were written, of all rows of a person."""
    own = contacts.rename({"participant_id": PERSON})
    for field, table in TABLE_OF.items():
        kinds = [kind for kind in PAIRWISE if field in _fields_of(kind)]
        rows = details[table]
        if not kinds or field not in rows.columns:
            continue
        pairs = (
            _list_unmatched(outcomes, field)
            .join(rows.select(PERSON, site=field), on=PERSON)
            .join(own.select(PERSON, own=field), on=PERSON)
            .drop_nulls()
        )
        for kind in kinds:
            yield PAIRWISE[kind](pairs).select(
                PERSON, pl.lit(field).alias(FIELD), pl.lit(kind).alias(KIND)
            )


def _folded(column: str) -> pl.Expr:
    """Letters without accents and digits, in small letters."""
    return fold_accents(pl.col(column)).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")


def _find_accents(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.filter((_folded("site") == _folded("own")) & (_folded("own") != ""))


def _find_digits(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.filter(get_digits(pl.col("site")) == get_digits(pl.col("own")))


def _find_initials(pairs: pl.DataFrame) -> pl.DataFrame:
    one, other = _folded("site"), _folded("own")
    short = pl.min_horizontal(one.str.len_chars(), other.str.len_chars()) == 1
    return pairs.filter(short & (one.str.head(1) == other.str.head(1)))


def _find_parts(pairs: pl.DataFrame) -> pl.DataFrame:
    """Where one name of several is the same, and somebody has several."""
    names = [
        fold_accents(pl.col(c)).str.to_lowercase().str.extract_all(r"[\p{L}]+")
        for c in ("site", "own")
    ]
    several = pl.max_horizontal(*(n.list.len() for n in names)) > 1
    return pairs.filter(several & (names[0].list.set_intersection(names[1]).list.len() > 0))


def _find_nicknames(pairs: pl.DataFrame) -> pl.DataFrame:
    return _filter_pairs(
        pairs, lambda one, other: not _list_forms(one).isdisjoint(_list_forms(other))
    )


def _find_similar(pairs: pl.DataFrame) -> pl.DataFrame:
    def is_similar(one: str, other: str) -> bool:
        return jellyfish.jaro_winkler_similarity(one, other) >= SIMILAR

    return _filter_pairs(pairs, is_similar)


PAIRWISE: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "accents": _find_accents,
    "digits": _find_digits,
    "initial": _find_initials,
    "one_of_several": _find_parts,
    "nickname": _find_nicknames,
    "similar": _find_similar,
}
"""Evidence that two texts give, whichever of them is whose."""


def _filter_pairs(pairs: pl.DataFrame, holds: Callable[[str, str], bool]) -> pl.DataFrame:
    """The pairs of different folded names of which something holds; each is asked once."""
    folded = pairs.with_columns(_folded("site").alias("site"), _folded("own").alias("own"))
    one, other = pl.col("site"), pl.col("own")
    asked = folded.select(one, other).unique().filter((one != "") & (other != "") & (one != other))
    found = [pair for pair in asked.iter_rows() if holds(*pair)]
    listed = pl.DataFrame(found, {"site": pl.String, "own": pl.String}, orient="row")
    return folded.join(listed, on=["site", "own"], how="semi")


def _find_other_rows(comparable: Comparable, outcomes: pl.DataFrame, field: str) -> pl.DataFrame:
    """Persons of whom some row has the participant's value, though another one was compared."""
    own = comparable.persons.select(PERSON, own=f"{field}{OWN}")
    rows = comparable.rows[TABLE_OF[field]].select(PERSON, site=field)
    same = rows.join(own, on=PERSON).filter(pl.col("site") == pl.col("own"))
    return _tell(_list_unmatched(outcomes, field).join(same, on=PERSON), field, "other_row")


def _find_swapped_names(comparable: Comparable, outcomes: pl.DataFrame) -> pl.DataFrame:
    rows = comparable.rows["pii_name"].select(PERSON, "first_name", "last_name")
    own = comparable.persons.select(PERSON, f"first_name{OWN}", f"last_name{OWN}")
    swapped = rows.join(own, on=PERSON).filter(
        (pl.col("first_name") == pl.col(f"last_name{OWN}"))
        & (pl.col("last_name") == pl.col(f"first_name{OWN}"))
    )
    told = [
        _tell(_list_unmatched(outcomes, field).join(swapped, on=PERSON), field, "swapped_names")
        for field in _fields_of("swapped_names")
    ]
    return pl.concat(told)


def _find_swapped_births(comparable: Comparable, outcomes: pl.DataFrame) -> pl.DataFrame:
    own = pl.col(f"birth_date{OWN}")
    swapped = own.str.head(5) + own.str.slice(8, 2) + "-" + own.str.slice(5, 2)
    rows = comparable.rows["person"].select(PERSON, "birth_date")
    both = rows.join(comparable.persons.select(PERSON, own), on=PERSON)
    found = both.filter(pl.col("birth_date") == swapped)
    return _tell(
        _list_unmatched(outcomes, "birth_date").join(found, on=PERSON),
        "birth_date",
        "swapped_birth",
    )


def _find_parts_of_births(
    person: pl.DataFrame, comparable: Comparable, outcomes: pl.DataFrame
) -> pl.DataFrame:
    parts = ("year_of_birth", "month_of_birth", "day_of_birth")
    written = pl.concat_str(
        *(pl.col(part).str.pad_start(4 if part == parts[0] else 2, "0") for part in parts),
        separator="-",
    )
    own = comparable.persons.select(PERSON, own=f"birth_date{OWN}")
    found = person.select(PERSON, day=written).join(own, on=PERSON)
    same = found.filter(pl.col("day") == pl.col("own"))
    return _tell(
        _list_unmatched(outcomes, "birth_date").join(same, on=PERSON),
        "birth_date",
        "parts_of_birth",
    )


def _list_unmatched(outcomes: pl.DataFrame, field: str) -> pl.DataFrame:
    return outcomes.filter(pl.col(field) != Outcome.MATCH).select(PERSON)


def _tell(persons: pl.DataFrame, field: str, kind: str) -> pl.DataFrame:
    return persons.select(PERSON, pl.lit(field).alias(FIELD), pl.lit(kind).alias(KIND))


def _fields_of(kind: str) -> tuple[str, ...]:
    return list_evidence_kinds()[kind].fields


@cache
def _get_namer() -> NickNamer:
    return NickNamer()


@cache
def _list_forms(name: str) -> frozenset[str]:
    """A name and the full names that it is known to be short for."""
    return frozenset({name, *_get_namer().canonicals_of(name)})
