"""Tables and fields of a data model, read from the CSV declarations in ``data``."""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType

from commonweal.schema.errors import CommonwealError


class DataType(StrEnum):
    """The five types a submitted cell can have."""

    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"


class Role(StrEnum):
    """What a table is for; decides who may see it and what is done with it."""

    CLINICAL = "clinical"
    HEALTH_SYSTEM = "health system"
    DERIVED = "derived"
    VOCABULARY = "vocabulary"
    METADATA = "metadata"
    PII = "pii"
    MATCH = "match"
    FEED = "feed"
    EXTENSION = "extension"


class Submission(StrEnum):
    """Whether a site sends a table."""

    REQUIRED = "required"
    PII = "pii"
    OPTIONAL = "optional"
    NEVER = "never"


@dataclass(frozen=True)
class Reference:
    """A foreign key: the table and field a value must be found in."""

    table: str
    field: str


@dataclass(frozen=True)
class Field:
    """One column of a table."""

    name: str
    type: DataType
    required: bool
    primary_key: bool
    description: str
    length: int | None = None
    references: Reference | None = None
    domain: str = ""
    values: frozenset[str] = frozenset()
    """The only texts there may be; any when there are none."""

    @property
    def is_concept(self) -> bool:
        return self.references is not None and self.references.table == "concept"


@dataclass(frozen=True)
class Table:
    """One table of a model: its fields in their declared order, and what it is for."""

    name: str
    title: str
    description: str
    role: Role
    submission: Submission
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return MappingProxyType({field.name: field for field in self.fields})

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.required)

    @property
    def primary_key(self) -> Field | None:
        return next((field for field in self.fields if field.primary_key), None)

    @property
    def has_person(self) -> bool:
        return "person_id" in self.by_name

    @property
    def foreign_keys(self) -> tuple[Field, ...]:
        """Fields that must be found in another submitted table (concepts excluded)."""
        return tuple(f for f in self.fields if f.references and not f.is_concept)

    def field(self, name: str) -> Field:
        return self.by_name[name]

    def fields_of(self, *types: DataType) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.type in types)


@dataclass(frozen=True)
class Model:
    """A named, versioned set of tables (a *dialect* when it is what sites send)."""

    name: str
    title: str
    version: str
    tables: Mapping[str, Table]
    deidentified: bool = False
    """Whether sites send it with nothing in it that tells who somebody is."""
    most_persons: int | None = None
    """How many persons a submission should have at most."""

    def table(self, name: str) -> Table:
        return self.tables[name]

    def with_submission(self, *kinds: Submission) -> tuple[Table, ...]:
        return tuple(t for t in self.tables.values() if t.submission in kinds)

    def with_role(self, *roles: Role) -> tuple[Table, ...]:
        return tuple(t for t in self.tables.values() if t.role in roles)


@dataclass(frozen=True)
class Declaration:
    """Where a model is declared: its CSV files, later ones adding tables to earlier ones."""

    title: str
    version: str
    files: tuple[str, ...]
    deidentified: bool = False
    most_persons: int | None = None
    optional: frozenset[str] = frozenset()
    """Tables that a submission is complete without, whatever other models say."""


MODELS: Mapping[str, Declaration] = MappingProxyType(
    {
        "programme": Declaration(
            "Programme submission (OMOP 5.3.1 with the programme’s flags)",
            "5.3.1",
            ("programme.csv",),
        ),
        "omop-5.3": Declaration("OMOP common data model 5.3", "5.3", ("omop_5.3.csv",)),
        "omop-5.4": Declaration("OMOP common data model 5.4", "5.4", ("omop_5.4.csv",)),
        "sprint": Declaration(
            "Data sprint (OMOP 5.1, de-identified at the site)",
            "5.1",
            ("sprint.csv",),
            deidentified=True,
            most_persons=100,
            optional=frozenset({"observation"}),
        ),
        "alpha": Declaration(
            "Alpha upload (data sprint and locations)",
            "5.1",
            ("sprint.csv", "alpha.csv"),
            deidentified=True,
            optional=frozenset({"observation"}),
        ),
        "feeds": Declaration("Feeds of the programme’s side", "1", ("feeds.csv",)),
        "release": Declaration(
            "Release (OMOP 5.4 with the programme’s extension)",
            "5.4",
            ("omop_5.4.csv", "release_extension.csv"),
        ),
    }
)


@cache
def get_model(name: str) -> Model:
    """Return the model called ``name``.

    Raises:
        CommonwealError: when there is no such model; the message lists those there are.
    """
    if name not in MODELS:
        raise CommonwealError(
            f"There is no data model called {name!r}.",
            expected=f"one of {', '.join(MODELS)}",
            fix="Choose one of these names.",
        )
    declaration = MODELS[name]
    about = {row["table"]: row for row in read_declaration("tables.csv")}
    fields_by_table: dict[str, list[Field]] = {}
    for file in declaration.files:
        for row in read_declaration(file):
            fields_by_table.setdefault(row["table"], []).append(_field(row))
    tables = {}
    for table, fields in fields_by_table.items():
        within = [_keep_within(field, fields_by_table) for field in fields]
        tables[table] = _table(table, within, about[table], declaration.optional)
    return Model(
        name,
        declaration.title,
        declaration.version,
        MappingProxyType(tables),
        declaration.deidentified,
        declaration.most_persons,
    )


def _keep_within(field: Field, tables: Collection[str]) -> Field:
    """A field of a model that may lack the table another model has its values found in."""
    target = field.references
    outside = target is not None and not field.is_concept and target.table not in tables
    return replace(field, references=None) if outside else field


@cache
def _read_values() -> Mapping[tuple[str, str], frozenset[str]]:
    """The texts that a field is confined to, by table and field."""
    values: dict[tuple[str, str], set[str]] = {}
    for row in read_declaration("values.csv"):
        values.setdefault((row["table"], row["field"]), set()).add(row["value"])
    return MappingProxyType({place: frozenset(found) for place, found in values.items()})


def _field(row: Mapping[str, str]) -> Field:
    table, _, column = row["references"].partition(".")
    return Field(
        name=row["field"],
        type=DataType(row["type"]),
        required=row["required"] == "yes",
        primary_key=row["key"] == "primary",
        description=row["description"],
        length=int(row["length"]) if row["length"] else None,
        references=Reference(table, column) if table else None,
        domain=row["domain"],
        values=_read_values().get((row["table"], row["field"]), frozenset()),
    )


def _table(
    name: str, fields: list[Field], about: Mapping[str, str], optional: Collection[str]
) -> Table:
    submission = Submission.OPTIONAL if name in optional else Submission(about["submission"])
    return Table(
        name=name,
        title=about["title"],
        description=about["description"],
        role=Role(about["role"]),
        submission=submission,
        fields=tuple(fields),
    )


def read_declaration(name: str) -> list[dict[str, str]]:
    """Rows of one of the CSV files in ``data``."""
    text = (files("commonweal.schema") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
