"""A Parquet file that is the same, byte for byte, in whatever pieces its rows arrive."""

import hashlib
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.protocol import ROW_GROUP_ROWS


class _HashedFile:
    """A file to write to from the first byte to the last, which knows what was written."""

    def __init__(self, path: Path) -> None:
        self._stream: BinaryIO = path.open("wb")
        self.digest = hashlib.sha256()
        self.is_lost = False
        """Whether nothing is written any more, because nobody will read the file."""

    @property
    def closed(self) -> bool:
        return self._stream.closed

    def write(self, content: bytes) -> int:
        if self.is_lost:
            return len(content)
        self.digest.update(content)
        return self._stream.write(content)

    def tell(self) -> int:
        return self._stream.tell()

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self._stream.close()


class ParquetFile:
    """Rows of one table, in row groups of exactly ``ROW_GROUP_ROWS``; the last may be shorter.

    Rows wait until they fill a group, and each group is written in one piece: so neither the
    groups nor the pages in them depend on how the rows were appended.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._count = 0
        self._file = _HashedFile(path)
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            version="2.6",
            compression="zstd",
            compression_level=3,
            store_schema=False,
        )

    @property
    def sha256(self) -> str:
        """Of the whole file, once it is closed."""
        return self._file.digest.hexdigest()

    def append(self, rows: pa.Table) -> None:
        """Add rows with the columns and types of the file."""
        self._waiting.append(rows)
        self._count += rows.num_rows
        self.rows += rows.num_rows
        if self._count >= ROW_GROUP_ROWS:
            self._write_groups()

    def close(self) -> None:
        """Write what waits and the end of the file."""
        if self._count:
            self._write(pa.concat_tables(self._waiting))
        self._waiting = []
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        """Let go of the file, whether it is finished or not."""
        self._file.is_lost = True
        self._writer.close()
        self._file.close()

    def _write_groups(self) -> None:
        rows = pa.concat_tables(self._waiting)
        whole = rows.num_rows // ROW_GROUP_ROWS * ROW_GROUP_ROWS
        for start in range(0, whole, ROW_GROUP_ROWS):
            self._write(rows.slice(start, ROW_GROUP_ROWS))
        self._waiting = [rows.slice(whole)]
        self._count = rows.num_rows - whole

    def _write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.combine_chunks(), row_group_size=ROW_GROUP_ROWS)
