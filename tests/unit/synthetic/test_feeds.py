"""The programme's side of made-up people is as declared, plausible and repeatable."""

import json
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.engine.storage import sha256_of
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.errors import CommonwealError
from commonweal.schema.feeds import find_feed_files
from commonweal.schema.model import get_model
from commonweal.synthetic.feeds.accounts import build_visitors, count_visitors
from commonweal.synthetic.feeds.build import build_feeds
from commonweal.synthetic.feeds.snapshot import write_feeds
from commonweal.synthetic.people.people import adopt_people, make_people
from commonweal.synthetic.plan import Plan, build_plan

AS_OF = date(2026, 6, 30)
PERSONS = 2_000
PLAN = build_plan(persons=PERSONS, as_of=AS_OF)
Feeds = dict[str, pa.Table]
KEYS = {
    "account_registration": ["participant_id", "account_id"],
    "participant": ["participant_id"],
    "participant_contact": ["participant_id"],
    "consent_event": ["participant_id", "authored_at", "consent_event_id"],
    "survey_response": ["participant_id", "response_set_id", "survey_response_id"],
    "physical_measurement": ["participant_id", "physical_measurement_id"],
    "biosample": ["participant_id", "biosample_id"],
    "wearable_day": ["participant_id", "date"],
}
"""The order of every feed."""


def feeds_of(plan: Plan, first: int, size: int) -> Feeds:
    return build_feeds(plan, make_people(plan, plan.batch(first, size)))


@pytest.fixture(scope="module")
def feeds() -> Feeds:
    return feeds_of(PLAN, 0, PERSONS)


@cache
def small_feeds(seed: int) -> Feeds:
    plan = build_plan(persons=60, as_of=AS_OF, seed=seed)
    return feeds_of(plan, 0, 60)


def as_frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def test_feeds_follow_the_declared_schemas(feeds: Feeds) -> None:
    declared = get_model("feeds").tables
    assert set(feeds) == set(declared)
    for name, table in feeds.items():
        assert table.schema == arrow_schema(declared[name])
        assert table.num_rows > 0
        for field in declared[name].fields:
            if field.required:
                assert table[field.name].null_count == 0, f"{name}.{field.name}"


def test_keys_are_unique_and_participants_exist(feeds: Feeds) -> None:
    participants = feeds["participant"]["participant_id"]
    for name, table in feeds.items():
        key = get_model("feeds").table(name).primary_key
        assert key is not None
        assert pc.count_distinct(table[key.name]).as_py() == table.num_rows, name
        assert pc.all(pc.is_in(table["participant_id"], value_set=participants)).as_py(), name


def test_every_feed_is_in_the_order_of_participant_and_key(feeds: Feeds) -> None:
    for name, table in feeds.items():
        frame = as_frame(table).select(KEYS[name])
        if name == "survey_response":
            frame = frame.with_columns(pl.col("survey_response_id").cast(pl.Int64))
        assert frame.equals(frame.sort(KEYS[name])), name


@given(cuts=st.lists(st.integers(0, 60), max_size=4), seed=st.integers(0, 2))
@settings(max_examples=15, deadline=None)
def test_feeds_are_the_same_in_any_batches(cuts: list[int], seed: int) -> None:
    plan = build_plan(persons=60, as_of=AS_OF, seed=seed)
    bounds = [0, *sorted(cuts), 60]
    parts = [feeds_of(plan, first, stop - first) for first, stop in pairwise(bounds)]
    for name, table in small_feeds(seed).items():
        joined = pa.concat_tables([part[name] for part in parts]).combine_chunks()
        assert joined.equals(table), name


def test_another_seed_gives_other_feeds() -> None:
    for name, table in small_feeds(0).items():
        assert not small_feeds(1)[name].equals(table), name


def test_visitors_are_the_same_in_any_batches_and_never_consented() -> None:
    whole = build_visitors(PLAN, 0, PERSONS)
    parts = [build_visitors(PLAN, first, 70) for first in range(0, count_visitors(PLAN), 70)]
    assert pa.concat_tables(parts).combine_chunks().equals(whole)
    assert whole.num_rows == count_visitors(PLAN) == round(0.15 * PERSONS)
    assert whole["participant_id"].null_count == whole.num_rows
    assert pc.count_distinct(whole["account_id"]).as_py() == whole.num_rows
    assert build_visitors(PLAN, count_visitors(PLAN), 70).num_rows == 0


def test_accounts_are_opened_before_the_consent(feeds: Feeds) -> None:
    accounts = as_frame(feeds["account_registration"])
    consents = (
        as_frame(feeds["consent_event"]).group_by("participant_id").agg(pl.col("authored_at").min())
    )
    both = accounts.join(consents, on="participant_id", validate="1:1")
    assert both.height == PERSONS
    assert (both["registered_at"] < both["authored_at"]).all()


def test_people_join_slowly_then_many_then_hardly_any_in_2020(feeds: Feeds) -> None:
    joined = feeds["participant"]["enrolled_on"].to_pylist()
    assert min(joined) >= date(2017, 6, 1)
    assert max(joined) <= AS_OF

    def in_half_year(start: date) -> int:
        return sum(start <= day < start + timedelta(days=165) for day in joined)

    slow, fast, pause = map(in_half_year, (date(2017, 6, 1), date(2019, 6, 1), date(2020, 3, 16)))
    assert pause * 3 < slow < fast / 2


def test_postal_codes_lie_in_the_state_and_sites_are_those_of_the_plan(feeds: Feeds) -> None:
    participant = as_frame(feeds["participant"])
    prefixes = {"CA": {"900", "941"}, "MA": {"021", "016"}, "AL": {"352", "361"}}
    for state, starts in prefixes.items():
        codes = participant.filter(pl.col("state") == state)["zip_code"]
        assert set(codes.str.head(3)) == starts
        assert (codes.str.len_chars() == 5).all()
    nowhere = participant.filter(pl.col("state").is_null())
    assert 0 < nowhere.height < 0.03 * PERSONS
    assert nowhere["zip_code"].null_count() == nowhere.height
    assert set(participant["site"].drop_nulls()) == {site.name for site in PLAN.sites}
    assert 0.05 < participant["site"].null_count() / PERSONS < 0.12


def test_a_few_left_or_died_and_samples_of_those_who_withdrew_are_gone(feeds: Feeds) -> None:
    participant = as_frame(feeds["participant"])
    for column in ("withdrawn_on", "deactivated_on", "died_on"):
        assert 2 <= PERSONS - participant[column].null_count() <= 0.06 * PERSONS
    samples = as_frame(feeds["biosample"]).join(participant, on="participant_id")
    withdrawn = pl.col("withdrawn_on").is_not_null()
    assert set(samples.filter(withdrawn)["status"]) <= {"disposed", "not_received"}
    assert "disposed" not in set(samples.filter(~withdrawn)["status"])


def test_nothing_is_heard_after_a_person_left(feeds: Feeds) -> None:
    last = as_frame(feeds["participant"]).select(
        "participant_id",
        last=pl.min_horizontal("withdrawn_on", "deactivated_on", "died_on", pl.lit(AS_OF)),
    )
    moments = {
        "consent_event": "authored_at",
        "survey_response": "authored_at",
        "physical_measurement": "measured_at",
        "biosample": "collected_at",
        "wearable_day": "date",
    }
    for name, column in moments.items():
        events = as_frame(feeds[name]).select("participant_id", pl.col(column).cast(pl.Date))
        late = events.join(last, on="participant_id").filter(pl.col(column) > pl.col("last"))
        assert late.is_empty(), name


def test_kits_that_never_came_back_have_no_day(feeds: Feeds) -> None:
    samples = as_frame(feeds["biosample"])
    kits = samples.filter(pl.col("sample_code") == "1SAL2")
    assert 0.05 < kits.height / PERSONS < 0.2
    lost = kits.filter(pl.col("status") == "not_received")
    assert lost["collected_at"].null_count() == lost.height > 0
    assert samples["collected_at"].null_count() == lost.height
    tubes = samples.filter(pl.col("sample_code") != "1SAL2")
    assert not set(tubes["participant_id"]) & set(kits["participant_id"])
    assert tubes.group_by("participant_id").len()["len"].mean() == pytest.approx(6.8, abs=0.2)


def test_persons_of_a_hospital_can_be_adopted() -> None:
    born = [date(2008, 6, 30), date(2008, 7, 1), date(1960, 2, 29)]
    persons = pa.table(
        {
            "person_id": [7, 8, 3],
            "site": [PLAN.sites[0].name] * 3,
            "birth_date": pa.array(born, pa.date32()),
            "sex_concept_id": [8532, 8507, 8532],
            "race_concept_id": [8527, 8516, 0],
            "ethnicity_concept_id": [38003564, 0, 38003563],
        }
    )
    feeds = build_feeds(PLAN, adopt_people(PLAN, persons))
    participant = as_frame(feeds["participant"])
    assert participant["participant_id"].to_list() == [3, 7]
    assert participant["birth_date"].to_list() == [born[2], born[0]]
    assert participant["race_concept_id"].to_list() == [0, 8527]
    assert participant["enrolled_on"].to_list()[1] == AS_OF


@pytest.mark.parametrize(("count", "as_of"), [(0, AS_OF), (3, date(2017, 6, 1))])
def test_nobody_and_the_first_day_are_no_special_case(count: int, as_of: date) -> None:
    plan = build_plan(persons=3, as_of=as_of)
    feeds = feeds_of(plan, 0, count)
    declared = get_model("feeds").tables
    assert {name: table.schema for name, table in feeds.items()} == {
        name: arrow_schema(table) for name, table in declared.items()
    }
    assert feeds["participant"]["enrolled_on"].to_pylist() == [as_of] * count


def test_a_snapshot_is_written_whole_and_with_its_hashes(feeds: Feeds, tmp_path: Path) -> None:
    folder = tmp_path / "feeds" / AS_OF.isoformat()
    written = write_feeds(feeds, folder, as_of=AS_OF)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == written
    assert (manifest["as_of"], manifest["synthetic"]) == ("2026-06-30", True)
    files = find_feed_files(folder)
    for entry in manifest["feeds"]:
        file = folder / entry["file"]
        assert files[entry["name"]] == file
        assert entry["sha256"] == sha256_of(file)
        assert pq.read_table(file).equals(feeds[entry["name"]])
        assert entry["rows"] == feeds[entry["name"]].num_rows


def test_writing_again_changes_nothing_and_other_data_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    first = write_feeds(small_feeds(0), folder, as_of=AS_OF)
    times = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    plan = build_plan(persons=60, as_of=AS_OF, seed=0)
    assert write_feeds(feeds_of(plan, 0, 60), folder, as_of=AS_OF) == first
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == times
    with pytest.raises(CommonwealError, match="already holds something else"):
        write_feeds(small_feeds(1), folder, as_of=AS_OF)


def test_a_snapshot_with_a_wrong_column_is_not_written(tmp_path: Path) -> None:
    feeds = small_feeds(0)
    broken = feeds | {"biosample": feeds["biosample"].drop_columns(["status"])}
    with pytest.raises(CommonwealError, match=r"biosample\.status is missing"):
        write_feeds(broken, tmp_path / "snapshot", as_of=AS_OF)
    assert not list(tmp_path.iterdir())


def test_samples_and_measurements_wait_for_clinics_to_open_again() -> None:
    feeds = feeds_of(build_plan(persons=3_000, as_of=date(2020, 8, 31)), 0, 3_000)
    for name, column in (("physical_measurement", "measured_at"), ("biosample", "collected_at")):
        moments = np.sort(feeds[name][column].drop_null().to_numpy())
        assert moments[-1] < np.datetime64("2020-03-16")
