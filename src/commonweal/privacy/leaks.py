"""The last look at a finished tier: whatever must not be there makes the release fail.

The scan reads the files as a researcher would and trusts nothing that made them.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.privacy.errors import LeakError
from commonweal.privacy.geography import COARSE_ZIP_PATTERN, STATE_PATTERN
from commonweal.privacy.text import find_source_concept
from commonweal.privacy.tiers import Tier
from commonweal.privacy.treatment import is_kept, is_left_empty
from commonweal.privacy.vault import ID_LIMIT
from commonweal.schema.model import DataType, Field, Role, Table, get_model

IDENTIFIER_PATTERNS = {
    "e-mail address": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
    "telephone number": r"(^|[^0-9])\(?[0-9]{3}\)?[-. ][0-9]{3}[-. ][0-9]{4}($|[^0-9])",
    "social security number": r"(^|[^0-9])[0-9]{3}-[0-9]{2}-[0-9]{4}($|[^0-9])",
    "medical record number": r"(?i)(^|[^a-z])mrn([^a-z]|$)",
}
CHANCE_LIMIT = 1e-6
"""What is less likely than this is not put down to chance."""


def scan_tier(engine: Engine, folder: Path, tier: Tier, *, originals: Sequence[int]) -> None:
    """Raise unless a tier's folder holds nothing but what the tier may show.

    Args:
        engine: reads the files.
        folder: the tier's Parquet files.
        tier: what may be shown.
        originals: the ids people have outside the tier, each once.

    Raises:
        LeakError: names the table and column, and how many rows; never a value.
    """
    for table in _view_tables(engine, folder):
        for what, broken in _count_broken(engine, table, tier):
            if broken:
                raise LeakError(
                    f"{what}: {broken} rows break this.",
                    fix="Nothing was kept. This is a fault of the tier’s rules: report it.",
                )
    _check_ids_are_new(engine, originals)


def _view_tables(engine: Engine, folder: Path) -> list[Table]:
    """Views of the tier's files; the tables that are not vocabulary."""
    declared = get_model("release").tables
    _view_codes(engine, folder / "concept.parquet")
    found = []
    for file in sorted(folder.glob("*.parquet")):
        if file.stem not in declared:
            raise LeakError(f"{file.name} is no table of a release.")
        if declared[file.stem].role is not Role.VOCABULARY:
            engine.register_parquet(_view(declared[file.stem]), [file])
            _check_columns(engine, declared[file.stem])
            found.append(declared[file.stem])
    return found


def _view_codes(engine: Engine, concepts: Path) -> None:
    if concepts.exists():
        engine.register_parquet("scan_concept", [concepts])
    else:
        engine.execute(
            "CREATE OR REPLACE TEMP VIEW scan_concept AS "
            "SELECT NULL::BIGINT AS concept_id, NULL::VARCHAR AS concept_code WHERE FALSE"
        )


def _check_columns(engine: Engine, table: Table) -> None:
    unknown = engine.columns(_view(table)).keys() - set(table.columns)
    if unknown:
        raise LeakError(f"{table.name} has columns it must not have: {', '.join(sorted(unknown))}.")


def _count_broken(engine: Engine, table: Table, tier: Tier) -> Iterator[tuple[str, int]]:
    """What must hold of a table, and how many rows break it."""
    rows = f"FROM {quoted(_view(table))} t"
    conditions = dict(_find_conditions(table, tier))
    if conditions:
        counts = ", ".join(f"count(*) FILTER (WHERE {broken})" for broken in conditions.values())
        [found] = engine.rows(f"SELECT {counts} {rows}")
        yield from zip(conditions, found, strict=True)
    if is_kept(table, tier):
        for what, others in _find_joined(table):
            yield what, int(engine.value(f"SELECT count(*) {rows} {others}"))


def _find_conditions(table: Table, tier: Tier) -> Iterator[tuple[str, str]]:
    """What must hold of a row by itself, and the SQL that says it does not."""
    if not is_kept(table, tier):
        yield f"{table.name} is empty", "TRUE"
        return
    for field in table.fields:
        column, name = f"t.{quoted(field.name)}", f"{table.name}.{field.name}"
        place = _find_place_pattern(field, tier)
        if is_left_empty(table, field, tier):
            yield f"{name} is empty", f"{column} IS NOT NULL"
        elif place:
            told = f"{name} holds a place as coarse as the tier shows"
            yield told, f"NOT regexp_full_match({column}, {quoted_text(place)})"
        elif find_source_concept(table, field):
            for kind, pattern in IDENTIFIER_PATTERNS.items():
                matches = f"regexp_matches({column}, {quoted_text(pattern)})"
                yield f"{name} holds no {kind}", matches
        elif field.type is DataType.STRING:
            yield f"{name} holds no text", f"{column} IS NOT NULL"


def _find_joined(table: Table) -> Iterator[tuple[str, str]]:
    """What must hold of a row beside others, and the join that leaves the rows that break it."""
    if table.has_person:
        persons = "ANTI JOIN scan_person p ON p.person_id = t.person_id"
        yield f"{table.name} is about persons of the tier", persons
    for field in table.fields:
        if concept := find_source_concept(table, field):
            text = f"t.{quoted(field.name)}"
            yield (
                f"{table.name}.{field.name} holds nothing but codes of concepts",
                (
                    f"ANTI JOIN scan_concept c ON c.concept_id = t.{quoted(concept)} "
                    f"AND c.concept_code = {text} WHERE {text} IS NOT NULL"
                ),
            )


def _find_place_pattern(field: Field, tier: Tier) -> str | None:
    """The pattern of a place as the tier shows it; None for columns that hold no place."""
    if field.name == tier.geography.state:
        return STATE_PATTERN
    if field.name == tier.geography.zip and tier.geography.zip_digits:
        return COARSE_ZIP_PATTERN
    return None


def _check_ids_are_new(engine: Engine, originals: Sequence[int]) -> None:
    """Raise when more ids of the tier are somebody's original id than chance explains.

    The vault never draws the id of a participant it knows, but a later participant may come
    with a number that a person of the tier already has.
    """
    persons = int(engine.value("SELECT count(*) FROM scan_person"))
    engine.register_arrow("scan_original", pa.table({"id": pa.array(originals, pa.int64())}))
    query = "SELECT count(*) FROM scan_person SEMI JOIN scan_original ON person_id = id"
    shared = int(engine.value(query))
    engine.execute("DROP VIEW scan_original")
    if shared > most_by_chance(persons * len(originals) / ID_LIMIT):
        raise LeakError(
            f"{shared} of {persons} person ids of the tier are original ids.",
            expected="ids that were drawn at random",
            fix="Nothing was kept. This is a fault of the tier’s rules: report it.",
        )


def most_by_chance(expected: float) -> int:
    """The number of coincidences that chance does not exceed, but once in a million times.

    Coincidences are Poisson distributed around ``expected``; by Chernoff's bound
    P(X ≥ k) ≤ exp(−expected) (e · expected / k)^k for every k above ``expected``.
    """
    if expected <= 0:
        return 0
    k = math.floor(expected) + 1
    while k * (1 + math.log(expected / k)) - expected > math.log(CHANCE_LIMIT):
        k += 1
    return k - 1


def _view(table: Table) -> str:
    return f"scan_{table.name}"
