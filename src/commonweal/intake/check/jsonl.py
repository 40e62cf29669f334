"""Notes as JSON Lines: one object on each line, checked by the same rules as CSV cells."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from commonweal.intake.check.columnar import (
    BATCH_ROWS,
    ROW,
    KeyWriter,
    build_key_schema,
)
from commonweal.intake.check.doubtful import build_keys
from commonweal.intake.check.exact import find_fault
from commonweal.intake.check.header import MAX_NAMED_COLUMNS, is_column_like
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import Progress
from commonweal.intake.findings import Finding, Tally, build_finding
from commonweal.schema.model import Table

UNNAMED = "a key that is no name of a column"
Cells = dict[str, str | None]


class JsonLines:
    """One pass over a ``.jsonl`` file; afterwards it knows its rows and what was wrong."""

    def __init__(self, path: Path, table: Table, tally: Tally, *, limit: int) -> None:
        self._path = path
        self._table = table
        self._tally = tally
        self._limit = limit
        self._strange: Counter[str] = Counter()
        self.rows = 0
        self.rejected = 0
        self.lines = LineMap(0)

    def check(self, keys: Path, progress: Progress) -> None:
        """Check every line; keys and dates go to ``keys``."""
        frame = pl.DataFrame(schema=dict.fromkeys(self._table.columns, pl.String))
        columns = build_keys(self._table.fields)
        with KeyWriter(keys, build_key_schema(self._table.fields)) as writer:
            for start, batch in self._batches(progress):
                text = pl.DataFrame(batch, schema=frame.schema).with_row_index(ROW, offset=start)
                writer.write(text.select(ROW, *columns))

    def find_strange(self) -> Iterator[Finding]:
        """Keys that are no column of the table, with the number of lines that have them."""
        for name, count in self._strange.most_common(MAX_NAMED_COLUMNS):
            yield build_finding(
                "header.unknown_column",
                file=self._path.name,
                table=self._table.name,
                column="" if name == UNNAMED else name,
                detail=name,
                count=count,
            )

    def _batches(self, progress: Progress) -> Iterator[tuple[int, list[Cells]]]:
        batch: list[Cells] = []
        done = 0
        for number, line in enumerate(self._read(), start=1):
            done += len(line)
            cells = self._take(line, number)
            if cells is not None:
                batch.append(cells)
            if len(batch) == BATCH_ROWS:
                yield self.rows - len(batch) + 1, batch
                batch = []
                progress(done)
        if batch:
            yield self.rows - len(batch) + 1, batch

    def _read(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            while line := stream.readline(self._limit + 1):
                if len(line) > self._limit:
                    number = self.rows + self.rejected + 1
                    self._tally.explain("structure.record_too_long", f"{self._limit >> 20} MiB")
                    self._tally.add("structure.record_too_long", line=number, record=number)
                    return
                yield line

    def _take(self, line: bytes, number: int) -> Cells | None:
        content = _parse(line)
        if not isinstance(content, Mapping):
            self._tally.add(content, line=number, record=number)
            self.rejected += 1
            return None
        self.rows += 1
        self.lines.shift_from(self.rows, records=self.rejected, lines=0)
        self._note_strange([key for key in content if key not in self._table.by_name], len(content))
        return {field.name: self._cell(content, field.name, number) for field in self._table.fields}

    def _note_strange(self, keys: list[str], width: int) -> None:
        mostly_known = 2 * len(keys) <= width
        self._strange.update(
            {key if is_column_like(key, mostly_known=mostly_known) else UNNAMED for key in keys}
        )

    def _cell(self, content: Mapping[str, Any], name: str, number: int) -> str | None:
        value = content.get(name)
        text = as_text(value)
        field = self._table.field(name)
        code = "type.string" if text is None else find_fault(field, text)
        if code:
            self._tally.add(code, line=number, record=number, column=name, value=text)
        return text or None


def _parse(line: bytes) -> Mapping[str, Any] | str:
    """The object on a line, or the code of what is wrong with the line."""
    if not line.strip():
        return "structure.blank_line"
    try:
        content = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return "encoding.invalid_utf8"
    except (ValueError, RecursionError):
        return "structure.bad_json"
    return content if isinstance(content, dict) else "structure.bad_json"


def as_text(value: object) -> str | None:
    """A JSON value as the text of a cell; None when it is not one value."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None
