"""Turns the tables of a vocabulary into Parquet files, sorted, with declared columns and types.

Text is taken in pieces, so memory stays within the engine's limit however large a table is.
Concepts get the licence class of their vocabulary, unless the table says one already.
"""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.protocol import Engine, EngineError, InterruptedWorkError
from commonweal.engine.sql import quoted, quoted_text
from commonweal.schema.ddl import SQL_TYPES
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Field, Table, get_model
from commonweal.vocabulary.licences import UNKNOWN, read_licences
from commonweal.vocabulary.source import TableFile, told_plainly
from commonweal.vocabulary.text import (
    PIECE_BYTES,
    Header,
    Piece,
    find_fault,
    list_columns,
    read_header,
    read_pieces,
)

LICENCE = Field(
    name="licence_class",
    type=DataType.STRING,
    required=False,
    primary_key=False,
    description="How the term may be passed on.",
)
VERSION_ROW = "None"
"""The row of ``vocabulary`` that Athena keeps the version of the whole download in."""
_RAW, _TYPED = "vocabulary_raw", "vocabulary_typed"


def count_pieces(file: TableFile) -> int:
    """In how many pieces a table is read; a Parquet file in one."""
    return 1 if file.path else max(1, -(-file.size // PIECE_BYTES))


def load_table(
    engine: Engine, name: str, file: TableFile, out: Path, *, tell: Callable[[str], None]
) -> int:
    """Write a table to ``out`` as Parquet and return its rows; ``tell`` hears of every piece.

    Columns get their declared names and types, whatever their case and order in the file;
    dates of validity and optional columns may be missing, and are empty then. Rows that are
    there twice are written once.

    Raises:
        CommonwealError: the file is damaged, lacks a column, has cells that are not of their
            column's type, or concepts without an id or with another's.
    """
    table = get_model("omop-5.4").table(name)
    scratch = out / f"{name}-parts"
    scratch.mkdir()
    with told_plainly(file.name):
        if file.path:
            _view_parquet(engine, table, file)
            tell("")
        else:
            parts = list(_write_parts(engine, table, file, scratch, tell))
            engine.register_parquet(_TYPED, parts)
    columns = [field.name for field in fields_of(table)]
    target = out / f"{name}.parquet"
    rows = engine.write_parquet(_rows_sql(engine, table), target, order_by=columns)
    shutil.rmtree(scratch)
    if name == "concept":
        _check_any(rows, file)
        _check_ids(engine, target, file)
    return rows


def _check_any(rows: int, file: TableFile) -> None:
    if not rows:
        raise CommonwealError(
            f"{file.name} has a header and no concept.",
            expected="the concepts of at least one vocabulary",
            fix="Fetch the download again; it may have ended too early.",
        )


def fields_of(table: Table) -> Sequence[Field]:
    """The declared fields, and for concepts the licence class."""
    return [*table.fields, LICENCE] if table.name == "concept" else table.fields


def typed_columns(table: Table, found: Collection[str]) -> str:
    """The columns of a SELECT that gives a table its types; ``found`` are those there are."""
    return ", ".join(
        f"{_typed(field, field.name if field.name in found else None)} AS {quoted(field.name)}"
        for field in fields_of(table)
    )


def read_version(files: Mapping[str, Sequence[Path]]) -> str | None:
    """The version of a whole vocabulary, such as "v5.0 30-AUG-24"; None when it has none."""
    columns = ["vocabulary_id", "vocabulary_version"]
    for file in files.get("vocabulary", ()):
        for row in pq.read_table(file, columns=columns).to_pylist():
            if row["vocabulary_id"] == VERSION_ROW:
                return row["vocabulary_version"] or None
    return None


def _write_parts(
    engine: Engine, table: Table, file: TableFile, scratch: Path, tell: Callable[[str], None]
) -> Iterator[Path]:
    """Read a table of text and write it typed, a Parquet file for each piece."""
    rows = 0
    with file.open() as stream:
        header = read_header(stream, file.name)
        _check_columns(table, file, list_columns(header))
        yield _write_part(engine, table, header, scratch / "part-0.parquet")
        for number, piece in enumerate(read_pieces(stream, header, file.name), start=1):
            _read_piece(engine, piece, header, file, scratch / "piece.csv")
            _check_cells(engine, table, file, header, piece)
            part = scratch / f"part-{number}.parquet"
            yield _write_part(engine, table, header, part)
            rows += pq.read_metadata(part).num_rows
            tell(f"{rows:,} rows")


def _write_part(engine: Engine, table: Table, header: Header, part: Path) -> Path:
    """Write the rows that were read last; the first part has none, only columns."""
    if part.stem == "part-0":
        columns = ", ".join(f"{quoted(name)} VARCHAR" for name in list_columns(header))
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {_RAW} ({columns})")
    sql = f"SELECT {typed_columns(table, list_columns(header))} FROM {_RAW}"
    engine.write_parquet(sql, part, order_by=[table.fields[0].name])
    return part


def _read_piece(
    engine: Engine, piece: Piece, header: Header, file: TableFile, scratch: Path
) -> None:
    scratch.write_bytes(piece.content)
    columns = ", ".join(f"{quoted_text(name)}: 'VARCHAR'" for name in list_columns(header))
    options = (
        f"auto_detect = false, header = false, nullstr = '', "
        f"delim = {quoted_text(header.delimiter)}, quote = '{header.quote}', "
        f"escape = '{header.quote}', columns = {{{columns}}}"
    )
    try:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {_RAW} AS "
            f"FROM read_csv({quoted_text(str(scratch))}, {options})"
        )
    except InterruptedWorkError:
        raise
    except EngineError as error:
        raise find_fault(piece, header, file.name) from error


def _view_parquet(engine: Engine, table: Table, file: TableFile) -> None:
    """Make a typed view of a Parquet file, whose cells may be text."""
    try:
        engine.register_parquet(_RAW, [file.path] if file.path else [])
        found = engine.columns(_RAW)
    except EngineError as error:
        raise CommonwealError(
            f"{file.name} cannot be read.",
            expected="Parquet",
            fix="Fetch or export the file again.",
        ) from error
    renamed = ", ".join(f"{quoted(name)} AS {quoted(name.lower())}" for name in found)
    engine.execute(f"CREATE OR REPLACE TEMP VIEW {_TYPED}_named AS SELECT {renamed} FROM {_RAW}")
    columns = [name.lower() for name in found]
    _check_columns(table, file, columns)
    for field, fault in _list_faults(table, columns):
        if engine.value(f"SELECT count(*) FROM {_TYPED}_named WHERE {fault}"):
            raise _wrong_cell(f"{file.name} has a {field.name}", field)
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {_TYPED} AS "
        f"SELECT {typed_columns(table, columns)} FROM {_TYPED}_named"
    )


def _rows_sql(engine: Engine, table: Table) -> str:
    rows = f"SELECT DISTINCT * FROM {_TYPED}"
    if table.name != "concept":
        return rows
    licences = read_licences().values()
    engine.register_arrow(
        "vocabulary_licence",
        pa.table(
            {
                "vocabulary_id": [licence.vocabulary for licence in licences],
                "class": [licence.licence_class for licence in licences],
            }
        ),
    )
    known = f"coalesce(licence_class, class, {quoted_text(UNKNOWN)}) AS licence_class"
    return (
        f"SELECT * EXCLUDE (licence_class, class), {known} FROM ({rows}) "
        "LEFT JOIN vocabulary_licence USING (vocabulary_id)"
    )


def _check_columns(table: Table, file: TableFile, found: Collection[str]) -> None:
    needed = [f.name for f in table.fields if f.required and f.type is not DataType.DATE]
    missing = [name for name in needed if name not in found]
    if missing:
        raise CommonwealError(
            f"{file.name} has no column {', '.join(missing)}.",
            expected=f"the columns {', '.join(needed)}",
            fix="Fetch or export the file again.",
        )


def _check_cells(
    engine: Engine, table: Table, file: TableFile, header: Header, piece: Piece
) -> None:
    """Find the first cell that is not of its column's type, and say where it stands."""
    faults = _list_faults(table, list_columns(header))
    firsts = ", ".join(f"min(rowid) FILTER ({fault})" for _, fault in faults)
    found = engine.rows(f"SELECT {firsts} FROM {_RAW}")[0]
    for (field, _), row in zip(faults, found, strict=True):
        if row is not None:
            line = f"Line {piece.first_line + row:,} of {file.name} has a {field.name}"
            raise _wrong_cell(
                line if not header.quote else f"{file.name} has a {field.name}", field
            )


def _list_faults(table: Table, found: Collection[str]) -> list[tuple[Field, str]]:
    """For every column there is, a condition that is true of cells that cannot stand in it."""
    return [(field, _fault(field)) for field in fields_of(table) if field.name in found]


def _fault(field: Field) -> str:
    """A text that does not have the type, and no value where a key is needed."""
    wrong = f"({_typed(field, field.name)}) IS NULL"
    return wrong if field.primary_key else f"{quoted(field.name)} IS NOT NULL AND {wrong}"


def _wrong_cell(where: str, field: Field) -> CommonwealError:
    article = "an" if field.type is DataType.INTEGER else "a"
    return CommonwealError(
        f"{where} that is not {article} {field.type}.", fix="Fetch or export the file again."
    )


def _check_ids(engine: Engine, written: Path, file: TableFile) -> None:
    """A concept that is there twice would be counted twice wherever it is looked up."""
    engine.register_parquet(_TYPED, [written])
    twice = engine.value(f"SELECT count(*) - count(DISTINCT concept_id) FROM {_TYPED}")
    if twice:
        raise CommonwealError(
            f"{file.name} has {twice:,} concepts whose id another one has.",
            expected="one row for each concept",
            fix="Fetch the download again; files of two downloads do not mix.",
        )


def _typed(field: Field, column: str | None) -> str:
    cell = "NULL" if column is None else quoted(column)
    plain = f"TRY_CAST({cell} AS {SQL_TYPES[field.type]})"
    if field.type is not DataType.DATE:
        return plain
    return f"coalesce(CAST(try_strptime(CAST({cell} AS VARCHAR), '%Y%m%d') AS DATE), {plain})"
