"""What the check has to say: kinds of finding, declared as data, and findings of one folder.

A finding names files, tables, columns, lines and counts. The value of a cell is kept only
when the steward asked for it.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

MAX_EXAMPLES = 10
"""Places shown for each code and column; totals are always exact."""


class Severity(StrEnum):
    """How much a finding weighs: an error rejects the file."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Kind:
    """One kind of finding, known by its code."""

    code: str
    severity: Severity
    title: str
    message: str
    meaning: str
    fix: str


@dataclass(frozen=True)
class Example:
    """A place: the physical line (the header is line 1) and the record (the first is 1)."""

    line: int
    record: int
    value: str | None = None

    def to_json(self) -> dict[str, Any]:
        place: dict[str, Any] = {"line": self.line, "record": self.record}
        return place if self.value is None else place | {"value": self.value}


@dataclass(frozen=True)
class Finding:
    """Something found, how often, and where first."""

    code: str
    message: str
    fix: str
    count: int = 1
    file: str = ""
    table: str = ""
    column: str = ""
    examples: tuple[Example, ...] = ()

    @property
    def severity(self) -> Severity:
        return get_kind(self.code).severity

    @property
    def title(self) -> str:
        return get_kind(self.code).title

    def without_values(self) -> "Finding":
        """The same finding with its places alone."""
        bare = tuple(Example(place.line, place.record) for place in self.examples)
        return replace(self, examples=bare)

    def to_json(self) -> dict[str, Any]:
        """The finding in the shape the command line promises."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "column": self.column or None,
            "count": self.count,
            "examples": [example.to_json() for example in self.examples],
            "message": self.message,
            "fix": self.fix,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Finding":
        """Read back what ``to_json`` gave, which does not say in which file it was."""
        return cls(
            code=content["code"],
            message=content["message"],
            fix=content["fix"],
            count=content["count"],
            column=content["column"] or "",
            examples=tuple(Example(**place) for place in content["examples"]),
        )


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Every kind of finding by its code, in the order of the declaration."""
    text = (files("commonweal.intake") / "data" / "findings.toml").read_text(encoding="utf-8")
    kinds: dict[str, Kind] = {}
    for family, members in tomllib.loads(text).items():
        for name, facts in members.items():
            code = f"{family}.{name}"
            kinds[code] = Kind(code=code, **facts | {"severity": Severity(facts["severity"])})
    return MappingProxyType(kinds)


def get_kind(code: str) -> Kind:
    return all_kinds()[code]


def build_finding(
    code: str,
    *,
    file: str = "",
    table: str = "",
    column: str = "",
    count: int = 1,
    detail: str = "",
    examples: tuple[Example, ...] = (),
) -> Finding:
    """A finding with its sentences filled in; ``detail`` must not be the value of a cell."""
    kind, file = get_kind(code), show_name(file)
    facts = {"file": file, "table": table, "column": column, "detail": detail} | _counted(count)
    return Finding(
        code=code,
        message=kind.message.format(**facts),
        fix=kind.fix.format(**facts),
        count=count,
        file=file,
        table=table,
        column=column,
        examples=examples,
    )


def show_name(name: str) -> str:
    """A name of a file as it may be printed: what would steer a terminal is spelled out."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name
    )


def _counted(count: int) -> dict[str, str]:
    nouns = {"cells": "cell", "rows": "row", "lines": "line"}
    return {
        plural: f"{count:,} {singular if count == 1 else plural}"
        for plural, singular in nouns.items()
    }


class Tally:
    """Counts what goes wrong in one file and keeps the first places of each kind."""

    def __init__(self, *, show_values: bool = False) -> None:
        self._show_values = show_values
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._examples: dict[tuple[str, str], list[Example]] = defaultdict(list)
        self._details: dict[str, str] = {}

    def add(
        self, code: str, *, line: int, record: int, column: str = "", value: str | None = None
    ) -> None:
        """Count one more fault at a place."""
        key = (code, column)
        self._counts[key] += 1
        if len(self._examples[key]) < MAX_EXAMPLES:
            shown = value if self._show_values else None
            self._examples[key].append(Example(line, record, shown))

    def explain(self, code: str, detail: str) -> None:
        """Set the detail of a code's message; the first one stays."""
        self._details.setdefault(code, detail)

    def wants_examples(self, code: str, column: str = "") -> bool:
        return len(self._examples[(code, column)]) < MAX_EXAMPLES

    def count(self, code: str, column: str = "", *, more: int = 1) -> None:
        """Count faults whose places nobody will look at any more."""
        self._counts[(code, column)] += more

    def findings(self, *, file: str, table: str, details: Mapping[str, str]) -> Iterator[Finding]:
        """What was counted, in the order it was met; ``details`` are by column."""
        for (code, column), count in self._counts.items():
            yield build_finding(
                code,
                file=file,
                table=table,
                column=column,
                count=count,
                detail=self._details.get(code, details.get(column, "")),
                examples=tuple(self._examples[(code, column)]),
            )


def build_finding_pages() -> Mapping[str, str]:
    """The pages of the manual about findings: file name to Markdown."""
    pages = {f"{kind.code}.md": _page(kind) for kind in all_kinds().values()}
    return {"index.md": _index()} | pages


def _page(kind: Kind) -> str:
    verdicts = {
        Severity.ERROR: "An **error**: a file with this finding is rejected.",
        Severity.WARNING: "A **warning**: the file can be accepted; curation acts on it.",
        Severity.INFO: "For **information**: nothing is wrong.",
    }
    return (
        f"# {kind.title}\n\n`{kind.code}`\n\n{verdicts[kind.severity]}\n\n"
        f"## What it means\n\n{kind.meaning}\n\n## What to do\n\n{_plain(kind.fix)}\n"
    )


def _index() -> str:
    rows = [
        f"| [`{kind.code}`]({kind.code}.md) | {kind.severity} | {kind.title} |"
        for kind in all_kinds().values()
    ]
    head = (
        "# Findings\n\nWhat `commonweal check` can find and, in the families `consent` and "
        "`identity`, `commonweal match`, with the code each finding keeps.\n\n"
    )
    return head + "| code | severity | what |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _plain(text: str) -> str:
    """A template with its placeholders spelled for a reader."""
    names = ("table", "column", "file")
    return text.format(**{name: f"*{name}*" for name in names}, detail="…")
