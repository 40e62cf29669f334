"""The programme's side of made-up persons is as declared, plausible and repeatable."""

import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from commonweal.engine.storage import sha256_of
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.errors import CommonwealError
from commonweal.schema.feeds import find_feed_files
from commonweal.schema.model import get_model
from commonweal.synthetic.feeds import build_feeds, write_feeds
from commonweal.synthetic.population import build_population

AS_OF = date(2026, 6, 30)
PERSONS = 2_700
Feeds = dict[str, pa.Table]


@pytest.fixture(scope="module")
def persons() -> pa.Table:
    return build_population(site="north", seed=3, persons=PERSONS, first_id=1)


@pytest.fixture(scope="module")
def feeds(persons: pa.Table) -> Feeds:
    return build_feeds(persons, seed=1, as_of=AS_OF)


def rows_of(table: pa.Table, **values: object) -> pa.Table:
    for column, value in values.items():
        table = table.filter(pc.equal(table[column], pa.scalar(value)))
    return table


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
        known = pc.is_in(table["participant_id"].drop_null(), value_set=participants)
        assert pc.all(known).as_py(), name


def test_the_same_seed_gives_the_same_feeds_in_any_order(persons: pa.Table, feeds: Feeds) -> None:
    backwards = persons.take(pa.array(range(PERSONS - 1, -1, -1)))
    again = build_feeds(backwards, seed=1, as_of=AS_OF)
    other = build_feeds(persons, seed=2, as_of=AS_OF)
    for name, table in feeds.items():
        assert again[name].equals(table), name
        assert not other[name].equals(table), name


def test_a_person_does_not_depend_on_the_others(persons: pa.Table, feeds: Feeds) -> None:
    few = build_feeds(persons.slice(100, 50), seed=1, as_of=AS_OF)
    for name, table in few.items():
        if name != "account_registration":
            ids = table["participant_id"]
            same = feeds[name].filter(pc.is_in(feeds[name]["participant_id"], value_set=ids))
            assert table.equals(same.combine_chunks()), name


def test_details_come_from_the_persons(persons: pa.Table, feeds: Feeds) -> None:
    participant = feeds["participant"]
    for theirs, ours in (
        ("birth_date", "birth_date"),
        ("sex_concept_id", "sex_at_birth_concept_id"),
        ("race_concept_id", "race_concept_id"),
        ("ethnicity_concept_id", "ethnicity_concept_id"),
    ):
        assert persons[theirs].to_pylist() == participant[ours].to_pylist()


def test_people_join_slowly_then_many_then_hardly_any_in_2020(feeds: Feeds) -> None:
    joined = feeds["participant"]["enrolled_on"].to_pylist()
    assert min(joined) >= date(2017, 6, 1)
    assert max(joined) <= AS_OF

    def in_half_year(start: date) -> int:
        return sum(start <= day < start + timedelta(days=165) for day in joined)

    slow, fast, pause = map(in_half_year, (date(2017, 6, 1), date(2019, 6, 1), date(2020, 3, 16)))
    assert pause * 3 < slow < fast / 2


def test_states_differ_in_size_and_zip_codes_lie_in_them(feeds: Feeds) -> None:
    participant = feeds["participant"]
    counts = {
        row["values"]: row["counts"]
        for row in pc.value_counts(participant["state"]).to_pylist()
        if row["values"]
    }
    assert sum(count >= 200 for count in counts.values()) >= 4
    assert sum(count < 200 for count in counts.values()) >= 3
    prefixes = {"VT": {"054"}, "CA": {"900", "941"}, "MA": {"021", "016"}}
    for row in participant.select(["state", "zip_code"]).to_pylist():
        if row["state"] in prefixes:
            assert row["zip_code"][:3] in prefixes[row["state"]]
            assert len(row["zip_code"]) == 5


def test_most_people_live_in_the_state_of_their_site(persons: pa.Table, feeds: Feeds) -> None:
    half = PERSONS // 2
    states = pa.array(["OH"] * half + [None] * (PERSONS - half))
    near = build_feeds(persons.append_column("state", states), seed=1, as_of=AS_OF)
    found, before = (f["participant"].select(["state", "zip_code"]) for f in (near, feeds))
    at_home = rows_of(found.slice(0, half), state="OH")
    assert at_home.num_rows / half == pytest.approx(0.85, abs=0.03)
    assert {code[:3] for code in at_home["zip_code"].to_pylist()} == {"441", "432"}
    assert found.slice(half).equals(before.slice(half))
    others = zip(found.slice(0, half).to_pylist(), before.to_pylist(), strict=False)
    assert all(row == was for row, was in others if row["state"] != "OH")


def test_a_state_of_which_nothing_is_known_is_refused(persons: pa.Table) -> None:
    nowhere = persons.append_column("state", pa.array(["ZZ"] * PERSONS))
    with pytest.raises(CommonwealError, match="No postal codes are known of ZZ"):
        build_feeds(nowhere, seed=1, as_of=AS_OF)


@pytest.mark.parametrize(
    ("statuses", "share"),
    [
        ({("yes", "submitted")}, 0.93),
        ({("no", "submitted")}, 0.03),
        ({("yes", "submitted"), ("expired", "submitted")}, 0.02),
        ({("yes", "not_validated")}, 0.02),
    ],
)
def test_ehr_consents_have_their_shares(
    feeds: Feeds, statuses: set[tuple[str, str]], share: float
) -> None:
    by_person: dict[int, set[tuple[str, str]]] = {}
    for row in rows_of(feeds["consent_event"], module="ehr").to_pylist():
        by_person.setdefault(row["participant_id"], set()).add((row["status"], row["validation"]))
    found = sum(answers == statuses for answers in by_person.values())
    assert found / PERSONS == pytest.approx(share, abs=0.012)


def test_consent_comes_first_and_expiry_after_it(feeds: Feeds) -> None:
    enrolled = {
        row["participant_id"]: row["enrolled_on"] for row in feeds["participant"].to_pylist()
    }
    first: dict[int, tuple[str, str]] = {}
    given: dict[int, object] = {}
    for row in feeds["consent_event"].to_pylist():
        person = row["participant_id"]
        first.setdefault(person, (row["module"], row["status"]))
        assert row["authored_at"].date() >= enrolled[person]
        if row["module"] == "ehr" and row["status"] == "yes":
            given[person] = row["authored_at"]
        if row["status"] == "expired":
            assert row["authored_at"] > given[person]
    assert set(first.values()) == {("primary", "yes")}
    assert set(first) == set(enrolled)


def test_nothing_is_heard_after_a_person_left(feeds: Feeds) -> None:
    last = {
        row["participant_id"]: min(
            filter(None, (row["withdrawn_on"], row["deactivated_on"], row["died_on"], AS_OF))
        )
        for row in feeds["participant"].to_pylist()
    }
    moments = {
        "consent_event": "authored_at",
        "survey_response": "authored_at",
        "physical_measurement": "measured_at",
        "biosample": "collected_at",
        "wearable_day": "date",
    }
    for name, column in moments.items():
        for row in feeds[name].select(["participant_id", column]).to_pylist():
            day = row[column] if name == "wearable_day" else row[column].date()
            assert day <= last[row["participant_id"]], name


def test_a_few_left_died_or_are_tests(feeds: Feeds) -> None:
    participant = feeds["participant"]
    for column in ("withdrawn_on", "deactivated_on", "died_on"):
        assert 4 <= PERSONS - participant[column].null_count <= 40
    assert 1 <= pc.sum(participant["is_test"]).as_py() <= 15


def test_some_accounts_never_consented(feeds: Feeds) -> None:
    accounts = feeds["account_registration"]
    assert accounts["participant_id"].null_count == round(0.15 * PERSONS)
    assert accounts.num_rows == PERSONS + round(0.15 * PERSONS)


def test_answers_agree_with_the_details(feeds: Feeds) -> None:
    answers: dict[int, set[int]] = {}
    for row in rows_of(feeds["survey_response"], question_concept_id=1586140).to_pylist():
        answers.setdefault(row["participant_id"], set()).add(row["answer_concept_id"])
    expected = {8527: 1586146, 8516: 1586143, 8515: 1586142, 8657: 1586141, 8557: 1586145}
    for row in feeds["participant"].to_pylist():
        given = answers.get(row["participant_id"])
        if given is None:
            continue
        wanted = {expected[row["race_concept_id"]]} if row["race_concept_id"] else set()
        wanted |= {1586147} if row["ethnicity_concept_id"] == 38003563 else set()
        assert given == (wanted or {1586148})


def test_readings_are_three_and_the_mean_is_of_the_last_two(feeds: Feeds) -> None:
    pulses: dict[int, dict[int | None, float]] = {}
    for row in rows_of(feeds["physical_measurement"], measurement_code="heart-rate").to_pylist():
        pulses.setdefault(row["participant_id"], {})[row["reading"]] = row["value"]
    assert len(pulses) > 0.7 * PERSONS
    for readings in pulses.values():
        assert set(readings) == {1, 2, 3, None}
        assert readings[None] == (readings[2] + readings[3]) / 2


def test_wearables_are_of_a_tenth_for_thirty_days(feeds: Feeds) -> None:
    days = pc.value_counts(feeds["wearable_day"]["participant_id"]).to_pylist()
    assert len(days) / PERSONS == pytest.approx(0.10, abs=0.02)
    assert max(row["counts"] for row in days) == 30


def test_children_do_not_enrol(persons: pa.Table) -> None:
    born = pa.array([date(2008, 6, 30), date(2008, 7, 1), date(1960, 2, 29)], pa.date32())
    three = persons.slice(0, 3).set_column(2, "birth_date", born)
    participant = build_feeds(three, seed=1, as_of=AS_OF)["participant"]
    assert participant["participant_id"].to_pylist() == [1, 3]
    assert participant["enrolled_on"].to_pylist()[0] == AS_OF


@pytest.mark.parametrize(("count", "as_of"), [(0, AS_OF), (3, date(2017, 6, 1))])
def test_nobody_and_the_first_day_are_no_special_case(
    persons: pa.Table, count: int, as_of: date
) -> None:
    feeds = build_feeds(persons.slice(0, count), seed=1, as_of=as_of)
    declared = get_model("feeds").tables
    assert {name: table.schema for name, table in feeds.items()} == {
        name: arrow_schema(table) for name, table in declared.items()
    }
    assert feeds["participant"]["enrolled_on"].to_pylist() == [as_of] * count


def test_a_date_before_the_programme_is_refused(persons: pa.Table) -> None:
    with pytest.raises(CommonwealError, match="The programme began on 2017-06-01"):
        build_feeds(persons, seed=1, as_of=date(2017, 5, 31))


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


def test_writing_again_changes_nothing_and_other_data_is_refused(
    persons: pa.Table, tmp_path: Path
) -> None:
    few = persons.slice(0, 40)
    folder = tmp_path / "snapshot"
    first = write_feeds(build_feeds(few, seed=1, as_of=AS_OF), folder, as_of=AS_OF)
    times = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert write_feeds(build_feeds(few, seed=1, as_of=AS_OF), folder, as_of=AS_OF) == first
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == times
    with pytest.raises(CommonwealError, match="already holds something else"):
        write_feeds(build_feeds(few, seed=2, as_of=AS_OF), folder, as_of=AS_OF)


def test_a_snapshot_with_a_wrong_column_is_not_written(feeds: Feeds, tmp_path: Path) -> None:
    broken = feeds | {"biosample": feeds["biosample"].drop_columns(["status"])}
    with pytest.raises(CommonwealError, match=r"biosample\.status is missing"):
        write_feeds(broken, tmp_path / "snapshot", as_of=AS_OF)
    assert not list(tmp_path.iterdir())
