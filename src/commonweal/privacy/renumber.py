"""The rows of a tier as SQL: treated columns, new row ids, and keys that follow them.

Row ids are 1 to n in the tier's own order: person id of the tier, dates, content. Rows that
are alike in all of this are told apart by a hash of the tier's person id and the row's place
in its source, so that their order says nothing about another tier.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from commonweal.curation.binding import LINEAGE
from commonweal.curation.choices import LINKED_DOMAINS
from commonweal.engine.sql import quoted
from commonweal.privacy.expression import PERSONS, ids_view
from commonweal.privacy.tiers import Tier
from commonweal.privacy.treatment import Part, RuleId, Treatment, list_pointed_to, treat_table
from commonweal.schema.ddl import SQL_TYPES
from commonweal.schema.model import Table

_LINEAGE = ", ".join(f"t.{quoted(name)}" for name in LINEAGE)


@dataclass(frozen=True)
class TierTable:
    """A table with rows in the tier, the view of its rows, and what is done to its columns."""

    table: Table
    view: str
    treatments: tuple[Treatment, ...]
    has_map: bool
    """Whether other rows point to it, so that its new ids stand in a map."""

    @property
    def order_by(self) -> tuple[str, ...]:
        """A unique key of the written rows; all columns where there is none."""
        key = self.table.primary_key
        return (key.name,) if key else self.table.columns


def plan_table(table: Table, tier: Tier, *, view: str, targets: Collection[str]) -> TierTable:
    """Decide how a table is written; ``targets`` are the tables that rows point to."""
    treatments = treat_table(table, tier, targets)
    return TierTable(table, view, treatments, table.name in targets)


def sort_targets(tables: Sequence[Table], tier: Tier, also: Collection[str]) -> tuple[str, ...]:
    """Tables whose ids are mapped before rows are written, each after those it cannot lack.

    They are what ``tables`` point to and the tables named in ``also``.
    """
    kept = {table.name: table for table in tables}
    pointed_to = {name for table in tables for name in list_pointed_to(table, tier)}
    needs = {
        name: sorted(kept.keys() & set(list_pointed_to(kept[name], tier, required=True)))
        for name in sorted((pointed_to | set(also)) & kept.keys() - {"person"})
    }
    return tuple(TopologicalSorter(needs).static_order())


def build_ids(planned: TierTable) -> str:
    """SELECT of the map of a table's new ids."""
    columns = [
        treatment
        for treatment in planned.treatments
        if treatment.part not in (Part.ROW_ID, Part.FOREIGN_ID) or treatment.is_required_key
    ]
    return (
        f"SELECT _src_site AS site, _old_id AS old_id, {_row_number(columns)} AS new_id "
        f"FROM ({_build_treated(planned, columns)})"
    )


def build_rows(planned: TierTable) -> str:
    """SELECT of a table as it stands in the tier."""
    columns = ", ".join(
        f"{_row_number(planned.treatments)} AS {quoted(treatment.column)}"
        if treatment.part is Part.ROW_ID and not planned.has_map
        else quoted(treatment.column)
        for treatment in planned.treatments
    )
    return f"SELECT {columns} FROM ({_build_treated(planned, planned.treatments)})"


def find_unkept(planned: TierTable) -> str | None:
    """SELECT of the rows that point to nothing where they must; None where nothing must be."""
    lost = [
        f"NOT EXISTS (SELECT 1 FROM {quoted(ids_view(t.field.references.table))} k "
        f"WHERE k.site = t._src_site AND k.old_id = t.{quoted(t.column)})"
        for t in planned.treatments
        if t.is_required_key and t.field.references
    ]
    where = " OR ".join(lost)
    return f"SELECT {_LINEAGE} FROM {quoted(planned.view)} t WHERE {where}" if lost else None


def build_facts(view: str, table: Table, domains: Collection[int]) -> str:
    """SELECT of the links whose two facts are both in the tier."""
    new_ids = {"fact_id_1": "k1.new_id", "fact_id_2": "k2.new_id"}
    columns = ", ".join(
        f"{new_ids.get(name, f't.{quoted(name)}')} AS {quoted(name)}" for name in table.columns
    )
    joins = " ".join(f"JOIN fact k{n} ON {_same_fact(n)}" for n in (1, 2))
    return f"{_fact_maps(domains)} SELECT {columns} FROM {quoted(view)} t {joins}"


def find_unkept_facts(view: str, domains: Collection[int]) -> str:
    """SELECT of the links that lack a fact in the tier."""
    lost = " OR ".join(
        f"NOT EXISTS (SELECT 1 FROM fact k{n} WHERE {_same_fact(n)})" for n in (1, 2)
    )
    return f"{_fact_maps(domains)} SELECT {_LINEAGE} FROM {quoted(view)} t WHERE {lost}"


def _fact_maps(domains: Collection[int]) -> str:
    nothing = "SELECT 0 AS domain, '' AS site, 0::BIGINT AS old_id, 0::BIGINT AS new_id WHERE FALSE"
    maps = [
        f"SELECT {domain}, site, old_id, new_id FROM {quoted(ids_view(LINKED_DOMAINS[domain]))}"
        for domain in sorted(domains)
    ]
    return f"WITH fact AS ({' UNION ALL '.join([nothing, *maps])})"


def _same_fact(n: int) -> str:
    return (
        f"k{n}.domain = t.domain_concept_id_{n} AND k{n}.site = t._src_site "
        f"AND k{n}.old_id = t.fact_id_{n}"
    )


def _build_treated(planned: TierTable, columns: Sequence[Treatment]) -> str:
    selected = [
        f"CAST({t.expression.sql} AS {SQL_TYPES[t.field.type]}) AS {quoted(t.column)}"
        for t in columns
    ]
    tie = "md5(concat_ws('|', p.tier_person_id, t._src_site, t._src_row)) AS _tie"
    joins = [t.expression.join for t in columns if t.expression.join]
    required = [f"{t.expression.sql} IS NOT NULL" for t in columns if t.is_required_key]
    key = planned.table.primary_key
    old_id = [f"t.{quoted(key.name)} AS _old_id"] if key else []
    return (
        f"SELECT {', '.join(['t._src_site', *old_id, *selected, tie])} "
        f"FROM {quoted(planned.view)} t JOIN {PERSONS} p ON p.participant_id = t.person_id "
        f"{' '.join(joins)}{' WHERE ' * bool(required)}{' AND '.join(required)}"
    )


def _row_number(columns: Sequence[Treatment]) -> str:
    """The number of a row in the tier's order; text follows from its concept and adds nothing."""
    parts = (Part.PERSON, Part.DATE, Part.CONTENT)
    telling = [t for t in columns if t.rule is not RuleId.TEXT]
    keys = [t.column for part in parts for t in telling if t.part is part]
    order = ", ".join(f"{quoted(key)} ASC NULLS FIRST" for key in [*keys, "_tie"])
    return f"row_number() OVER (ORDER BY {order})"
