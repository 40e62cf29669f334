"""Tables that are left behind: no rule of a stage sees them, so they are counted here."""

from collections.abc import Mapping

from commonweal.curation.evidence import RuleCount
from commonweal.curation.folder import TableFolder

LEFT_TABLES = "tables_not_carried"
"""The fact of a folder that holds the rows of each table left behind."""

ALLOWED_TABLES = "conf.allowed_tables"
ALLOWED_TABLES_TITLE = "Tables that are not taken from sites are left behind"
ALLOWED_TABLES_WHY = (
    "Names, addresses and the matching of identities stay where they landed: no release holds "
    "them. Eras are derived anew, and vocabularies are the programme's own."
)


def build_left_fact(rows: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The fact that a step leaves tables behind, given the rows of each."""
    return {LEFT_TABLES: {table: rows[table] for table in sorted(rows)}}


def list_left_tables(folder: TableFolder) -> tuple[RuleCount, ...]:
    """What the step that wrote a folder left behind: of every such table all rows."""
    left: Mapping[str, int] = folder.facts.get(LEFT_TABLES, {})
    return tuple(
        RuleCount(table, ALLOWED_TABLES, rows, rows, 0, 0, 0) for table, rows in left.items()
    )
