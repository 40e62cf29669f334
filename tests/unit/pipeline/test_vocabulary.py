"""Which vocabulary is in force, and that earlier ones stay."""

from pathlib import Path

import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.pipeline.snapshots import Snapshot
from commonweal.pipeline.vocabulary import find_vocabulary, get_vocabulary, load_vocabulary
from commonweal.schema.errors import CommonwealError

HEADER = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t"
    "concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
)


def load(home: Path, folder: Path, *names: str) -> Snapshot:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{n}\t{name}\tCondition\tSNOMED\tClinical Finding\tS\t{n}0\t19700101\t20991231\t\n"
        for n, name in enumerate(names, start=1)
    ]
    (folder / "CONCEPT.csv").write_text(HEADER + "".join(rows))
    with open_engine(EngineSettings()) as engine:
        return load_vocabulary(engine, home, folder)


def test_an_athena_download_becomes_the_vocabulary_in_force(tmp_path: Path) -> None:
    loaded = load(tmp_path / "home", tmp_path / "athena", "Cough", "Fever")
    assert get_vocabulary(tmp_path / "home") == loaded
    assert set(loaded.files) == {"concept"}


def test_the_same_again_changes_nothing_and_another_leaves_the_first_in_place(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    first = load(home, tmp_path / "one", "Cough")
    assert load(home, tmp_path / "two", "Cough") == first
    second = load(home, tmp_path / "three", "Cough", "Fever")
    assert get_vocabulary(home) == second
    assert first.files["concept"].is_file()
    assert sorted(f.name for f in (home / "vocabulary").iterdir()) == sorted(
        ["current.json", first.folder.name, second.folder.name]
    )


def test_what_a_killed_load_left_behind_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "home" / "vocabulary" / "loading"
    left.mkdir(parents=True)
    (left / "concept.parquet").write_bytes(b"half")
    load(tmp_path / "home", tmp_path / "one", "Cough")
    assert not left.exists()


def test_none_is_in_force_before_one_is_loaded(tmp_path: Path) -> None:
    assert find_vocabulary(tmp_path) is None
    with pytest.raises(CommonwealError, match="No vocabulary is loaded"):
        get_vocabulary(tmp_path)
