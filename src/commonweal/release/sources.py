"""Finds the tables of an OMOP folder or database and how the engine reads each of them."""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from commonweal.engine.protocol import Engine, EngineError
from commonweal.engine.sql import quoted, quoted_text
from commonweal.schema.errors import CommonwealError

_DATABASE_MAGIC = b"DUCK"
_DATABASE_MAGIC_AT = 8


@dataclass(frozen=True)
class Source:
    """A table as it was found."""

    table: str
    """Lower-case name."""
    label: str
    """What messages call it."""
    relation: str
    """What stands after FROM."""
    columns: tuple[tuple[str, str], ...]
    """Names as written there, with engine types."""


@dataclass(frozen=True)
class Found:
    """The tables that were found, and what a person should know about the search."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...]


def find_folder_sources(engine: Engine, folder: Path, known: Collection[str]) -> Found:
    """The tables in a folder of Parquet or CSV files; Parquet wins over CSV.

    Raises:
        CommonwealError: a file cannot be read, or two files claim one table.
    """
    parquet, tables_of_csv, notes = _sort_files(folder, known)
    sources = [_parquet_source(engine, table, files) for table, files in parquet.items()]
    for table, file in tables_of_csv.items():
        if table in parquet:
            notes.append(f"{file.name} was left out: {table} is read from Parquet.")
        else:
            sources.append(_csv_source(table, file))
    return Found(tuple(sources), tuple(notes))


def _sort_files(
    folder: Path, known: Collection[str]
) -> tuple[dict[str, list[Path]], dict[str, Path], list[str]]:
    parquet: dict[str, list[Path]] = {}
    tables_of_csv: dict[str, Path] = {}
    strangers: list[str] = []
    for path in sorted(folder.iterdir()):
        table, suffix = path.stem.lower(), path.suffix.lower()
        parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        is_parquet = bool(parts) and (path.is_dir() or suffix == ".parquet")
        is_csv = suffix == ".csv" and path.is_file()
        if not (is_parquet or is_csv):
            continue
        if table not in known:
            strangers.append(path.name)
        elif table in (parquet if is_parquet else tables_of_csv):
            raise CommonwealError(
                f"{folder} has the table {table} twice.",
                expected="one file for each table; names differ by more than upper case",
                fix=f"Remove {path.name} or the other file.",
            )
        elif is_parquet:
            parquet[table] = parts
        else:
            tables_of_csv[table] = path
    return parquet, tables_of_csv, _note_strangers(strangers)


def _parquet_source(engine: Engine, table: str, files: Sequence[Path]) -> Source:
    names = ", ".join(quoted_text(str(file)) for file in files)
    relation = f"read_parquet([{names}])"
    label = files[0].name if len(files) == 1 else f"{files[0].parent.name}/"
    try:
        described = engine.rows(f"DESCRIBE SELECT * FROM {relation}")
    except EngineError as error:
        raise CommonwealError(
            f"{label} cannot be read as Parquet.",
            expected="a whole Parquet file",
            fix="Export or copy the file again.",
        ) from error
    return Source(table, label, relation, tuple((row[0], row[1]) for row in described))


def _csv_source(table: str, file: Path) -> Source:
    delimiter, quote, header = _read_header(file)
    columns = ", ".join(f"{quoted_text(name)}: 'VARCHAR'" for name in header)
    relation = (
        f"read_csv({quoted_text(str(file))}, auto_detect = false, header = true, nullstr = '', "
        f"delim = {quoted_text(delimiter)}, quote = {quoted_text(quote)}, "
        f"escape = {quoted_text(quote)}, columns = {{{columns}}})"
    )
    return Source(table, file.name, relation, tuple((name, "VARCHAR") for name in header))


def _read_header(file: Path) -> tuple[str, str, list[str]]:
    """Delimiter, quote (none in tab-separated vocabularies) and column names of a CSV file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            line = _first_line(stream)
    except UnicodeDecodeError as error:
        raise CommonwealError(
            f"{file.name} is not text in UTF-8.", fix="Export the file again in UTF-8."
        ) from error
    delimiter = max(",\t;|", key=line.count)
    quote = "" if delimiter == "\t" and '"' not in line else '"'
    names = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    names = [name.strip() for name in names]
    if not any(names):
        raise CommonwealError(
            f"{file.name} is empty.",
            expected="a header line with the names of the columns",
            fix="Export the file again, or remove it.",
        )
    return delimiter, quote, names


def _first_line(stream: TextIO) -> str:
    limit = 1 << 16
    line = stream.readline(limit)
    return "" if len(line) == limit else line.rstrip("\r\n")


def find_database_sources(engine: Engine, file: Path, known: Collection[str]) -> Found:
    """The tables in a ``.duckdb`` file, which is attached read-only.

    Raises:
        CommonwealError: it is no DuckDB file, or this engine cannot open it.
    """
    alias = f"cdm_{sha256(str(file.resolve()).encode()).hexdigest()[:8]}"
    _attach(engine, file, alias)
    rows = engine.rows(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = ? ORDER BY schema_name, table_name, column_index",
        [alias],
    )
    relations: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, found in rows:
        relations.setdefault((schema, table), []).append((column, found))
    schema, notes = _choose_schema(relations)
    tables = {table: columns for (of, table), columns in relations.items() if of == schema}
    strangers = [table for table in tables if table.lower() not in known]
    sources = [
        Source(
            table.lower(),
            table,
            ".".join(quoted(part) for part in (alias, schema, table)),
            tuple(columns),
        )
        for table, columns in tables.items()
        if table.lower() in known
    ]
    return Found(tuple(sources), (*notes, *_note_strangers(strangers)))


def _note_strangers(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"{', '.join(names)}: left out; the model has no table of this name."]


def _choose_schema(relations: Collection[tuple[str, str]]) -> tuple[str, list[str]]:
    having = sorted({schema for schema, table in relations if table.lower() == "person"})
    schema = "main" if "main" in having or not having else having[0]
    others = [other for other in having if other != schema]
    if not others:
        return schema, []
    return schema, [f"The tables are those of the schema {schema}, not of {', '.join(others)}."]


def _attach(engine: Engine, file: Path, alias: str) -> None:
    with file.open("rb") as stream:
        head = stream.read(_DATABASE_MAGIC_AT + len(_DATABASE_MAGIC))
    if head[_DATABASE_MAGIC_AT:] != _DATABASE_MAGIC:
        raise CommonwealError(
            f"{file} is not a DuckDB database.",
            expected="a .duckdb file, or a folder of Parquet or CSV files",
            fix="Give the database or folder that holds the OMOP tables.",
        )
    attached = "SELECT count(*) FROM duckdb_databases() WHERE database_name = ?"
    if engine.value(attached, [alias]):
        return
    try:
        engine.attach_database(alias, file)
    except EngineError as error:
        raise _refused(file, str(error.__cause__)) from error


def _refused(file: Path, reason: str) -> CommonwealError:
    """The engine's own words tell the cases apart; they hold paths and versions only."""
    if "version number" in reason:
        return CommonwealError(
            f"{file} was written by another version of DuckDB, which this one cannot read.",
            expected="a database of an older storage version",
            fix="Copy it with ATTACH … (STORAGE_VERSION 'v1.0.0') there, or export it to Parquet.",
        )
    if "set lock" in reason:
        return CommonwealError(
            f"{file} is being written to by another program.", fix="Close that program."
        )
    return CommonwealError(
        f"{file} is damaged and cannot be opened.", fix="Copy or export the database again."
    )
