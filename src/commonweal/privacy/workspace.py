"""The working views of one tier: rows, people, codes, states and maps of new ids.

They hold what links a tier to people, so they are dropped when the work ends, however it ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from commonweal.curation.binding import LINEAGE, SITE
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.privacy.errors import DeidentifyError
from commonweal.privacy.expression import CODES, ELSEWHERE, PERSONS, STATES, ids_view
from commonweal.privacy.geography import STATE_PATTERN
from commonweal.privacy.renumber import TierTable, build_ids
from commonweal.privacy.tiers import Tier
from commonweal.privacy.vault import Vault
from commonweal.schema.model import Table

SITES = "privacy_site"
"""Where the sites are: site, state."""


@dataclass
class Workspace:
    """An engine with views for one tier."""

    engine: Engine
    tier: Tier
    _made: list[tuple[str, str]] = field(default_factory=list)

    def view_rows(self, table: Table, files: Sequence[Path]) -> str:
        """View of a table's rows before treatment; its name is returned.

        Raises:
            DeidentifyError: the files lack a declared column.
        """
        name = f"privacy_in_{table.name}"
        self.engine.register_parquet(name, files)
        self._made.append(("VIEW", name))
        missing = {*table.columns, *LINEAGE} - self.engine.columns(name).keys()
        if missing:
            raise DeidentifyError(
                f"The combined table {table.name} lacks {', '.join(sorted(missing))}.",
                expected="the columns of the release model, and where each row came from",
                fix="Make the combined stage again.",
            )
        return name

    def view_persons(self, vault: Vault, participants: Sequence[int]) -> None:
        """View of every person's new id and, in a shifted tier, of the days to go back."""
        persons = vault.person_map(self.tier.name, participants)
        if self.tier.date_shift:
            persons = persons.append_column("days", vault.shifts(participants).column("days"))
        self.engine.register_arrow(PERSONS, persons)
        self._made.append(("VIEW", PERSONS))

    def view_codes(self, concepts: Sequence[Path]) -> None:
        """Table of concept codes; empty when no vocabulary is at hand."""
        source = "SELECT NULL::BIGINT AS concept_id, NULL::VARCHAR AS concept_code"
        if concepts:
            self.engine.register_parquet("privacy_concept", concepts)
            self._made.append(("VIEW", "privacy_concept"))
            source = "SELECT concept_id, concept_code FROM privacy_concept"
        self._make_table(
            CODES,
            f"SELECT concept_id, min(concept_code) AS concept_code FROM ({source}) "
            "WHERE concept_id <> 0 GROUP BY concept_id",
        )

    def view_states(
        self, view: str | None, *, treated: Sequence[str], sites: Mapping[str, str]
    ) -> None:
        """Tables of who lives elsewhere than the sites are, and of how many others in each state.

        ``view`` says where people live, and ``treated`` are views of the rows that sites sent
        about them. ``sites`` is the state of each site; one without a state is nowhere else.
        """
        state = quoted(self.tier.geography.state)
        source = "SELECT NULL::BIGINT AS person_id, NULL::VARCHAR AS state WHERE FALSE"
        if view is not None:
            source = f"SELECT person_id, {state} AS state FROM {quoted(view)}"
        self._view_sites(sites)
        rows = [f"SELECT person_id, {SITE} FROM {quoted(name)}" for name in treated]
        rows.append(f"SELECT NULL::BIGINT AS person_id, NULL::VARCHAR AS {SITE} WHERE FALSE")
        self._make_table(
            ELSEWHERE,
            f"SELECT DISTINCT t.person_id FROM ({source}) t "
            f"JOIN (SELECT DISTINCT * FROM ({' UNION ALL '.join(rows)})) r USING (person_id) "
            f"JOIN {SITES} s ON s.site = r.{SITE} WHERE s.state <> t.state",
        )
        self._make_table(
            STATES,
            f"SELECT t.state, count(DISTINCT t.person_id) AS persons FROM ({source}) t "
            f"JOIN {PERSONS} p ON p.participant_id = t.person_id "
            f"ANTI JOIN {ELSEWHERE} e ON e.person_id = t.person_id "
            f"WHERE regexp_full_match(t.state, '{STATE_PATTERN}') GROUP BY t.state",
        )

    def _view_sites(self, sites: Mapping[str, str]) -> None:
        known = {name: state for name, state in sorted(sites.items()) if state}
        table = {
            "site": pa.array(known.keys(), pa.string()),
            "state": pa.array(known.values(), pa.string()),
        }
        self.engine.register_arrow(SITES, pa.table(table))
        self._made.append(("VIEW", SITES))

    def check_persons(self, table: Table, view: str) -> None:
        """Raise when rows belong to nobody in the tier.

        Raises:
            DeidentifyError: their person is not in the combined dataset, or none is named.
        """
        strangers = self.engine.value(
            f"SELECT count(*) FROM {quoted(view)} t WHERE NOT EXISTS "
            f"(SELECT 1 FROM {PERSONS} p WHERE p.participant_id = t.person_id)"
        )
        if strangers:
            raise DeidentifyError(
                f"{strangers} rows of the combined table {table.name} belong to nobody in person.",
                expected="rows of persons of the combined dataset only",
                fix="Make the combined stage again.",
            )

    def map_ids(self, planned: TierTable) -> None:
        """Table of the new ids of a table's rows.

        Raises:
            DeidentifyError: two rows of one site have the same id.
        """
        name = ids_view(planned.table.name)
        self._make_table(name, build_ids(planned))
        surplus = self.engine.value(
            f"SELECT count(*) - count(DISTINCT (site, old_id)) FROM {quoted(name)}"
        )
        if surplus:
            raise DeidentifyError(
                f"{surplus} rows of the combined table {planned.table.name} share their id.",
                expected="ids that are unique within a site",
                fix="Make the combined stage again.",
            )

    def map_nothing(self, table: str) -> None:
        """Map for a table that the combined dataset does not have: keys into it end empty."""
        nothing = "SELECT NULL::VARCHAR AS site, NULL::BIGINT AS old_id, NULL::BIGINT AS new_id"
        self._make_table(ids_view(table), f"{nothing} WHERE FALSE")

    def drop_all(self) -> None:
        for kind, name in reversed(self._made):
            self.engine.execute(f"DROP {kind} IF EXISTS {quoted(name)}")
        self._made.clear()

    def _make_table(self, name: str, sql: str) -> None:
        self._made.append(("TABLE", name))
        self.engine.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {sql}")


@contextmanager
def open_workspace(engine: Engine, tier: Tier) -> Iterator[Workspace]:
    """A workspace whose views are gone when the block ends."""
    workspace = Workspace(engine, tier)
    try:
        yield workspace
    finally:
        workspace.drop_all()
