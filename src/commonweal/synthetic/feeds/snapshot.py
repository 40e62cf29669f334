"""The programme's side of made-up persons: all feeds, and a snapshot of them on disk."""

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
from commonweal.synthetic.answers import build_answers
from commonweal.synthetic.body import build_biosamples, build_measurements, build_wearable_days
from commonweal.synthetic.draws import Draws
from commonweal.synthetic.enrolment import (
    build_accounts,
    build_consents,
    build_participants,
    enrol,
)
from commonweal.synthetic.frames import write_once

FORMAT = "commonweal-feeds-1"
MANIFEST = "manifest.json"


def build_feeds(persons: pa.Table, *, seed: int, as_of: date) -> dict[str, pa.Table]:
    """Make every feed for these persons, as the programme would know them on ``as_of``.

    ``persons`` has the columns person_id, site, birth_date, sex_concept_id, race_concept_id
    and ethnicity_concept_id; a column state, where there is one, says where their site is, in
    which most of them live. What a person gets depends on the seed and the person alone.
    Persons who are not adults by ``as_of`` do not enrol.

    Raises:
        CommonwealError: ``as_of`` lies before the programme began, or nothing is known of a
            state.
    """
    draws = Draws(seed)
    people = enrol(persons, draws, as_of)
    return {
        "account_registration": build_accounts(people, draws, as_of),
        "participant": build_participants(people, draws),
        "consent_event": build_consents(people, draws),
        "survey_response": build_answers(people, draws),
        "physical_measurement": build_measurements(people, draws),
        "biosample": build_biosamples(people, draws),
        "wearable_day": build_wearable_days(people, draws),
    }


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
