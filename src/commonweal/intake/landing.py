"""The landing area: every folder a site handed in, as it was sent, for good.

A submission is a folder that appears whole or not at all and is never written again: the
files, their checksums (``manifest.json``), the event (``submission.json``), the report of
the check and, when it was accepted, how completely the columns are filled. A rejected
submission is kept as well, with the report that says why.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, count
from pathlib import Path
from typing import Any

from commonweal.engine.storage import (
    CHUNK_BYTES,
    Location,
    clear_scratch,
    digest_of,
    hold_lock,
    make_private,
    readable_json,
    sha256_of,
    whole_folder,
)
from commonweal.intake.check.folder import survey_folder
from commonweal.intake.completeness import measure_files
from commonweal.intake.html import render_html
from commonweal.intake.metrics import Surroundings, measure_submission
from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import CheckReport, FileReport
from commonweal.intake.sites import Purpose, check_authorised, get_site
from commonweal.quality.completeness import TableCompleteness
from commonweal.quality.metrics.value import Metrics
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table, get_model

MANIFEST, EVENT = "manifest.json", "submission.json"
REPORT, REPORT_PAGE, COMPLETENESS = "report.json", "report.html", "completeness.json"
METRICS = "metrics.json"


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
    """A folder that was handed in. ``folder`` is where it stands in the landing area.

    ``digest`` covers the files and how they were handed in and judged. ``received_at`` is
    later than that of every submission of the site before.
    """

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
    around: Surroundings | None = None,
) -> Submission:
    """Copy the tables of a checked folder into the landing area and record the submission.

    Files that are no table stay behind; files with errors go with the others. What equals
    the site's latest submission for the purpose is no new submission: that one is returned.
    With ``around``, the metrics of an accepted submission are measured and stored beside it.

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
    place = home / "landing" / site
    offered = Submission(
        id="",
        site=site,
        purpose=purpose,
        synthetic=synthetic,
        dialect=report.dialect,
        received_at=now,
        verdict=report.verdict,
        folder=place,
        files=files,
        digest=_digest(site, purpose, files, report, synthetic=synthetic),
    )
    with _told_plainly(place), _alone_in(place):
        return _land_once(folder, offered, report, around, earlier=_list_within(place))


def find_submission(
    folder: Path, *, home: Path, site: str, purpose: Purpose, synthetic: bool, dialect: str
) -> Submission | None:
    """The latest submission that has, byte for byte, the tables of a folder, or None.

    The folder is not checked for this.
    """
    layout = survey_folder(folder, get_model(dialect))
    paths = {path.name: path for path, _ in (*layout.tables, *layout.doubled)}
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    candidates = [
        s
        for s in _list_within(home / "landing" / site)
        if (s.purpose, s.synthetic, s.dialect) == (purpose, synthetic, dialect)
        and {file.name: file.bytes for file in s.files} == sizes
    ]
    if not candidates:
        return None
    digests = {name: sha256_of(path) for name, path in paths.items()}
    return _find_last(s for s in candidates if {f.name: f.sha256 for f in s.files} == digests)


def list_submissions(home: Path) -> list[Submission]:
    """Every submission, in the order they were received."""
    found = [s for place in (home / "landing").glob("[!.]*") for s in _list_within(place)]
    return sorted(found, key=lambda s: (s.received_at, s.id))


def get_accepted(home: Path, site: str) -> Submission | None:
    """The latest accepted production submission of a site; what curation works on."""
    return _find_last(
        s
        for s in _list_within(home / "landing" / site)
        if s.is_accepted and s.purpose is Purpose.PRODUCTION
    )


def read_report(submission: Submission) -> CheckReport:
    """What the check said of a submission when it was handed in."""
    return CheckReport.from_json(json.loads((submission.folder / REPORT).read_bytes()))


def find_metrics(submission: Submission) -> Metrics | None:
    """The metrics of a submission, or None where they were not measured."""
    file = submission.folder / METRICS
    return Metrics.from_json(json.loads(file.read_bytes())) if file.is_file() else None


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


def _digest(
    site: str,
    purpose: Purpose,
    files: tuple[LandedFile, ...],
    report: CheckReport,
    *,
    synthetic: bool,
) -> str:
    return digest_of(
        {
            "site": site,
            "purpose": str(purpose),
            "synthetic": synthetic,
            "dialect": report.dialect,
            "verdict": report.verdict,
            "files": {file.name: file.sha256 for file in files},
        }
    )


@contextmanager
def _told_plainly(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommonwealError(
            f"The submission cannot be stored in {place}: {error.strerror}.",
            expected="a folder that can be written, with room for the files",
            fix="Check the disk, and COMMONWEAL_HOME.",
        ) from error


@contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """Be the only one who hands in for a site, so that everybody knows which is the latest."""
    make_private(place.parent)
    with hold_lock(place.parent / f".{place.name}.lock"):
        clear_scratch(place)
        yield


def _land_once(
    folder: Path,
    offered: Submission,
    report: CheckReport,
    around: Surroundings | None,
    *,
    earlier: list[Submission],
) -> Submission:
    """Land what is offered, unless it is the latest of its purpose once more."""
    latest = _find_last(s for s in earlier if s.purpose is offered.purpose)
    if latest and latest.digest == offered.digest:
        return latest
    received = offered.received_at
    if earlier:
        received = max(received, earlier[-1].received_at + timedelta(microseconds=1))
    chosen = _choose_id(offered, received, {s.id for s in earlier})
    submission = replace(offered, id=chosen, received_at=received, folder=offered.folder / chosen)
    _land(folder, submission, report, around)
    return submission


def _choose_id(offered: Submission, received: datetime, taken: Set[str]) -> str:
    """The site, the day and what it holds; numbered when the same is sent twice on a day."""
    name = f"{offered.site}-{received:%Y%m%d}-{offered.digest[:8]}"
    numbered = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(name for name in numbered if name not in taken)


def _land(
    folder: Path, submission: Submission, report: CheckReport, around: Surroundings | None
) -> None:
    with whole_folder(submission.folder) as scratch:
        for file in submission.files:
            if _copy(folder / file.name, scratch / file.name) != file.sha256:
                raise _changed(file.name)
        place = Location.of(scratch)
        place.create(MANIFEST, readable_json({"files": [asdict(f) for f in submission.files]}))
        place.create(REPORT, readable_json(report.to_json()))
        filled, metrics = _measure(scratch, report, around)
        place.create(COMPLETENESS, readable_json([table.to_json() for table in filled]))
        if metrics is not None:
            place.create(METRICS, readable_json(metrics.to_json()))
        page = render_html(report, submission.id, filled, metrics)
        place.create(REPORT_PAGE, page.encode())
        place.create(EVENT, readable_json(submission.to_json()))


def _measure(
    folder: Path, report: CheckReport, around: Surroundings | None
) -> tuple[tuple[TableCompleteness, ...], Metrics | None]:
    """How complete an accepted folder is, and its metrics where there is something to go by."""
    if not report.is_accepted:
        return (), None
    if around is None:
        return measure_files(folder, report), None
    measured = measure_submission(folder, report, around)
    return measured.completeness, measured.metrics


def _copy(source: Path, target: Path) -> str:
    """Copy a file and return the hex SHA-256 of what was written."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
    return digest.hexdigest()


def _list_within(place: Path) -> list[Submission]:
    """The submissions of one site, in the order they were received."""
    events = place.glob(f"[!.]*/{EVENT}")
    return sorted((_read(event) for event in events), key=lambda s: s.received_at)


def _find_last(submissions: Iterable[Submission]) -> Submission | None:
    return max(submissions, key=lambda s: s.received_at, default=None)


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
