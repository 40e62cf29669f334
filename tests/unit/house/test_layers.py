"""The import contracts refuse exactly what the table in docs/architecture.md does not allow."""

import re
import shutil
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| `(\w+)` \| .* \| (.*) \|$", re.MULTILINE)
WEB = {"django", "allauth", "csp"}
ENGINES = {"duckdb", "pyspark"}

Edges = set[tuple[str, str]]


def read_table() -> dict[str, set[str]]:
    """Package → the packages it may import, from the documentation."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.split("## Packages and who may import whom")[1].split("\n## ")[0]
    allowed: dict[str, set[str]] = {}
    for package, cell in ROW.findall(section):
        named = set(allowed) if cell == "all above" else set(re.findall(r"`(\w+)`", cell))
        allowed[package] = named.union(*(allowed[name] for name in named))
    return allowed


def build_house(folder: Path, packages: list[str]) -> None:
    """A package tree in which everything imports everything, each import in its own module."""
    root = folder / "commonweal"
    for package in packages:
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").touch()
    (root / "__init__.py").touch()
    (root / "privacy" / "vault.py").touch()
    for importer, imported in permutations(packages, 2):
        (root / importer / f"to_{imported}.py").write_text(f"import commonweal.{imported}\n")
    for package in packages:
        (root / package / "to_vault.py").write_text("import commonweal.privacy.vault\n")
        for library in WEB | ENGINES:
            (root / package / f"to_{library}.py").write_text(f"import {library}\n")


def find_refused(folder: Path) -> Edges:
    """What lint-imports refuses in that house: (importing package, what it imports)."""
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    lint_imports = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts: 0 kept" in result.stdout, result.stdout + result.stderr
    return set(re.findall(r"commonweal\.(\w+)\.to_(\w+)\b", result.stdout))


@pytest.fixture(scope="module")
def table() -> dict[str, set[str]]:
    return read_table()


@pytest.fixture(scope="module")
def refused(table: dict[str, set[str]], tmp_path_factory: pytest.TempPathFactory) -> Edges:
    folder = tmp_path_factory.mktemp("house")
    build_house(folder, list(table))
    return find_refused(folder)


def test_the_table_names_every_package(table: dict[str, set[str]]) -> None:
    packages = {file.parent.name for file in (REPOSITORY / "src/commonweal").glob("*/__init__.py")}
    assert set(table) == packages


def test_contracts_refuse_what_the_table_does_not_allow(
    table: dict[str, set[str]], refused: Edges
) -> None:
    forbidden = {(a, b) for a, b in permutations(table, 2) if b not in table[a]}
    assert {edge for edge in refused if edge[1] in table} == forbidden


def test_django_is_refused_outside_the_hub(table: dict[str, set[str]], refused: Edges) -> None:
    expected = {(package, library) for package in table for library in WEB if package != "hub"}
    assert {edge for edge in refused if edge[1] in WEB} == expected


def test_engines_are_refused_outside_the_engine(table: dict[str, set[str]], refused: Edges) -> None:
    expected = {
        (package, library) for package in table for library in ENGINES if package != "engine"
    }
    assert {edge for edge in refused if edge[1] in ENGINES} == expected


def test_only_privacy_and_pipeline_may_open_the_vault(
    table: dict[str, set[str]], refused: Edges
) -> None:
    assert {a for a, b in refused if b == "vault"} == set(table) - {"privacy", "pipeline"}
