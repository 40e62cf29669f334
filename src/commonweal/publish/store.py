"""Writes the publishing store of a release: the one place where counts become public.

Whatever is written has gone through ``disclosure``; true counts stay in this process. The
order of concepts follows the published counts too, as the order of true ones would tell more.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from commonweal.disclosure.counts import NOT_SHOWN, PublishedCount, publish_count
from commonweal.disclosure.subsets import hide_what_narrows
from commonweal.disclosure.tables import PublishedTable, hold_back, publish_table
from commonweal.engine.protocol import Engine
from commonweal.publish.analyses import ANALYSES, CELLS, CHAINS, DOMAINS, PARTICIPANTS, Cell, Domain
from commonweal.publish.counting import (
    Term,
    TrueCells,
    count_people,
    count_people_by_concept,
    count_people_of_domain,
    counted_people,
    describe_concepts,
)
from commonweal.publish.layout import APPLICATION_ID, FORMAT, INDEXES, SCHEMA
from commonweal.publish.model import ReleaseFacts, StoreSummary
from commonweal.publish.reader import PublishingStore

CellTable = PublishedTable[Cell]

_NOBODY = dict.fromkeys(CELLS, 0)


@dataclass(frozen=True)
class _Listed:
    """A concept as it will be written."""

    term: Term
    domain: str
    table: CellTable

    @property
    def place(self) -> tuple[bool, int, str, int]:
        """Most people first, counts that are not shown last; then by name."""
        total = self.table.total
        return total is None, -(total.value if total else 0), self.term.name, self.term.id


@dataclass(frozen=True)
class _Contents:
    """All counts of a store, publishable."""

    people: CellTable
    domains: dict[str, PublishedCount | None]
    concepts: list[_Listed]
    """Those with the most people first."""


@dataclass
class _Tally:
    """Counts what is written."""

    counts: list[PublishedCount | None] = field(default_factory=list)

    def columns(self, count: PublishedCount | None) -> tuple[int | None, str]:
        """A count as it stands in the file: its value and its label."""
        self.counts.append(count)
        return (None, NOT_SHOWN) if count is None else (count.value, count.label)


def build_store(
    engine: Engine,
    release: ReleaseFacts,
    out: Path,
    *,
    prefix: str = "",
    earlier: Sequence[Path] = (),
) -> StoreSummary:
    """Write the publishing store of a release; it appears whole or not at all.

    The release's tables are views of the engine called ``prefix`` + table name. ``earlier``
    are the stores of the same tier that were published before, whatever their cut-offs: counts
    that are one step away from what one of them shows are not shown. The same input, these
    stores included, gives the same bytes with the same version of SQLite.
    """
    with ExitStack() as stack:
        past = [stack.enter_context(closing(PublishingStore(path))) for path in earlier]
        contents = _publish(engine, release, prefix, past)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(f".partial-{out.name}")
    scratch.unlink(missing_ok=True)
    tally = _Tally()
    with closing(sqlite3.connect(scratch, isolation_level=None)) as store:
        _prepare(store)
        _write_release(store, release)
        _write_people(store, tally, contents.people)
        _write_domains(store, tally, contents)
        _write_concepts(store, tally, contents.concepts)
        summary = _summary(len(contents.concepts), tally)
        _insert(store, "written", [astuple(summary)])
        _finish(store)
    _replace(scratch, out)
    return summary


def _publish(
    engine: Engine, release: ReleaseFacts, prefix: str, past: Sequence[PublishingStore]
) -> _Contents:
    """Count, and make every count publishable beside all the others."""
    domains: dict[str, PublishedCount | None] = {}
    concepts: list[_Listed] = []
    with counted_people(engine, prefix):
        people = _publish_people(count_people(engine, release.cutoff), past)
        for domain in DOMAINS:
            total = _publish_domain(engine, prefix, domain, past)
            listed = _publish_concepts(engine, prefix, domain, past)
            concepts += _hide_what_narrows(listed, people, total)
            domains[domain.id] = total
    concepts = _hide_what_narrows(concepts, people, None)
    return _Contents(people, domains, sorted(concepts, key=lambda concept: concept.place))


def _hide_what_narrows(
    concepts: Sequence[_Listed], people: CellTable, total: PublishedCount | None
) -> list[_Listed]:
    tables = {concept.term.id: concept.table for concept in concepts}
    kept = hide_what_narrows(tables, people, CHAINS, total=total)
    return [replace(concept, table=kept[concept.term.id]) for concept in concepts]


def _prepare(store: sqlite3.Connection) -> None:
    store.executescript(
        f"PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8'; PRAGMA journal_mode = OFF; "
        f"PRAGMA synchronous = OFF; PRAGMA auto_vacuum = NONE; "
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; {SCHEMA}"
    )
    store.execute("BEGIN")


def _finish(store: sqlite3.Connection) -> None:
    store.execute("INSERT INTO concept_search (concept_search) VALUES ('optimize')")
    store.execute("COMMIT")
    store.executescript(f"{INDEXES} ANALYZE; VACUUM;")


def _replace(scratch: Path, out: Path) -> None:
    """Put the finished file in place; nobody may write to it from here on."""
    with scratch.open("rb") as stream:
        os.fsync(stream.fileno())
    scratch.chmod(0o444)
    scratch.replace(out)


def _write_release(store: sqlite3.Connection, release: ReleaseFacts) -> None:
    store.execute(
        "INSERT INTO release VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            release.id,
            release.tier,
            release.title,
            int(release.synthetic),
            release.cutoff.isoformat(),
            release.content_hash,
            release.programme,
        ),
    )
    _insert(
        store,
        "analysis",
        ((a.id, a.title, " × ".join(a.strata), a.domain) for a in ANALYSES),
    )


def _publish_people(cells: TrueCells, past: Sequence[PublishingStore]) -> CellTable:
    before = [PublishedTable(s.participants_by_age_sex().cells, s.participants()) for s in past]
    return publish_table(cells, sum(cells.values()), earlier=before)


def _publish_domain(
    engine: Engine, prefix: str, domain: Domain, past: Sequence[PublishingStore]
) -> PublishedCount | None:
    before = [d.participants for s in past for d in s.domains() if d.id == domain.id]
    return hold_back(publish_count(count_people_of_domain(engine, prefix, domain)), before)


def _publish_concepts(
    engine: Engine, prefix: str, domain: Domain, past: Sequence[PublishingStore]
) -> list[_Listed]:
    """The concepts of a domain that may be listed.

    A concept that was never listed and whose count is held back (somebody has it now) is left
    out, so that its name alone does not tell; one that was listed stays, without its count.
    """
    counts = count_people_by_concept(engine, prefix, domain)
    known = {i for store in past for i in store.concept_ids(domain.id)}
    terms = describe_concepts(engine, prefix, domain, counts.keys() | known)
    listed = []
    for concept_id in sorted(terms):
        cells = counts.get(concept_id, _NOBODY)
        before = [_earlier_table(store, concept_id) for store in past]
        table = publish_table(cells, sum(cells.values()), earlier=before)
        if table.total.value if table.total else concept_id in known:
            listed.append(_Listed(terms[concept_id], domain.id, table))
    return listed


def _earlier_table(store: PublishingStore, concept_id: int) -> CellTable:
    """What an earlier release said of a concept; one it did not list had nobody, it said."""
    page = store.get_concept(concept_id)
    if page is None:
        return publish_table(_NOBODY, 0)
    return PublishedTable(page.by_age_sex.cells, page.concept.participants)


def _write_people(store: sqlite3.Connection, tally: _Tally, people: CellTable) -> None:
    _insert(store, "figure", [(PARTICIPANTS.id, *tally.columns(people.total))])
    _insert(
        store,
        "participants_age_sex",
        ((*cell, *tally.columns(count)) for cell, count in people.cells.items()),
    )


def _write_domains(store: sqlite3.Connection, tally: _Tally, contents: _Contents) -> None:
    for position, domain in enumerate(DOMAINS):
        concepts = sum(concept.domain == domain.id for concept in contents.concepts)
        count = tally.columns(contents.domains[domain.id])
        _insert(store, "domain", [(domain.id, position, domain.title, concepts, *count)])


def _write_concepts(store: sqlite3.Connection, tally: _Tally, concepts: Sequence[_Listed]) -> None:
    """Write the concepts, given in the order of their ranks, in the order of their ids."""
    for rank, concept in sorted(enumerate(concepts, start=1), key=lambda c: c[1].term.id):
        _write_concept(store, tally, concept, rank)


def _write_concept(store: sqlite3.Connection, tally: _Tally, concept: _Listed, rank: int) -> None:
    term, table = concept.term, concept.table
    about = (term.id, term.name, term.code, term.vocabulary)
    is_shown = table.suppressed < len(table.cells)
    total = tally.columns(table.total)
    _insert(store, "concept", [(*about, concept.domain, rank, int(is_shown), *total)])
    _insert(store, "concept_synonym", ((term.id, name) for name in term.synonyms))
    cells = [(cell, count, tally.columns(count)) for cell, count in table.cells.items()]
    _insert(
        store,
        "concept_age_sex",
        (
            (term.id, *cell, *columns)
            for cell, count, columns in cells
            if is_shown and count != publish_count(0)
        ),
    )
    _insert(
        store,
        "concept_search (rowid, name, code, vocabulary, synonyms)",
        [(*about, " | ".join(term.synonyms))],
    )


def _insert(store: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    for row in rows:
        store.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _summary(concepts: int, tally: _Tally) -> StoreSummary:
    return StoreSummary(
        concepts=concepts,
        cells=len(tally.counts),
        small_cells=sum(c is not None and 0 < c.low < 20 for c in tally.counts),
        suppressed_cells=tally.counts.count(None),
    )
