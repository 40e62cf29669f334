"""Whose records may be sent: the latest answer decides, and curation says the same."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.curation.rules.consent import ehr, enrolled
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.matching.eligible import (
    Barrier,
    add_barriers,
    build_standing,
    list_eligible,
    read_standing,
)
from commonweal.synthetic.feeds.build import build_feeds
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import build_plan

ANSWER = {
    "participant_id": pl.Int64,
    "module": pl.String,
    "status": pl.String,
    "authored_at": pl.Datetime("us"),
    "validation": pl.String,
}
Answer = tuple[int, str, str, str]
"""Day of 2026-01, module, status, validation."""
GIVEN, EXPIRED = "yes", "expired"


def standing_of(
    *answers: Answer, site: str | None = "prairie", test: int = 0, left: date | None = None
) -> dict[str, object]:
    participants = pl.DataFrame(
        {"participant_id": [7], "site": [site], "is_test": [test], "withdrawn_on": [left]},
        schema_overrides={"site": pl.String, "withdrawn_on": pl.Date},
    )
    rows = [
        (7, module, status, datetime.fromisoformat(f"2026-01-{day:02d}"), validation)
        for day, module, status, validation in answers
    ]
    consents = pl.DataFrame(rows, ANSWER, orient="row")
    return build_standing(participants, consents).row(0, named=True)


def said(day: int, status: str, validation: str = "submitted") -> Answer:
    return day, "ehr", status, validation


@pytest.mark.parametrize(
    ("answers", "barrier"),
    [
        ([said(1, "yes")], None),
        ([], Barrier.NOT_AUTHORISED),
        ([said(1, "no")], Barrier.NOT_AUTHORISED),
        ([said(1, "not_sure")], Barrier.NOT_AUTHORISED),
        ([said(1, "no"), said(2, "yes")], None),
        ([said(1, "yes"), said(2, "no")], Barrier.NOT_AUTHORISED),
        ([said(1, "yes"), said(3, EXPIRED)], Barrier.EXPIRED),
        ([said(1, "yes"), said(3, EXPIRED), said(4, "yes")], None),
        ([said(3, EXPIRED), said(2, "yes")], Barrier.EXPIRED),
        ([said(3, EXPIRED), said(3, "yes")], Barrier.EXPIRED),
        ([said(1, "yes", "not_validated")], Barrier.NOT_VALIDATED),
        ([said(1, "yes", "invalid")], Barrier.NOT_VALIDATED),
        ([said(1, "yes"), said(2, "yes", "invalid")], Barrier.NOT_VALIDATED),
        ([(1, "primary", "yes", "submitted")], Barrier.NOT_AUTHORISED),
        ([said(1, "yes"), (2, "primary", "no", "submitted")], None),
    ],
)
def test_the_latest_answer_decides(answers: list[Answer], barrier: Barrier | None) -> None:
    assert standing_of(*answers)["barrier"] == barrier


def test_who_left_and_who_is_nobody_come_first() -> None:
    yes = said(1, "yes")
    assert standing_of(yes, left=date(2026, 2, 1))["barrier"] == Barrier.WITHDRAWN
    assert standing_of(yes, left=date(2026, 2, 1), test=1)["barrier"] == Barrier.TEST_ACCOUNT


def test_the_day_of_authorisation_is_that_of_the_latest_answer() -> None:
    assert standing_of(said(1, "yes"), said(5, "yes"))["authorised_on"] == date(2026, 1, 5)
    assert standing_of(said(1, "no"))["authorised_on"] is None


@given(answers=st.permutations([said(1, "yes"), said(2, EXPIRED), said(3, "no"), said(4, "yes")]))
@settings(deadline=None)
def test_the_order_of_the_rows_does_not_matter(answers: list[Answer]) -> None:
    assert standing_of(*answers) == standing_of(*sorted(answers))


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("feeds")
    plan = build_plan(persons=3_000)
    made = build_feeds(plan, make_people(plan, plan.batch(0, plan.persons)))
    files = {name: folder / f"{name}.parquet" for name in ("participant", "consent_event")}
    for name, file in files.items():
        pq.write_table(made[name], file)
    return files


def test_curation_keeps_the_records_of_just_the_same_persons(feeds: dict[str, Path]) -> None:
    standing = read_standing(feeds["participant"], feeds["consent_event"])
    with open_engine(EngineSettings()) as engine:
        for name, file in feeds.items():
            engine.register_parquet(name, [file])
        kept = engine.rows(
            f"SELECT participant_id FROM ({ehr.LATEST.select}) AS authorisation "
            f"JOIN ({enrolled.PARTICIPANT.select}) AS participant USING (participant_id) "
            "WHERE authorisation.valid AND is_test = 0 AND withdrawn_on IS NULL"
        )
    free = standing.filter(pl.col("barrier").is_null())["participant_id"].to_list()
    assert sorted(person for (person,) in kept) == free
    assert set(standing["barrier"].drop_nulls()) == set(Barrier) - {Barrier.NOT_ENROLLED}


def test_eligible_are_those_who_are_paired(feeds: dict[str, Path]) -> None:
    standing = read_standing(feeds["participant"], feeds["consent_event"])
    eligible = list_eligible(standing)
    assert 0 < eligible.height < standing.filter(pl.col("barrier").is_null()).height
    assert eligible["site"].null_count() == eligible["barrier"].drop_nulls().len() == 0


def test_rows_of_strangers_have_a_barrier_of_their_own() -> None:
    standing = pl.DataFrame(
        {"participant_id": [1, 2], "site": ["a", "a"], "barrier": [None, "withdrawn"]}
    )
    rows = pl.LazyFrame({"person_id": [1, 2, 3, 2], "row": [1, 2, 3, 4]})
    found = add_barriers(rows, standing).sort("row").collect()
    assert found.rows() == [(2, 2, "withdrawn"), (3, 3, "not_enrolled"), (2, 4, "withdrawn")]
