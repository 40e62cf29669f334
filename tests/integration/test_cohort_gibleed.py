"""``commonweal cohort`` on real data, against SQL written by hand, and its answers to bad input."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.small_cdm import condition, person, small_engine, write_cdm

from commonweal.pipeline.demo.gibleed import find_gibleed

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "cohorts" / "gi_bleed.json"


def run(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    script = "from commonweal.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, "cohort", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
    )


def count(cdm: Path, home: Path, definition: Path = EXAMPLE) -> dict[str, Any]:
    done = run("count", "--cdm", cdm, "--definition", definition, "--json", home=home)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def count_by_hand(gibleed: Path) -> int:
    """The same question in SQL on the raw files."""
    with small_engine() as engine:
        found = engine.value(
            f"""
            SELECT count(DISTINCT condition_occurrence.person_id)
            FROM '{gibleed}/condition_occurrence.parquet' AS condition_occurrence
            JOIN '{gibleed}/concept_ancestor.parquet' AS concept_ancestor
              ON descendant_concept_id = condition_concept_id AND ancestor_concept_id = 192671
            JOIN '{gibleed}/person.parquet' AS person
              ON person.person_id = condition_occurrence.person_id
            """
        )
    return int(found)


def test_gastrointestinal_bleeding_is_479_persons(shared_data: Path, tmp_path: Path) -> None:
    found = count(shared_data / "gibleed", tmp_path)

    assert found["persons"] == count_by_hand(shared_data / "gibleed") == 479
    assert sum(stratum["persons"] for stratum in found["breakdown"]) == 479
    assert set(found["breakdown"][0]) == {"sex", "race", "age", "persons"}
    assert found["as_of"] == "2019-05-25"
    assert found["engine"] == "duckdb"
    assert len(found["definition_hash"]) == 64
    assert found["milliseconds"] > 0


def test_gibleed_out_of_the_package_is_479_persons_too(tmp_path: Path) -> None:
    """The same question of the database itself, so that nothing depends on the shared files."""
    database = find_gibleed()
    with small_engine() as engine:
        engine.attach_database("raw", database)
        by_hand = engine.value(
            """
            SELECT count(DISTINCT c.person_id) FROM raw.condition_occurrence c
            JOIN raw.concept_ancestor a ON a.descendant_concept_id = c.condition_concept_id
            JOIN raw.person p ON p.person_id = c.person_id
            WHERE a.ancestor_concept_id = 192671
            """
        )
    assert count(database, tmp_path)["persons"] == by_hand == 479


def test_files_and_database_give_the_same(shared_data: Path, tmp_path: Path) -> None:
    of_files, of_database = (
        count(shared_data / "gibleed", tmp_path),
        count(find_gibleed(), tmp_path),
    )
    assert of_database["breakdown"] == of_files["breakdown"]
    assert of_database["definition_hash"] == of_files["definition_hash"]


def test_the_export_has_the_counted_persons(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort.parquet"

    options = ("--cdm", shared_data / "gibleed", "--definition", EXAMPLE, "--out", out)
    done = run("generate", *options, home=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "479 rows" in done.stdout
    table = pq.read_table(out)
    assert table.column_names == ["subject_id", "cohort_start_date", "cohort_end_date"]
    assert len(set(table["subject_id"].to_pylist())) == 479


@pytest.fixture
def cdm(tmp_path: Path) -> Path:
    tables = {"person": [person(1)], "condition_occurrence": [condition(1, 192671, "2019-01-01")]}
    return write_cdm(tmp_path / "cdm", tables)


def test_a_person_reads_a_sentence_and_a_table(cdm: Path, tmp_path: Path) -> None:
    done = run("count", "--cdm", cdm, "--definition", EXAMPLE, home=tmp_path)

    assert done.stdout.startswith("1 person fits the definition as of 2019-01-01.")
    assert "Female" in done.stdout
    assert "no table concept_ancestor" in done.stderr


def test_a_definition_is_explained(cdm: Path, tmp_path: Path) -> None:
    options = ("--cdm", cdm, "--definition", EXAMPLE, "--dialect", "spark")
    done = run("explain", *options, home=tmp_path)

    assert done.stdout.startswith("Everybody who has a condition of")
    assert "include_1 AS (" in done.stdout


def test_the_day_can_be_given(cdm: Path, tmp_path: Path) -> None:
    options = ("--cdm", cdm, "--definition", EXAMPLE, "--as-of", "1990-06-15", "--json")
    done = run("count", *options, home=tmp_path)

    assert json.loads(done.stdout)["breakdown"] == [
        {"sex": "Female", "race": "White", "age": "0-17", "persons": 1}
    ]


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("", "is empty"),
        ("[bold]", "is not JSON: line 1, column 2"),
        ('{"[/x]": 1}', "unknown field '[/x]'"),
        ('{"people": {"age": {"min": -3}}}', "people.age.min"),
    ],
)
def test_a_malformed_definition_is_answered_in_words(
    cdm: Path, tmp_path: Path, definition: str, words: str
) -> None:
    file = tmp_path / "d.json"
    file.write_text(definition)

    done = run("count", "--cdm", cdm, "--definition", file, home=tmp_path)

    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("place", ["nowhere", "R2026Q4R1", "."])
def test_data_that_cannot_be_opened_are_answered_in_words(tmp_path: Path, place: str) -> None:
    done = run("count", "--cdm", place, "--definition", EXAMPLE, home=tmp_path)

    assert done.returncode == 2
    assert "What to do:" in done.stderr
    assert "Traceback" not in done.stderr
