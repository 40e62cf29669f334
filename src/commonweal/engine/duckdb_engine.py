"""DuckDB in this process. Only its built-in functions: no extension is ever installed."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from commonweal.engine.protocol import ROW_GROUP_ROWS, EngineError, InterruptedWorkError
from commonweal.engine.settings import EngineSettings
from commonweal.engine.sql import quoted, quoted_text


class DuckDBEngine:
    """One DuckDB connection with its memory capped and nothing reached over a network."""

    name = "duckdb"
    _remove_own_spill: Callable[[], object] | None = None

    def __init__(self, settings: EngineSettings, *, spill_folder: Path | None = None) -> None:
        spill = settings.spill_folder or spill_folder or self._make_own_spill()
        spill.mkdir(parents=True, exist_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": settings.memory_limit,
            "threads": settings.threads,
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(spill),
        }
        self._connection = duckdb.connect(":memory:", config=config)
        # It would draw into results; verbs have bars of their own.
        self.execute("SET enable_progress_bar = false")

    def register_parquet(self, view: str, files: Sequence[Path]) -> None:
        names = ", ".join(quoted_text(str(file)) for file in files)
        self.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(view)} AS FROM read_parquet([{names}])")

    def register_arrow(self, view: str, table: pa.Table) -> None:
        self._connection.register(view, table)

    def attach_database(self, alias: str, file: Path) -> None:
        self.execute(f"ATTACH {quoted_text(str(file))} AS {quoted(alias)} (READ_ONLY)")

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        self._run(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with _told_plainly():
            return self._run(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        with _told_plainly():
            return self._connection.sql(sql, params=list(parameters)).to_arrow_table()

    def columns(self, relation: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {quoted(relation)}")}

    def write_parquet(self, sql: str, file: Path, *, order_by: Sequence[str]) -> int:
        order = ", ".join(f"{quoted(column)} ASC NULLS FIRST" for column in order_by)
        self.execute(
            f"COPY (SELECT * FROM ({sql}) ORDER BY {order}) TO {quoted_text(str(file))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )
        return int(self.value("SELECT num_rows FROM parquet_file_metadata(?)", [str(file)]))

    def interrupt(self) -> None:
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()
        if self._remove_own_spill is not None:
            self._remove_own_spill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make_own_spill(self) -> Path:
        """A private folder that goes with the engine.

        Without one DuckDB would spill people's rows into the current folder.
        """
        folder = Path(tempfile.mkdtemp(prefix="commonweal-spill-"))
        self._remove_own_spill = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _run(self, sql: str, parameters: Sequence[object]) -> duckdb.DuckDBPyConnection:
        with _told_plainly():
            return self._connection.execute(sql, list(parameters) or None)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn DuckDB's errors into ours.

    DuckDB quotes the offending cell in conversion errors, so its text stays in the chained
    cause, which only a developer's traceback shows.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise InterruptedWorkError("The engine was told to stop a query.") from error
    except duckdb.OutOfMemoryException as error:
        raise EngineError(
            "The engine ran out of memory.",
            fix="Raise engine.memory_limit, or free room in the spill folder.",
        ) from error
    except duckdb.IOException as error:
        full = "No space left" in str(error)
        raise EngineError(
            "The disk is full." if full else "The engine could not read or write a file.",
            expected="room and permission in the home and the spill folder",
            fix="Make room, or choose another home." if full else "Check the disk and who owns it.",
        ) from error
    except duckdb.Error as error:
        raise EngineError(f"The engine refused a query ({type(error).__name__}).") from error


def open_engine(settings: EngineSettings, *, spill_folder: Path | None = None) -> DuckDBEngine:
    """Open the engine the settings ask for."""
    return DuckDBEngine(settings, spill_folder=spill_folder)
