"""Whose health records a site may send, by what participants answered so far.

A participant is *eligible* who is paired to a site, has a valid authorisation, has not
withdrawn and is no test account. The authorisation is judged by the latest answer alone, in
the order in which answers were given: an expiry is an answer like any other, so a later yes
clears it and a yes given before it does not count. Of several answers at one moment all must
be valid. Curation's rules ``consent.ehr`` and ``consent.enrolled`` say the same of a release;
they are the ones that decide what enters it.
"""

from enum import StrEnum
from pathlib import Path

import polars as pl

PARTICIPANT, CONSENT = "participant", "consent_event"
EHR = "ehr"


class Barrier(StrEnum):
    """Why the records of somebody may not be sent; the first that holds, in this order."""

    NOT_ENROLLED = "not_enrolled"
    """The programme does not know the person."""
    TEST_ACCOUNT = "test_account"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """The authorisation ended, and was not given again."""
    NOT_VALIDATED = "not_validated"
    """Authorised, but on a form that was not checked or is not valid."""
    NOT_AUTHORISED = "not_authorised"
    """Said no, is not sure, or never answered."""


def read_standing(participants: Path, consents: Path) -> pl.DataFrame:
    """Every participant's standing, from Parquet files of two feeds."""
    columns = ["participant_id", "module", "status", "authored_at", "validation"]
    return build_standing(
        pl.read_parquet(
            participants, columns=["participant_id", "site", "is_test", "withdrawn_on"]
        ),
        pl.scan_parquet(consents).filter(pl.col("module") == EHR).select(columns).collect(),
    )


def build_standing(participants: pl.DataFrame, consents: pl.DataFrame) -> pl.DataFrame:
    """For each participant the site, the barrier (null for none) and the day of authorisation.

    Columns: ``participant_id``, ``site`` (null when paired to none), ``barrier``,
    ``authorised_on`` (of the latest answer, where nothing stands in the way); in the order of
    the ids.
    """
    joined = participants.join(_judge_answers(consents), on="participant_id", how="left")
    barrier = (
        pl.when(pl.col("is_test") != 0)
        .then(pl.lit(Barrier.TEST_ACCOUNT.value))
        .when(pl.col("withdrawn_on").is_not_null())
        .then(pl.lit(Barrier.WITHDRAWN.value))
        .when(pl.col("refusal").is_not_null())
        .then("refusal")
        .when(pl.col("authored_at").is_null())
        .then(pl.lit(Barrier.NOT_AUTHORISED.value))
    )
    free = pl.col("barrier").is_null()
    return (
        joined.with_columns(barrier.alias("barrier"))
        .select(
            "participant_id",
            "site",
            "barrier",
            pl.when(free).then(pl.col("authored_at").dt.date()).alias("authorised_on"),
        )
        .sort("participant_id")
    )


def list_eligible(standing: pl.DataFrame) -> pl.DataFrame:
    """Participants paired to a site whose records may be sent."""
    return standing.filter(pl.col("barrier").is_null() & pl.col("site").is_not_null())


def add_barriers(persons: pl.LazyFrame, standing: pl.DataFrame) -> pl.LazyFrame:
    """Rows with a ``person_id`` that have a barrier, which is put beside them."""
    known = standing.select(pl.col("participant_id").alias("person_id"), "barrier", known=True)
    return (
        persons.join(known.lazy(), on="person_id", how="left")
        .with_columns(
            pl.when(pl.col("known").is_null())
            .then(pl.lit(Barrier.NOT_ENROLLED.value))
            .otherwise("barrier")
            .alias("barrier")
        )
        .drop("known")
        .filter(pl.col("barrier").is_not_null())
    )


def _judge_answers(consents: pl.DataFrame) -> pl.DataFrame:
    """The moment of each participant's latest answers, and why they are no authorisation."""
    answers = consents.filter(pl.col("module") == EHR)
    latest = pl.col("authored_at") == pl.col("authored_at").max().over("participant_id")
    status = pl.col("status")
    refused = (status != "yes").any()
    return (
        answers.filter(latest)
        .group_by("participant_id")
        .agg(
            pl.col("authored_at").first(),
            pl.when((status == "expired").any())
            .then(pl.lit(Barrier.EXPIRED.value))
            .when(refused)
            .then(pl.lit(Barrier.NOT_AUTHORISED.value))
            .when((pl.col("validation") != "submitted").any())
            .then(pl.lit(Barrier.NOT_VALIDATED.value))
            .alias("refusal"),
        )
    )
