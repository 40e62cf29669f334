"""Finding rows that say the same: the one text that all such rules share."""

from collections.abc import Sequence


def duplicates_of(table: str, keys: Sequence[str], *, where: str = "TRUE") -> str:
    """SELECT of all but the first of the rows of ``table`` that agree in ``keys``.

    The hash only narrows the search, so that the window runs over the few rows that may
    have a twin; equality of the keys decides.
    """
    names = ", ".join(keys)
    return (
        f"SELECT _row FROM (SELECT _row, row_number() OVER (PARTITION BY {names} ORDER BY _row) "
        f"AS place FROM {table} WHERE {where} AND hash({names}) IN ("
        f"SELECT hash({names}) FROM {table} WHERE {where} "
        f"GROUP BY hash({names}) HAVING count(*) > 1)) WHERE place > 1"
    )
