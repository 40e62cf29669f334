"""The strict comparison of a site's persons with participants, field by field.

Every person of ``person`` has one outcome for each of twelve fields, and with them whether the
records would be removed. The rules are those of *All of Us*: the identity match, and
``remove_non_matching_participant``. Where its answer depends on the order of rows (several
names or numbers of one person), the row with the least comparable values is taken, so that the
outcome is the same for any order. What else speaks for a person is in ``evidence``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from commonweal.intake.matching.declared import (
    FIELDS,
    FIELDS_LIMIT,
    NAMING,
    NAMING_LIMIT,
    get_sex_table,
)
from commonweal.intake.matching.normalise import NORMALISERS
from commonweal.intake.matching.sent import PERSON
from commonweal.intake.reading import RECORD

OWN = "_own"
"""Ends the names of columns that hold what the participant entered."""
NO_CONCEPT = "0"
ALGORITHM, VALIDATED, RESULT = "algorithm", "validated", "result"


class Outcome(StrEnum):
    """What became of one field of one person."""

    MATCH = "match"
    NO_MATCH = "no_match"
    MISSING_RDR = "missing_rdr"
    """The programme has no value; said also when the site has none either."""
    MISSING_EHR = "missing_ehr"
    """The site has no value."""


class Result(StrEnum):
    """What the strict rule says of a person's records."""

    STAYS = "stays"
    """Enough fields match, or the site validated the person."""
    LEAVES = "leaves"
    """Too few fields match, and the site did not validate the person."""
    NOT_KNOWN = "not_known"
    """Too few fields match, and the site left open whether it validated the person. Null is
    not *no*: the rule of All of Us removes nobody for it."""


@dataclass(frozen=True)
class Comparable:
    """Both sides, ready to be compared: text that is null where there is no value.

    ``persons`` has one row for each person: ``person_id``, the fields as the site has them and,
    ending in ``_own``, as the participant entered them. ``rows`` are all rows of the site by
    table, with the fields made comparable beside the record number.
    """

    persons: pl.DataFrame
    rows: Mapping[str, pl.DataFrame]


def make_comparable(details: Mapping[str, pl.DataFrame], contacts: pl.DataFrame) -> Comparable:
    """Normalise both sides and put them side by side.

    ``details`` are those of ``sent.read_details``; ``contacts`` is the feed
    ``participant_contact``.
    """
    rows = {name: _normalise(frame) for name, frame in details.items()}
    persons = rows["person"].select(PERSON).unique().sort(PERSON)
    for frame in rows.values():
        fields = [name for name in frame.columns if name in FIELDS]
        persons = persons.join(_choose_row(frame, fields), on=PERSON, how="left")
    own = normalise_contacts(contacts).rename({f: f"{f}{OWN}" for f in FIELDS})
    return Comparable(persons.join(own, on=PERSON, how="left"), rows)


def normalise_contacts(contacts: pl.DataFrame) -> pl.DataFrame:
    """The feed's fields made comparable, under ``person_id``."""
    text = contacts.select(pl.col("participant_id").alias(PERSON), pl.col(FIELDS).cast(pl.String))
    unanswered = get_sex_table().unanswered
    return text.with_columns(
        NORMALISERS[field](pl.col(field)).alias(field) for field in FIELDS
    ).with_columns(pl.when(~pl.col("sex").is_in(unanswered)).then("sex").alias("sex"))


def compare(persons: pl.DataFrame) -> pl.DataFrame:
    """``person_id`` and the outcome of every field, one row for each person, by id."""
    outcomes = persons.select(
        PERSON, *(_compare_field(field) for field in FIELDS), both=_join_lines()
    )
    neither = (pl.col("address_1") != Outcome.MATCH) & (pl.col("address_2") != Outcome.MATCH)
    lines = [
        pl.when(neither & pl.col("both"))
        .then(pl.lit(Outcome.MATCH.value))
        .otherwise(line)
        .alias(line)
        for line in ("address_1", "address_2")
    ]
    return outcomes.with_columns(lines).drop("both")


def judge(outcomes: pl.DataFrame, validations: pl.DataFrame | None) -> pl.DataFrame:
    """The outcomes with three columns more.

    ``algorithm`` is *yes* when enough fields match, else *no*. ``validated`` is whether the
    site accepted the person, in three values: null when neither of its two answers is yes and
    one is empty. ``result`` puts both together. ``validations`` is ``participant_match``, None
    when it was not sent: then, as for a person whom it leaves out, nobody was validated.
    """
    few = (_count(NAMING) >= NAMING_LIMIT) | (_count(FIELDS) >= FIELDS_LIMIT)
    answered = outcomes.join(_list_validated(validations), on=PERSON, how="left", coalesce=True)
    validated = pl.when(pl.col("listed")).then(VALIDATED).otherwise(pl.lit(value=False))
    result = (
        pl.when(~few | pl.col(VALIDATED).fill_null(value=False))
        .then(pl.lit(Result.STAYS.value))
        .when(pl.col(VALIDATED).is_null())
        .then(pl.lit(Result.NOT_KNOWN.value))
        .otherwise(pl.lit(Result.LEAVES.value))
    )
    return (
        answered.with_columns(
            pl.when(few).then(pl.lit("no")).otherwise(pl.lit("yes")).alias(ALGORITHM),
            validated.alias(VALIDATED),
        )
        .with_columns(result.alias(RESULT))
        .select(PERSON, *FIELDS, ALGORITHM, VALIDATED, RESULT)
        .sort(PERSON)
    )


def _normalise(frame: pl.DataFrame) -> pl.DataFrame:
    made = frame.with_columns(
        NORMALISERS[name](pl.col(name)).alias(name) for name in frame.columns if name in FIELDS
    )
    if "sex" not in made.columns:
        return made
    return made.with_columns(pl.when(pl.col("sex") != NO_CONCEPT).then("sex").alias("sex"))


def _choose_row(frame: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """One row for each person: that with the least values, fields that are empty last."""
    return (
        frame.select(PERSON, *fields)
        .sort(PERSON, *fields, nulls_last=True)
        .unique(PERSON, keep="first", maintain_order=True)
    )


def _compare_field(field: str) -> pl.Expr:
    own, sites = pl.col(f"{field}{OWN}"), pl.col(field)
    same = _is_same_sex(own, sites) if field == "sex" else own == sites
    if field == "email":
        same &= own.str.contains("@", literal=True)
    return (
        pl.when(own.is_null())
        .then(pl.lit(Outcome.MISSING_RDR.value))
        .when(sites.is_null())
        .then(pl.lit(Outcome.MISSING_EHR.value))
        .when(same)
        .then(pl.lit(Outcome.MATCH.value))
        .otherwise(pl.lit(Outcome.NO_MATCH.value))
        .alias(field)
    )


def _is_same_sex(own: pl.Expr, sites: pl.Expr) -> pl.Expr:
    pairs = [
        (own == answer) & sites.is_in([str(concept) for concept in sorted(concepts)])
        for answer, concepts in get_sex_table().matches.items()
    ]
    return pl.any_horizontal(pairs)


def _join_lines() -> pl.Expr:
    """Whether both lines of the address together are the same."""
    own, sites = (
        pl.concat_str(
            pl.col(f"address_1{end}"), f"address_2{end}", separator=" ", ignore_nulls=True
        )
        for end in (OWN, "")
    )
    return (own == sites) & (own != "")


def _list_validated(validations: pl.DataFrame | None) -> pl.DataFrame:
    """Whom ``participant_match`` lists, and whether it says yes; a person counts once.

    Any yes is a yes; without one, any empty answer leaves it open.
    """
    schema = {PERSON: pl.Int64, VALIDATED: pl.Boolean, "listed": pl.Boolean}
    if validations is None:
        return pl.DataFrame(schema=schema)
    said = (pl.col("algorithm_validation") == "yes") | (pl.col("manual_validation") == "yes")
    answers = said.any(ignore_nulls=False)
    return validations.group_by(PERSON).agg(answers.alias(VALIDATED)).with_columns(listed=True)


def _count(fields: tuple[str, ...]) -> pl.Expr:
    """How many of the fields do not match."""
    return pl.sum_horizontal((pl.col(field) != Outcome.MATCH).cast(pl.Int64) for field in fields)


def list_differing(comparable: Comparable, table: str, field: str) -> pl.DataFrame:
    """Rows of a table whose field has a value, but not the participant's: id and record."""
    own = comparable.persons.select(PERSON, pl.col(f"{field}{OWN}").alias(OWN))
    both = comparable.rows[table].join(own, on=PERSON)
    differs = pl.col(field).is_not_null() & (pl.col(field) != pl.col(OWN))
    return both.filter(differs).select(PERSON, RECORD)
