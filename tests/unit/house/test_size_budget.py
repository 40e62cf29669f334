"""Small files, small functions: the budget of the house.

Docstrings count. Migrations are written by Django and do not.
"""

import ast
from pathlib import Path
from statistics import median, quantiles

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCES = sorted(
    file
    for folder in ("src", "scripts", "benchmarks")
    for file in (REPOSITORY / folder).rglob("*.py")
    if "migrations" not in file.parts
)
HARD_FILE, HARD_FUNCTION = 800, 80
FILE_P95, FUNCTION_P95, FUNCTION_MEDIAN = 500, 45, 12


def count_lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def measure_functions(file: Path) -> dict[str, int]:
    """Lines of every function and method, by where it stands."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        f"{file.relative_to(REPOSITORY)}:{node.lineno} {node.name}": node.end_lineno
        - node.lineno
        + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }


def find_p95(sizes: list[int]) -> float:
    return quantiles(sizes, n=20)[-1]


@pytest.fixture(scope="module")
def files() -> dict[str, int]:
    return {str(file.relative_to(REPOSITORY)): count_lines(file) for file in SOURCES}


@pytest.fixture(scope="module")
def functions() -> dict[str, int]:
    return {name: size for file in SOURCES for name, size in measure_functions(file).items()}


def test_no_file_is_too_long(files: dict[str, int]) -> None:
    assert {name: size for name, size in files.items() if size > HARD_FILE} == {}


def test_nearly_every_file_is_short(files: dict[str, int]) -> None:
    assert find_p95(list(files.values())) <= FILE_P95


def test_no_function_is_too_long(functions: dict[str, int]) -> None:
    assert {name: size for name, size in functions.items() if size > HARD_FUNCTION} == {}


def test_nearly_every_function_is_short(functions: dict[str, int]) -> None:
    assert find_p95(list(functions.values())) <= FUNCTION_P95
    assert median(functions.values()) <= FUNCTION_MEDIAN
