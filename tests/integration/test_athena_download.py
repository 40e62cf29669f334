"""A whole download from Athena, made up, through the command line: small, and of 6 M concepts."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.athena import FIRST_ID, VERSION, Size, write_athena, zip_folder

SMALL = Size(concepts=3_000, in_hierarchy=1_000, relationships=6_000, synonyms=1_500)
FULL = Size(
    concepts=6_000_000, in_hierarchy=2_001_000, relationships=12_000_000, synonyms=3_000_000
)
MOST_BYTES_OF_MEMORY = 2_000_000_000


def run(home: Path, *arguments: str) -> Any:
    """Run ``commonweal vocabulary … --json`` as a process of its own; what it printed."""
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from commonweal.cli.main import main; main()",
            "vocabulary",
            *arguments,
            "--json",
        ],
        env={**os.environ, "COMMONWEAL_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def make_zip(folder: Path, size: Size) -> Path:
    write_athena(folder / "tables", size)
    zip_folder(folder / "tables", folder / "download.zip", inside="vocabulary_download_v5/")
    for file in (folder / "tables").iterdir():
        file.unlink()
    return folder / "download.zip"


def check_download(home: Path, download: Path, size: Size) -> None:
    """Load it and ask it everything there is to ask."""
    loaded = run(home, "load", str(download))
    assert loaded == run(home, "info")
    assert loaded["version"] == VERSION
    assert {name: loaded["rows"][f"concept{name}"] for name in ("", "_ancestor")} == {
        "": size.concepts,
        "_ancestor": size.ancestors,
    }
    assert loaded["rows"]["concept_relationship"] == size.relationships
    assert loaded["rows"]["concept_synonym"] == size.synonyms
    licences = {share["name"]: share["concepts"] for share in loaded["licences"]}
    assert sum(licences.values()) == size.concepts
    assert licences["snomed"] == sum(1 for i in range(size.concepts) if i // 7 % 6 == 0)
    check_searches(home, size)


def check_searches(home: Path, size: Size) -> None:
    last = FIRST_ID + size.concepts - 2
    assert [c["id"] for c in run(home, "search", str(last))] == [last]
    name = run(home, "search", str(last))[0]["name"]
    assert [c["id"] for c in run(home, "search", name)] == [last]
    found = run(home, "search", "renal diabetes", "--limit", "5")
    assert len(found) == 5
    assert {c["standard"] for c in found} <= {"S", "C"}
    odd = run(home, "search", "naïve", "--limit", "1", "--domain", "condition")
    assert odd[0]["domain"] == "Condition"
    assert "naïve" in odd[0]["name"]
    assert run(home, "search", "zzzz") == []
    roots = run(home, "tree")
    assert [root["children"] for root in roots[:7]] == [8] * 7
    below = run(home, "tree", str(FIRST_ID + 1))
    assert [c["id"] for c in below] == [FIRST_ID + i for i in range(8, 16)]


def test_a_small_download(tmp_path: Path) -> None:
    check_download(tmp_path / "home", make_zip(tmp_path, SMALL), SMALL)


@pytest.mark.heavy
def test_a_download_of_six_million_concepts(tmp_path: Path) -> None:
    download = make_zip(tmp_path, FULL)
    check_download(tmp_path / "home", download, FULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert used < MOST_BYTES_OF_MEMORY
