"""What the product asks of an engine; the only door to DuckDB and Spark."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa

from commonweal.schema.errors import CommonwealError

ROW_GROUP_ROWS = 122_880
"""Rows in a Parquet row group: fixed, because it is part of what makes files identical."""


class EngineError(CommonwealError):
    """The engine refused or could not finish; the message holds no cell of any row."""


class InterruptedWorkError(EngineError):
    """The work was stopped by ``interrupt``; the engine goes on working."""


class Engine(Protocol):
    """Relational work on views of files.

    SQL is in DuckDB's dialect, restricted to ``engine.functions`` where it comes from a
    rule. Values are passed as ``?`` parameters; names are quoted by the caller.
    """

    name: str

    def register_parquet(self, view: str, files: Sequence[Path]) -> None:
        """Make a view of Parquet files, rows in file order."""

    def register_arrow(self, view: str, table: pa.Table) -> None:
        """Make a view of an in-memory table."""

    def attach_database(self, alias: str, file: Path) -> None:
        """Attach a ``.duckdb`` file read-only."""

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement for its effect."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Run a query and return the first column of its first row."""

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query and return an Arrow table."""

    def columns(self, relation: str) -> dict[str, str]:
        """Column names of a view or table and their engine types, in order."""

    def write_parquet(self, sql: str, file: Path, *, order_by: Sequence[str]) -> int:
        """Write a query's rows to one Parquet file and return how many.

        ``order_by`` must be a unique key of the rows: then the bytes are the same for
        any number of threads and any memory cap.
        """

    def interrupt(self) -> None:
        """Stop what the engine is doing just now; may be called from another thread.

        The work that is stopped raises InterruptedWorkError; nothing happens when there is none.
        """

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
