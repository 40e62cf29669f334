"""What is left of an erasure: who ordered it, why, what was there, and what stands there now."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.storage import Location, readable_json
from commonweal.intake.lifecycle.history import Event
from commonweal.intake.submission import Submission


def get_certificate_file(home: Path, site: str, name: str) -> Path:
    """Where the certificate of an erasure stands."""
    return home / "history" / site / ".certificates" / f"{name}.json"


def describe_files(submission: Submission) -> list[dict[str, Any]]:
    """Every data file with its size, rows and checksum; no value of anybody."""
    return [asdict(file) for file in submission.files]


def write_certificate(
    home: Path, order: Event, replacement: Submission | None, *, now: datetime
) -> str:
    """Write the certificate of an order that was carried out, once, and return its name.

    ``replacement`` is the folder that stands in the place of the one that was erased. The time
    of the order is never before that of the event before it, whatever the clock says; nor is
    the end before the order.
    """
    name = str(order.details["certificate"])
    file = get_certificate_file(home, str(order.details["site"]), name)
    content = {
        **order.details,
        "submission": order.submission,
        "ordered_at": order.at.isoformat(),
        "ordered_by": order.by,
        "finished_at": max(now, order.at).isoformat(),
        "replacement": replacement.id if replacement else None,
        "after": describe_files(replacement) if replacement else [],
        "order": order.digest,
    }
    Location.of(file.parent).create(file.name, readable_json(content))
    return name
