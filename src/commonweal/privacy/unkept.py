"""Evidence of the rows that left a tier since what they must point to had left before.

It names rows by site and record and holds no value. It stays in the identifiable zone, in a
folder of its own: a tier's folder says nothing about where its rows came from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from commonweal.curation.binding import LINEAGE
from commonweal.curation.evidence import EVIDENCE_COLUMNS, InvariantError, RuleCount
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.privacy.treatment import RuleId

EVIDENCE = "evidence"


def write_evidence(
    engine: Engine, unkept: Mapping[str, str], counts: Sequence[RuleCount], folder: Path
) -> dict[str, int]:
    """Write a file for each table that can lose rows; how many rows each names is returned.

    Args:
        engine: where the SELECTs can be run.
        unkept: by table, a SELECT of ``_src_site, _src_row`` of its rows that left.
        counts: what the rules of the tier did, to be held against the files.
        folder: where ``evidence/<table>.parquet`` appear.

    Raises:
        InvariantError: a file does not name as many rows as were counted.
    """
    (folder / EVIDENCE).mkdir()
    counted = {count.table: count.dropped for count in counts if count.rule is RuleId.REMAP}
    rows = {}
    for table, sql in sorted(unkept.items()):
        file = folder / EVIDENCE / f"{table}.parquet"
        rows[table] = engine.write_parquet(_as_evidence(sql), file, order_by=EVIDENCE_COLUMNS)
        if rows[table] != counted[table]:
            raise InvariantError(
                f"The evidence of {RuleId.REMAP} names {rows[table]:,} rows of {table}.",
                expected=f"the {counted[table]:,} that were counted",
            )
    return rows


def _as_evidence(unkept: str) -> str:
    known = {"rule": quoted_text(RuleId.REMAP), "action": "'drop'"}
    columns = {name: known.get(name, "CAST(NULL AS VARCHAR)") for name in EVIDENCE_COLUMNS}
    columns |= {name: f"t.{quoted(name)}" for name in LINEAGE}
    listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    return f"SELECT {listed} FROM ({unkept}) t"
