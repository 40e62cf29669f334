"""Reads a table of text in pieces of whole lines, so that its size does not matter.

Athena's files are tab-separated and quote nothing: a quotation mark is a character as any
other. Comma-separated files quote as usual, and a quoted cell may hold line ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from commonweal.schema.errors import CommonwealError

PIECE_BYTES = 32 << 20
LONGEST_HEADER = 10_000
LONGEST_ROW = 8 << 20
"""Bytes without the end of a row that are too many to be one."""


@dataclass(frozen=True)
class Header:
    """The first line of a table of text: the columns, and how cells are divided."""

    columns: tuple[str, ...]
    delimiter: str
    quote: str


@dataclass(frozen=True)
class Piece:
    """Whole rows of a table, and the number of the line the first of them stands on."""

    content: bytes
    first_line: int


def read_header(stream: IO[bytes], name: str) -> Header:
    """The header; the stream stands behind it then.

    Raises:
        CommonwealError: it is not text.
    """
    try:
        line = stream.readline(LONGEST_HEADER).decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise _unreadable(name) from error
    delimiter, quote = ("\t", "") if "\t" in line else (",", '"')
    columns = tuple(cell.strip().strip('"') for cell in line.split(delimiter))
    if not all(column.isprintable() for column in columns):
        raise _unreadable(name)
    return Header(columns, delimiter, quote)


def read_pieces(stream: IO[bytes], header: Header, name: str) -> Iterator[Piece]:
    """The rows behind the header, in pieces of about ``PIECE_BYTES``.

    Raises:
        CommonwealError: a row does not end.
    """
    rest, line = b"", 2
    while chunk := stream.read(PIECE_BYTES):
        rest += chunk
        end = _find_end(rest, header.quote)
        if not end and len(rest) > LONGEST_ROW:
            raise CommonwealError(
                f"Line {line} of {name} does not end.",
                expected="rows that end with a line end, and quotes that are closed",
                fix="Fetch or export the file again.",
            )
        if end:
            yield Piece(rest[:end], line)
            line += rest.count(b"\n", 0, end)
            rest = rest[end:]
    if rest:
        yield Piece(rest, line)


def find_fault(piece: Piece, header: Header, name: str) -> CommonwealError:
    """What is wrong with a piece that cannot be read, and on which line as far as can be told."""
    rows = piece.content.split(b"\n") if not header.quote else []
    for number, row in enumerate(rows, start=piece.first_line):
        try:
            cells = row.decode().count(header.delimiter) + 1
        except UnicodeDecodeError:
            return _fault(f"Line {number} of {name} is not UTF-8 text.")
        if row.strip(b"\r") and cells != len(header.columns):
            wanted = len(header.columns)
            return _fault(f"Line {number} of {name} has {cells} cells; the header has {wanted}.")
    return _unreadable(name)


def list_columns(header: Header) -> Sequence[str]:
    """Columns as they are known in SQL: lower case."""
    return [column.lower() for column in header.columns]


def _find_end(content: bytes, quote: str) -> int:
    """Where the last whole row ends: a line end outside quotes; 0 when there is none."""
    end = content.rfind(b"\n") + 1
    if not quote:
        return end
    mark = quote.encode()
    marks = content.count(mark, 0, end)
    while end and marks % 2:
        before = content.rfind(b"\n", 0, end - 1) + 1
        marks -= content.count(mark, before, end)
        end = before
    return end


def _unreadable(name: str) -> CommonwealError:
    return _fault(f"{name} cannot be read.")


def _fault(found: str) -> CommonwealError:
    return CommonwealError(
        found,
        expected="a file as Athena delivers it, CSV in UTF-8, or Parquet",
        fix="Fetch or export the file again.",
    )
