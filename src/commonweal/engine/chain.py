"""A record that only grows: one small file for each entry, each naming the one before.

An entry is written if no other has its number, and holds the digest of itself and of the one
before; so a missing or changed one is noticed, and of two writers one is first.
"""

import json
from collections.abc import Sequence
from typing import Any

from commonweal.engine.storage import Location, digest_of, readable_json

Entry = dict[str, Any]
"""What is stored: the content given, with ``number``, ``previous`` and ``digest``."""
DIGITS = 6


class BrokenChainError(Exception):
    """An entry is missing or was changed; ``number`` says which, counted from 1.

    ``before`` are the entries in front of it, which are whole.
    """

    def __init__(self, number: int, before: Sequence[Entry] = ()) -> None:
        super().__init__(number)
        self.number = number
        self.before = tuple(before)


def read_chain(place: Location) -> list[Entry]:
    """Every entry, the first one first; a place that is not there has none.

    Raises:
        BrokenChainError: it is not whole.
    """
    entries: list[Entry] = []
    for number, file in enumerate(sorted(place.path.glob("[0-9]*.json")), start=1):
        entry = _parse(file.read_bytes())
        previous = entries[-1]["digest"] if entries else ""
        if entry is None or (entry.get("number"), entry.get("previous")) != (number, previous):
            raise BrokenChainError(number, entries)
        entries.append(entry)
    return entries


def append_entry(place: Location, before: Entry | None, content: Entry) -> Entry | None:
    """Write the entry that follows ``before``; None, and nothing written, if another was first."""
    number = before["number"] + 1 if before else 1
    entry = content | {"number": number, "previous": before["digest"] if before else ""}
    sealed = entry | {"digest": digest_of(entry)}
    if not place.create(f"{number:0{DIGITS}}.json", readable_json(sealed)):
        return None
    return sealed


def _parse(content: bytes) -> Entry | None:
    """An entry, or nothing when it is not what was written."""
    try:
        entry = json.loads(content)
    except ValueError:
        return None
    if not isinstance(entry, dict):
        return None
    bare = {name: value for name, value in entry.items() if name != "digest"}
    return entry if entry.get("digest") == digest_of(bare) else None
