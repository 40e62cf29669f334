"""Each recipe on a few rows, all of which it is given: what it does, and what the truth says."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.dirty_site import csv_bytes, text_rows

from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.recipe import Rates
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.dirt.units import list_spellings
from commonweal.synthetic.draws import Draws
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=200, sites=2, seed=3)
LAST = np.datetime64("2026-10-01", "D")
MG_PER_DL, MILLIMETRE = 8840, 8588
NINE_THIRTY = time(9, 30)
BIRTH = datetime.fromisoformat("1990-05-17")


@pytest.fixture(scope="module")
def people() -> People:
    """Born in 1990; the first one died in 2020, the second one on the last day but three."""
    made = make_people(PLAN, PLAN.batch(0, 200))
    died = np.full(200, np.datetime64("NaT", "D"))
    died[:2] = np.array(["2020-03-01", "2026-09-28"], dtype="datetime64[D]")
    born = np.full(200, np.datetime64("1990-05-17", "D"))
    return replace(made, born=born, membership=replace(made.membership, died=died))


def measurements(people: People, count: int = 4, **columns: Any) -> pa.Table:
    """Rows of as many persons, on 2 January 2019."""
    ids = np.arange(1, count + 1, dtype=np.int64)
    usual = {
        "measurement_id": ids,
        "person_id": people.ids[:count],
        "measurement_concept_id": 3004501,
        "measurement_date": date(2019, 1, 2),
        "measurement_datetime": datetime.combine(date(2019, 1, 2), NINE_THIRTY),
        "measurement_type_concept_id": 32856,
        "value_as_number": ids.astype(np.float64) / 2,
        "unit_concept_id": MG_PER_DL,
        "unit_source_value": "mg/dL",
        "visit_occurrence_id": ids * 10,
    }
    return build_table(get_model("programme").table("measurement"), [usual | columns])


def dirt_of(recipe: str, rate: float = 1.0, **options: Any) -> SiteDirt:
    return SiteDirt("here", {recipe: Rates(rate)}, draws=Draws(5), last=LAST, **options)


def plant(
    recipe: str, rows: pa.Table, people: People, table: str = "measurement", **options: Any
) -> tuple[pa.Table, list[Fault]]:
    return dirt_of(recipe, **options).change_rows(table, rows, people)


def spoil(recipe: str, rows: pa.Table, people: People) -> tuple[list[bytes], list[Fault]]:
    """The lines as they are written, after the recipe."""
    text = csv_bytes(text_rows(rows))
    changed, faults = dirt_of(recipe).change_text("measurement", rows, text, people)
    return changed.split(b"\r\n")[:-1], faults


def places(faults: list[Fault]) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.column) for fault in faults]


def cells(rows: pa.Table, column: str) -> list[Any]:
    return list(rows[column].to_pylist())


def differing(clean: pa.Table, dirty: pa.Table) -> set[str]:
    return {name for name in clean.schema.names if clean[name] != dirty[name]}


def test_a_fault_says_where_it_is_and_which_recipe_it_comes_from(people: People) -> None:
    _, faults = plant("time.future", measurements(people, 1), people)
    assert faults == [Fault("here", "measurement.csv", 0, "measurement_date", "time.future")]


def test_a_row_twice_stands_after_itself(people: People) -> None:
    rows, faults = plant("key.duplicate", measurements(people, 2), people)
    assert rows == measurements(people, 2).take(pa.array([0, 0, 1, 1]))
    assert places(faults) == [(1, "measurement_id"), (3, "measurement_id")]


def test_a_key_used_again_tells_of_the_day_before(people: People) -> None:
    rows, faults = plant("key.reused", measurements(people, 1), people)
    assert cells(rows, "measurement_id") == [1, 1]
    assert cells(rows, "measurement_date") == [date(2019, 1, 2), date(2019, 1, 1)]
    assert cells(rows, "measurement_datetime")[1] == datetime.combine(date(2019, 1, 1), NINE_THIRTY)
    assert places(faults) == [(1, "measurement_id")]


def test_an_absent_person_is_nobody_in_the_programme(people: People) -> None:
    clean = measurements(people)
    rows, faults = plant("key.person_absent", clean, people)
    assert differing(clean, rows) == {"person_id"}
    assert not set(cells(rows, "person_id")) & set(people.ids.tolist())
    assert len(set(cells(rows, "person_id"))) == 4
    assert places(faults) == [(line, "person_id") for line in (0, 1, 2, 3)]


def test_an_absent_visit_is_no_visit_and_no_reference_stays_none(people: People) -> None:
    visit = pa.array([10, None, 0, 40], pa.int64())
    rows, faults = plant(
        "key.visit_absent", measurements(people, visit_occurrence_id=visit), people
    )
    assert cells(rows, "visit_occurrence_id") == [-10, None, 0, -40]
    assert [fault.line for fault in faults] == [0, 3]


def test_before_birth_is_within_a_year_and_keeps_the_time_of_day(people: People) -> None:
    rows, _ = plant("time.before_birth", measurements(people), people)
    for day, moment in zip(
        cells(rows, "measurement_date"), cells(rows, "measurement_datetime"), strict=True
    ):
        assert date(1989, 5, 17) <= day < date(1990, 5, 17)
        assert moment == datetime.combine(day, NINE_THIRTY)


def test_after_death_is_past_the_grace_and_not_past_the_data(people: People) -> None:
    """Of the second the data end too soon; the third and the fourth are alive."""
    clean = measurements(people)
    rows, faults = plant("time.after_death", clean, people)
    assert places(faults) == [(0, "measurement_date")]
    assert date(2020, 3, 31) < cells(rows, "measurement_date")[0] <= date(2021, 3, 1)
    assert rows.slice(1) == clean.slice(1)


def test_a_long_supply_after_death_ends_within_the_data(people: People) -> None:
    supply = {
        "drug_exposure_id": np.arange(1, 41),
        "person_id": np.repeat(people.ids[:1], 40),
        "drug_concept_id": 1,
        "drug_exposure_start_date": date(2015, 1, 1),
        "drug_exposure_start_datetime": datetime.combine(date(2015, 1, 1), NINE_THIRTY),
        "drug_exposure_end_date": date(2021, 6, 1),
        "drug_type_concept_id": 1,
    }
    clean = build_table(get_model("programme").table("drug_exposure"), [supply])
    rows, faults = plant("time.after_death", clean, people, "drug_exposure")
    assert len(faults) == 40
    starts = np.array(cells(rows, "drug_exposure_start_date"))
    ends = np.array(cells(rows, "drug_exposure_end_date"))
    assert set(ends - starts) == {date(2021, 6, 1) - date(2015, 1, 1)}
    assert max(ends) <= date(2026, 10, 1)
    assert min(starts) > date(2020, 3, 31)


def test_the_future_is_ten_years_away_or_more(people: People) -> None:
    rows, faults = plant("time.future", measurements(people, 200), people)
    years = [day.year for day in cells(rows, "measurement_date")]
    assert min(years) >= 2036
    assert max(years) <= 2107
    assert len(faults) == 200


def test_an_end_moves_before_its_start_with_its_time(people: People) -> None:
    stays = {
        "visit_occurrence_id": np.array([1, 2]),
        "person_id": people.ids[:2],
        "visit_concept_id": 9201,
        "visit_start_date": date(2019, 1, 2),
        "visit_end_date": date(2019, 1, 9),
        "visit_end_datetime": pa.array(
            [datetime.combine(date(2019, 1, 9), NINE_THIRTY), None], pa.timestamp("us")
        ),
        "visit_type_concept_id": 1,
    }
    clean = build_table(get_model("programme").table("visit_occurrence"), [stays])
    rows, faults = plant("time.end_before_start", clean, people, "visit_occurrence")
    assert differing(clean, rows) == {"visit_end_date", "visit_end_datetime"}
    first, second = cells(rows, "visit_end_date")
    assert max(first, second) < date(2019, 1, 2)
    assert cells(rows, "visit_end_datetime") == [
        datetime.combine(first, NINE_THIRTY),
        None,
    ]
    assert places(faults) == [(0, "visit_end_date"), (1, "visit_end_date")]


def test_a_unit_is_missing_only_where_a_number_had_one(people: People) -> None:
    clean = measurements(
        people,
        value_as_number=pa.array([1.0, None, 3.0, 4.0]),
        unit_concept_id=pa.array([MG_PER_DL, MG_PER_DL, 0, None], pa.int64()),
    )
    rows, faults = plant("unit.missing", clean, people)
    assert cells(rows, "unit_concept_id") == [None, MG_PER_DL, 0, None]
    assert cells(rows, "unit_source_value") == [None, *["mg/dL"] * 3]
    assert places(faults) == [(0, "unit_source_value")]


def test_an_odd_spelling_is_one_of_the_same_unit_and_has_no_concept(people: People) -> None:
    unit = pa.array([MG_PER_DL] * 199 + [MILLIMETRE], pa.int64())
    rows, faults = plant("unit.spelling", measurements(people, 200, unit_concept_id=unit), people)
    concepts, spellings = list_spellings()
    known = set(spellings[concepts == MG_PER_DL].tolist())
    assert set(cells(rows, "unit_source_value")[:199]) == known
    assert set(cells(rows, "unit_concept_id")[:199]) == {0}
    assert cells(rows, "unit_source_value")[199] == "mg/dL"
    assert len(faults) == 199


def test_spellings_are_odd_short_and_of_one_unit_each() -> None:
    facts = read_facts("unit_spellings.csv")
    assert len(facts) > 200
    assert all(row["spelling"] != row["ucum"] for row in facts)
    assert max(len(row["spelling"]) for row in facts) <= 50
    assert len({row["spelling"] for row in facts}) == len(facts)


def test_a_leftover_is_a_code_of_five_digits_with_its_concept_or_none(people: People) -> None:
    ids = np.arange(1, 201, dtype=np.int64)
    procedures = {
        "procedure_occurrence_id": ids,
        "person_id": people.ids,
        "procedure_concept_id": np.where(ids > 100, 4037675, 0),
        "procedure_date": date(2019, 1, 2),
        "procedure_datetime": datetime.combine(date(2019, 1, 2), NINE_THIRTY),
        "procedure_type_concept_id": 1,
        "procedure_source_value": "local",
    }
    clean = build_table(get_model("programme").table("procedure_occurrence"), [procedures])
    rows, faults = plant("code.cpt_leftover", clean, people, "procedure_occurrence")
    assert rows.slice(0, 100) == clean.slice(0, 100)
    assert len(faults) == 100
    concepts = {row["code"]: int(row["concept_id"]) for row in read_facts("cpt_codes.csv")}
    mapped = 0
    for code, concept in zip(
        cells(rows, "procedure_source_value")[100:],
        cells(rows, "procedure_concept_id")[100:],
        strict=True,
    ):
        assert concept in (0, concepts[code])
        mapped += concept > 0
    assert 30 < mapped < 70
    assert (
        cells(rows, "procedure_source_concept_id")[100:]
        == cells(rows, "procedure_concept_id")[100:]
    )


def person_rows(people: People) -> pa.Table:
    columns = {
        "person_id": people.ids,
        "gender_concept_id": 0,
        "year_of_birth": 1990,
        "month_of_birth": 5,
        "day_of_birth": 17,
        "birth_datetime": BIRTH,
        "race_concept_id": 0,
        "ethnicity_concept_id": 0,
    }
    return build_table(get_model("programme").table("person"), [columns])


def match_rows(people: People) -> pa.Table:
    columns = {
        "person_id": people.ids,
        "first_name": "match",
        "last_name": "match",
        "dob": "match",
        "algorithm_validation": "yes",
        "manual_validation": "no",
    }
    return build_table(get_model("programme").table("participant_match"), [columns])


def test_a_wrong_birth_is_whole_and_its_person_does_not_match(people: People) -> None:
    dirt = dirt_of("identity.wrong_birth", 0.5)
    persons, faults = dirt.change_rows("person", person_rows(people), people)
    matched, others = dirt.change_rows("participant_match", match_rows(people), people)
    assert [fault.line for fault in faults] == [fault.line for fault in others]
    assert 60 < len(faults) < 140
    wrong = {fault.line for fault in faults}
    for line, row in enumerate(persons.to_pylist()):
        moment = row["birth_datetime"]
        assert (moment < BIRTH) == (line in wrong)
        parts = (row["year_of_birth"], row["month_of_birth"], row["day_of_birth"])
        assert parts == (moment.year, moment.month, moment.day)
    for line, row in enumerate(matched.to_pylist()):
        outcome = ("no_match", "no") if line in wrong else ("match", "yes")
        assert (row["dob"], row["algorithm_validation"]) == outcome
        assert (row["first_name"], row["last_name"]) == ("match", "match")


def test_a_wrong_name_does_not_match_where_it_is_wrong(people: People) -> None:
    names = {"person_id": people.ids, "first_name": "Alex", "last_name": "Robin"}
    clean = build_table(get_model("programme").table("pii_name"), [names])
    dirt = dirt_of("identity.wrong_name")
    rows, faults = dirt.change_rows("pii_name", clean, people)
    matched, others = dirt.change_rows("participant_match", match_rows(people), people)
    assert places(faults) == places(others)
    columns = [fault.column for fault in faults]
    assert {column: columns.count(column) > 50 for column in set(columns)} == {
        "first_name": True,
        "last_name": True,
    }
    for column, row, match in zip(columns, rows.to_pylist(), matched.to_pylist(), strict=True):
        for name, old in (("first_name", "Alex"), ("last_name", "Robin")):
            assert (row[name] != old) == (name == column)
            assert match[name] == ("no_match" if name == column else "match")


def test_people_without_authorisation_are_added_and_their_rows_named(people: People) -> None:
    dirt = dirt_of("consent.absent", 0.5)
    extra = dirt.extra_patients(people)
    assert 0 < extra.sum() < (~people.membership.shares_records).sum()
    assert not (extra & people.membership.shares_records).any()
    sent = np.flatnonzero(extra | people.membership.shares_records)
    expected = [place for place, one in enumerate(sent.tolist()) if extra[one]]
    rows = person_rows(people).take(pa.array(sent))
    same, faults = dirt.change_rows("person", rows, people)
    assert same == rows
    assert places(faults) == [(line, "person_id") for line in expected]
    events = measurements(people, 200).take(pa.array(sent))
    _, of_events = dirt.change_rows("measurement", events, people)
    assert [fault.line for fault in of_events] == expected
    _, of_names = dirt.change_rows("pii_name", rows, people)
    assert [fault.line for fault in of_names] == expected
    assert dirt.change_rows("care_site", rows, people)[1] == []


def test_people_may_have_other_ids_in_the_file(people: People) -> None:
    """As in files that the site de-identified: who was added is known all the same."""
    dirt = dirt_of("consent.absent")
    extra = dirt.extra_patients(people)
    disguised = replace(people, ids=people.ids * 20 + 7)
    rows = person_rows(disguised)
    _, faults = dirt.change_rows("person", rows, disguised)
    assert [fault.line for fault in faults] == np.flatnonzero(extra).tolist()


def test_a_file_without_a_byte_has_no_other_fault(people: People) -> None:
    mixture = {"consent.absent": Rates(1.0), "file.zero_byte": Rates(1.0)}
    dirt = SiteDirt("here", mixture, draws=Draws(5), last=LAST)
    rows = measurements(people, 200)
    assert dirt.find_empty("measurement") == Fault(
        "here", "measurement.csv", None, "", "file.zero_byte"
    )
    assert dirt.change_rows("measurement", rows, people) == (rows, [])


def test_who_should_not_be_sent_has_no_other_fault(people: People) -> None:
    mixture = {"consent.absent": Rates(1.0), "key.duplicate": Rates(1.0)}
    dirt = SiteDirt("here", mixture, draws=Draws(5), last=LAST)
    rows, faults = dirt.change_rows("measurement", measurements(people, 200), people)
    absent = ~people.membership.shares_records
    assert rows.num_rows == 200 + int((~absent).sum())
    ids = cells(rows, "person_id")
    by_recipe = {
        recipe: {ids[fault.line or 0] for fault in faults if fault.recipe == recipe}
        for recipe in mixture
    }
    assert by_recipe["consent.absent"] == set(people.ids[absent].tolist())
    assert by_recipe["key.duplicate"] == set(people.ids[~absent].tolist())


def test_over_80_counts_years_and_only_in_a_de_identified_submission(people: People) -> None:
    born = people.born.copy()
    born[:3] = np.array(["1945-12-31", "1946-01-01", "1930-01-01"], dtype="datetime64[D]")
    sharing = people.membership.shares_records
    old = replace(people, born=born)
    assert sharing[:3].all()
    dirt = dirt_of("alpha.over_80", alpha=True)
    assert np.flatnonzero(dirt.extra_patients(old)).tolist() == [0, 2]
    assert not dirt_of("alpha.over_80").extra_patients(old).any()
    _, faults = dirt.change_rows("person", person_rows(old), old)
    assert places(faults) == [(0, "year_of_birth"), (2, "year_of_birth")]


def test_a_real_date_stays_in_its_year_and_before_the_end(people: People) -> None:
    """The row of 2 January was not de-identified, and of 2026 nine months have gone by."""
    days = [date(2019, 1, 1), date(2026, 1, 1), date(2019, 1, 2), date(2020, 1, 1)]
    clean = measurements(
        people,
        measurement_date=pa.array(days),
        measurement_datetime=pa.nulls(4, pa.timestamp("us")),
    )
    rows, faults = plant("alpha.real_date", clean, people, alpha=True)
    assert [fault.line for fault in faults] == [0, 1, 3]
    first, second, third, fourth = cells(rows, "measurement_date")
    assert date(2019, 1, 1) < first <= date(2019, 12, 31)
    assert date(2026, 1, 1) < second <= date(2026, 10, 1)
    assert third == date(2019, 1, 2)
    assert date(2020, 1, 1) < fourth <= date(2020, 12, 31)
    assert plant("alpha.real_date", clean, people) == (clean, [])


def test_a_row_gets_a_cell_more_or_a_cell_less(people: People) -> None:
    rows = measurements(people, 200)
    lines, faults = spoil("structure.wrong_length", rows, people)
    width = len(rows.schema.names)
    lengths = [len(line.split(b",")) for line in lines]
    assert set(lengths) == {width - 1, width + 1}
    assert 60 < lengths.count(width + 1) < 140
    assert places(faults) == [(line, "") for line in range(200)]


def test_a_letter_in_latin_1_is_no_utf_8(people: People) -> None:
    lines, faults = spoil("encoding.latin1", measurements(people, 40), people)
    for line, fault in zip(lines, faults, strict=True):
        with pytest.raises(UnicodeDecodeError):
            line.decode("utf-8")
        assert fault.column == "unit_source_value"


def test_a_bad_date_is_the_thirtieth_of_february_of_its_year(people: People) -> None:
    lines, faults = spoil("type.bad_date", measurements(people, 1), people)
    assert b",2019-02-30," in lines[0]
    assert places(faults) == [(0, "measurement_date")]


def test_a_number_below_a_limit_keeps_its_digits(people: People) -> None:
    lines, faults = spoil("type.not_a_number", measurements(people, 1), people)
    assert b",<0.5," in lines[0]
    assert places(faults) == [(0, "value_as_number")]


def test_a_long_key_becomes_six_digits_and_an_exponent(people: People) -> None:
    rows = measurements(people, 1, measurement_id=np.array([6_000_000_001_234]))
    lines, faults = spoil("type.scientific_id", rows, people)
    assert lines[0].startswith(b"6.00000E+12,")
    assert places(faults) == [(0, "measurement_id")]


def test_a_required_cell_is_emptied_and_it_is_no_key(people: People) -> None:
    clean = csv_bytes(text_rows(measurements(people, 200))).split(b"\r\n")
    lines, faults = spoil("required.empty", measurements(people, 200), people)
    required = {"measurement_concept_id", "measurement_type_concept_id"}
    assert {fault.column for fault in faults} == required
    columns = get_model("programme").table("measurement").columns
    for old, new, fault in zip(clean, lines, faults, strict=False):
        before, after = old.split(b","), new.split(b",")
        place = columns.index(fault.column)
        assert after[place] == b""
        assert before[:place] + before[place + 1 :] == after[:place] + after[place + 1 :]


NAMES = ["person_id", "health_system", "MRN"]


def header(recipe: str, table: str) -> tuple[list[str], list[str]]:
    """The names as written, and the columns at fault."""
    written, faults = dirt_of(recipe).change_header(table, NAMES)
    assert {(fault.file, fault.line) for fault in faults} == {(f"{table}.csv", 1)}
    return written, [fault.column for fault in faults]


def test_one_name_has_a_space_after_it() -> None:
    written, columns = header("header.trailing_space", "pii_mrn")
    assert len(columns) == 1
    assert written == [f"{name} " if name in columns else name for name in NAMES]


def test_names_in_upper_case_are_at_fault_unless_they_are_written_so() -> None:
    written, columns = header("header.upper_case", "pii_mrn")
    assert written == ["PERSON_ID", "HEALTH_SYSTEM", "MRN"]
    assert sorted(columns) == ["health_system", "person_id"]


def test_one_name_is_left_out() -> None:
    written, columns = header("header.missing_column", "specimen")
    assert len(columns) == 1
    assert written == [name for name in NAMES if name not in columns]


def test_of_files_at_least_one_is_taken_and_each_by_one_recipe_only() -> None:
    names = ["file.zero_byte", "header.missing_column", "header.trailing_space"]
    dirt = SiteDirt("here", {name: Rates(0.4) for name in names}, draws=Draws(5), last=LAST)
    taken = dict.fromkeys(names, 0)
    for table in get_model("programme").tables:
        empty = dirt.find_empty(table)
        _, faults = dirt.change_header(table, ["a", "b"])
        found = [fault.recipe for fault in [*([empty] if empty else []), *faults]]
        assert len(found) <= 1
        for name in found:
            taken[name] += 1
    assert min(taken.values()) >= 1
    few = SiteDirt("here", {"file.zero_byte": Rates(1e-9)}, draws=Draws(5), last=LAST)
    assert sum(few.find_empty(t) is not None for t in get_model("programme").tables) == 1


@pytest.mark.parametrize("recipe", ["file.zero_byte", "header.missing_column"])
def test_nothing_is_planted_in_rows_that_cannot_be_judged(recipe: str, people: People) -> None:
    mixture = {recipe: Rates(1.0), "key.duplicate": Rates(1.0), "type.bad_date": Rates(0.0)}
    dirt = SiteDirt("here", mixture, draws=Draws(5), last=LAST)
    rows = measurements(people)
    assert dirt.change_rows("measurement", rows, people) == (rows, [])


def test_rows_of_people_who_are_not_in_the_batch_are_a_slip_of_the_caller(people: People) -> None:
    rows = measurements(people, 1, person_id=np.array([1]))
    with pytest.raises(KeyError, match="not among the people"):
        plant("time.before_birth", rows, people)
