"""A made-up site is a complete submission, clean but for the faults that are listed."""

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Submission, get_model
from commonweal.synthetic.site import FaultKind, build_site, site_persons, write_site

PROGRAMME = get_model("programme")
Rows = dict[str, list[list[str]]]


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return build_site(site="lakeside", seed=5, persons=400)


def write(folder: Path, *, faults: bool, seed: int = 5) -> list[tuple[str, int, str, FaultKind]]:
    planted = write_site(folder, site="lakeside", seed=seed, persons=400, faults=faults)
    return [(fault.file, fault.line, fault.column, fault.kind) for fault in planted]


def read(folder: Path) -> Rows:
    """Every file's records, header first."""
    rows = {}
    for file in folder.iterdir():
        with file.open(encoding="utf-8", newline="") as stream:
            rows[file.name] = list(csv.reader(stream, strict=True))
    return rows


def is_of_type(cell: str, kind: DataType) -> bool:
    readers = {
        DataType.INTEGER: int,
        DataType.FLOAT: float,
        DataType.STRING: str,
        DataType.DATE: date.fromisoformat,
        DataType.TIMESTAMP: datetime.fromisoformat,
    }
    try:
        readers[kind](cell)
    except ValueError:
        return False
    return True


def find_errors(rows: Rows) -> set[tuple[str, int, str]]:
    """Places of structural and type faults, found by an independent reading."""
    errors: set[tuple[str, int, str]] = set()
    for name, (header, *records) in rows.items():
        fields = PROGRAMME.table(name.removesuffix(".csv")).fields
        errors |= {(name, 1, field.name) for field in fields if field.name not in header}
        present = [field for field in fields if field.name in header]
        for line, record in enumerate(records, start=2):
            if len(record) != len(header):
                errors.add((name, line, ""))
                continue
            for field, cell in zip(present, record, strict=True):
                if field.required if not cell else not is_of_type(cell, field.type):
                    errors.add((name, line, field.name))
    return errors


def test_all_required_and_identity_files_are_there_in_header_order(tmp_path: Path) -> None:
    write(tmp_path / "site", faults=False)
    rows = read(tmp_path / "site")
    wanted = PROGRAMME.with_submission(Submission.REQUIRED, Submission.PII)
    assert {name: tuple(records[0]) for name, records in rows.items()} == {
        f"{table.name}.csv": table.columns for table in wanted
    }
    assert all(len(records) > 1 for records in rows.values())


def test_the_good_submission_can_be_read_without_loss(tmp_path: Path) -> None:
    write(tmp_path / "site", faults=False)
    assert find_errors(read(tmp_path / "site")) == set()


def test_the_rejected_submission_has_exactly_the_listed_errors(tmp_path: Path) -> None:
    planted = write(tmp_path / "site", faults=True)
    errors = {
        FaultKind.MISSING_COLUMN,
        FaultKind.BAD_DATE,
        FaultKind.NOT_A_NUMBER,
        FaultKind.RAGGED_ROW,
        FaultKind.EMPTY_REQUIRED,
    }
    listed = {(file, line, column) for file, line, column, kind in planted if kind in errors}
    assert len(listed) == 5
    assert find_errors(read(tmp_path / "site")) == listed


def test_listed_faults_of_real_life_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    planted = write(tmp_path / "site", faults=False)
    rows = read(tmp_path / "site")
    keys = {
        name: {record[records[0].index(column)] for record in records[1:]}
        for name, column in (("person", "person_id"), ("visit_occurrence", "visit_occurrence_id"))
        for records in [rows[f"{name}.csv"]]
    }
    for file, line, column, kind in planted:
        header, record = rows[file][0], rows[file][line - 1]
        cell = record[header.index(column)]
        if kind is FaultKind.DUPLICATE_KEY:
            assert [r[header.index(column)] for r in rows[file]].count(cell) == 2
        elif kind is FaultKind.ORPHAN:
            target = "person" if column == "person_id" else "visit_occurrence"
            assert cell not in keys[target]
        else:
            assert cell < record[header.index("visit_start_date")]
    assert Counter(kind for *_, kind in planted) == {
        FaultKind.DUPLICATE_KEY: 2,
        FaultKind.ORPHAN: 4,
        FaultKind.END_BEFORE_START: 1,
    }


def test_keys_are_unique_and_references_lead_somewhere(tables: dict[str, pa.Table]) -> None:
    for name, table in tables.items():
        declared = PROGRAMME.table(name)
        if declared.primary_key:
            assert pc.count_distinct(table[declared.primary_key.name]).as_py() == table.num_rows
        for field in declared.foreign_keys:
            assert field.references is not None
            target = tables[field.references.table][field.references.field]
            known = pc.is_in(table[field.name].drop_null(), value_set=target)
            assert pc.all(known).as_py() in {True, None}, f"{name}.{field.name}"


def test_required_columns_are_filled(tables: dict[str, pa.Table]) -> None:
    for name, table in tables.items():
        for column in PROGRAMME.table(name).required_columns:
            assert table[column].null_count == 0, f"{name}.{column}"


def test_histories_are_coherent(tables: dict[str, pa.Table]) -> None:
    born = {row["person_id"]: row["birth_datetime"].date() for row in tables["person"].to_pylist()}
    died = {row["person_id"]: row["death_date"] for row in tables["death"].to_pylist()}
    assert died
    for visit in tables["visit_occurrence"].to_pylist():
        assert born[visit["person_id"]] < visit["visit_start_date"] <= visit["visit_end_date"]
        assert visit["visit_start_date"] == visit["visit_start_datetime"].date()
        assert visit["visit_start_date"] >= date(2000, 1, 1)
        assert visit["visit_end_date"] <= died.get(visit["person_id"], date(2026, 12, 31))


def test_the_sick_have_other_results_than_the_well(tables: dict[str, pa.Table]) -> None:
    conditions = tables["condition_occurrence"]
    diabetic = conditions.filter(pc.equal(conditions["condition_concept_id"], 201826))
    results = tables["measurement"]
    a1c = results.filter(pc.equal(results["measurement_concept_id"], 3004410))
    theirs = pc.is_in(a1c["visit_occurrence_id"], value_set=diabetic["visit_occurrence_id"])
    sick, well = a1c.filter(theirs), a1c.filter(pc.invert(theirs))
    assert pc.mean(sick["value_as_number"]).as_py() > 6.5
    assert pc.mean(well["value_as_number"]).as_py() < 6.0


def test_units_are_of_one_kind_for_each_measurement(tables: dict[str, pa.Table]) -> None:
    units = (
        tables["measurement"]
        .group_by("measurement_concept_id")
        .aggregate([("unit_concept_id", "count_distinct"), ("unit_concept_id", "min")])
    )
    by_concept = {row["measurement_concept_id"]: row for row in units.to_pylist()}
    assert all(row["unit_concept_id_count_distinct"] == 1 for row in by_concept.values())
    assert by_concept[3004249]["unit_concept_id_min"] == 8876
    assert by_concept[3036277]["unit_concept_id_min"] == 8582


def test_the_bytes_depend_on_the_arguments_alone(tmp_path: Path) -> None:
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        write(tmp_path / name, faults=True, seed=seed)
    one, two, other = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("one", "two", "other")
    )
    assert one == two
    assert one["person.csv"] != other["person.csv"]


def test_lines_end_as_rfc_4180_says(tmp_path: Path) -> None:
    write(tmp_path / "site", faults=False)
    content = (tmp_path / "site" / "measurement.csv").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert content.endswith(b"\r\n")


def test_writing_again_changes_nothing_and_other_files_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    first = write(folder, faults=False)
    assert write(folder, faults=False) == first
    with pytest.raises(CommonwealError, match="already holds something else"):
        write(folder, faults=True)


def test_too_small_a_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="too small"):
        write_site(tmp_path / "site", site="lakeside", seed=5, persons=49, faults=False)


@pytest.mark.parametrize("seed", range(3))
def test_the_smallest_site_has_room_for_every_fault(tmp_path: Path, seed: int) -> None:
    planted = write_site(tmp_path / "site", site="s", seed=seed, persons=50, faults=True)
    assert len(planted) == 12


def test_persons_of_the_site_are_those_of_its_files(tables: dict[str, pa.Table]) -> None:
    persons = site_persons(site="lakeside", seed=5, persons=400)
    assert persons["person_id"].to_pylist() == tables["person"]["person_id"].to_pylist()
    assert min(persons["person_id"].to_pylist()) >= 100_000
    years = pc.year(persons["birth_date"]).to_pylist()
    assert years == tables["person"]["year_of_birth"].to_pylist()
    assert set(persons["site"].to_pylist()) == {"lakeside"}
