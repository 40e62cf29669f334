"""Which vocabulary is in force, that earlier ones stay, and that a failed load leaves nothing."""

import shutil
import subprocess
import sys
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.pipeline.vocabulary import (
    Vocabulary,
    find_loaded,
    get_vocabulary,
    load_vocabulary,
    read_abridged,
    use_abridged,
)
from commonweal.schema.errors import CommonwealError

HEADER = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t"
    "concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
)
VERSIONS = (
    "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\t"
    "vocabulary_concept_id\nNone\tOMOP\t\tv5.0 30-AUG-24\t1\n"
)


class Told:
    """Keeps what progress was told of."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.parts: list[int] = []

    def begin(self, title: str, total: int) -> None:
        self.titles.append(title)
        self.parts.append(-total)

    def advance(self, part: str) -> None:
        self.parts[-1] += 1

    def end(self) -> None: ...


def write(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{n}\t{name}\tCondition\tSNOMED\tClinical Finding\tS\t{n}0\t19700101\t20991231\t\n"
        for n, name in enumerate(names, start=1)
    ]
    (folder / "CONCEPT.csv").write_text(HEADER + "".join(rows))
    return folder


def load(home: Path, folder: Path, *names: str) -> Vocabulary:
    write(folder, *names)
    with open_engine(EngineSettings()) as engine:
        return load_vocabulary(engine, home, folder)


def list_below(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_an_athena_download_becomes_the_vocabulary_in_force(tmp_path: Path) -> None:
    loaded = load(tmp_path / "home", tmp_path / "athena", "Cough", "Fever")
    assert get_vocabulary(tmp_path / "home") == find_loaded(tmp_path / "home") == loaded
    assert set(loaded.files) == {"concept"}
    assert loaded.search
    assert loaded.search.is_file()
    assert not loaded.is_abridged


def test_a_zip_gives_the_same_as_the_folder_in_it_and_tells_its_version(tmp_path: Path) -> None:
    folder = write(tmp_path / "athena", "Cough")
    (folder / "VOCABULARY.csv").write_text(VERSIONS)
    with zipfile.ZipFile(tmp_path / "athena.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"download/{file.name}")
    told = Told()
    with open_engine(EngineSettings()) as engine:
        zipped = load_vocabulary(engine, tmp_path / "home", tmp_path / "athena.zip", told)
        unpacked = load_vocabulary(engine, tmp_path / "home", folder)
    assert zipped == unpacked
    assert zipped.version == "v5.0 30-AUG-24"
    assert told.titles == ["Loading CONCEPT.csv", "Loading VOCABULARY.csv", "Preparing the search"]
    assert all(-1 <= left <= 0 for left in told.parts)


def test_the_same_again_changes_nothing_and_another_leaves_the_first_in_place(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    first = load(home, tmp_path / "one", "Cough")
    assert load(home, tmp_path / "two", "Cough") == first
    second = load(home, tmp_path / "three", "Cough", "Fever")
    assert get_vocabulary(home) == second
    assert first.files["concept"][0].is_file()
    assert sorted(f.name for f in (home / "vocabulary").iterdir()) == sorted(
        ["current.json", first.folder.name, second.folder.name]
    )


def test_what_a_killed_load_left_behind_is_cleared_away(tmp_path: Path) -> None:
    for name in ("loading", ".partial-loading"):
        left = tmp_path / "home" / "vocabulary" / name
        left.mkdir(parents=True)
        (left / "concept.parquet").write_bytes(b"half")
    loaded = load(tmp_path / "home", tmp_path / "one", "Cough")
    names = [f.name for f in (tmp_path / "home" / "vocabulary").iterdir()]
    assert sorted(names) == sorted(["current.json", loaded.folder.name])


def test_until_one_is_loaded_the_abridged_one_is_in_force_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    assert find_loaded(tmp_path) is None
    assert get_vocabulary(tmp_path) == read_abridged()
    assert list(tmp_path.iterdir()) == []


def test_the_abridged_one_can_be_put_back(tmp_path: Path) -> None:
    assert use_abridged(tmp_path) == read_abridged()
    loaded = load(tmp_path / "home", tmp_path / "one", "Cough")
    assert use_abridged(tmp_path / "home").is_abridged
    assert get_vocabulary(tmp_path / "home") == read_abridged()
    assert loaded.files["concept"][0].is_file()
    assert load(tmp_path / "home", tmp_path / "one", "Cough") == loaded
    assert get_vocabulary(tmp_path / "home") == loaded


@pytest.mark.parametrize("damage", ["cut", "gone", "unprepared"])
def test_a_damaged_version_is_not_used(tmp_path: Path, damage: str) -> None:
    home = tmp_path / "home"
    loaded = load(home, tmp_path / "one", "Cough")
    file = loaded.files["concept"][0]
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "gone":
        file.unlink()
    else:
        shutil.rmtree(loaded.folder / "search")
    with pytest.raises(CommonwealError, match="is damaged") as told:
        get_vocabulary(home)
    assert "--abridged" in str(told.value.fix)


@pytest.mark.parametrize(
    "content", [HEADER + "one\t" + "x\t" * 8 + "\n", HEADER + "1\tCough\n", "nothing like it"]
)
def test_a_failed_load_leaves_nothing_and_the_earlier_one_in_force(
    tmp_path: Path, content: str
) -> None:
    home = tmp_path / "home"
    first = load(home, tmp_path / "one", "Cough")
    before = list_below(home)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "CONCEPT.csv").write_text(content)
    with open_engine(EngineSettings()) as engine, pytest.raises(CommonwealError):
        load_vocabulary(engine, home, tmp_path / "two")
    assert list_below(home) == before
    assert get_vocabulary(home) == first


def test_a_disk_too_full_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")(10, 10, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(CommonwealError, match="The disk is too full"):
        load(tmp_path / "home", tmp_path / "one", "Cough")
    assert not (tmp_path / "home").exists()


def test_a_disk_that_fills_up_on_the_way_leaves_nothing_half_loaded(tmp_path: Path) -> None:
    folder = write(tmp_path / "athena", *(f"Cough {n * 7919 % 1_000_003}" for n in range(20_000)))
    program = (
        "import resource, sys; from commonweal.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "vocabulary", "load", str(folder)],
        env={"COMMONWEAL_HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "What to do" in result.stderr
    assert list_below(tmp_path / "home") == []
