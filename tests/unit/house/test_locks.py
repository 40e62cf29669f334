"""The locks hold what pyproject.toml declares, and name no registry."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[3]
REQUIREMENTS = REPOSITORY / "requirements"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
Pins = dict[str, set[str]]


def read_pins(lock: str) -> Pins:
    """Package → versions; more than one where Pythons differ."""
    pins: Pins = {}
    for name, version in PIN.findall((REQUIREMENTS / f"{lock}.txt").read_text(encoding="utf-8")):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def read_declared() -> dict[str, list[Requirement]]:
    """Lock → what pyproject.toml says it has to hold."""
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    groups: dict[str, list[Any]] = declared["dependency-groups"]
    runtime = declared["project"]["dependencies"]
    demo = runtime + declared["project"]["optional-dependencies"]["demo"] + groups["build"]
    dev = demo + [entry for entry in groups["dev"] if isinstance(entry, str)]
    locks = {"runtime": runtime, "demo": demo, "dev": dev}
    return {lock: [Requirement(entry) for entry in entries] for lock, entries in locks.items()}


def find_unmet(declared: list[Requirement], pins: Pins) -> list[str]:
    """Declarations that the lock does not hold, or holds in a version outside the range."""
    return [
        str(requirement)
        for requirement in declared
        for versions in [pins.get(canonicalize_name(requirement.name), set())]
        if not versions or not all(requirement.specifier.contains(v) for v in versions)
    ]


@pytest.mark.parametrize("lock", ["runtime", "demo", "dev"])
def test_lock_holds_what_is_declared(lock: str) -> None:
    assert find_unmet(read_declared()[lock], read_pins(lock)) == [], "run `make lock`"


def test_a_forgotten_lock_is_seen() -> None:
    pins = {"duckdb": {"1.4.0"}}
    declared = [Requirement("duckdb>=1.5"), Requirement("polars")]
    assert find_unmet(declared, pins) == ["duckdb>=1.5", "polars"]


@pytest.mark.parametrize(("smaller", "larger"), [("runtime", "demo"), ("demo", "dev")])
def test_larger_locks_hold_the_smaller_ones(smaller: str, larger: str) -> None:
    small, large = read_pins(smaller), read_pins(larger)
    assert {name: versions for name, versions in small.items() if large.get(name) != versions} == {}


@pytest.mark.parametrize("lock", ["runtime", "demo", "dev"])
def test_lock_names_no_registry_and_hashes_every_file(lock: str) -> None:
    text = (REQUIREMENTS / f"{lock}.txt").read_text(encoding="utf-8")
    # Options of the installer, such as one that names a host, stand at the start of a line.
    assert not re.search(r"://|^-|@\s*file", text, re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
