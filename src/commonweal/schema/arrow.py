"""Declared tables as Arrow schemas."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from commonweal.schema.model import DataType, Table

ARROW_TYPES: Mapping[DataType, pa.DataType] = MappingProxyType(
    {
        DataType.INTEGER: pa.int64(),
        DataType.FLOAT: pa.float64(),
        DataType.STRING: pa.string(),
        DataType.DATE: pa.date32(),
        DataType.TIMESTAMP: pa.timestamp("us"),
    }
)


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a declared table; required fields are not nullable."""
    return pa.schema(
        [
            pa.field(field.name, ARROW_TYPES[field.type], nullable=not field.required)
            for field in table.fields
        ]
    )
