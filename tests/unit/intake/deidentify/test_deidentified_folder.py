"""One folder in, one folder out: what becomes of dates, ids, the old, and what names somebody."""

import json
import stat
from pathlib import Path

import pytest
from tests.deidentified import (
    AS_OF,
    check_as,
    condition,
    person,
    read,
    read_key_rows,
    run,
    visit,
    write_folder,
)
from tests.intake_folders import SETTINGS, check, write_table

from commonweal.intake.check import check_folder
from commonweal.intake.deidentify import folder as work
from commonweal.intake.deidentify.identity import FEWEST_ROWS, MANY
from commonweal.intake.deidentify.people import NOT_DRAWN, OVER_AGE, PERSON_ABSENT, UNUSED
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_dates_keep_their_year_alone(source: Path, out: Path) -> None:
    write_folder(source, {"person": [person(1)], "visit_occurrence": [visit(9, 1)]})
    run(source, out)
    (born,) = read(out, "person")
    assert born["year_of_birth"] == "1961"
    assert (born["month_of_birth"], born["day_of_birth"]) == ("1", "1")
    assert born["birth_datetime"] == "1961-01-01 00:00:00"
    (row,) = read(out, "visit_occurrence")
    assert row["visit_start_date"] == "2019-01-01"
    assert row["visit_start_datetime"] == "2019-01-01 00:00:00"
    assert row["visit_end_date"] == "2020-01-01"
    assert row["visit_end_datetime"] == "2020-01-01 00:00:00"


def test_what_was_empty_stays_empty(source: Path, out: Path) -> None:
    bare = person(1, month_of_birth="", day_of_birth="", birth_datetime="")
    write_folder(source, {"person": [bare], "condition_occurrence": [condition(3, 1)]})
    run(source, out)
    (born,) = read(out, "person")
    assert (born["month_of_birth"], born["day_of_birth"], born["birth_datetime"]) == ("", "", "")
    assert read(out, "condition_occurrence")[0]["condition_end_date"] == ""


@pytest.mark.parametrize(("born", "stays"), [(1945, False), (1946, True), (1900, False)])
def test_whoever_may_be_over_80_in_the_year_goes_with_all_rows(
    source: Path, out: Path, born: int, *, stays: bool
) -> None:
    write_folder(
        source,
        {
            "person": [person(1), person(2, year_of_birth=str(born), birth_datetime="")],
            "visit_occurrence": [visit(8, 1), visit(9, 2)],
        },
    )
    done = run(source, out)
    assert len(read(out, "person")) == len(read(out, "visit_occurrence")) == (2 if stays else 1)
    gone = {} if stays else {OVER_AGE: 1}
    assert [table.removed for table in done.tables] == [gone, gone]


def test_the_time_of_birth_counts_where_it_is_earlier(source: Path, out: Path) -> None:
    old = person(2, year_of_birth="1960", birth_datetime="1931-05-06 00:00:00")
    done = run(write_folder(source, {"person": [person(1), old]}), out)
    assert done.tables[0].removed == {OVER_AGE: 1}


def test_of_two_rows_of_a_person_the_older_counts(source: Path, out: Path) -> None:
    twice = [person(1), person(1, year_of_birth="1930", birth_datetime="")]
    write_folder(source, {"person": [*twice, person(2)]})
    done = run(source, out)
    assert done.tables[0].removed == {OVER_AGE: 2}


def test_rows_of_nobody_go_and_are_counted(source: Path, out: Path) -> None:
    tables = {"person": [person(1)], "condition_occurrence": [condition(3, 1), condition(4, 77)]}
    done = run(write_folder(source, tables), out)
    counted = {table.table: table for table in done.tables}["condition_occurrence"]
    assert (counted.rows_read, counted.rows_written) == (2, 1)
    assert counted.removed == {PERSON_ABSENT: 1}


def test_ids_are_random_and_the_same_in_every_table(source: Path, out: Path) -> None:
    write_folder(
        source,
        {
            "person": [person(1001), person(1002)],
            "visit_occurrence": [
                visit(5001, 1001),
                visit(5002, 1002, preceding_visit_occurrence_id="5001"),
            ],
            "condition_occurrence": [
                condition(7001, 1001, visit_occurrence_id="5001"),
                condition(7002, 1002, visit_occurrence_id="5009"),
                condition(7003, 1002, visit_occurrence_id="0"),
                condition(7004, 1002),
            ],
        },
    )
    run(source, out)
    key = read_key_rows(out.with_name("out.key.csv"))
    rows = {int(row["condition_occurrence_id"]): row for row in read(out, "condition_occurrence")}
    visits = {row["visit_occurrence_id"] for row in read(out, "visit_occurrence")}
    assert set(rows) == set(key["condition_occurrence"].values())
    linked = rows[key["condition_occurrence"][7001]]
    assert int(linked["visit_occurrence_id"]) == key["visit_occurrence"][5001]
    assert int(linked["person_id"]) == key["person"][1001]
    lost = rows[key["condition_occurrence"][7002]]["visit_occurrence_id"]
    assert lost, "a key that leads nowhere still leads nowhere"
    assert lost not in visits
    assert rows[key["condition_occurrence"][7003]]["visit_occurrence_id"] == ""
    assert rows[key["condition_occurrence"][7004]]["visit_occurrence_id"] == ""


def test_whoever_gives_care_is_not_told(source: Path, out: Path) -> None:
    """In the tables of a sprint 0 stands for providers and places, and nothing with persons."""
    write_folder(
        source,
        {
            "person": [person(1, provider_id="31", care_site_id="32", location_id="33")],
            "visit_occurrence": [visit(9, 1, provider_id="31", care_site_id="32")],
        },
    )
    run(source, out)
    (born,) = read(out, "person")
    assert (born["provider_id"], born["care_site_id"], born["location_id"]) == ("", "", "")
    (row,) = read(out, "visit_occurrence")
    assert (row["provider_id"], row["care_site_id"]) == ("0", "0")


def test_alpha_files_have_the_state_of_a_place_and_no_more(source: Path, out: Path) -> None:
    place = {
        "location_id": "33",
        "address_1": "12 Elm Street",
        "city": "Salem",
        "state": "MA",
        "zip": "01970",
        "county": "Essex",
        "location_source_value": "P33",
    }
    other = {"location_id": "34", "state": "IA"}
    people = [person(1, location_id="33")]
    done = run(
        write_folder(source, {"person": people, "location": [place, other]}), out, dialect="alpha"
    )
    (row,) = read(out, "location")
    assert row["location_id"] == read(out, "person")[0]["location_id"] != "33"
    assert {column for column, cell in row.items() if cell} == {"location_id", "state"}
    assert done.tables[-1].removed == {UNUSED: 1}
    assert check_as(out, "alpha").is_accepted


def test_columns_are_those_of_the_dialect_in_their_order(source: Path, out: Path) -> None:
    write_folder(source, {"person": [person(1)], "visit_occurrence": [visit(9, 1)]})
    run(source, out)
    for name in ("person", "visit_occurrence"):
        header = (out / f"{name}.csv").read_text().splitlines()[0].split(",")
        assert tuple(header) == get_model("sprint").table(name).columns


def test_a_table_without_rows_is_its_header(source: Path, out: Path) -> None:
    write_folder(source, {"person": [person(1)], "visit_occurrence": []})
    run(source, out)
    assert read(out, "visit_occurrence") == []
    assert check_as(out, "sprint").is_accepted


def test_files_of_omop_5_4_are_read_under_their_names(source: Path, out: Path) -> None:
    model = get_model("omop-5.4").table("visit_occurrence")
    source.mkdir()
    cells = visit(9, 1) | {"admitted_from_concept_id": "1"}
    rows = [",".join(model.columns), ",".join(cells.get(c, "") for c in model.columns)]
    (source / "visit_occurrence.csv").write_text("\n".join(rows) + "\n")
    write_table(source, "person", [person(1)])
    report = check_folder(source, dialect="omop-5.4", settings=SETTINGS)
    run(source, out, report=report)
    assert read(out, "visit_occurrence")[0]["visit_concept_id"] == "9202"


PII = {
    "pii_name": [
        {"person_id": "1", "first_name": "Zébulon", "last_name": "Quill-Frost"},
        {"person_id": "2", "first_name": "Hanna", "last_name": "White"},
    ],
    "pii_email": [{"person_id": "1", "email": "zq@mail.example"}],
    "pii_phone_number": [{"person_id": "1", "phone_number": "(617) 555-0142"}],
    "pii_mrn": [{"person_id": "2", "health_system": "north", "MRN": "MR-99812"}],
    "provider": [{"provider_id": "31", "provider_name": "Ada Grey", "npi": "1234509876"}],
}
NAMING = [
    "seen by Zebulon",
    "seen by ZÉBULON.",
    "QUILL FROST",
    "zq@mail.example",
    "6175550142",
    "617-555-0142",
    "mr-99812",
    "someone@else.example",
    "2019-05-17",
    "5/17/2019",
    "2019/5/17",
    "20190517",
    "17-May-2019",
    "seen May 17, 2019",
    "123-45-6789",
    "Ada Grey",
    "1234509876",
    "9001",
    "S-000-77",
    "Hanna White",
]
CODES = [
    "E11.9:diabetes",
    "may be ill",
    "20301004",
    "5/500 mg",
    "LC:04312",
    "44054006",
    "51079-0456-20",
    "2345-7",
    "A:African American",
]


@pytest.mark.parametrize("value", NAMING)
def test_a_source_value_that_names_somebody_is_emptied(source: Path, out: Path, value: str) -> None:
    row = condition(9001, 1, condition_source_value=value)
    people = [person(1, person_source_value="S-000-77"), person(2)]
    done = run(write_folder(source, {"person": people, "condition_occurrence": [row], **PII}), out)
    assert read(out, "condition_occurrence")[0]["condition_source_value"] == ""
    counted = {table.table: table for table in done.tables}["condition_occurrence"]
    assert counted.emptied == {"condition_source_value": 1}


@pytest.mark.parametrize("value", CODES)
def test_a_code_stays(source: Path, out: Path, value: str) -> None:
    row = condition(9001, 1, condition_source_value=value)
    tables = {"person": [person(1), person(2)], "condition_occurrence": [row], **PII}
    done = run(write_folder(source, tables), out)
    assert read(out, "condition_occurrence")[0]["condition_source_value"] == value
    assert all(not table.emptied for table in done.tables)


def test_a_word_that_many_have_is_no_name(source: Path, out: Path) -> None:
    """Otherwise an empty race would tell who is called White."""
    many = [person(number, race_source_value="White") for number in range(2, MANY + 2)]
    run(write_folder(source, {"person": many, **PII}), out)
    assert {row["race_source_value"] for row in read(out, "person")} == {"White"}


def test_a_column_that_numbers_its_rows_is_emptied_whole(source: Path, out: Path) -> None:
    rows = [visit(n, 1, visit_source_value=f"enc{n}x") for n in range(1, FEWEST_ROWS + 1)]
    done = run(write_folder(source, {"person": [person(1)], "visit_occurrence": rows}), out)
    assert {row["visit_source_value"] for row in read(out, "visit_occurrence")} == {""}
    assert done.tables[1].columns_emptied == ("visit_source_value",)


def test_free_text_and_identifying_tables_stay(source: Path, out: Path) -> None:
    note = {
        "note_id": "5",
        "person_id": "1",
        "note_date": "2019-05-17",
        "note_datetime": "2019-05-17 10:00:00",
        "note_type_concept_id": "1",
        "note_class_concept_id": "1",
        "note_title": "note",
        "note_text": "Zebulon came in",
        "encoding_concept_id": "1",
        "language_concept_id": "1",
    }
    tables = {"person": [person(1, person_source_value="S1")], "note": [note], **PII}
    done = run(write_folder(source, tables), out)
    assert [path.name for path in out.iterdir()] == ["person.csv"]
    assert {left.table for left in done.left_out} == {"note", *PII}
    assert all(left.reason for left in done.left_out)
    assert read(out, "person")[0]["person_source_value"] == ""


def test_rows_stand_in_the_order_of_their_new_ids(source: Path, out: Path) -> None:
    write_folder(source, {"person": [person(n) for n in range(1, 120)]})
    run(source, out)
    new = [int(row["person_id"]) for row in read(out, "person")]
    old = {
        number: source
        for source, number in read_key_rows(out.with_name("out.key.csv"))["person"].items()
    }
    assert new == sorted(new)
    assert [old[number] for number in new] != sorted(old.values())


def test_the_key_gives_the_same_numbers_again_and_new_ones_for_new_rows(
    source: Path, tmp_path: Path
) -> None:
    key = tmp_path / "kept" / "key.csv"
    write_folder(source, {"person": [person(1), person(2)]})
    run(source, tmp_path / "first", key=key)
    first = read_key_rows(key)["person"]
    write_folder(source, {"person": [person(2), person(3)]})
    done = run(source, tmp_path / "second", key=key)
    second = read_key_rows(key)["person"]
    assert first.items() <= second.items()
    assert set(second) == {1, 2, 3}
    assert {int(r["person_id"]) for r in read(tmp_path / "second", "person")} == {
        second[2],
        second[3],
    }
    assert [(ids.known, ids.new) for ids in done.ids] == [(2, 1)]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_without_the_key_nothing_is_the_same_again(source: Path, tmp_path: Path) -> None:
    write_folder(source, {"person": [person(n) for n in range(1, 20)]})
    run(source, tmp_path / "first")
    run(source, tmp_path / "second")
    ids = [
        {r["person_id"] for r in read(tmp_path / name, "person")} for name in ("first", "second")
    ]
    assert not ids[0] & ids[1]


def test_so_many_patients_are_drawn_and_known_ones_go_first(source: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.csv"
    write_folder(source, {"person": [person(n) for n in range(1, 60)]})
    done = run(source, tmp_path / "first", key=key, most_persons=10)
    assert done.tables[0].removed == {NOT_DRAWN: 49}
    first = {row["person_id"] for row in read(tmp_path / "first", "person")}
    run(source, tmp_path / "second", key=key, most_persons=12)
    second = {row["person_id"] for row in read(tmp_path / "second", "person")}
    assert len(first) == 10
    assert len(second) == 12
    assert first < second


def test_only_the_tables_of_the_week_are_written(source: Path, tmp_path: Path) -> None:
    """The rows that stay are the same as if all tables went."""
    tables = {
        "person": [person(1, location_id="33")],
        "visit_occurrence": [visit(8, 1), visit(9, 77)],
        "location": [{"location_id": "33", "state": "MA"}],
    }
    write_folder(source, tables)
    key = tmp_path / "key.csv"
    run(source, tmp_path / "one", dialect="alpha", key=key, tables=frozenset({"person"}))
    done = run(source, tmp_path / "two", dialect="alpha", key=key, tables=frozenset({"location"}))
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["location.csv"]
    (born,), (place,) = read(tmp_path / "one", "person"), read(tmp_path / "two", "location")
    assert born["location_id"] == place["location_id"]
    assert [table.table for table in done.tables] == ["location"]
    assert {left.table for left in done.left_out} == {"person", "visit_occurrence"}


def test_a_table_that_is_not_there_cannot_be_asked_for(source: Path, out: Path) -> None:
    write_folder(source, {"person": [person(1)]})
    with pytest.raises(CommonwealError, match="nothing to de-identify of: death, measurement"):
        run(source, out, tables=frozenset({"measurement", "death", "person"}))


def test_a_dry_run_counts_the_same_and_writes_nothing(source: Path, out: Path) -> None:
    write_folder(
        source, {"person": [person(1), person(2, year_of_birth="1930", birth_datetime="")]}
    )
    dry = run(source, out, dry_run=True)
    assert [path.name for path in out.parent.iterdir()] == ["site"]
    real = run(source, out)
    assert dry.tables == real.tables
    assert dry.dry_run
    assert not real.dry_run


def test_a_rejected_folder_is_refused_with_what_to_do(source: Path, out: Path) -> None:
    write_folder(source, {"person": [person(1, year_of_birth="nineteen")]})
    with pytest.raises(CommonwealError, match="not accepted") as refused:
        run(source, out)
    assert "commonweal check" in refused.value.fix
    assert not out.exists()


def test_without_persons_ages_are_not_known(source: Path, out: Path) -> None:
    write_folder(source, {"visit_occurrence": [visit(9, 1)]})
    with pytest.raises(CommonwealError, match=r"no person\.csv"):
        run(source, out)


def test_a_file_that_changed_after_the_check_is_refused(source: Path, out: Path) -> None:
    report = check(write_folder(source, {"person": [person(1)]}))
    write_folder(source, {"person": [person(1), person(2)]})
    with pytest.raises(CommonwealError, match="changed"):
        run(source, out, report=report)
    assert not out.exists()


@pytest.mark.parametrize(
    ("out_name", "key_name", "said"),
    [
        ("site/out", "key.csv", "inside the folder with real data"),
        ("out", "out/key.csv", "would lie among files"),
        ("out", "site/key.csv", "would lie among files"),
        ("site", "key.csv", "there already"),
    ],
)
def test_the_three_places_are_apart(
    source: Path, tmp_path: Path, out_name: str, key_name: str, said: str
) -> None:
    write_folder(source, {"person": [person(1)]})
    with pytest.raises(CommonwealError, match=said):
        run(source, tmp_path / out_name, key=tmp_path / key_name)


def test_nothing_half_written_is_left_when_it_fails(
    source: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(source, {"person": [person(1)], "visit_occurrence": [visit(9, 1)]})
    real = work.write_csv

    def full_disk(engine: object, sql: str, table: object, *places: Path) -> int:
        if getattr(table, "name", "") == "visit_occurrence":
            raise OSError(28, "No space left on device")
        return real(engine, sql, table, *places)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(work, "write_csv", full_disk)
    with pytest.raises(OSError, match="No space"):
        run(source, out)
    assert not out.exists()
    assert not out.with_name("out.key.csv").exists()
    monkeypatch.undo()
    run(source, out)
    assert sorted(path.name for path in out.iterdir()) == ["person.csv", "visit_occurrence.csv"]


def test_the_report_holds_counts_and_no_value(source: Path, out: Path) -> None:
    people = [person(4711001, person_source_value="S-000-77")]
    rows = [condition(9001, 4711001, condition_source_value="seen on 2019-05-17")]
    done = run(write_folder(source, {"person": people, "condition_occurrence": rows}), out)
    said = json.dumps(done.to_json())
    assert json.loads(said)["as_of"] == AS_OF.isoformat()
    for value in ("4711001", "9001", "S-000-77", "2019-05-17", "1961"):
        assert value not in said
