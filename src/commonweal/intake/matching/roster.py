"""The roster of a site: its participants whose records it may send, and how that changed.

Every download is recorded beside the landing area in an append-only file with the ids that
were listed, so what changed since the last download is exact. The roster holds details of
people: it is written for its owner alone.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from commonweal.engine.storage import (
    Location,
    hold_lock,
    make_private,
    readable_json,
    sha256_of,
)
from commonweal.intake.matching.declared import FIELDS
from commonweal.intake.matching.eligible import Barrier, list_eligible
from commonweal.intake.matching.matched import ProgrammeSide
from commonweal.intake.recording import check_words
from commonweal.schema.errors import CommonwealError

FOLDER = "rosters"
ID, CHANGE, AUTHORISED = "participant_id", "change", "authorised_on"
COLUMNS = (ID, CHANGE, AUTHORISED, *FIELDS)
"""Columns of the file, which never change their order."""
FORMULA, NUMBER = r"^[=+@\t\r-]", r"^[+-]?[0-9 ().-]+$"


class Change(StrEnum):
    """What happened to a participant of a site since its last download; else the cell is empty."""

    ADDED = "added"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_AUTHORISED = "not_authorised"
    """Took the authorisation back, or its form turned out not to be valid."""
    UNPAIRED = "unpaired"
    """Paired to another site now, or to none, or no participant any more."""


IS_LISTED = pl.col(CHANGE).is_null() | (pl.col(CHANGE) == Change.ADDED)
GONE: Mapping[Barrier, Change] = {
    Barrier.WITHDRAWN: Change.WITHDRAWN,
    Barrier.EXPIRED: Change.EXPIRED,
    Barrier.NOT_AUTHORISED: Change.NOT_AUTHORISED,
    Barrier.NOT_VALIDATED: Change.NOT_AUTHORISED,
}


@dataclass(frozen=True)
class Download:
    """One download of a site's roster, as it was recorded."""

    number: int
    site: str
    by: str
    at: datetime
    feeds_of: date
    """Day of the snapshot it was made from."""
    feeds_digest: str
    sha256: str
    """Of the file."""
    participants: tuple[int, ...]
    """Ids that it listed, in their order."""

    def to_json(self) -> dict[str, Any]:
        """Who downloaded what and when, without the ids."""
        return {
            "number": self.number,
            "site": self.site,
            "by": self.by,
            "at": self.at.isoformat(),
            "feeds_of": self.feeds_of.isoformat(),
            "feeds_digest": self.feeds_digest,
            "sha256": self.sha256,
            "participants": len(self.participants),
        }


@dataclass(frozen=True)
class Roster:
    """The roster of a site as of a snapshot, beside its last download."""

    site: str
    rows: pl.DataFrame
    """Columns as in the file: participants listed now, then those who are not any more, of
    whom there is the id and nothing else."""
    last: Download | None

    @property
    def listed(self) -> tuple[int, ...]:
        """Ids of those whose records may be sent."""
        return tuple(self.rows.filter(IS_LISTED)[ID].to_list())

    def count_changes(self) -> dict[str, int]:
        """Participants by what happened to them."""
        counted = dict(self.rows[CHANGE].value_counts().iter_rows())
        return {change.value: counted.get(change.value, 0) for change in Change}

    def to_json(self) -> dict[str, Any]:
        """Counts, and the last download; nobody is named."""
        return {
            "site": self.site,
            "participants": len(self.listed),
            "changes": self.count_changes(),
            "last_download": self.last.to_json() if self.last else None,
        }

    def to_csv(self) -> bytes:
        """The file that a site downloads; what a spreadsheet would run as a formula is quoted."""
        return self.rows.with_columns(map(_quote_formula, FIELDS)).write_csv().encode()


def build_roster(site: str, programme: ProgrammeSide, last: Download | None) -> Roster:
    """The roster of a site, and what changed since ``last``."""
    listed = list_eligible(programme.standing).filter(pl.col("site") == site)
    before = pl.Series(ID, last.participants if last else (), pl.Int64)
    added = ~pl.col(ID).is_in(before.implode())
    change = pl.when(added).then(pl.lit(Change.ADDED.value))
    now = listed.join(programme.contacts, on=ID, how="left").with_columns(change.alias(CHANGE))
    gone = _list_gone(before, listed, programme.standing)
    return Roster(site, pl.concat([now.sort(ID).select(COLUMNS), gone], how="diagonal"), last)


def find_last_download(home: Path, site: str) -> Download | None:
    """The latest download of a site's roster; None when there was none."""
    downloads = list_downloads(home, site)
    return downloads[-1] if downloads else None


def list_downloads(home: Path, site: str) -> list[Download]:
    """Every download of a site's roster, the first one first."""
    files = sorted((home / FOLDER / site).glob("[0-9]*.json"))
    return [_read(file) for file in files]


def count_downloads(home: Path, site: str) -> int:
    """How often the roster of a site was downloaded."""
    return sum(1 for _ in (home / FOLDER / site).glob("[0-9]*.json"))


def find_record(home: Path, site: str, file: Path, *, by: str, since: datetime) -> Download | None:
    """The record of a roster that somebody downloaded into ``file``; None without one."""
    if not file.is_file():
        return None
    digest = sha256_of(file)
    recorded = [
        one
        for one in list_downloads(home, site)
        if one.sha256 == digest and one.by == by and one.at >= since
    ]
    return recorded[-1] if recorded else None


def write_changes(roster: Path, out: Path) -> dict[str, int]:
    """Write the rows of a roster's file that something happened to; returns what, counted.

    ``out`` may exist: it follows from the roster and is written anew. The count of those who
    are listed is beside the changes, as ``participants``.
    """
    text = pl.read_csv(roster, infer_schema=False)
    changed = text.filter(pl.col(CHANGE).is_not_null())
    out.unlink(missing_ok=True)
    _write_private(out, changed.write_csv().encode())
    counted = dict(changed[CHANGE].value_counts().iter_rows())
    changes = {change.value: counted.get(change.value, 0) for change in Change}
    gone = changed.height - changes[Change.ADDED]
    return {"participants": text.height - gone, **changes}


def download_roster(
    home: Path,
    site: str,
    programme: ProgrammeSide,
    out: Path,
    *,
    by: str,
    now: datetime,
    feeds_of: date,
    feeds_digest: str,
) -> tuple[Roster, Download]:
    """Write the roster to ``out`` and record the download.

    The record comes after the file: when something stops between the two, the next download
    tells of the same changes again rather than of none. Of several downloads of a site at
    once one goes after the other.

    Raises:
        CommonwealError: there is a file at ``out`` already, or it cannot be written, or nobody is
            named who downloads it.
    """
    by = check_words("The name of who downloads it", by)
    make_private(home / FOLDER)
    with hold_lock(home / FOLDER / f".{site}.lock"):
        roster = build_roster(site, programme, find_last_download(home, site))
        content = roster.to_csv()
        _write_private(out, content)
        download = Download(
            number=roster.last.number + 1 if roster.last else 1,
            site=site,
            by=by,
            at=now,
            feeds_of=feeds_of,
            feeds_digest=feeds_digest,
            sha256=hashlib.sha256(content).hexdigest(),
            participants=roster.listed,
        )
        _record(home, download)
    return roster, download


def _quote_formula(field: str) -> pl.Expr:
    """A text with an apostrophe in front where a spreadsheet would take it for a formula.

    Participants enter their details themselves, and stewards open the file. Telephone numbers
    that begin with a plus sign are none.
    """
    text = pl.col(field).cast(pl.String)
    risky = text.str.contains(FORMULA) & ~text.str.contains(NUMBER)
    return pl.when(risky).then(pl.lit("'") + text).otherwise(text).alias(field)


def _list_gone(before: pl.Series, listed: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Those of the last download who are not listed any more, and why."""
    gone = before.to_frame().join(listed, on=ID, how="anti")
    why = {barrier.value: change.value for barrier, change in GONE.items()}
    reason = pl.col("barrier").replace_strict(
        why, default=Change.UNPAIRED.value, return_dtype=pl.String
    )
    return gone.join(standing, on=ID, how="left").select(ID, reason.alias(CHANGE)).sort(ID)


def _record(home: Path, download: Download) -> None:
    place = Location.of(home / FOLDER / download.site)
    content = download.to_json() | {"participants": list(download.participants)}
    if not place.create(f"{download.number:06d}.json", readable_json(content)):
        raise CommonwealError(
            f"A download number {download.number} of {download.site} is recorded already.",
            fix="Download the roster again.",
        )


def _read(file: Path) -> Download:
    content = json.loads(file.read_bytes())
    return Download(
        number=content["number"],
        site=content["site"],
        by=content["by"],
        at=datetime.fromisoformat(content["at"]),
        feeds_of=date.fromisoformat(content["feeds_of"]),
        feeds_digest=content["feeds_digest"],
        sha256=content["sha256"],
        participants=tuple(content["participants"]),
    )


def _write_private(out: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=out.parent, prefix=".part-") as scratch:
            scratch.write(content)
            scratch.flush()
            os.fsync(scratch.fileno())
            os.link(scratch.name, out)
    except FileExistsError as error:
        raise CommonwealError(
            f"There is a file {out} already.",
            expected="a name that is free: a roster is never written over",
            fix="Give another name with --out.",
        ) from error
    except OSError as error:
        raise CommonwealError(
            f"The roster cannot be written to {out}: {error.strerror}.",
            fix="Choose a file in a folder that exists and can be written.",
        ) from error
