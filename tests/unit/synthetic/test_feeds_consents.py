"""Consents of made-up people: histories that end as the membership says."""

from datetime import date

import polars as pl
import pyarrow as pa
import pytest

from commonweal.curation.rules.consent.ehr import LATEST
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.synthetic.feeds.consents import build_consents
from commonweal.synthetic.feeds.wearables import build_wearables
from commonweal.synthetic.people.membership import EHR_SHARES, ehr_position
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import build_plan

PERSONS = 20_000
PLAN = build_plan(persons=PERSONS)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(PLAN, PLAN.batch(0, PERSONS))


@pytest.fixture(scope="module")
def table(people: People) -> pa.Table:
    return build_consents(PLAN, people)


@pytest.fixture(scope="module")
def consents(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def test_the_rule_of_curation_finds_who_shares_records(people: People, table: pa.Table) -> None:
    with open_engine(EngineSettings()) as engine:
        engine.register_arrow("consent_event", table)
        valid = dict(engine.rows(LATEST.select))
    membership = people.membership
    stays = ~membership.is_test & (membership.withdrawn != membership.withdrawn)
    found = [bool(valid.get(person)) for person in people.ids.tolist()]
    assert [a and b for a, b in zip(found, stays.tolist(), strict=True)] == (
        membership.shares_records.tolist()
    )


def test_the_primary_consent_comes_first(people: People, consents: pl.DataFrame) -> None:
    first = consents.group_by("participant_id", maintain_order=True).first()
    assert first["participant_id"].to_list() == people.ids.tolist()
    assert set(zip(first["module"], first["status"], strict=True)) == {("primary", "yes")}
    days = first["authored_at"].dt.date().to_numpy()
    assert (days == people.membership.enrolled).all()


def test_outcomes_have_their_shares(people: People, consents: pl.DataFrame) -> None:
    last = (
        consents.filter(pl.col("module") == "ehr")
        .group_by("participant_id", maintain_order=True)
        .last()
    )
    shares = {
        tuple(row[:2]): row[2] / last.height
        for row in last.group_by("status", "validation").len().rows()
    }
    assert shares["yes", "submitted"] == pytest.approx(0.93, abs=0.01)
    assert shares["expired", "submitted"] == pytest.approx(0.02, abs=0.005)
    no = shares["no", "submitted"] + shares["not_sure", "submitted"]
    assert no == pytest.approx(0.03, abs=0.005)
    bad = shares["yes", "not_validated"] + shares["yes", "invalid"]
    assert bad == pytest.approx(0.02, abs=0.005)


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (["yes"], "yes"),
        (["not_sure", "yes"], "yes"),
        (["no", "yes"], "yes"),
        (["yes", "expired", "yes"], "yes"),
        (["yes", "expired"], "expired"),
        (["yes", "no"], "no"),
        (["not_sure"], "no"),
    ],
)
def test_histories_of_every_kind_occur(
    people: People, consents: pl.DataFrame, history: list[str], outcome: str
) -> None:
    membership = people.membership
    answered = membership.ehr_answered.astype("datetime64[D]") <= membership.last_day
    outcomes = dict(
        zip(people.ids[answered].tolist(), membership.ehr[answered].tolist(), strict=True)
    )
    signed = pl.col("validation") == "submitted"
    ehr = consents.filter(signed & (pl.col("module") == "ehr"))
    said = ehr.group_by("participant_id", maintain_order=True).agg("status").rows()
    found = {
        list(EHR_SHARES)[outcomes[person]]
        for person, answers in said
        if answers == history and person in outcomes
    }
    assert found == {outcome}


def test_who_authorised_is_known_from_the_day_the_membership_says(
    people: People, consents: pl.DataFrame
) -> None:
    given = consents.filter(pl.col("consent_event_id").str.ends_with("-ehr-yes"))
    answered = dict(zip(people.ids.tolist(), people.membership.ehr_answered.tolist(), strict=True))
    yes = people.membership.ehr == ehr_position("yes")
    assert set(people.ids[yes & people.membership.shares_records]) <= set(given["participant_id"])
    assert all(
        answered[person] == when for person, when in given["participant_id", "authored_at"].rows()
    )


def test_early_participants_consent_again_to_a_newer_form(consents: pl.DataFrame) -> None:
    primary = consents.filter((pl.col("module") == "primary") & (pl.col("status") == "yes"))
    versions = dict(
        primary.group_by("participant_id", maintain_order=True).agg("form_version").rows()
    )
    early = [said for said in versions.values() if said[0] == "1.0"]
    again = [said for said in early if len(said) == 2]
    assert 0.45 < len(again) / len(early) < 0.7
    assert all(said[1] == "3.1" for said in again)
    late = [said for said in versions.values() if said[0] == "3.1"]
    assert late
    assert all(len(said) == 1 for said in late)


def test_a_withdrawal_is_the_last_event(people: People, consents: pl.DataFrame) -> None:
    last = consents.group_by("participant_id", maintain_order=True).last()
    withdrew = last.filter((pl.col("module") == "primary") & (pl.col("status") == "no"))
    membership = people.membership
    gone = membership.withdrawn == membership.withdrawn
    gone &= membership.withdrawn == membership.last_day
    assert withdrew["participant_id"].to_list() == people.ids[gone].tolist()


def test_sharing_of_a_device_frames_its_days(people: People, consents: pl.DataFrame) -> None:
    days = pl.DataFrame(pl.from_arrow(build_wearables(PLAN, people)))
    spans = days.group_by("participant_id").agg(
        first=pl.col("date").min(), last=pl.col("date").max(), count=pl.len()
    )
    wearable = consents.filter(pl.col("module") == "wearable").with_columns(
        day=pl.col("authored_at").dt.date()
    )
    shared = spans.join(wearable.filter(pl.col("status") == "yes"), on="participant_id")
    assert shared.height == spans.height
    assert (shared["day"] <= shared["first"]).all()
    stopped = spans.join(wearable.filter(pl.col("status") == "no"), on="participant_id")
    assert 0.2 < stopped.height / spans.height < 0.35
    assert (stopped["day"] > stopped["last"]).all()
    assert spans.height / PERSONS == pytest.approx(0.09, abs=0.02)
    assert spans["first"].min() >= date(2019, 2, 2)
    assert spans["count"].max() <= 120


def test_languages_are_those_of_the_people(people: People, consents: pl.DataFrame) -> None:
    spanish = set(people.ids[people.spanish].tolist())
    said = consents.filter(pl.col("language") == "es")["participant_id"]
    assert set(said) == spanish
