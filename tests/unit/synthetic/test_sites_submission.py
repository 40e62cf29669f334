"""A site's rows stand under its own ids, in the programme's columns; alpha files hide people."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.synthetic_standin import MAKERS, build_records

from commonweal.schema.arrow import arrow_schema
from commonweal.schema.model import DataType, Model, get_model
from commonweal.synthetic.ehr.patients import Patients, list_patients
from commonweal.synthetic.ehr.records import Records
from commonweal.synthetic.output.batch import build_tables
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import build_plan
from commonweal.synthetic.sites.alpha import choose_alpha, disguise_people, disguise_records
from commonweal.synthetic.sites.coding import Coder
from commonweal.synthetic.sites.places import build_places
from commonweal.synthetic.sites.profile import NoteFormat, Purpose, list_profiles
from commonweal.synthetic.sites.rows import SiteRows, rows_of_patients
from commonweal.synthetic.sites.submission import is_json_lines, list_tables, split_by_site

PLAN = build_plan(persons=3_000)
PROGRAMME, ALPHA = get_model("programme"), get_model("alpha")
Tables = Mapping[int, Mapping[str, pa.Table]]


@pytest.fixture(scope="module")
def patients() -> Patients:
    people = make_people(PLAN, PLAN.batch(0, PLAN.persons))
    return list_patients(PLAN, people, people.membership.shares_records)


@pytest.fixture(scope="module")
def records(patients: Patients) -> Records:
    coder = Coder(PLAN, MAKERS.codes, build_records(PLAN, patients))
    return build_tables(PLAN, MAKERS, coder, patients)


def split(
    tables: Mapping[str, SiteRows], purpose: Purpose = Purpose.PRODUCTION
) -> dict[int, dict[str, pa.Table]]:
    sites: dict[int, dict[str, pa.Table]] = {}
    for name, rows in tables.items():
        for position, table in split_by_site(PLAN, name, rows, purpose):
            sites.setdefault(position, {})[name] = table
    return sites


@pytest.fixture(scope="module")
def sent(patients: Patients, records: Records) -> Tables:
    sites = split({name: rows_of_patients(patients, rows) for name, rows in records.items()})
    for position, own in split(build_places(PLAN)).items():
        for name, table in own.items():
            there = sites[position].get(name)
            sites[position][name] = table if there is None else pa.concat_tables([table, there])
    return sites


def find_orphans(tables: Mapping[str, pa.Table], model: Model = PROGRAMME) -> list[str]:
    """Foreign keys of a site that lead to none of its rows."""
    orphans = []
    for name, table in tables.items():
        for field in model.table(name).foreign_keys:
            assert field.references
            target = tables.get(field.references.table)
            keys = table[field.name].drop_null()
            there = target[field.references.field] if target is not None else pa.nulls(0)
            if len(keys) and not pc.all(pc.is_in(keys, there.combine_chunks())).as_py():
                orphans.append(f"{name}.{field.name}")
    return orphans


def test_every_site_sends_the_declared_columns(sent: Tables) -> None:
    assert set(sent) == set(range(6))
    for tables in sent.values():
        for name, table in tables.items():
            assert table.schema.equals(arrow_schema(PROGRAMME.table(name))), name


def test_keys_lead_somewhere_within_a_site(sent: Tables) -> None:
    for position, tables in sent.items():
        assert find_orphans(tables) == [], position


def test_ids_are_counted_from_the_site_s_offset_and_persons_are_not(sent: Tables) -> None:
    for position, tables in sent.items():
        offset = PLAN.sites[position].id_offset
        assert pc.min(tables["measurement"]["measurement_id"]).as_py() > offset
        assert pc.max(tables["person"]["person_id"]).as_py() < 200_000_000
        facts = tables["fact_relationship"]["fact_id_1"]
        assert facts.equals(tables["measurement"]["measurement_id"])


def test_primary_keys_are_unique_and_in_order(sent: Tables) -> None:
    for tables in sent.values():
        for name, table in tables.items():
            key = PROGRAMME.table(name).primary_key
            if key is not None:
                keys = table[key.name].to_numpy()
                assert (np.diff(keys) > 0).all(), name


def test_nothing_is_later_than_the_last_submission(sent: Tables) -> None:
    for position, tables in sent.items():
        sent_on = PLAN.sites[position].sent_on(PLAN.as_of)
        latest = pc.max(tables["visit_occurrence"]["visit_start_date"]).as_py()
        assert latest <= sent_on
        assert latest > date(sent_on.year - 1, sent_on.month, 1)
    assert len({profile.sent_on(PLAN.as_of) for profile in PLAN.sites}) == 6


def test_sites_send_every_required_table_and_their_own_kind_of_notes() -> None:
    for profile in PLAN.sites:
        names = [table.name for table in list_tables(profile, Purpose.PRODUCTION)]
        required = PROGRAMME.with_submission
        assert len(names) == len(set(names))
        assert {t.name for t in PROGRAMME.tables.values() if t.submission == "required"} <= set(
            names
        ), required
        assert {"pii_name", "participant_match", "observation_period"} <= set(names)
        assert ("source_to_concept_map" in names) == (profile.codes == "local")
        is_json = profile.notes is NoteFormat.JSONL
        assert is_json_lines(profile, "note", Purpose.PRODUCTION) == is_json
        assert not is_json_lines(profile, "person", Purpose.PRODUCTION)
    assert {profile.notes for profile in PLAN.sites} == set(NoteFormat)


def test_a_million_sites_would_still_have_ids_of_16_digits() -> None:
    assert max(profile.id_offset for profile in list_profiles(2_000)) < 10**15


@pytest.fixture(scope="module")
def alpha(patients: Patients, records: Records) -> Tables:
    nobody = np.zeros(len(patients), dtype=np.bool_)
    chosen = choose_alpha(PLAN, patients, nobody)
    return split(disguise_records(PLAN, patients, records, chosen), Purpose.ALPHA)


def test_alpha_files_come_from_the_sites_that_sent_some(alpha: Tables) -> None:
    assert [PLAN.sites[position].alpha for position in sorted(alpha)] == [True, True]
    for position, tables in alpha.items():
        assert set(tables) == {t.name for t in list_tables(PLAN.sites[position], Purpose.ALPHA)}
        assert 10 < len(tables["person"]) < 200


def test_alpha_dates_are_all_1_january(alpha: Tables) -> None:
    for tables in alpha.values():
        for name, table in tables.items():
            for field in ALPHA.table(name).fields_of(DataType.DATE, DataType.TIMESTAMP):
                days = table[field.name].drop_null().to_numpy()
                assert (days == days.astype("datetime64[Y]")).all(), field.name
        assert set(tables["person"]["month_of_birth"].to_pylist()) == {1}
        assert set(tables["person"]["day_of_birth"].to_pylist()) == {1}


def test_alpha_files_have_nobody_of_eighty_or_more(patients: Patients, alpha: Tables) -> None:
    years = patients.of_person(patients.people.born).astype("datetime64[Y]").astype(int) + 1970
    assert (2026 - years >= 80).any()
    for tables in alpha.values():
        assert pc.min(tables["person"]["year_of_birth"]).as_py() > 2026 - 80


def test_alpha_files_do_not_tell_who_somebody_is(sent: Tables, alpha: Tables) -> None:
    for position, tables in alpha.items():
        real = sent[position]
        for name in ("person", "measurement"):
            ids = real[name]["person_id"].combine_chunks()
            assert not pc.any(pc.is_in(tables[name]["person_id"], ids)).as_py()
        person, location = tables["person"], tables["location"]
        for column in ("provider_id", "care_site_id", "person_source_value"):
            assert person[column].null_count == len(person)
        for column in ("address_1", "city", "zip", "location_source_value"):
            assert location[column].null_count == len(location)
        assert location["state"].null_count == 0
        assert not set(tables) & {"pii_name", "participant_match"}


def test_alpha_keys_lead_somewhere_within_the_files(alpha: Tables) -> None:
    for tables in alpha.values():
        assert find_orphans(tables, ALPHA) == []
        for name, table in tables.items():
            key = ALPHA.table(name).primary_key
            assert key is not None
            assert (np.diff(table[key.name].to_numpy()) > 0).all(), name


def test_people_in_disguise_stay_in_order(patients: Patients) -> None:
    ids = disguise_people(PLAN, patients.people).ids
    assert (np.diff(ids) > 0).all()
    assert len(np.unique(np.diff(ids))) > 10


def test_whoever_is_asked_for_is_in_alpha_files_but_only_of_sites_that_send_some(
    patients: Patients,
) -> None:
    everybody = np.ones(len(patients), dtype=np.bool_)
    chosen = choose_alpha(PLAN, patients, everybody)
    sends = np.array([profile.alpha for profile in PLAN.sites])[patients.site]
    assert (chosen == sends).all()
