"""Runs small text tables through a stage, and reads the result back as text tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.curation.example import ExampleTable
from commonweal.curation.runner import StageResult, run_stage
from commonweal.curation.stage import Stage
from commonweal.engine.functions import Type
from commonweal.engine.protocol import Engine
from commonweal.schema.model import DataType, Field, Table, get_model

SITE, RECORD = "_src_site", "_src_row"
DEFAULT_SITE = "a"
ARROW = {
    DataType.INTEGER: pa.int64(),
    DataType.FLOAT: pa.float64(),
    DataType.STRING: pa.string(),
    DataType.DATE: pa.date32(),
    DataType.TIMESTAMP: pa.timestamp("us"),
}
READ = {
    DataType.INTEGER: int,
    DataType.FLOAT: float,
    DataType.STRING: str,
    DataType.DATE: date.fromisoformat,
    DataType.TIMESTAMP: datetime.fromisoformat,
}
VALUE = {
    Type.INTEGER: int,
    Type.FLOAT: float,
    Type.STRING: str,
    Type.DATE: date.fromisoformat,
    Type.BOOLEAN: lambda text: text == "true",
}
EXTRA = {SITE: DataType.STRING, RECORD: DataType.INTEGER, "_uncast": DataType.INTEGER}

Rows = list[dict[str, Any]]


def read_rows(table: ExampleTable, fields: Sequence[Field]) -> Rows:
    """Cells by column, read as the types of the fields or of the extra columns."""
    types = {**EXTRA, **{field.name: field.type for field in fields}}
    unknown = set(table.columns) - set(types)
    assert not unknown, f"{table.name} has no {unknown}"
    return [
        {
            column: None if cell is None else READ[types[column]](cell)
            for column, cell in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]


def write_input(folder: Path, table: Table, rows: Rows, *, extra: Sequence[str] = ()) -> Path:
    """A stage input: all columns of the table, the extra ones and the lineage."""
    types = {field.name: field.type for field in table.fields}
    types |= {name: EXTRA[name] for name in (*extra, SITE, RECORD)}
    numbered = [{SITE: DEFAULT_SITE, RECORD: i, **row} for i, row in enumerate(rows, start=1)]
    return _write(folder / f"in_{table.name}.parquet", types, numbered)


def write_relation(folder: Path, table: Table, rows: Rows) -> Path:
    types = {field.name: field.type for field in table.fields}
    return _write(folder / f"given_{table.name}.parquet", types, rows)


def _write(file: Path, types: Mapping[str, DataType], rows: Rows) -> Path:
    columns = {
        name: pa.array([row.get(name) for row in rows], ARROW[kind]) for name, kind in types.items()
    }
    pq.write_table(pa.table(columns), file)
    return file


@dataclass(frozen=True)
class Bench:
    """An engine and a folder to run stages in."""

    engine: Engine
    folder: Path

    def run(
        self,
        stage: Stage,
        tables: Sequence[ExampleTable],
        given: Sequence[ExampleTable] = (),
        parameters: Mapping[str, object] | None = None,
    ) -> StageResult:
        model, feeds = stage.tables, get_model("feeds").tables
        inputs = {
            table.name: [
                write_input(
                    self.folder,
                    model[table.name],
                    read_rows(table, model[table.name].fields),
                    extra=tuple(stage.extra),
                )
            ]
            for table in tables
        }
        relations = {
            table.name: [
                write_relation(
                    self.folder, feeds[table.name], read_rows(table, feeds[table.name].fields)
                )
            ]
            for table in given
        }
        return run_stage(
            self.engine,
            stage,
            inputs,
            out=self.folder / "out",
            parameters=parameters,
            relations=relations,
        )


def as_text(file: Path, columns: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Some columns of a Parquet file, in its order, as they would be written in an example."""
    rows = pq.read_table(file, columns=list(columns)).to_pylist()
    return [tuple(_text(row[column]) for column in columns) for row in rows]


def _text(value: object) -> str | None:
    if isinstance(value, float):
        return f"{value:g}"
    return None if value is None else str(value)
