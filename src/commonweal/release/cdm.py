"""Opens any OMOP data as views: a folder of Parquet or CSV, a ``.duckdb`` file, a release.

Every table of the model becomes a view with its lower-case name, every column of the model
is there with its declared type, and what is absent is empty; so the same SQL runs on all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from commonweal.engine.protocol import Engine, EngineError
from commonweal.engine.sql import quoted
from commonweal.release.casts import ENGINE_TYPES, Cast, build_cast
from commonweal.release.catalogue import Release, find_release_at, get_release
from commonweal.release.identifier import find_id
from commonweal.release.sources import Found, Source, find_database_sources, find_folder_sources
from commonweal.schema.convert import to_omop_5_4
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import MODELS, Field, get_model

KNOWN_MODELS = ("release", "omop-5.4", "omop-5.3")
"""Models whose tables and columns are known, the first that has a column declaring its type."""

DATED_EVENTS = (
    ("visit_occurrence", "visit_start_date"),
    ("condition_occurrence", "condition_start_date"),
    ("drug_exposure", "drug_exposure_start_date"),
    ("procedure_occurrence", "procedure_date"),
    ("measurement", "measurement_date"),
    ("observation", "observation_date"),
)


@dataclass(frozen=True)
class Cdm:
    """OMOP data that is open as views."""

    path: Path
    tables: frozenset[str]
    """Tables that were found; the other tables of the model are there but empty."""
    as_of: date
    """The day ages are counted at."""
    content_hash: str | None = None
    """Names the content when it is a sealed release."""
    release_id: str | None = None
    is_synthetic: bool = False
    notes: tuple[str, ...] = ()
    """What was left out or counts as empty, as sentences."""


def open_cdm(
    engine: Engine, path: Path, *, home: Path | None = None, as_of: date | None = None
) -> Cdm:
    """Open OMOP data as views.

    ``path`` is a folder, a database file, or the id of a release in ``home``. The day ages
    are counted at is ``as_of``, else the cut-off of the release, else the release date in
    cdm_source, else the day of the latest event.

    Raises:
        CommonwealError: there is nothing there, it cannot be read, or it has no persons.
    """
    release = _find_release(path, home)
    found = _find_sources(engine, path, release)
    used = [source for source in found.sources if _is_usable(source)]
    _check_person(path, found, used)
    notes = [*found.notes, *_note_husks(found.sources, used)]
    for source in used:
        _register(engine, source, notes)
    tables = frozenset(source.table for source in used)
    register_empty_tables(engine, present=tables)
    day = as_of or (release.manifest.cutoff if release else _find_as_of(engine))
    if day is None:
        raise CommonwealError(
            f"{path} has no date to count ages at.",
            expected="a release date in cdm_source, or dated events",
            fix="Give the day yourself, such as --as-of 2026-09-30.",
        )
    if release is None:
        return Cdm(path, tables, day, notes=tuple(notes))
    synthetic = release.manifest.synthetic
    if synthetic:
        notes.append(f"Release {release.id} is synthetic: its people are made up.")
    return Cdm(path, tables, day, release.content_hash, release.id, synthetic, tuple(notes))


def register_empty_tables(engine: Engine, *, present: Iterable[str]) -> None:
    """Make an empty view of every table of the model that is not ``present``."""
    for table in known_fields().keys() - set(present):
        columns = ", ".join(_null(field) for field in known_fields()[table].values())
        engine.execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted(table)} AS SELECT {columns} WHERE false"
        )


@cache
def known_fields() -> Mapping[str, Mapping[str, Field]]:
    """Fields by table and column name, over all models data may come in."""
    fields: dict[str, dict[str, Field]] = {}
    for name in KNOWN_MODELS:
        for table in get_model(name).tables.values() if name in MODELS else ():
            of_table, renames = fields.setdefault(table.name, {}), to_omop_5_4(table.name)
            for field in table.fields:
                if field.name not in renames:
                    of_table.setdefault(field.name, field)
    return MappingProxyType(fields)


def _find_release(path: Path, home: Path | None) -> Release | None:
    if path.is_dir():
        return find_release_at(path)
    if path.exists() or home is None or find_id(str(path)) is None:
        return None
    return get_release(home, str(path))


def _find_sources(engine: Engine, path: Path, release: Release | None) -> Found:
    if release is not None:
        known = {table.name for table in release.manifest.tables}
        found = find_folder_sources(engine, release.folder, known)
        return Found(tuple(s for s in found.sources if s.table in known), ())
    if path.is_dir():
        return find_folder_sources(engine, path, known_fields())
    if path.is_file():
        return find_database_sources(engine, path, known_fields())
    raise CommonwealError(
        f"There is nothing at {path}.",
        expected="a folder of Parquet or CSV files, a .duckdb file, or the id of a release",
        fix="Check the path.",
    )


def _check_person(path: Path, found: Found, used: Sequence[Source]) -> None:
    if not found.sources:
        raise CommonwealError(
            f"{path} holds no OMOP table.",
            expected="tables such as person and condition_occurrence, as Parquet or CSV",
            fix="Give the folder or database that holds the OMOP tables.",
        )
    if not any(source.table == "person" for source in used):
        raise CommonwealError(
            f"{path} has no person table with the column person_id.",
            expected="a table person with one row for each person_id",
            fix="Add the person table; everything is counted in persons.",
        )


def _is_usable(source: Source) -> bool:
    """Whether a table has the columns that make it that table; some exports write husks."""
    fields = known_fields().get(source.table, {})
    names = _columns_by_name(source)
    if not fields:
        return True
    return "person_id" in names if "person_id" in fields else bool(fields.keys() & names.keys())


def _note_husks(found: Sequence[Source], used: Sequence[Source]) -> Iterator[str]:
    husks = [source.label for source in found if source not in used]
    if husks:
        yield f"{', '.join(husks)}: not the columns the model has; counted as empty."


def _columns_by_name(source: Source) -> dict[str, tuple[str, str]]:
    """By their lower-case OMOP 5.4 names, the columns as they are there and their types."""
    renames = to_omop_5_4(source.table)
    columns: dict[str, tuple[str, str]] = {}
    for written, found in source.columns:
        name = renames.get(written.lower(), written.lower())
        if name in columns:
            raise CommonwealError(
                f"{source.label} has the column {name} twice.",
                expected="one column of each name, upper and lower case being the same",
                fix="Rename or remove one of them.",
            )
        columns[name] = (quoted(written), found)
    return columns


def _register(engine: Engine, source: Source, notes: list[str]) -> None:
    fields = known_fields().get(source.table, {})
    columns = _columns_by_name(source)
    selected, lossy = [], {}
    for name, (column, found) in columns.items():
        field = fields.get(name)
        cast = build_cast(column, found, field.type) if field else Cast(column)
        selected.append(f"{cast.sql} AS {quoted(name)}")
        if field and cast.is_lossy:
            lossy[field] = f"{column} IS NOT NULL AND ({cast.sql}) IS NULL"
    absent = [field for name, field in fields.items() if name not in columns]
    selected += [_null(field) for field in absent]
    if "person_id" in fields and (required := [f.name for f in absent if f.required]):
        notes.append(f"{source.label} has no column {', '.join(required)}: counted as empty.")
    _note_unreadable_cells(engine, source, lossy, notes)
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(source.table)} AS "
        f"SELECT {', '.join(selected)} FROM {source.relation}"
    )


def _note_unreadable_cells(
    engine: Engine, source: Source, lossy: Mapping[Field, str], notes: list[str]
) -> None:
    """Count the cells that do not fit their type; reading CSV to the end also proves it whole."""
    counts = ", ".join(f"count(*) FILTER (WHERE {fault})" for fault in lossy.values())
    if not counts:
        return
    try:
        row = engine.rows(f"SELECT {counts} FROM {source.relation}")[0]
    except EngineError as error:
        raise CommonwealError(
            f"{source.label} cannot be read to its end.",
            expected="rows with as many cells as the header, quoted in pairs, in UTF-8",
            fix="`commonweal check` names the faulty lines of a CSV file.",
        ) from error
    for field, count in zip(lossy, row, strict=True):
        if count:
            cells = "1 cell" if count == 1 else f"{count} cells"
            notes.append(
                f"{source.label}: {cells} of {field.name} cannot be read as {field.type}: "
                "counted as empty."
            )


def _null(field: Field) -> str:
    return f"CAST(NULL AS {ENGINE_TYPES[field.type]}) AS {quoted(field.name)}"


def _find_as_of(engine: Engine) -> date | None:
    stated: date | None = engine.value(
        "SELECT max(coalesce(cdm_release_date, source_release_date)) FROM cdm_source"
    )
    if stated is not None:
        return stated
    latest = " UNION ALL ".join(
        f"SELECT max({quoted(column)}) AS latest FROM {quoted(table)}"
        for table, column in DATED_EVENTS
    )
    found: date | None = engine.value(f"SELECT max(latest) FROM ({latest})")
    return found
