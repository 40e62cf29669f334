"""Tiers of a combined dataset of a few persons, from its files to the tier's files."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.privacy_programme import AS_OF, Programme, Row, born, rows_of, write_programme

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.protocol import EngineError
from commonweal.engine.settings import EngineSettings
from commonweal.privacy.deidentify import TierResult, build_tier_stage
from commonweal.privacy.errors import DeidentifyError, LeakError
from commonweal.privacy.expression import Expression, row_value
from commonweal.privacy.tiers import get_tier
from commonweal.privacy.vault import open_vault
from commonweal.schema.model import Role, get_model

CODES = {44054006: "44054006", 35206882: "E11.9", 0: "No matching concept"}
OLD, OLD_TODAY, ALMOST_OLD, YOUNG = 102, 104, 103, 101


def tables() -> dict[str, list[Row]]:
    seen = {"visit_concept_id": 9202, "visit_type_concept_id": 32817}
    diagnosed = {"condition_concept_id": 201826, "condition_type_concept_id": 32817}
    measured = {"measurement_concept_id": 3004410, "measurement_type_concept_id": 32817}
    return {
        "person": [
            born(YOUNG, date(1950, 3, 15), person_source_value="Ada", provider_id=9, location_id=5),
            born(OLD, date(1929, 5, 5)),
            born(ALMOST_OLD, date(1931, 1, 2)),
            born(OLD_TODAY, date(1931, 1, 1)),
        ],
        "person_ext": [
            {"person_id": YOUNG, "state_of_residence_source_value": "TX", "zip_code": "78701"},
            {"person_id": OLD, "state_of_residence_source_value": "TX", "zip_code": "03601"},
            {"person_id": ALMOST_OLD, "state_of_residence_source_value": "??", "zip_code": "none"},
            {"person_id": OLD_TODAY},
        ],
        "observation_period": [
            {
                "observation_period_id": 1,
                "person_id": YOUNG,
                "observation_period_start_date": date(1950, 3, 15),
                "observation_period_end_date": date(2019, 12, 31),
                "period_type_concept_id": 32817,
            }
        ],
        "visit_occurrence": [
            {
                "visit_occurrence_id": 7000,
                "person_id": YOUNG,
                "visit_start_date": date(2010, 2, 1),
                "visit_start_datetime": datetime.fromisoformat("2010-02-01T09:30"),
                "visit_end_date": date(2010, 2, 3),
                "preceding_visit_occurrence_id": 7001,
                "care_site_id": 4,
                "visit_source_value": "ward 3, Dr Brown",
                **seen,
            },
            {
                "visit_occurrence_id": 7001,
                "person_id": YOUNG,
                "visit_start_date": date(2009, 2, 1),
                "visit_end_date": date(2009, 2, 1),
                **seen,
            },
            {
                "visit_occurrence_id": 7001,
                "person_id": ALMOST_OLD,
                "visit_start_date": date(2011, 1, 1),
                "visit_end_date": date(2011, 1, 1),
                "_src_site": "south",
                **seen,
            },
            {
                "visit_occurrence_id": 7003,
                "person_id": YOUNG,
                "visit_start_date": date(1951, 6, 1),
                "visit_end_date": date(1952, 6, 1),
                **seen,
            },
            {
                "visit_occurrence_id": 7004,
                "person_id": OLD,
                "visit_start_date": date(2000, 6, 1),
                "visit_end_date": date(2000, 6, 1),
                **seen,
            },
        ],
        "condition_occurrence": [
            {
                "condition_occurrence_id": 1,
                "person_id": YOUNG,
                "condition_start_date": date(2010, 2, 2),
                "condition_source_value": "diabetes of Mrs Lovelace",
                "condition_source_concept_id": 35206882,
                "condition_status_source_value": "final",
                "visit_occurrence_id": 7000,
                **diagnosed,
            },
            {
                "condition_occurrence_id": 2,
                "person_id": YOUNG,
                "condition_start_date": date(1952, 1, 1),
                "condition_source_value": "E10",
                "condition_source_concept_id": 0,
                "visit_occurrence_id": 7003,
                **diagnosed,
            },
            {
                "condition_occurrence_id": 1,
                "person_id": ALMOST_OLD,
                "condition_start_date": date(2011, 1, 1),
                "visit_occurrence_id": 7001,
                "_src_site": "south",
                **diagnosed,
            },
            {
                "condition_occurrence_id": 3,
                "person_id": OLD,
                "condition_start_date": date(2000, 6, 1),
                **diagnosed,
            },
        ],
        "measurement": [
            {
                "measurement_id": 31,
                "person_id": YOUNG,
                "measurement_date": date(2010, 2, 2),
                "measurement_time": "09:41:12",
                "value_as_number": 6.5,
                "measurement_event_id": 7000,
                "value_source_value": "call 555-123-4567",
                **measured,
            },
            {
                "measurement_id": 32,
                "person_id": YOUNG,
                "measurement_date": date(2010, 2, 1),
                "value_as_number": 7.5,
                **measured,
            },
        ],
        "fact_relationship": [
            link(21, 31, 21, 32),
            link(21, 31, 19, 1),
            link(56, YOUNG, 56, OLD),
            link(19, 3, 19, 1),
        ],
        "death": [
            {
                "person_id": YOUNG,
                "death_date": date(2019, 7, 1),
                "death_type_concept_id": 32817,
                "cause_concept_id": 201826,
                "cause_source_value": "E11.9",
                "cause_source_concept_id": 35206882,
            }
        ],
        "note": [{"note_id": 1, "person_id": YOUNG, "note_text": "Ada was here"}],
        "provider": [{"provider_id": 9, "provider_name": "Dr Brown"}],
        "location": [{"location_id": 5, "zip": "78701"}],
        "cdm_source": [{"cdm_source_name": "North hospital"}],
    }


def link(domain_1: int, fact_1: int, domain_2: int, fact_2: int) -> Row:
    return {
        "domain_concept_id_1": domain_1,
        "fact_id_1": fact_1,
        "domain_concept_id_2": domain_2,
        "fact_id_2": fact_2,
        "relationship_concept_id": 44818890,
    }


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    return write_programme(tmp_path_factory.mktemp("programme"), tables(), CODES)


@pytest.fixture(scope="module")
def registered(programme: Programme) -> TierResult:
    return programme.build("registered")


@pytest.fixture(scope="module")
def controlled(programme: Programme) -> TierResult:
    return programme.build("controlled")


def of_person(rows: list[dict[str, Any]], person: int) -> list[dict[str, Any]]:
    return [row for row in rows if row["person_id"] == person]


def test_registered_leaves_out_whole_persons_of_89(
    registered: TierResult, programme: Programme
) -> None:
    ids = programme.new_ids("registered")
    assert set(ids) == {YOUNG, ALMOST_OLD}
    assert sorted(row["person_id"] for row in rows_of(registered, "person")) == sorted(ids.values())
    for table in registered.rows:
        for row in rows_of(registered, table):
            assert row.get("person_id") in {None, *ids.values()}, table
    assert registered.rows["condition_occurrence"] == 3


def test_registered_moves_every_date_by_the_persons_days(
    registered: TierResult, programme: Programme
) -> None:
    new = programme.new_ids("registered")[YOUNG]
    back = timedelta(days=programme.days()[YOUNG])
    assert timedelta(days=1) <= back <= timedelta(days=364)
    [person] = of_person(rows_of(registered, "person"), new)
    birth = datetime.fromisoformat("1950-03-15") - back
    assert person["birth_datetime"] == birth
    assert (person["year_of_birth"], person["month_of_birth"], person["day_of_birth"]) == (
        birth.year,
        birth.month,
        birth.day,
    )
    visits = of_person(rows_of(registered, "visit_occurrence"), new)
    assert [visit["visit_start_date"] + back for visit in visits] == [
        date(1951, 6, 1),
        date(2009, 2, 1),
        date(2010, 2, 1),
    ]
    assert visits[2]["visit_start_datetime"] + back == datetime.fromisoformat("2010-02-01T09:30")
    [death] = rows_of(registered, "death")
    assert death["death_date"] + back == date(2019, 7, 1)


def test_controlled_keeps_dates_but_not_the_first_years(
    controlled: TierResult, programme: Programme
) -> None:
    new = programme.new_ids("controlled")[YOUNG]
    visits = of_person(rows_of(controlled, "visit_occurrence"), new)
    assert [visit["visit_start_date"] for visit in visits] == [date(2009, 2, 1), date(2010, 2, 1)]
    starts = [
        row["condition_start_date"]
        for row in of_person(rows_of(controlled, "condition_occurrence"), new)
    ]
    assert starts == [date(1952, 1, 1), date(2010, 2, 2)]
    [period] = rows_of(controlled, "observation_period")
    assert period["observation_period_start_date"] == date(1952, 1, 1)
    assert period["observation_period_end_date"] == date(2019, 12, 31)
    [person] = of_person(rows_of(controlled, "person"), new)
    assert person["year_of_birth"] == 1950
    assert person["month_of_birth"] is person["day_of_birth"] is None
    assert person["birth_datetime"] == datetime.fromisoformat("1950-06-15")
    assert controlled.rows["person"] == 4


def test_what_was_left_out_stands_in_evidence_with_its_rule(
    registered: TierResult, controlled: TierResult
) -> None:
    oldest = pq.read_table(registered.selected.evidence("person")).to_pylist()
    assert [(row["rule"], row["action"], row["_src_row"]) for row in oldest] == [
        ("deid.birth", "drop", OLD),
        ("deid.birth", "drop", OLD_TODAY),
    ]
    early = pq.read_table(controlled.selected.evidence("visit_occurrence")).to_pylist()
    assert [(row["rule"], row["action"], row["_src_row"]) for row in early] == [
        ("deid.birth", "drop", 4)
    ]
    assert not list(registered.folder.glob("evidence*"))


@pytest.mark.parametrize("tier", ["registered", "controlled"])
def test_rows_are_numbered_densely_and_keys_follow(
    tier: str, request: pytest.FixtureRequest
) -> None:
    result = request.getfixturevalue(tier)
    for name in ("visit_occurrence", "condition_occurrence", "measurement"):
        rows = rows_of(result, name)
        assert [row[f"{name}_id"] for row in rows] == list(range(1, len(rows) + 1))
        assert [row["person_id"] for row in rows] == sorted(row["person_id"] for row in rows)
    visits = {row["visit_occurrence_id"]: row for row in rows_of(result, "visit_occurrence")}
    chained = [visit for visit in visits.values() if visit["preceding_visit_occurrence_id"]]
    assert len(chained) == 1
    before = visits[chained[0]["preceding_visit_occurrence_id"]]
    assert before["visit_start_date"] < chained[0]["visit_start_date"]
    linked = [row for row in rows_of(result, "condition_occurrence") if row["visit_occurrence_id"]]
    assert len(linked) == (3 if tier == "registered" else 2)
    for row in linked:
        assert visits[row["visit_occurrence_id"]]["person_id"] == row["person_id"]


def test_links_between_facts_stay_where_both_are_there(registered: TierResult) -> None:
    measurements = {
        row["value_as_number"]: row["measurement_id"] for row in rows_of(registered, "measurement")
    }
    links = rows_of(registered, "fact_relationship")
    assert [(row["domain_concept_id_1"], row["domain_concept_id_2"]) for row in links] == [
        (21, 19),
        (21, 21),
    ]
    assert (links[1]["fact_id_1"], links[1]["fact_id_2"]) == (measurements[6.5], measurements[7.5])
    condition = rows_of(registered, "condition_occurrence")[links[0]["fact_id_2"] - 1]
    assert condition["condition_source_value"] == "E11.9"


@pytest.mark.parametrize("tier", ["registered", "controlled"])
def test_text_is_gone_but_for_codes(tier: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(tier)
    texts = {
        (table, column, value)
        for table, declared in get_model("release").tables.items()
        if declared.role is not Role.VOCABULARY and table in result.rows
        for row in rows_of(result, table)
        for column, value in row.items()
        if isinstance(value, str)
    }
    code = ("condition_occurrence", "condition_source_value", "E11.9")
    assert code in texts
    places = {text for text in texts if text[0] == "person_ext"}
    rest = texts - places - {code}
    assert rest == (set() if tier == "registered" else {("death", "cause_source_value", "E11.9")})


def test_registered_hides_places_and_causes(registered: TierResult) -> None:
    for row in rows_of(registered, "person_ext"):
        assert row["zip_code"] is None
        assert row["state_of_residence_source_value"] is None
    [death] = rows_of(registered, "death")
    assert death["cause_concept_id"] is death["cause_source_concept_id"] is None
    assert death["death_type_concept_id"] == 32817


def test_controlled_shows_three_digits_and_the_cause(
    controlled: TierResult, programme: Programme
) -> None:
    ids = {new: old for old, new in programme.new_ids("controlled").items()}
    shown = {
        ids[row["person_id"]]: (row["state_of_residence_source_value"], row["zip_code"])
        for row in rows_of(controlled, "person_ext")
    }
    assert shown == {
        YOUNG: ("TX", "787**"),
        OLD: ("TX", "000**"),
        ALMOST_OLD: (None, None),
        OLD_TODAY: (None, None),
    }
    [death] = rows_of(controlled, "death")
    assert (death["cause_concept_id"], death["cause_source_concept_id"]) == (201826, 35206882)


def test_ids_of_what_is_not_there_are_empty(controlled: TierResult) -> None:
    assert all(row["care_site_id"] is None for row in rows_of(controlled, "visit_occurrence"))
    assert all(row["measurement_event_id"] is None for row in rows_of(controlled, "measurement"))
    for row in rows_of(controlled, "person"):
        assert row["provider_id"] is row["location_id"] is row["person_source_value"] is None


def test_every_declared_table_is_there_and_typed_as_declared(registered: TierResult) -> None:
    roles = (Role.CLINICAL, Role.EXTENSION, Role.HEALTH_SYSTEM, Role.DERIVED)
    for table in get_model("release").with_role(*roles):
        schema = pq.read_schema(registered.file(table.name))
        assert tuple(schema.names) == table.columns
    for name in ("note", "provider", "location", "care_site", "drug_era"):
        assert registered.rows[name] == 0
    assert not registered.file("cdm_source").exists()
    assert registered.file("concept").read_bytes()


def test_counts_name_every_row_that_left(registered: TierResult, controlled: TierResult) -> None:
    counts = {(count.rule, count.table): count for count in registered.counts}
    assert counts["deid.birth", "person"].dropped == 2
    assert counts["deid.strings_and_tables", "note"].dropped == 1
    assert counts["deid.strings_and_tables", "cdm_source"].dropped == 1
    assert counts["deid.remap_person_and_ids", "fact_relationship"].dropped == 2
    assert counts["deid.date_shift", "visit_occurrence"].changed == 4
    early = {(count.rule, count.table): count for count in controlled.counts}
    assert early["deid.birth", "visit_occurrence"].dropped == 1
    assert early["deid.birth", "observation_period"].changed == 1
    assert ("deid.date_shift", "visit_occurrence") not in early


def test_the_manifest_prints_how_alone_people_stand(controlled: TierResult) -> None:
    manifest = json.loads((controlled.folder / "manifest.json").read_text())
    assert manifest["facts"]["linkage"] == {
        "persons": 4,
        "classes": 3,
        "persons_alone": 2,
        "smallest_class": 1,
        "share_of_small_classes": 1.0,
        "mean_chance": 0.75,
    }


def test_the_manifest_holds_no_id_of_a_person(registered: TierResult, programme: Programme) -> None:
    text = (registered.folder / "manifest.json").read_text()
    for old, new in programme.new_ids("registered").items():
        assert str(new) not in text
        assert f'"{old}"' not in text


def test_tiers_share_no_ids(registered: TierResult, controlled: TierResult) -> None:
    first, second = (
        {row["person_id"] for row in rows_of(result, "person")}
        for result in (registered, controlled)
    )
    assert not first & second


def test_made_again_it_is_the_same_folder_untouched(
    programme: Programme, registered: TierResult
) -> None:
    stamp = registered.file("person").stat().st_mtime_ns
    again = programme.build("registered")
    assert again.folder == registered.folder
    assert again.counts == registered.counts
    assert again.file("person").stat().st_mtime_ns == stamp


def test_same_bytes_for_any_threads_and_memory(
    programme: Programme, registered: TierResult
) -> None:
    other = Programme(
        programme.home, programme.combined, programme.vocabulary, threads=2, memory_limit="100MB"
    )
    again = other.build("registered", stages="stages-2")
    assert again.folder != registered.folder
    files = sorted(file.name for file in registered.folder.iterdir())
    assert files == sorted(file.name for file in again.folder.iterdir())
    for name in files:
        assert (again.folder / name).read_bytes() == (registered.folder / name).read_bytes(), name


def test_the_order_of_the_combined_rows_does_not_matter(tmp_path: Path) -> None:
    ordered = write_programme(tmp_path / "a", tables(), CODES)
    shuffled = {
        name: [{**row, "_src_row": row.get("_src_row", n)} for n, row in enumerate(rows, 1)][::-1]
        for name, rows in tables().items()
    }
    reversed_rows = write_programme(tmp_path / "a" / "b", shuffled, CODES)
    reversed_rows.home = tmp_path / "a"
    first = ordered.build("registered", stages="one")
    second = reversed_rows.build("registered", stages="two")
    for name in first.rows:
        assert first.file(name).read_bytes() == second.file(name).read_bytes(), name


@pytest.mark.parametrize(("persons", "state"), [(200, "TX"), (199, None)])
def test_a_state_is_shown_from_200_persons_on(tmp_path: Path, persons: int, state: str) -> None:
    people = range(1, persons + 1)
    small = {
        "person": [born(person, date(1980, 1, 1)) for person in people]
        + [born(900, date(1900, 1, 1))],
        "person_ext": [
            {"person_id": person, "state_of_residence_source_value": "TX", "zip_code": "78701"}
            for person in [*people, 900]
        ],
    }
    result = write_programme(tmp_path, small).build("registered")
    shown = {row["state_of_residence_source_value"] for row in rows_of(result, "person_ext")}
    assert shown == {state}


def treated_at(person: int, *sites: str) -> list[Row]:
    return [
        {
            "visit_occurrence_id": person,
            "person_id": person,
            "visit_concept_id": 9202,
            "visit_start_date": date(2010, 2, 1),
            "visit_end_date": date(2010, 2, 1),
            "visit_type_concept_id": 32817,
            "_src_site": site,
            "_src_row": person,
        }
        for site in sites
    ]


SITES = {"austin": "TX", "tulsa": "OK", "mobile": ""}
ONE_IN_TULSA, ALL_IN_TULSA, NOTE_IN_TULSA, UNTREATED = 201, 202, 203, 204


def programme_of_two_states(home: Path, texans: int) -> Programme:
    """Texans treated in Texas or at a site without a state, and four more persons of Texas."""
    people = [*range(1, texans + 1), ONE_IN_TULSA, ALL_IN_TULSA, NOTE_IN_TULSA, UNTREATED]
    visits = [row for person in range(1, texans + 1) for row in treated_at(person, "austin")]
    visits += treated_at(1, "mobile")
    visits += treated_at(ONE_IN_TULSA, "austin", "tulsa") + treated_at(ALL_IN_TULSA, "tulsa")
    note = {"note_id": 1, "person_id": NOTE_IN_TULSA, "_src_site": "tulsa"}
    made = write_programme(
        home,
        {
            "person": [born(person, date(1980, 1, 1), _src_site="programme") for person in people],
            "person_ext": [
                {
                    "person_id": person,
                    "state_of_residence_source_value": "TX",
                    "_src_site": "programme",
                    "_src_row": person,
                }
                for person in people
            ],
            "visit_occurrence": visits,
            "note": [note],
        },
    )
    made.sites = SITES
    return made


def states_by_person(result: TierResult, programme: Programme) -> dict[int, str | None]:
    ids = {new: old for old, new in programme.new_ids(result.name).items()}
    return {
        ids[row["person_id"]]: row["state_of_residence_source_value"]
        for row in rows_of(result, "person_ext")
    }


def test_a_state_is_hidden_where_a_site_in_another_one_sent_rows(tmp_path: Path) -> None:
    programme = programme_of_two_states(tmp_path, texans=199)
    registered = programme.build("registered")
    shown = states_by_person(registered, programme)
    hidden = {ONE_IN_TULSA, ALL_IN_TULSA, NOTE_IN_TULSA}
    assert {person for person, state in shown.items() if state is None} == hidden
    assert set(shown.values()) == {"TX", None}
    counts = {(count.rule, count.table): count for count in registered.counts}
    assert counts["deid.geography", "person_ext"].changed == len(shown)
    controlled = programme.build("controlled")
    assert set(states_by_person(controlled, programme).values()) == {"TX"}


def test_hidden_states_do_not_count_towards_the_number_a_state_must_have(tmp_path: Path) -> None:
    programme = programme_of_two_states(tmp_path, texans=198)
    shown = states_by_person(programme.build("registered"), programme)
    assert len(shown) == 202
    assert set(shown.values()) == {None}


def test_sites_without_a_state_conflict_with_nothing(tmp_path: Path) -> None:
    programme = programme_of_two_states(tmp_path, texans=198)
    programme.sites = {"austin": "TX", "mobile": ""}
    shown = states_by_person(programme.build("registered"), programme)
    assert set(shown.values()) == {"TX"}


def test_a_site_that_moves_makes_another_tier_where_states_matter(tmp_path: Path) -> None:
    programme = write_programme(tmp_path, tables(), CODES)
    before = {tier: programme.build(tier).digest for tier in ("registered", "controlled")}
    programme.sites = {"north": "TX"}
    assert programme.build("registered").digest != before["registered"]
    assert programme.build("controlled").digest == before["controlled"]


def test_rows_that_left_with_their_keys_stand_in_evidence(
    programme: Programme, controlled: TierResult, tmp_path: Path
) -> None:
    details = [
        {
            "visit_detail_id": number,
            "person_id": YOUNG,
            "visit_detail_concept_id": 9202,
            "visit_detail_start_date": date(2010, 2, 1),
            "visit_detail_end_date": date(2010, 2, 1),
            "visit_detail_type_concept_id": 32817,
            "visit_occurrence_id": visit,
            "visit_detail_source_value": "bed 7",
        }
        for number, visit in ((1, 7000), (2, 7003))
    ]
    with_details = write_programme(tmp_path, tables() | {"visit_detail": details}, CODES)
    result = with_details.build("controlled")
    found = {
        table: pq.read_table(result.evidence(table)).to_pylist()
        for table in ("visit_detail", "fact_relationship")
    }
    nothing_else = {"rule": "deid.remap_person_and_ids", "action": "drop", "_src_site": "north"}
    nothing_else |= {"column": None, "before": None}
    assert found["visit_detail"] == [{**nothing_else, "_src_row": 2}]
    assert [row["_src_row"] for row in found["fact_relationship"]] == [3]
    counts = {(count.table, count.rule): count.dropped for count in result.counts}
    for table, rows in found.items():
        assert counts[table, "deid.remap_person_and_ids"] == len(rows)
    assert result.unkept.folder.parent == tmp_path / "stages" / "controlled-unkept"
    assert not list(result.folder.rglob("evidence*"))
    assert with_details.build("controlled").unkept == result.unkept


def test_text_that_is_kept_by_mistake_stops_the_tier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The treatment of text is spoilt; the last look at the finished files must see it."""
    monkeypatch.setattr(
        "commonweal.privacy.text.refilled", lambda _, field: Expression(row_value(field.name))
    )
    programme = write_programme(tmp_path, tables(), CODES)
    for tier in ("registered", "controlled"):
        with pytest.raises(LeakError, match="rows break this") as told:
            programme.build(tier)
        assert "Lovelace" not in str(told.value)
        assert not [path for path in (tmp_path / "stages" / tier).iterdir() if path.is_dir()]
        assert not (tmp_path / "stages" / f"{tier}-unkept").exists()


def test_an_address_among_the_codes_stops_the_tier(tmp_path: Path) -> None:
    codes = CODES | {35206882: "ada@lovelace.org"}
    with pytest.raises(LeakError, match="condition_source_value holds no e-mail address"):
        write_programme(tmp_path, tables(), codes).build("controlled")
    assert not list((tmp_path / "stages" / "controlled").rglob("*.parquet"))


def test_without_a_vocabulary_all_text_is_gone(tmp_path: Path) -> None:
    result = write_programme(tmp_path, tables()).build("controlled")
    for row in rows_of(result, "condition_occurrence"):
        assert row["condition_source_value"] is None


def test_a_row_of_nobody_stops_everything(tmp_path: Path) -> None:
    broken = tables()
    broken["death"] = [{**broken["death"][0], "person_id": 999}]
    programme = write_programme(tmp_path, broken, CODES)
    with pytest.raises(DeidentifyError, match="1 rows of the combined table death") as told:
        programme.build("controlled")
    assert "999" not in str(told.value)
    assert not list((tmp_path / "stages" / "controlled").glob("[!.]*"))


def test_a_person_twice_stops_everything(tmp_path: Path) -> None:
    broken = tables()
    broken["person"] = [*broken["person"], {**broken["person"][0], "_src_row": 1000}]
    broken = {"person": broken["person"]}
    with pytest.raises(DeidentifyError, match="no id, or share one"):
        write_programme(tmp_path, broken).build(get_tier("controlled"))


def test_no_table_of_persons_stops_everything(tmp_path: Path) -> None:
    without = {name: rows for name, rows in tables().items() if name != "person"}
    with pytest.raises(DeidentifyError, match="no table person"):
        write_programme(tmp_path, without).build("controlled")


def test_ids_shared_within_a_site_stop_everything(tmp_path: Path) -> None:
    broken = tables()
    broken["visit_occurrence"][1] = {**broken["visit_occurrence"][1], "visit_occurrence_id": 7000}
    with pytest.raises(DeidentifyError, match="visit_occurrence share their id"):
        write_programme(tmp_path, broken, CODES).build("controlled")


def test_a_person_of_unknown_age_is_taken_for_too_old(tmp_path: Path) -> None:
    unknown = {**born(7, date(1980, 1, 1)), "year_of_birth": None}
    seen = {"visit_occurrence_id": 1, "person_id": 7, "visit_start_date": date(2010, 1, 1)}
    programme = write_programme(tmp_path, {"person": [unknown], "visit_occurrence": [seen]})
    result = programme.build("registered")
    assert result.rows["person"] == result.rows["visit_occurrence"] == 0


def test_one_engine_makes_both_tiers_with_and_without_a_vocabulary(
    programme: Programme, registered: TierResult, tmp_path: Path
) -> None:
    with (
        DuckDBEngine(EngineSettings(threads=1)) as engine,
        open_vault(programme.home / "vault" / "vault.sqlite", must_exist=True) as vault,
    ):
        for tier, vocabulary in (
            ("controlled", {}),
            ("registered", programme.vocabulary),
            ("controlled", programme.vocabulary),
        ):
            result = build_tier_stage(
                engine,
                get_tier(tier),
                combined=programme.combined,
                vocabulary=vocabulary,
                vault=vault,
                sites={},
                out=tmp_path,
                as_of=AS_OF,
            )
            if tier == "registered":
                assert result.digest == registered.digest
                assert result.file("person").read_bytes() == registered.file("person").read_bytes()
        with pytest.raises(EngineError):
            engine.rows("SELECT * FROM privacy_person")
