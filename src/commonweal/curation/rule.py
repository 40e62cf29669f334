"""What a rule is: plain data, and a pure function from a table's declaration to what is done.

A rule says *what* in the restricted dialect of ``expression`` and ``relation``; *how*, and
the evidence of it, is the runner's business. One rule serves every table that has the
columns it needs, because ``bind`` builds its text from the schema.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from commonweal.curation.expression import RuleError
from commonweal.engine.functions import Type
from commonweal.schema.model import Table


class Kind(StrEnum):
    """What a step does to the rows of a table."""

    FILTER = "filter"
    MAP = "map"
    RELATION = "relation"
    APPEND = "append"


class Evidence(StrEnum):
    """What is kept of a change: every row with its value before, or how many there were."""

    ROWS = "rows"
    COUNTS = "counts"


class Version(StrEnum):
    """Which rows of another table are meant: as the stage received them, or as it leaves them."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True)
class Lookup:
    """Another table, reduced to one row for each key, joined to the row being looked at.

    Expressions call its columns ``name.column``, all NULL where the key is not found. The
    runner proves that the key is unique, so that a join never multiplies rows. A lookup of
    a rule's own table sees it as the steps before have left it.
    """

    name: str
    select: str
    key: Mapping[str, str]
    """Column of the lookup: column of the row."""
    version: Version = Version.OUTPUT


@dataclass(frozen=True)
class Filter:
    """Keep a row when ``keep`` IS TRUE; drop it when it is false or NULL."""

    keep: str
    lookups: tuple[Lookup, ...] = ()


@dataclass(frozen=True)
class Change:
    """Give ``column`` the value ``to`` where ``when`` IS TRUE and that is another value."""

    column: str
    to: str
    when: str = "TRUE"


@dataclass(frozen=True)
class Map:
    """Changes that all look at the row as it was before any of them."""

    changes: tuple[Change, ...]
    lookups: tuple[Lookup, ...] = ()
    evidence: Evidence = Evidence.ROWS


@dataclass(frozen=True)
class Relation:
    """Drop the rows whose ``_row`` a SELECT gives; for what needs several rows at once.

    The rule's own table is seen as the steps before have left it, others as ``version`` says.
    """

    drops: str
    version: Version = Version.OUTPUT


@dataclass(frozen=True)
class Append:
    """Add the rows of a SELECT: every column of the table, ``_src_site`` and ``_src_row``.

    A row that comes from a parent derives its ``_src_row`` from the parent's, never from
    its position. ``sites`` names the values of ``_src_site`` that the input does not have.
    """

    rows: str
    sites: tuple[str, ...] = ()
    version: Version = Version.OUTPUT


Step = Filter | Map | Relation | Append
KIND_OF_STEP: Mapping[type[Step], Kind] = {
    Filter: Kind.FILTER,
    Map: Kind.MAP,
    Relation: Kind.RELATION,
    Append: Kind.APPEND,
}

Value = bool | int | float | str | date


@dataclass(frozen=True)
class Parameter:
    """A number or date a programme may set; without a default, one it must set."""

    name: str
    type: Type
    description: str
    default: Value | None = None
    minimum: Value | None = None
    maximum: Value | None = None

    def check(self, value: Any) -> None:
        """Raise unless ``value`` is of the type and within the bounds.

        Raises:
            RuleError: it is not.
        """
        wanted = PYTHON_TYPE[self.type]
        if value is None:
            self._refuse("is not set", f"a {wanted.__name__}: {self.description}")
        if type(value) is not wanted:
            self._refuse(f"is a {type(value).__name__}", f"a {wanted.__name__}")
        if self.minimum is not None and value < self.minimum:
            self._refuse("is too small", f"at least {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            self._refuse("is too large", f"at most {self.maximum}")

    def _refuse(self, found: str, expected: str) -> None:
        raise RuleError(
            f"The parameter {self.name!r} {found}.",
            expected=expected,
            fix="Give another value in the settings of the programme.",
        )


PYTHON_TYPE: Mapping[Type, type] = {
    Type.BOOLEAN: bool,
    Type.INTEGER: int,
    Type.FLOAT: float,
    Type.STRING: str,
    Type.DATE: date,
}


@dataclass(frozen=True)
class Rule:
    """A reason for which rows leave, change or are added; the reason is what people read."""

    id: str
    title: str
    why: str
    tables: Callable[[Table], bool]
    bind: Callable[[Table], tuple[Step, ...]]
    parameters: tuple[Parameter, ...] = ()
