"""Answers questions from a publishing store; the only thing a public process opens."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from commonweal.disclosure.counts import PublishedCount, publish_count
from commonweal.publish.analyses import CELLS, PARTICIPANTS, SEXES
from commonweal.publish.layout import APPLICATION_ID, FORMAT
from commonweal.publish.model import (
    AgeSexTable,
    Cells,
    ConceptPage,
    ConceptSummary,
    DomainSummary,
    Page,
    ReleaseFacts,
    StoreSummary,
)
from commonweal.publish.search import Query, build_query
from commonweal.schema.errors import CommonwealError

_BANDS = tuple(dict.fromkeys(band for band, _ in CELLS))
_CONCEPT = "SELECT c.id, c.name, c.code, c.vocabulary, c.domain, c.value, c.rank FROM concept c"
_LARGEST_ID = 2**63 - 1
_FOUND_BY_WORDS = "c.id IN (SELECT rowid FROM concept_search WHERE concept_search MATCH :match)"
_FOUND_BY_CODE = "(c.code = :text COLLATE NOCASE OR c.id = :id)"


class _Connection(sqlite3.Connection):
    """Closes itself with the thread it served."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it never opened
            self.close()


class PublishingStore:
    """A publishing store, open read-only; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the store.

        Raises:
            CommonwealError: the file is not there or is no publishing store.
        """
        self.path = path.resolve()
        self._of_thread = threading.local()
        self._check()

    def release(self) -> ReleaseFacts:
        """The release the store was made of."""
        id_, tier, title, synthetic, cutoff, content_hash, programme = self._one(
            "SELECT id, tier, title, synthetic, cutoff, content_hash, programme FROM release"
        )
        day = date.fromisoformat(cutoff)
        return ReleaseFacts(id_, tier, title, bool(synthetic), day, content_hash, programme)

    def summary(self) -> StoreSummary:
        """What was written, and how much of it is not shown."""
        return StoreSummary(*self._one("SELECT * FROM written"))

    def participants(self) -> PublishedCount | None:
        """Everybody in the release."""
        row = self._one("SELECT value FROM figure WHERE id = ?", PARTICIPANTS.id)
        return _published(row[0])

    def participants_by_age_sex(self) -> AgeSexTable:
        """Everybody by age at the cut-off and sex at birth."""
        rows = self._rows("SELECT age_band, sex, value FROM participants_age_sex")
        return _age_sex({(band, sex): _published(value) for band, sex, value in rows})

    def domains(self) -> tuple[DomainSummary, ...]:
        """The kinds of record, in the order they are shown in."""
        rows = self._rows("SELECT id, title, value, concepts FROM domain ORDER BY position")
        return tuple(DomainSummary(i, title, _published(v), n) for i, title, v, n in rows)

    def search(
        self, text: str, domain: str | None = None, page: int = 1, per_page: int = 50
    ) -> Page:
        """Concepts that match ``text``, those with the most participants first.

        A concept whose code or id is the text itself is the whole answer; one that is called
        exactly so goes before others. Without text every concept matches. A page that is not
        there is empty.
        """
        query = build_query(text)
        if not query.is_empty and not query.match:
            return Page((), 0, 1, 1)
        condition = self._matching(query)
        values = {
            "text": query.text,
            "id": query.concept_id,
            "match": query.match,
            "domain": domain,
        }
        where = f"WHERE (:domain IS NULL OR c.domain = :domain) AND {condition}"
        total = self._one(f"SELECT count(*) FROM concept c {where}", values)[0]
        size = max(1, per_page)
        number = min(max(1, page), _LARGEST_ID // size)
        rows = self._rows(
            f"{_CONCEPT} {where} ORDER BY c.name <> :text COLLATE NOCASE, c.rank "
            "LIMIT :size OFFSET :skipped",
            values | {"size": size, "skipped": (number - 1) * size},
        )
        pages = max(1, -(-total // size))
        return Page(tuple(_concept(row) for row in rows), total, number, pages)

    def count_matches(self, text: str) -> dict[str, int]:
        """How many concepts match ``text`` in each domain that has one."""
        query = build_query(text)
        if not query.is_empty and not query.match:
            return {}
        values = {"text": query.text, "id": query.concept_id, "match": query.match}
        return dict(
            self._rows(
                f"SELECT c.domain, count(*) FROM concept c WHERE {self._matching(query)} "
                "GROUP BY c.domain ORDER BY c.domain",
                values,
            )
        )

    def top(self, domain: str, n: int = 10) -> tuple[ConceptSummary, ...]:
        """The concepts of a domain with the most participants."""
        rows = self._rows(f"{_CONCEPT} WHERE c.domain = ? ORDER BY c.rank LIMIT ?", domain, n)
        return tuple(_concept(row) for row in rows)

    def get_concept(self, concept_id: int) -> ConceptPage | None:
        """All that is said about a concept; None when it is not listed."""
        if abs(concept_id) > _LARGEST_ID:
            return None
        rows = list(self._rows(f"{_CONCEPT} WHERE c.id = ?", concept_id))
        if not rows:
            return None
        synonyms = self._rows(
            "SELECT name FROM concept_synonym WHERE concept_id = ? ORDER BY name", concept_id
        )
        return ConceptPage(
            _concept(rows[0]),
            tuple(row[0] for row in synonyms),
            _age_sex(self._concept_cells(concept_id)),
        )

    def concept_ids(self, domain: str) -> frozenset[int]:
        """The concepts of a domain that are listed."""
        rows = self._rows("SELECT id FROM concept WHERE domain = ?", domain)
        return frozenset(row[0] for row in rows)

    def close(self) -> None:
        """Close the connection of this thread."""
        connection = self._of_thread.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _concept_cells(self, concept_id: int) -> Cells:
        (shown,) = self._one("SELECT table_shown FROM concept WHERE id = ?", concept_id)
        rows = self._rows(
            "SELECT age_band, sex, value FROM concept_age_sex WHERE concept_id = ?", concept_id
        )
        nobody = publish_count(0) if shown else None
        return dict.fromkeys(CELLS, nobody) | {(b, s): _published(value) for b, s, value in rows}

    def _matching(self, query: Query) -> str:
        """The condition on a concept: the code or id itself where there is one, else words."""
        if query.is_empty:
            return "true"
        values = {"text": query.text, "id": query.concept_id}
        exact = f"SELECT EXISTS (SELECT 1 FROM concept c WHERE {_FOUND_BY_CODE})"
        return _FOUND_BY_CODE if self._one(exact, values)[0] else _FOUND_BY_WORDS

    def _check(self) -> None:
        try:
            found = (
                self._one("PRAGMA application_id")[0],
                self._one("PRAGMA user_version")[0],
            )
        except sqlite3.DatabaseError:
            found = (0, 0)
        if found != (APPLICATION_ID, FORMAT):
            self.close()
            raise CommonwealError(
                f"{self.path} is no publishing store this version can read.",
                expected=f"a publishing store of format {FORMAT}",
                fix="Publish the release again, or check the path.",
            )

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            # Immutable: the file never changes, so nothing is locked and no journal is sought.
            address = f"file:{quote(str(self.path))}?mode=ro&immutable=1"
            connection = sqlite3.connect(
                address, uri=True, factory=_Connection, check_same_thread=False
            )
            self._of_thread.connection = connection
        return connection

    def _rows(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        named = values[0] if values and isinstance(values[0], dict) else values
        return self._connect().execute(sql, named)

    def _one(self, sql: str, *values: Any) -> tuple[Any, ...]:
        row: tuple[Any, ...] = next(self._rows(sql, *values))
        return row


def _published(value: int | None) -> PublishedCount | None:
    """The count again, from the value alone: publishing a published value changes nothing."""
    return None if value is None else publish_count(value)


def _age_sex(cells: Cells) -> AgeSexTable:
    return AgeSexTable(_BANDS, tuple(SEXES), cells)


def _concept(row: tuple[Any, ...]) -> ConceptSummary:
    id_, name, code, vocabulary, domain, value, rank = row
    return ConceptSummary(id_, name, code, vocabulary, domain, _published(value), rank)
