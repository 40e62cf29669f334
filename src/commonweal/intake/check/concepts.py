"""Concept ids against a vocabulary: are they known, standard, of the right domain, and mapped
as the vocabulary maps them?

Ids are looked up once for each column they stand in, however many rows have them. All are
warnings or notices: rows with such concepts can be read, and sites map over years.

The abridged vocabulary lacks most concepts, and of some it has no more than the name. What it
lacks is told as not checked and never as unknown, where it knows no mapping none is missed, and
it calls a concept not standard only when it knows more: that the concept was given up, that it
maps to another one, or that its vocabulary is one of source codes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.intake.check.columnar import ROW
from commonweal.intake.check.locating import Locator
from commonweal.intake.findings import Finding
from commonweal.schema.model import Field, Role
from commonweal.vocabulary.abridged import list_shipped
from commonweal.vocabulary.load import read_version

NOT_ABRIDGED = "concept.not_abridged"
LOCAL = 2_000_000_000
"""From here on numbers are a site's own, by the convention of OMOP."""
CONCEPTS, LINKS = "check_concept", "check_concept_relationship"
USED, KNOWN, TARGETS, FAULTS = "check_used", "check_known", "check_targets", "check_faults"
UNJUDGED_TABLES = frozenset({"fact_relationship"})
"""Tables whose concepts name parts of the model, which are not standard concepts."""
UNJUDGED_ENDINGS = ("_field_concept_id", "relationship_concept_id", "cdm_version_concept_id")
SOURCE_VOCABULARIES = ("ICD10", "ICD10CM", "ICD9CM", "NDC")
"""Vocabularies none of whose concepts is standard."""
SKETCHY = "Undefined"
"""The class that the abridged vocabulary gives to concepts it has little of."""
SHORT_DOMAINS = {"Meas": "Measurement", "Obs": "Observation"}
"""How the names of two domains in one, such as Condition/Meas, are cut short."""


@dataclass(frozen=True)
class Terms:
    """The vocabulary that concepts are looked up in: its files by table, and what it is."""

    files: Mapping[str, Sequence[Path]]
    version: str | None
    is_abridged: bool

    @classmethod
    def shipped(cls) -> "Terms":
        """The abridged vocabulary that comes with the product."""
        files = list_shipped()
        return cls(files, read_version(files), is_abridged=True)

    @property
    def title(self) -> str:
        """How findings call it."""
        if self.is_abridged:
            return "the abridged vocabulary"
        return f"the vocabulary {self.version}" if self.version else "the vocabulary in force"


@dataclass(frozen=True)
class Use:
    """One id in one column, how often, and what the vocabulary has of it."""

    table: str
    column: str
    concept: int
    rows: int
    is_known: bool
    is_standard: bool
    domain: str
    is_sketchy: bool
    """Of an abridged vocabulary: little more than its name is known."""
    is_source: bool
    """It was given up, or its vocabulary is one of source codes."""


def check_concepts(
    engine: Engine, locators: Iterable[Locator], terms: Terms
) -> dict[str, tuple[Finding, ...]]:
    """What is wrong with the concepts of each table, by the name of the table."""
    judged = [locator for locator in locators if _list_fields(locator)]
    if not judged:
        return {}
    _look_up(engine, judged, terms)
    check = _ConceptCheck(engine, terms)
    return {locator.name: tuple(check.run(locator)) for locator in judged}


class _ConceptCheck:
    """The findings of one table after another, once the ids are looked up."""

    def __init__(self, engine: Engine, terms: Terms) -> None:
        self._engine = engine
        self._terms = terms
        self._uses: dict[tuple[str, str], list[Use]] = defaultdict(list)
        for row in engine.rows(f"SELECT * FROM {KNOWN} ORDER BY ALL"):
            use = Use(*row)
            self._uses[use.table, use.column].append(use)
        self._targets: dict[int, set[int]] = defaultdict(set)
        for source, target in engine.rows(f"SELECT source, target FROM {TARGETS} ORDER BY ALL"):
            self._targets[source].add(target)

    def run(self, locator: Locator) -> Iterator[Finding]:
        yield from self._tell_unjudged(locator)
        for field in _list_fields(locator):
            yield from self._judge(locator, field)
            source = _find_source(locator, field)
            if source is not None:
                yield from self._compare(locator, field, source)

    def _tell_unjudged(self, locator: Locator) -> Iterator[Finding]:
        """What the abridged vocabulary lacks is told once for a file: it is no one's fault."""
        rows = {
            field.name: sum(
                use.rows
                for use in self._uses[locator.name, field.name]
                if not use.is_known and self._name_unknown(field, use) == NOT_ABRIDGED
            )
            for field in _list_fields(locator)
        }
        columns = ", ".join(name for name, count in rows.items() if count)
        if columns:
            yield locator.mention(NOT_ABRIDGED, count=sum(rows.values()), detail=columns)

    def _judge(self, locator: Locator, field: Field) -> Iterator[Finding]:
        """Every id of a column by what is wrong with it; an id may be wrong in two ways."""
        wrong: dict[str, list[Use]] = defaultdict(list)
        for use in self._uses[locator.name, field.name]:
            for code in self._find_codes(field, use):
                wrong[code].append(use)
        for code, uses in wrong.items():
            ids = pa.table({"id": pa.array([use.concept for use in uses], pa.int64())})
            self._engine.register_arrow(FAULTS, ids)
            column = quoted(field.name)
            rows = (
                f"SELECT t.{ROW}, t.{column} FROM {quoted(locator.name)} AS t "
                f"SEMI JOIN {FAULTS} AS f ON t.{column} = f.id"
            )
            count = sum(use.rows for use in uses)
            yield locator.finding(code, field, count, rows, detail=self._terms.title)

    def _find_codes(self, field: Field, use: Use) -> Iterator[str]:
        if not use.is_known:
            unknown = self._name_unknown(field, use)
            if unknown != NOT_ABRIDGED:
                yield unknown
            return
        if is_source(field):
            return
        if not use.is_standard and self._is_sure(use):
            yield "concept.not_standard"
        is_elsewhere = field.domain and not is_of_domain(use.domain, field.domain)
        if is_elsewhere and not (self._terms.is_abridged and use.is_sketchy):
            yield "concept.wrong_domain"

    def _is_sure(self, use: Use) -> bool:
        """Whether a concept that is not called standard cannot be it all the same."""
        mapped = self._targets.get(use.concept, set()) - {use.concept}
        return not self._terms.is_abridged or use.is_source or bool(mapped)

    def _name_unknown(self, field: Field, use: Use) -> str:
        if use.concept >= LOCAL and is_source(field):
            return "concept.local"
        beyond = self._terms.is_abridged and 0 < use.concept < LOCAL
        return NOT_ABRIDGED if beyond else "concept.unknown"

    def _compare(self, locator: Locator, field: Field, source: Field) -> Iterator[Finding]:
        """Rows whose source concept maps to something, and not to what stands beside it."""
        if not any(u.concept in self._targets for u in self._uses[locator.name, source.name]):
            return
        standard, given = quoted(field.name), quoted(source.name)
        known = {use.concept for use in self._uses[locator.name, field.name] if use.is_known}
        wrong: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for pair in self._engine.rows(
            f"SELECT {given}, coalesce({standard}, 0), count(*) FROM {quoted(locator.name)} "
            f"SEMI JOIN {TARGETS} ON {given} = source GROUP BY ALL ORDER BY ALL"
        ):
            if code := self._judge_pair(pair[0], pair[1], known):
                wrong[code].append(pair)
        for code, pairs in wrong.items():
            columns = {"source": [p[0] for p in pairs], "standard": [p[1] for p in pairs]}
            arrays = {name: pa.array(ids, pa.int64()) for name, ids in columns.items()}
            self._engine.register_arrow(FAULTS, pa.table(arrays))
            rows = (
                f"SELECT t.{ROW}, t.{standard} FROM {quoted(locator.name)} AS t "
                f"SEMI JOIN {FAULTS} AS f "
                f"ON t.{given} = f.source AND coalesce(t.{standard}, 0) = f.standard"
            )
            count = sum(pair[2] for pair in pairs)
            yield locator.finding(code, field, count, rows, detail=self._terms.title)

    def _judge_pair(self, source: int, standard: int, known: Set[int]) -> str | None:
        if standard in self._targets[source]:
            return None
        if standard == 0:
            return "concept.not_mapped"
        return "concept.mapped_elsewhere" if standard in known else None


def is_source(field: Field) -> bool:
    """Whether a column holds concepts of the site's own coding, which need not be standard."""
    return field.name.endswith("_source_concept_id") and not field.domain


def is_of_domain(domain: str, wanted: str) -> bool:
    """Whether a domain is the wanted one, or two of which it is one."""
    return wanted in (SHORT_DOMAINS.get(part, part) for part in domain.split("/"))


def _list_fields(locator: Locator) -> list[Field]:
    """The columns whose concepts are judged."""
    table = locator.checked.table
    if table.name in UNJUDGED_TABLES or table.role in (Role.VOCABULARY, Role.METADATA):
        return []
    return [
        field
        for field in locator.fields
        if field.is_concept and not field.name.endswith(UNJUDGED_ENDINGS)
    ]


def _find_source(locator: Locator, field: Field) -> Field | None:
    """The column with the source concept that belongs to a standard one, if it was sent."""
    stem = field.name.removesuffix("_concept_id")
    name = f"{stem}_source_concept_id"
    source = locator.checked.table.by_name.get(name)
    if source is None or name not in locator.checked.columns or not is_source(source):
        return None
    return source


def _look_up(engine: Engine, locators: Iterable[Locator], terms: Terms) -> None:
    """Look every id up once: KNOWN has the uses of each, TARGETS what source concepts map to."""
    parts = [
        f"SELECT {quoted_text(locator.name)} AS t, {quoted_text(field.name)} AS c, "
        f"{quoted(field.name)} AS id, count(*) AS n FROM {quoted(locator.name)} "
        f"WHERE {quoted(field.name)} <> 0 GROUP BY ALL"
        for locator in locators
        for field in _list_fields(locator)
    ]
    engine.execute(f"CREATE TEMP TABLE {USED} AS {' UNION ALL '.join(parts)}")
    sources = ", ".join(map(quoted_text, SOURCE_VOCABULARIES))
    engine.register_parquet(CONCEPTS, terms.files["concept"])
    engine.execute(
        f"CREATE TEMP TABLE {KNOWN} AS SELECT t, c, id AS concept, n, "
        "concept_id IS NOT NULL AS is_known, coalesce(standard_concept, '') = 'S' AS is_standard, "
        "coalesce(domain_id, '') AS domain, "
        f"coalesce(concept_class_id = {quoted_text(SKETCHY)}, false) AS is_sketchy, "
        f"coalesce(vocabulary_id IN ({sources}) OR invalid_reason <> '', false) AS is_source "
        f"FROM {USED} LEFT JOIN {CONCEPTS} ON id = concept_id"
    )
    engine.execute(f"CREATE TEMP TABLE {TARGETS} AS {_targets_sql(engine, terms)}")


def _targets_sql(engine: Engine, terms: Terms) -> str:
    if "concept_relationship" not in terms.files:
        return "SELECT 0 AS source, 0 AS target WHERE false"
    engine.register_parquet(LINKS, terms.files["concept_relationship"])
    return (
        f"SELECT DISTINCT concept_id_1 AS source, concept_id_2 AS target FROM {LINKS} "
        "WHERE relationship_id = 'Maps to' AND coalesce(invalid_reason, '') = '' "
        f"AND concept_id_1 IN (SELECT id FROM {USED})"
    )
