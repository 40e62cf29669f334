"""``CREATE TABLE`` statements from the declared tables."""

from collections.abc import Mapping
from types import MappingProxyType

from commonweal.schema.model import DataType, Field, Table

SQL_TYPES: Mapping[DataType, str] = MappingProxyType(
    {
        DataType.INTEGER: "BIGINT",
        DataType.FLOAT: "DOUBLE",
        DataType.STRING: "VARCHAR",
        DataType.DATE: "DATE",
        DataType.TIMESTAMP: "TIMESTAMP",
    }
)
"""DuckDB's type for each declared type; declared lengths are checked at intake, not stored."""


def build_ddl(table: Table, *, constraints: bool = False) -> str:
    """Return the ``CREATE TABLE`` of a table in DuckDB's dialect.

    With ``constraints``, required fields are NOT NULL and the key is PRIMARY KEY; without,
    the table takes rows that break these rules, so that they can be reported.
    """
    columns = ",\n  ".join(_column(field, constraints=constraints) for field in table.fields)
    return f'CREATE TABLE "{table.name}" (\n  {columns}\n)'


def _column(field: Field, *, constraints: bool) -> str:
    parts = [f'"{field.name}"', SQL_TYPES[field.type]]
    if constraints and field.primary_key:
        parts.append("PRIMARY KEY")
    elif constraints and field.required:
        parts.append("NOT NULL")
    return " ".join(parts)
