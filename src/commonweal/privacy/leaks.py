"""The last look at a finished tier: whatever must not be there makes the release fail.

The scan reads the files as a researcher would and trusts nothing that made them.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from commonweal.engine.duckdb_engine import quoted, quoted_text
from commonweal.engine.protocol import Engine
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


Check = tuple[str, str]
"""What must hold, and the SELECT of how many rows break it."""


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
    tables = _view_tables(engine, folder)
    for table in tables:
        for what, broken in _find_checks(table, tier):
            if rows := engine.value(broken):
                raise LeakError(
                    f"{what}: {rows} rows break this.",
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
        nothing = {
            "concept_id": pa.array([], pa.int64()),
            "concept_code": pa.array([], pa.string()),
        }
        engine.register_arrow("scan_concept", pa.table(nothing))


def _check_columns(engine: Engine, table: Table) -> None:
    unknown = engine.columns(_view(table)).keys() - set(table.columns)
    if unknown:
        raise LeakError(f"{table.name} has columns it must not have: {', '.join(sorted(unknown))}.")


def _find_checks(table: Table, tier: Tier) -> Iterator[Check]:
    rows = f"SELECT count(*) FROM {quoted(_view(table))} t"
    if not is_kept(table, tier):
        yield f"{table.name} is empty", rows
        return
    if table.has_person:
        yield (
            f"{table.name} is about persons of the tier",
            f"{rows} WHERE person_id NOT IN (SELECT person_id FROM scan_person)",
        )
    for field in table.fields:
        column = f"{table.name}.{field.name}"
        if is_left_empty(table, field, tier):
            yield f"{column} is empty", f"{rows} WHERE {quoted(field.name)} IS NOT NULL"
        elif field.type is DataType.STRING:
            yield (
                f"{column} holds {_allowed_text(field, tier)}",
                _find_other_text(table, field, tier),
            )
            yield from _find_identifiers(table, field)


def _allowed_text(field: Field, tier: Tier) -> str:
    place = field.name in (tier.geography.state, tier.geography.zip)
    return "a place as coarse as the tier shows" if place else "nothing but codes of concepts"


def _find_other_text(table: Table, field: Field, tier: Tier) -> str:
    """SELECT of how many texts are not the code of their row's concept, or a coarse place."""
    text = f"t.{quoted(field.name)}"
    rows = f"SELECT count(*) FROM {quoted(_view(table))} t"
    if field.name == tier.geography.state:
        return f"{rows} WHERE NOT regexp_full_match({text}, {quoted_text(STATE_PATTERN)})"
    if field.name == tier.geography.zip and tier.geography.zip_digits:
        return f"{rows} WHERE NOT regexp_full_match({text}, {quoted_text(COARSE_ZIP_PATTERN)})"
    concept = find_source_concept(table, field)
    if concept is None:
        return f"{rows} WHERE {text} IS NOT NULL"
    return (
        f"{rows} ANTI JOIN scan_concept c ON c.concept_id = t.{quoted(concept)} "
        f"AND c.concept_code = {text} WHERE {text} IS NOT NULL"
    )


def _find_identifiers(table: Table, field: Field) -> Iterator[Check]:
    for kind, pattern in IDENTIFIER_PATTERNS.items():
        yield (
            f"{table.name}.{field.name} holds no {kind}",
            (
                f"SELECT count(*) FROM {quoted(_view(table))} "
                f"WHERE regexp_matches({quoted(field.name)}, {quoted_text(pattern)})"
            ),
        )


def _check_ids_are_new(engine: Engine, originals: Sequence[int]) -> None:
    """Raise when more ids of the tier are somebody's original id than chance explains.

    The vault never draws the id of a participant it knows, but a later participant may come
    with a number that a person of the tier already has.
    """
    engine.register_arrow("scan_original", pa.table({"id": pa.array(originals, pa.int64())}))
    persons = int(engine.value("SELECT count(*) FROM scan_person"))
    shared = int(
        engine.value("SELECT count(*) FROM scan_person SEMI JOIN scan_original ON person_id = id")
    )
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
