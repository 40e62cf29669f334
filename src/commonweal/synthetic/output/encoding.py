"""Rows as the text of a file: CSV as in RFC 4180, or one JSON object on each line."""

import csv
import io
from collections.abc import Sequence

import polars as pl
import pyarrow as pa

LINE_END = "\r\n"


def encode_header(names: Sequence[str]) -> bytes:
    """The line of names."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=LINE_END).writerow(names)
    return text.getvalue().encode()


def encode_csv(rows: pa.Table) -> bytes:
    """Rows without a header, in quotes only where they must be; an absent value is empty."""
    stream = io.BytesIO()
    _as_text(rows).write_csv(
        stream, include_header=False, line_terminator=LINE_END, quote_style="necessary"
    )
    return stream.getvalue()


def encode_json_lines(rows: pa.Table) -> bytes:
    """An object with every column for each row; an absent value is null."""
    stream = io.BytesIO()
    _as_text(rows).write_ndjson(stream)
    return stream.getvalue()


def _as_text(rows: pa.Table) -> pl.DataFrame:
    """Dates and times as ``YYYY-MM-DD`` and ``YYYY-MM-DD HH:MM:SS``.

    Arrow writes them several times as fast as Polars.
    """
    for place, field in enumerate(rows.schema):
        column = rows.column(place)
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.timestamp("s"), safe=False)
        if pa.types.is_temporal(field.type):
            rows = rows.set_column(place, field.name, column.cast(pa.string()))
    frame = pl.from_arrow(rows)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table of Arrow gives a frame")
    return frame
