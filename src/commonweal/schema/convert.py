"""From what sites send (OMOP 5.3.1) to what stages and releases hold (OMOP 5.4)."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from commonweal.schema.model import read_declaration


def to_omop_5_4(table_name: str) -> Mapping[str, str]:
    """Columns of an OMOP 5.3 table that have another name in 5.4: old name to new name.

    Columns that 5.4 added start empty; none was taken away. A table whose columns kept
    their names gives an empty mapping.
    """
    return _renames().get(table_name, MappingProxyType({}))


@cache
def _renames() -> Mapping[str, Mapping[str, str]]:
    by_table: dict[str, dict[str, str]] = {}
    for row in read_declaration("renames_5.4.csv"):
        by_table.setdefault(row["table"], {})[row["old"]] = row["new"]
    return {table: MappingProxyType(renames) for table, renames in by_table.items()}
