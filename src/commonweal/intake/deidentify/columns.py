"""The columns of a table as they leave the site, as SQL over the rows that stay."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from commonweal.engine.sql import quoted, quoted_text
from commonweal.intake.deidentify.identity import NAMING
from commonweal.intake.deidentify.people import kept_of
from commonweal.intake.deidentify.treatment import Kind, Treatment, get_treatment
from commonweal.schema.convert import to_omop_5_4
from commonweal.schema.model import DataType, Field, Model, Table

MIDNIGHT = " 00:00:00"
RENAMED_SINCE_5_1 = {("procedure_occurrence", "qualifier_source_value"): "modifier_source_value"}
NO_ROW = 0
"""What sites write into a key that leads nowhere."""


@dataclass(frozen=True)
class Outgoing:
    """One column: its field in the dialect that is written, and where its cells come from.

    ``source`` is its name in the rows that were read; None where they do not have it.
    """

    field: Field
    treatment: Treatment
    source: str | None

    @property
    def is_code(self) -> bool:
        return self.treatment.kind is Kind.CODE and self.source is not None


def list_columns(table: Table, source: Table) -> tuple[Outgoing, ...]:
    """The columns of ``table``, found in a table of another version by name, old or new."""
    return tuple(
        Outgoing(field, get_treatment(table.name, field.name), _find_source(table, field, source))
        for field in table.fields
    )


def list_keys(columns: Collection[Outgoing], model: Model) -> Iterator[Outgoing]:
    """The columns that get a number of the key: those whose rows are handed over as well."""
    return (
        column
        for column in columns
        if column.treatment.kind is Kind.ID
        and column.source is not None
        and column.treatment.ids in model.tables
    )


def as_id(column: Outgoing) -> str:
    """The site's own id as a number; null where there is none, or where it leads nowhere."""
    number = f"TRY_CAST(s.{quoted(column.source or '')} AS BIGINT)"
    is_row_or_person = column.field.primary_key or column.treatment.ids == "person"
    return number if is_row_or_person else f"nullif({number}, {NO_ROW})"


def build_select(
    table: Table,
    columns: Sequence[Outgoing],
    model: Model,
    *,
    key_views: Mapping[str, str],
    emptied: Collection[str],
) -> str:
    """A SELECT of the rows that stay with every column treated; ids are numbers, all else text.

    ``key_views`` names the view of the key for each table of ids, and ``emptied`` the columns
    that are emptied whole.
    """
    keys = list(list_keys(columns, model))
    numbered = {column.field.name for column in keys}
    parts = [
        f"{_cell(column, numbered, emptied)} AS {quoted(column.field.name)}" for column in columns
    ]
    joins = [
        f"LEFT JOIN {quoted(key_views[key.treatment.ids])} {_alias(key)} "
        f"ON {_alias(key)}.source = {as_id(key)}"
        for key in keys
    ]
    joins += [
        f"LEFT JOIN {NAMING} {_alias(code)} "
        f"ON {_alias(code)}.value = s.{quoted(code.source or '')} "
        f"AND {_alias(code)}.person IS NOT DISTINCT FROM {person_of(table)}"
        for code in columns
        if code.is_code and code.field.name not in emptied
    ]
    return f"SELECT {', '.join(parts)} FROM {quoted(kept_of(table.name))} s {' '.join(joins)}"


def person_of(table: Table) -> str:
    """The site's id of a row's person, as SQL on ``s``; null in tables without."""
    return "TRY_CAST(s.person_id AS BIGINT)" if table.has_person else "CAST(NULL AS BIGINT)"


def _find_source(table: Table, field: Field, source: Table) -> str | None:
    """Versions differ in names where one of them renamed a column."""
    newer = to_omop_5_4(table.name)
    older = {new: old for old, new in newer.items()}
    since_5_1 = RENAMED_SINCE_5_1.get((table.name, field.name))
    names = (field.name, newer.get(field.name), older.get(field.name), since_5_1)
    return next((name for name in names if name in source.by_name), None)


def _cell(column: Outgoing, numbered: Collection[str], emptied: Collection[str]) -> str:
    kind, name = column.treatment.kind, column.field.name
    if kind is Kind.ID:
        return _id_cell(column) if name in numbered else _absent(column.treatment)
    if column.source is None or kind is Kind.BLANK or name in emptied:
        return "CAST(NULL AS VARCHAR)"
    cell = f"s.{quoted(column.source)}"
    if kind is Kind.FIRST_OF_YEAR:
        clock = MIDNIGHT if column.field.type is DataType.TIMESTAMP else ""
        return f"left({cell}, 4) || '-01-01{clock}'"
    if kind is Kind.ONE:
        return f"CASE WHEN {cell} IS NOT NULL THEN '1' END"
    if kind is Kind.CODE:
        return f"CASE WHEN {_alias(column)}.value IS NULL THEN {cell} END"
    return cell


def _id_cell(column: Outgoing) -> str:
    new = f"{_alias(column)}.new"
    if column.treatment.absent:
        return f"coalesce({new}, {int(column.treatment.absent)})"
    return new


def _absent(treatment: Treatment) -> str:
    if treatment.absent:
        return quoted_text(treatment.absent)
    return "CAST(NULL AS VARCHAR)"


def _alias(column: Outgoing) -> str:
    return quoted(f"of {column.field.name}")
