"""Registers a vocabulary folder as typed views.

The folder is an Athena download (tab-separated files called ``.csv``, nothing quoted, dates
as yyyymmdd), comma-separated files in the usual quoting, or Parquet.
"""

from collections.abc import Mapping
from pathlib import Path

from commonweal.engine.protocol import Engine, EngineError
from commonweal.engine.sql import quoted, quoted_text
from commonweal.schema.ddl import SQL_TYPES
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Field, Role, Table, get_model
from commonweal.vocabulary.views import VocabularyViews

_LONGEST_HEADER = 10_000


def load_folder(engine: Engine, folder: Path, *, prefix: str = "") -> VocabularyViews:
    """Register every vocabulary table of ``folder`` as a view called ``prefix`` + its name.

    Columns get their declared names and types, whatever their case and order in the file;
    dates of validity and optional columns may be missing, and are empty then. Text
    is read once, into the engine's memory.

    Raises:
        CommonwealError: there is no table ``concept``, a file is damaged or lacks a column, or
            cells do not have the type of their column.
    """
    files = _find_files(folder)
    if "concept" not in files:
        raise CommonwealError(
            f"There is no vocabulary in {folder}.",
            expected="CONCEPT.csv as Athena delivers it, or concept.parquet",
            fix="Unpack the download into this folder, or give another folder.",
        )
    tables = get_model("omop-5.4").tables
    for name, file in files.items():
        _register(engine, tables[name], file, f"{prefix}{name}")
    names = {name: f"{prefix}{name}" for name in files}
    return VocabularyViews(
        names["concept"], names.get("concept_ancestor"), names.get("concept_synonym")
    )


def _find_files(folder: Path) -> Mapping[str, Path]:
    """Files of vocabulary tables by table name; Parquet goes before text."""
    known = {table.name for table in get_model("omop-5.4").with_role(Role.VOCABULARY)}
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    by_suffix = {
        suffix: {f.stem.lower(): f for f in files if f.suffix.lower() == suffix}
        for suffix in (".csv", ".parquet")
    }
    found = by_suffix[".csv"] | by_suffix[".parquet"]
    return {name: file for name, file in found.items() if name in known and file.stat().st_size}


def _register(engine: Engine, table: Table, file: Path, view: str) -> None:
    raw = f"{view}_raw"
    try:
        if file.suffix.lower() == ".parquet":
            engine.register_parquet(raw, [file])
        else:
            engine.execute(_text_table_sql(file, raw))
        found = {name.lower(): name for name in engine.columns(raw)}
    except (EngineError, UnicodeDecodeError) as error:
        raise CommonwealError(
            f"{file.name} cannot be read.",
            expected="a file as Athena delivers it, CSV in UTF-8, or Parquet",
            fix="Fetch or export the file again.",
        ) from error
    _check_columns(table, file, found)
    columns = {field: found.get(field.name) for field in table.fields}
    _check_types(engine, file, raw, columns)
    typed = ", ".join(f"{_typed(f, c)} AS {quoted(f.name)}" for f, c in columns.items())
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(view)} AS SELECT {typed} FROM {quoted(raw)}"
    )


def _text_table_sql(file: Path, raw: str) -> str:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        header = stream.readline(_LONGEST_HEADER).rstrip("\r\n")
    delimiter, quote = ("\t", "") if "\t" in header else (",", '"')
    names = [name.strip().strip('"') for name in header.split(delimiter)]
    columns = ", ".join(f"{quoted_text(name)}: 'VARCHAR'" for name in names)
    return (
        f"CREATE OR REPLACE TEMP TABLE {quoted(raw)} AS FROM read_csv({quoted_text(str(file))}, "
        f"auto_detect = false, header = true, nullstr = '', delim = {quoted_text(delimiter)}, "
        f"quote = '{quote}', escape = '{quote}', columns = {{{columns}}})"
    )


def _check_columns(table: Table, file: Path, found: Mapping[str, str]) -> None:
    needed = [f.name for f in table.fields if f.required and f.type is not DataType.DATE]
    missing = [name for name in needed if name not in found]
    if missing:
        raise CommonwealError(
            f"{file.name} has no column {', '.join(missing)}.",
            expected=f"the columns {', '.join(needed)}",
            fix="Fetch or export the file again.",
        )


def _check_types(engine: Engine, file: Path, raw: str, columns: Mapping[Field, str | None]) -> None:
    found = {field: column for field, column in columns.items() if column is not None}
    faults = ", ".join(
        f"count(*) FILTER ({quoted(column)} IS NOT NULL AND ({_typed(field, column)}) IS NULL)"
        for field, column in found.items()
    )
    counts = engine.rows(f"SELECT {faults} FROM {quoted(raw)}")[0]
    for field, count in zip(found, counts, strict=True):
        if count:
            raise CommonwealError(
                f"{file.name} has {count} cells of {field.name} that are no {field.type}.",
                fix="Fetch or export the file again.",
            )


def _typed(field: Field, column: str | None) -> str:
    cell = "NULL" if column is None else quoted(column)
    plain = f"TRY_CAST({cell} AS {SQL_TYPES[field.type]})"
    if field.type is not DataType.DATE:
        return plain
    return f"coalesce(CAST(try_strptime(CAST({cell} AS VARCHAR), '%Y%m%d') AS DATE), {plain})"
