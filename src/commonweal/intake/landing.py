"""The landing area: every folder a site handed in, as it was sent, for good.

A submission is a folder that appears whole or not at all and is never written again: the
files, their checksums (``manifest.json``), the event (``submission.json``), the report of
the check and, when it was accepted, how completely the columns are filled. A rejected
submission is kept as well, with the report that says why.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.storage import (
    CHUNK_BYTES,
    Location,
    digest_of,
    readable_json,
    sha256_of,
    whole_folder,
)
from commonweal.intake.completeness import measure_files
from commonweal.intake.html import render_html
from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import CheckReport, FileReport
from commonweal.intake.sites import Purpose, check_authorised, get_site
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table

MANIFEST, EVENT = "manifest.json", "submission.json"
REPORT, REPORT_PAGE, COMPLETENESS = "report.json", "report.html", "completeness.json"


@dataclass(frozen=True)
class LandedFile:
    """One file of a submission; ``rows`` are data rows, and ``table`` is what it was read as."""

    name: str
    table: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True)
class Submission:
    """A folder that was handed in. ``folder`` is where it stands in the landing area."""

    id: str
    site: str
    purpose: Purpose
    synthetic: bool
    dialect: str
    received_at: datetime
    verdict: str
    folder: Path
    files: tuple[LandedFile, ...]
    digest: str

    @property
    def is_accepted(self) -> bool:
        return self.verdict == "accepted"

    def to_json(self) -> dict[str, Any]:
        """The event, without where it is stored."""
        return {
            "id": self.id,
            "site": self.site,
            "purpose": str(self.purpose),
            "synthetic": self.synthetic,
            "dialect": self.dialect,
            "received_at": self.received_at.isoformat(),
            "verdict": self.verdict,
            "digest": self.digest,
        }


def submit_folder(
    folder: Path,
    *,
    home: Path,
    site: str,
    purpose: Purpose,
    synthetic: bool,
    now: datetime,
    report: CheckReport,
) -> Submission:
    """Copy the tables of a checked folder into the landing area and record the submission.

    Files that are no table stay behind; files with errors go with the others.
    The same files of the same site and purpose, handed in again, give the submission that
    is there already.

    Raises:
        CommonwealError: the site is unknown or not authorised, the files are not those that
            were checked, or the landing area cannot be written.
    """
    check_authorised(get_site(home, site), purpose, synthetic=synthetic)
    files = tuple(_describe(folder, file) for file in report.files if file.modified_ns)
    if not files:
        raise CommonwealError(
            f"There is nothing to hand in: {folder} holds no file that can be read as a table.",
            fix="Put one CSV file for each table into the folder.",
        )
    digest = _digest(site, purpose, files, synthetic=synthetic)
    target = home / "landing" / site / f"{site}-{now:%Y%m%d}-{digest[:8]}"
    known = [s for s in list_submissions(home) if s.digest == digest]
    if known:
        return known[0]
    submission = Submission(
        target.name,
        site,
        purpose,
        synthetic,
        report.dialect,
        now,
        report.verdict,
        target,
        files,
        digest,
    )
    _land(folder, submission, report)
    return submission


def list_submissions(home: Path) -> list[Submission]:
    """Every submission, in the order they were received."""
    events = (home / "landing").glob(f"*/[!.]*/{EVENT}")
    return sorted((_read(event) for event in events), key=lambda s: (s.received_at, s.id))


def get_accepted(home: Path, site: str) -> Submission | None:
    """The latest accepted production submission of a site; what curation works on."""
    accepted = [
        s
        for s in list_submissions(home)
        if s.site == site and s.is_accepted and s.purpose is Purpose.PRODUCTION
    ]
    return accepted[-1] if accepted else None


def verify_submission(submission: Submission) -> list[str]:
    """Names of files that are not, byte for byte, what was handed in."""
    return [
        file.name
        for file in submission.files
        if not (submission.folder / file.name).is_file()
        or sha256_of(submission.folder / file.name) != file.sha256
    ]


def write_landed_parquet(submission: Submission, file: LandedFile, table: Table, out: Path) -> int:
    """Write an accepted file as text, for curation, and return the rows (see ``reading``).

    Raises:
        CommonwealError: the submission was not accepted, or the rows are not all there.
    """
    if not submission.is_accepted:
        raise CommonwealError(
            f"The submission {submission.id} was rejected and cannot be read.",
            fix="Mend what its report says, and submit again.",
        )
    rows = write_text_parquet(submission.folder / file.name, table, out)
    if rows != file.rows:
        raise CommonwealError(
            f"{file.name} of {submission.id} had {file.rows:,} rows when it was checked, but "
            f"{rows:,} were read.",
            fix="Verify the landing area: the file may have been changed there.",
        )
    return rows


def _describe(folder: Path, checked: FileReport) -> LandedFile:
    """Checksum a file, provided it is still the one that was checked."""
    path = folder / checked.file
    digest = sha256_of(path)
    status = path.stat()
    if (status.st_size, status.st_mtime_ns) != (checked.bytes, checked.modified_ns):
        raise _changed(checked.file)
    return LandedFile(checked.file, checked.table, checked.bytes, digest, checked.seen_rows)


def _changed(file: str) -> CommonwealError:
    return CommonwealError(
        f"{file} changed while it was handed in.",
        expected="the file that was checked",
        fix="Wait until the export is finished, then submit again.",
    )


def _digest(site: str, purpose: Purpose, files: tuple[LandedFile, ...], *, synthetic: bool) -> str:
    return digest_of(
        {
            "site": site,
            "purpose": str(purpose),
            "synthetic": synthetic,
            "files": {file.name: file.sha256 for file in files},
        }
    )


def _land(folder: Path, submission: Submission, report: CheckReport) -> None:
    try:
        with whole_folder(submission.folder) as scratch:
            for file in submission.files:
                if _copy(folder / file.name, scratch / file.name) != file.sha256:
                    raise _changed(file.name)
            place = Location.of(scratch)
            place.create(MANIFEST, readable_json({"files": [asdict(f) for f in submission.files]}))
            place.create(REPORT, readable_json(report.to_json()))
            measured = measure_files(scratch, report) if report.is_accepted else ()
            place.create(COMPLETENESS, readable_json([table.to_json() for table in measured]))
            place.create(REPORT_PAGE, render_html(report, submission.id, measured).encode())
            place.create(EVENT, readable_json(submission.to_json()))
    except OSError as error:
        raise CommonwealError(
            f"The submission cannot be stored in {submission.folder.parent}: {error.strerror}.",
            expected="a folder that can be written, with room for the files",
            fix="Check the disk, and COMMONWEAL_HOME.",
        ) from error


def _copy(source: Path, target: Path) -> str:
    """Copy a file and return the hex SHA-256 of what was written."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
    return digest.hexdigest()


def _read(event: Path) -> Submission:
    content = json.loads(event.read_text(encoding="utf-8"))
    manifest = json.loads(event.with_name(MANIFEST).read_text(encoding="utf-8"))
    return Submission(
        id=content["id"],
        site=content["site"],
        purpose=Purpose(content["purpose"]),
        synthetic=content["synthetic"],
        dialect=content["dialect"],
        received_at=datetime.fromisoformat(content["received_at"]),
        verdict=content["verdict"],
        folder=event.parent,
        files=tuple(LandedFile(**file) for file in manifest["files"]),
        digest=content["digest"],
    )
