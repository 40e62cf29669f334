"""Writes the files of one tier, table by table, and counts what every rule did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from commonweal.curation.choices import LINKED_DOMAINS
from commonweal.curation.evidence import RuleCount, check_counts
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.privacy.renumber import (
    TierTable,
    build_facts,
    build_rows,
    find_unkept,
    find_unkept_facts,
    plan_table,
    sort_targets,
)
from commonweal.privacy.treatment import FACTS, RuleId, build_counts, is_kept, list_pointed_to
from commonweal.privacy.vault import Vault
from commonweal.privacy.workspace import Workspace
from commonweal.schema.ddl import SQL_TYPES
from commonweal.schema.model import Role, Table, get_model

WRITTEN_ROLES = (Role.CLINICAL, Role.EXTENSION, Role.HEALTH_SYSTEM, Role.DERIVED)
"""Tables every tier has, if only empty; metadata is written by who makes the release."""

Files = Mapping[str, Sequence[Path]]
Progress = Callable[[str, str], None]
"""Told the table, and what is about to be done with it."""


@dataclass
class TierWriter:
    """Writes a tier into a folder; ``rows`` and ``counts`` say what became of it."""

    workspace: Workspace
    folder: Path
    progress: Progress
    rows: dict[str, int] = field(default_factory=dict)
    counts: list[RuleCount] = field(default_factory=list)
    unkept: dict[str, str] = field(default_factory=dict)
    """By table, the SELECT of its rows that may not stay, while the workspace is open."""

    def write_all(
        self,
        sources: Files,
        vocabulary: Files,
        vault: Vault,
        participants: Sequence[int],
        sites: Mapping[str, str],
    ) -> None:
        """Write every table of the tier.

        ``participants`` are the persons that stay in it; ``sites`` says where each site is.
        """
        declared = get_model("release").tables
        kept = [declared[name] for name in sorted(sources) if self._is_kept(declared.get(name))]
        self.workspace.view_persons(vault, participants)
        self.workspace.view_codes(vocabulary.get("concept", ()))
        views = {table.name: self._view(table, sources[table.name]) for table in kept}
        self._view_states(views, sources, sites)
        planned = self._map_ids(kept, views)
        for table in planned:
            self._write_table(table)
        if FACTS in views:
            self._write_facts(declared[FACTS], views)
        self._write_empty(declared)
        self._count_left_out({**vocabulary, **sources})
        self._copy_vocabulary(vocabulary)

    def _is_kept(self, table: Table | None) -> bool:
        return table is not None and is_kept(table, self.workspace.tier)

    def _view(self, table: Table, files: Sequence[Path]) -> str:
        view = self.workspace.view_rows(table, files)
        if table.has_person:
            self.workspace.check_persons(table, view)
        return view

    def _view_states(
        self, views: Mapping[str, str], sources: Files, sites: Mapping[str, str]
    ) -> None:
        """Hold where people live against the rows about them, of tables the tier empties too."""
        tables = get_model("release").tables
        treated = [
            views.get(name) or self.workspace.view_rows(tables[name], sources[name])
            for name in sorted(sources.keys() & tables.keys())
            if self.workspace.tier.geography.differs_from_site and tables[name].has_person
        ]
        self.workspace.view_states(views.get("person_ext"), treated=treated, sites=sites)

    def _map_ids(self, kept: Sequence[Table], views: Mapping[str, str]) -> list[TierTable]:
        """Number the rows that others point to; the plans of all tables with persons."""
        tier = self.workspace.tier
        linked = [LINKED_DOMAINS[domain] for domain in self._linked_domains(views)]
        targets = sort_targets(kept, tier, linked)
        planned = {
            table.name: plan_table(table, tier, view=views[table.name], targets=targets)
            for table in kept
            if table.has_person
        }
        for name in targets:
            self.progress(name, "numbering")
            self.workspace.map_ids(planned[name])
        for name in {name for table in kept for name in list_pointed_to(table, tier)}:
            if name not in targets:
                self.workspace.map_nothing(name)
        return list(planned.values())

    def _linked_domains(self, views: Mapping[str, str]) -> list[int]:
        """Domains that linked facts are in and whose tables are in the tier."""
        if FACTS not in views:
            return []
        view = quoted(views[FACTS])
        found = self.workspace.engine.rows(
            f"SELECT domain_concept_id_1 FROM {view} UNION SELECT domain_concept_id_2 FROM {view}"
        )
        return sorted(domain for (domain,) in found if LINKED_DOMAINS.get(domain) in views)

    def _write_table(self, planned: TierTable) -> None:
        table = planned.table
        self.progress(table.name, "writing")
        out = self._write(table, build_rows(planned), order_by=planned.order_by)
        if unkept := find_unkept(planned):
            self.unkept[table.name] = unkept
        self._count(table.name, planned.view, build_counts(planned.treatments), out)

    def _write_facts(self, table: Table, views: Mapping[str, str]) -> None:
        self.progress(table.name, "writing")
        view, domains = views[table.name], self._linked_domains(views)
        out = self._write(table, build_facts(view, table, domains), order_by=table.columns)
        self.unkept[table.name] = find_unkept_facts(view, domains)
        self._count(table.name, view, {RuleId.REMAP: "count(*)"}, out)

    def _count(self, table: str, view: str, changes: Mapping[RuleId, str], out: int) -> None:
        """Count what every rule did; only renumbering may lose rows, those that lost a key."""
        dropped = 0
        if unkept := self.unkept.get(table):
            dropped = int(self.engine.value(f"SELECT count(*) FROM ({unkept})"))
        [(rows, *changed)] = self.engine.rows(
            f"SELECT {', '.join(['count(*)', *changes.values()])} FROM {quoted(view)}"
        )
        counts = []
        for rule, touched in zip(changes, changed, strict=True):
            lost = dropped if rule is RuleId.REMAP else 0
            counts.append(RuleCount(table, rule, rows, lost, touched - lost, 0, rows - lost))
        check_counts(counts, rows_in=rows, rows_written=out)
        self.counts += counts

    def _write_empty(self, declared: Mapping[str, Table]) -> None:
        for table in declared.values():
            emptied = table.role in WRITTEN_ROLES or table.name in self.workspace.tier.empty_tables
            if emptied and table.name not in self.rows:
                columns = ", ".join(
                    f"CAST(NULL AS {SQL_TYPES[f.type]}) AS {quoted(f.name)}" for f in table.fields
                )
                self._write(table, f"SELECT {columns} WHERE FALSE", order_by=table.columns)

    def _count_left_out(self, sources: Files) -> None:
        """Name the tables of which no row goes into the tier."""
        for name in sorted(sources):
            table = get_model("release").tables.get(name)
            copied = table is not None and table.role is Role.VOCABULARY and name not in self.rows
            if not copied and not self._is_kept(table):
                self.engine.register_parquet("privacy_left_out", sources[name])
                rows = int(self.engine.value("SELECT count(*) FROM privacy_left_out"))
                self.counts.append(RuleCount(name, RuleId.TEXT, rows, rows, 0, 0, 0))

    def _copy_vocabulary(self, vocabulary: Files) -> None:
        """Copy the declared columns: a release is OMOP, without what we note of licences."""
        for name in sorted(vocabulary.keys() - self.rows.keys()):
            self.progress(name, "copying")
            table = get_model("release").table(name)
            self.engine.register_parquet("privacy_copied", vocabulary[name])
            columns = ", ".join(quoted(column) for column in table.columns)
            sql = f"SELECT {columns} FROM privacy_copied"
            self._write(table, sql, order_by=table.columns)

    def _write(self, table: Table, sql: str, *, order_by: Sequence[str]) -> int:
        file = self.folder / f"{table.name}.parquet"
        self.rows[table.name] = self.engine.write_parquet(sql, file, order_by=order_by)
        return self.rows[table.name]

    @property
    def engine(self) -> Engine:
        return self.workspace.engine
