"""A snapshot of made-up feeds on disk."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.protocol import ROW_GROUP_ROWS
from commonweal.engine.storage import make_private, readable_json
from commonweal.schema.feeds import check_feeds
from commonweal.synthetic.frames import write_once

FORMAT = "commonweal-feeds-1"
MANIFEST = "manifest.json"


def write_feeds(feeds: Mapping[str, pa.Table], folder: Path, *, as_of: date) -> dict[str, Any]:
    """Write a snapshot of made-up feeds and return its manifest.

    ``folder`` lies among the other snapshots, in a folder that is closed to other users. It
    appears whole or not at all. Writing the same snapshot again changes nothing.

    Raises:
        CommonwealError: the feeds are not as declared, or ``folder`` holds another snapshot.
    """
    check_feeds({name: table.schema for name, table in feeds.items()})
    contents = {f"{name}.parquet": _parquet(table) for name, table in sorted(feeds.items())}
    manifest = {
        "format": FORMAT,
        "as_of": as_of.isoformat(),
        "synthetic": True,
        "feeds": [
            {
                "name": name,
                "file": f"{name}.parquet",
                "rows": table.num_rows,
                "sha256": hashlib.sha256(contents[f"{name}.parquet"]).hexdigest(),
            }
            for name, table in sorted(feeds.items())
        ],
    }
    contents[MANIFEST] = readable_json(manifest)
    make_private(folder.parent)
    write_once(folder, contents)
    return manifest


def _parquet(table: pa.Table) -> bytes:
    """A table's Parquet bytes, in one fixed way of writing."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP_ROWS,
        store_schema=False,
    )
    return bytes(sink.getvalue())
