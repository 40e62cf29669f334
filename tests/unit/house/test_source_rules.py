"""Rules of the house that no linter knows: each is one walk over the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PACKAGE = REPOSITORY / "src" / "commonweal"
MODULES = sorted(PACKAGE.rglob("*.py"))
TEMPLATES = sorted(PACKAGE.rglob("*.html"))
REPEATABLE = ("curation", "disclosure", "privacy", "publish", "query", "release")
"""Packages whose work must come out the same tomorrow."""
UNREPEATABLE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4"}
SUPPRESSION = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|pragma)\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[^]]*])?(.*)$",
    re.MULTILINE,
)
"""A comment that silences a tool; the group is what it says after the code of the rule."""


def parse(source: str) -> ast.Module:
    return ast.parse(source)


def where(file: Path, line: int) -> str:
    return f"{file.relative_to(REPOSITORY)}:{line}"


def find_imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Modules of ours that a statement imports, with the line."""
    if isinstance(node, ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.lineno, node.module or ""


def find_own_imports(nodes: Iterator[ast.AST] | list[ast.stmt]) -> list[tuple[int, str]]:
    return [
        (line, module)
        for node in nodes
        for line, module in find_imports(node)
        if module.split(".")[0] == "commonweal"
    ]


def find_hidden_imports(source: str) -> list[tuple[int, str]]:
    """Imports of our own packages that do not stand at the top of the module."""
    tree = parse(source)
    return sorted(set(find_own_imports(ast.walk(tree))) - set(find_own_imports(tree.body)))


def find_names(source: str) -> Iterator[tuple[int, str]]:
    """Every name a module uses, imports or asks for as an attribute."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names)


def find_unexplained(source: str) -> list[str]:
    """Comments that silence a tool without saying why."""
    return [said for said in SUPPRESSION.findall(source) if not re.search(r"\w\w+ \w\w+", said)]


def test_no_import_of_ours_is_hidden() -> None:
    hidden = [
        f"{where(file, line)} {module}"
        for file in MODULES
        for line, module in find_hidden_imports(file.read_text(encoding="utf-8"))
    ]
    assert hidden == []


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    import commonweal.query",
        "if TYPE_CHECKING:\n    from commonweal.query import x",
        "try:\n    import commonweal\nexcept ImportError:\n    pass",
    ],
)
def test_a_hidden_import_is_seen(source: str) -> None:
    assert find_hidden_imports(source)


def test_package_files_import_nothing_from_siblings() -> None:
    reached = [
        f"{where(file, line)} {module}"
        for file in PACKAGE.glob("*/__init__.py")
        for line, module in find_own_imports(parse(file.read_text(encoding="utf-8")).body)
        if not module.startswith(f"commonweal.{file.parent.name}")
    ]
    assert reached == []


def test_no_html_is_declared_safe() -> None:
    named = [
        where(file, line)
        for file in MODULES
        for line, name in find_names(file.read_text(encoding="utf-8"))
        if name in {"mark_safe", "SafeString", "SafeText"}
    ]
    filtered = [
        str(file.relative_to(REPOSITORY))
        for file in TEMPLATES
        if re.search(r"\|\s*safe\b|autoescape\s+off", file.read_text(encoding="utf-8"))
    ]
    assert named + filtered == []


def test_what_ends_in_a_release_asks_no_clock_and_no_dice() -> None:
    asked = [
        f"{where(file, node.lineno)} {ast.unparse(node.func)}"
        for package in REPEATABLE
        for file in sorted((PACKAGE / package).rglob("*.py"))
        for node in ast.walk(parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr in UNREPEATABLE_CALLS or ast.unparse(node.func).startswith("random."))
    ]
    assert asked == []


def test_a_silenced_tool_is_explained() -> None:
    unexplained = {
        str(file.relative_to(REPOSITORY)): found
        for file in MODULES
        if (found := find_unexplained(file.read_text(encoding="utf-8")))
    }
    assert unexplained == {}


def test_an_unexplained_silence_is_seen() -> None:
    assert find_unexplained("x = 1  # noqa: E501\n")
    assert find_unexplained("x = 1  # type: ignore[misc]\n")
    assert not find_unexplained("x = 1  # noqa: E501  (a table, wider than the page)\n")
    assert not find_unexplained("x = 1  # type: ignore[misc]  # their class has no types\n")


def test_nothing_is_left_for_later() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
    left = [
        str(file.relative_to(REPOSITORY))
        for file in MODULES
        if unfinished.search(file.read_text(encoding="utf-8"))
    ]
    assert left == []
