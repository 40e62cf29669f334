"""Rows of a submission about persons whose records may not be sent, told to the site at intake.

Nothing is removed here: the submission stays as it was sent, and what enters a release is
decided in curation, by the consent of that day. Findings hold counts and lines; ids stand
only in the file that the site itself downloads (``list_persons``).
"""

from collections.abc import Iterator

import polars as pl

from commonweal.intake.findings import MAX_EXAMPLES, Example, Finding, build_finding
from commonweal.intake.matching.eligible import Barrier, add_barriers
from commonweal.intake.matching.sent import PERSON, Sent
from commonweal.intake.reading import RECORD

TABLE, BARRIER = "table", "barrier"
SCHEMA = {TABLE: pl.String, RECORD: pl.Int64, PERSON: pl.Int64, BARRIER: pl.String}


def find_rows(sent: Sent, standing: pl.DataFrame) -> pl.DataFrame:
    """Every row about somebody with a barrier, by table and record.

    Columns: ``table``, ``_src_row``, ``person_id``, ``barrier``.
    """
    names = sorted(sent.list_person_tables())
    plans = [add_barriers(sent.scan_persons(name), standing) for name in names]
    found = [
        plan.collect(engine="streaming").select(pl.lit(name).alias(TABLE), RECORD, PERSON, BARRIER)
        for name, plan in zip(names, plans, strict=True)
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *found]).sort(TABLE, RECORD)


def list_persons(sent: Sent, rows: pl.DataFrame) -> pl.DataFrame:
    """What the site downloads: ``person_id``, ``reason``, ``file``, ``rows``; by id, then file."""
    named = {table: path.name for table, path in sent.files.items()}
    return (
        rows.group_by(PERSON, BARRIER, TABLE)
        .len("rows")
        .with_columns(pl.col(TABLE).replace_strict(named, return_dtype=pl.String).alias("file"))
        .select(PERSON, pl.col(BARRIER).alias("reason"), "file", "rows")
        .sort(PERSON, "file")
    )


def count_persons(rows: pl.DataFrame) -> dict[str, int]:
    """How many persons each barrier stands before; those there are none of are left out."""
    counted = rows.group_by(BARRIER).agg(pl.col(PERSON).n_unique())
    by_barrier = dict(counted.iter_rows())
    return {b.value: by_barrier[b.value] for b in Barrier if b.value in by_barrier}


def build_findings(sent: Sent, rows: pl.DataFrame) -> Iterator[Finding]:
    """One finding for each table and barrier, with the rows, the persons and the first lines."""
    for (table,), some in rows.group_by(TABLE, maintain_order=True):
        for barrier in Barrier:
            about = some.filter(pl.col(BARRIER) == barrier.value)
            if about.height:
                yield build_finding_at(
                    sent,
                    f"consent.{barrier.value}",
                    str(table),
                    PERSON,
                    about,
                    detail=_count_nouns(about[PERSON].n_unique()),
                )


def build_finding_at(
    sent: Sent, code: str, table: str, column: str, rows: pl.DataFrame, *, detail: str = ""
) -> Finding:
    """A finding about rows of a table, each of which has its record number."""
    first = rows[RECORD].sort().head(MAX_EXAMPLES).to_list()
    places = zip(sent.find_lines(table, first), first, strict=True)
    return build_finding(
        code,
        file=sent.files[table].name,
        table=table,
        column=column,
        count=rows.height,
        detail=detail,
        examples=tuple(Example(line, record) for line, record in places),
    )


def _count_nouns(persons: int) -> str:
    return "one person" if persons == 1 else f"{persons:,} persons"
