"""Notes as JSON Lines: one object on each line, checked by the same rules as CSV cells."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from commonweal.intake.check.columnar import BATCH_ROWS, ROW, KeyWriter, build_key_schema
from commonweal.intake.check.doubtful import build_keys
from commonweal.intake.check.exact import find_fault
from commonweal.intake.check.header import MAX_NAMED_COLUMNS, find_bad_byte, is_column_like
from commonweal.intake.check.json_line import Pairs, as_text, find_field, read_line
from commonweal.intake.check.kept import is_kept
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import Progress
from commonweal.intake.findings import Finding, Tally, build_finding
from commonweal.schema.model import Field, Table

UNNAMED = "a key that is no name of a column"
Cells = dict[str, str | None]


class JsonLines:
    """One pass over a ``.jsonl`` file; afterwards it knows its rows and what was wrong."""

    def __init__(self, path: Path, table: Table, tally: Tally, *, limit: int) -> None:
        self._path = path
        self._table = table
        self._tally = tally
        self._limit = limit
        self._kept = [field for field in table.fields if is_kept(field)]
        self._strange: Counter[str] = Counter()
        self._offset = 0
        self.rows = 0
        self.rejected = 0
        self.seen = 0
        self.lines = LineMap(0)

    def check(self, keys: Path, progress: Progress) -> None:
        """Check every line; keys and dates go to ``keys``."""
        frame = pl.DataFrame(schema={field.name: pl.String for field in self._kept})
        columns = build_keys(self._kept)
        with KeyWriter(keys, build_key_schema(self._kept)) as writer:
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
        for line in self._read():
            self.seen += 1
            cells = self._take(line)
            self._offset += len(line)
            if cells is not None:
                batch.append(cells)
            if len(batch) == BATCH_ROWS:
                yield self.rows - len(batch) + 1, batch
                batch = []
                progress(self._offset)
        if batch:
            yield self.rows - len(batch) + 1, batch

    def _read(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            while line := stream.readline(self._limit + 1):
                if len(line) > self._limit:
                    self.seen += 1
                    self._tally.explain("structure.record_too_long", f"{self._limit >> 20} MiB")
                    self._reject("structure.record_too_long")
                    return
                yield line

    def _take(self, line: bytes) -> Cells | None:
        """The cells of a line that later passes need; None when it could not be read."""
        content = read_line(line, is_first=self.seen == 1)
        if isinstance(content, str):
            bad = find_bad_byte(line)
            if bad is not None:
                self._tally.explain("encoding.invalid_utf8", f"{self._offset + bad:,}")
            self._reject(content)
            return None
        self.rows += 1
        self.lines.shift_from(self.rows, records=self.rejected, lines=0)
        found = self._match(content)
        for field in self._table.fields:
            self._check_cell(field, found.get(field.name, ""))
        return {field.name: found.get(field.name) or None for field in self._kept}

    def _reject(self, code: str) -> None:
        self._tally.add(code, line=self.seen, record=self.seen)
        self.rejected += 1

    def _match(self, content: Pairs) -> dict[str, str | None]:
        """The texts by the columns they are meant for; other keys are noted."""
        found, strange = {}, []
        for key, value in content:
            field = find_field(key, self._table)
            if field is None:
                strange.append(key)
                continue
            found[field.name] = as_text(value)
            if key != field.name:
                code = "header.spelling" if key != key.strip() else "header.case"
                self._tally.add(code, line=self.seen, record=self.seen, column=field.name)
        mostly_known = 2 * len(strange) <= len(content)
        self._strange.update(
            {key if is_column_like(key, mostly_known=mostly_known) else UNNAMED for key in strange}
        )
        return found

    def _check_cell(self, field: Field, text: str | None) -> None:
        code = "type.string" if text is None else find_fault(field, text)
        at = self.seen
        if code:
            self._tally.add(code, line=at, record=at, column=field.name, value=text)
        if text and "\0" in text:
            self._tally.add("encoding.nul", line=at, record=at)
