"""The landing area: every folder a site handed in, as it was sent, for good.

A submission is a folder that appears whole or not at all and is never written again: the
files, their checksums (``manifest.json``), the event (``submission.json``), the report of
the check and, when it was accepted, how completely the columns are filled. A rejected
submission is kept as well, with the report that says why.
"""

import hashlib
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, count
from pathlib import Path

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
from commonweal.intake.findings import show_name
from commonweal.intake.html import render_html
from commonweal.intake.lifecycle.compare import compare_submissions
from commonweal.intake.lifecycle.current import find_current_id
from commonweal.intake.lifecycle.history import list_histories
from commonweal.intake.lifecycle.proof import count_test_load
from commonweal.intake.lifecycle.settle import Ledger, settle_site
from commonweal.intake.lifecycle.tombstones import add_returned
from commonweal.intake.metrics import Surroundings, measure_submission
from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import CheckReport, FileReport
from commonweal.intake.sites import Purpose, check_authorised, check_fits_programme, get_site
from commonweal.intake.submission import (
    COMPARISON,
    COMPLETENESS,
    EVENT,
    MANIFEST,
    METRICS,
    REPORT,
    REPORT_PAGE,
    LandedFile,
    Submission,
    find_last,
    find_metrics,
    find_production,
    get_submission,
    list_of_site,
    list_submissions,
    read_report,
    verify_submission,
)
from commonweal.quality.completeness import TableCompleteness
from commonweal.quality.metrics.value import Metrics
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table, get_model

__all__ = [
    "LandedFile",
    "Submission",
    "find_metrics",
    "find_submission",
    "get_accepted",
    "get_submission",
    "list_submissions",
    "read_report",
    "submit_folder",
    "verify_submission",
    "write_landed_parquet",
]

BY = "commonweal submit"


@dataclass(frozen=True)
class Delivery:
    """How a folder came. ``key`` is its name in the drop area, and ``is_ours`` says that it is
    a copy of our own, whose files need not be copied once more. With ``around``, the metrics
    of an accepted submission are measured and stored beside it. ``only_synthetic`` says that the
    programme takes no records of real people.
    """

    by: str = BY
    key: str = ""
    is_ours: bool = False
    around: Surroundings | None = None
    only_synthetic: bool = False


BY_HAND = Delivery()


def submit_folder(
    folder: Path,
    *,
    home: Path,
    site: str,
    purpose: Purpose,
    synthetic: bool,
    now: datetime,
    report: CheckReport,
    delivery: Delivery = BY_HAND,
) -> Submission:
    """Copy the tables of a checked folder into the landing area and record the submission.

    Files that are no table stay behind; files with errors go with the others. What equals
    the site's latest submission for the purpose is no new submission: that one is returned,
    unless it is a test load that did not count and is sent again.
    An accepted production submission takes the place of all the site's data when it stands
    there whole, in one step; until then the previous one is current. A synthetic one never takes
    the place of real data.

    Raises:
        CommonwealError: the site is unknown or not authorised, the programme is synthetic and
            the records are not, the folder holds a link, the
            files are not those that were checked, or the landing area cannot be written.
    """
    check_fits_programme(synthetic=synthetic, only_synthetic=delivery.only_synthetic)
    check_authorised(get_site(home, site), purpose, synthetic=synthetic, dialect=report.dialect)
    check_holds_no_links(folder)
    report = add_returned(report, folder, home=home, site=site, purpose=purpose)
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
        digest="",
        key=delivery.key,
    )
    offered = replace(offered, digest=digest_files(offered, files))
    with _told_plainly(place), alone_in(place):
        landed = _land_once(folder, offered, report, delivery, list_of_site(home, site))
        ledger = Ledger(home, site, lambda: now, delivery.by)
        settle_site(ledger)
        count_test_load(ledger, landed)
    return landed


def check_holds_no_links(folder: Path) -> None:
    """Refuse a folder with links: what they lead to lies elsewhere, and may be no one's to send.

    Raises:
        CommonwealError: there is a link in it.
    """
    looked_at = (path for path in folder.iterdir() if not path.name.startswith("."))
    links = sorted(show_name(path.name) for path in looked_at if path.is_symlink())
    if links:
        raise CommonwealError(
            f"{', '.join(links)} in {folder}: links to what lies elsewhere are not handed in.",
            expected="a folder that holds the files themselves",
            fix="Copy the files into the folder in place of the links.",
        )


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
        for s in list_of_site(home, site)
        if (s.purpose, s.synthetic, s.dialect) == (purpose, synthetic, dialect)
        and {file.name: file.bytes for file in s.files} == sizes
    ]
    if not candidates:
        return None
    digests = {name: sha256_of(path) for name, path in paths.items()}
    return find_last(s for s in candidates if {f.name: f.sha256 for f in s.files} == digests)


def get_accepted(home: Path, site: str) -> Submission | None:
    """The current submission of a site, which curation works on: the latest accepted
    production submission that is neither retracted nor excluded, a real one before a synthetic
    one.

    Raises:
        CommonwealError: what is current does not stand in the landing area beside the others.
    """
    landed = list_of_site(home, site)
    if not landed:
        return None
    current = find_current_id(home, site)
    if current is None:
        return find_production(landed)
    found = next((s for s in landed if current in (s.id, s.replaces)), None)
    if current and found is None:
        raise CommonwealError(
            f"The current submission {current} is not in the landing area.",
            fix="Bring the folder `landing` back from a copy.",
        )
    return found if current else None


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


def digest_files(submission: Submission, files: tuple[LandedFile, ...]) -> str:
    """The digest of a submission with these files: how they were handed in and judged."""
    return digest_of(
        {
            "site": submission.site,
            "purpose": str(submission.purpose),
            "synthetic": submission.synthetic,
            "dialect": submission.dialect,
            "verdict": submission.verdict,
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
def alone_in(place: Path) -> Iterator[None]:
    """Be the only one who hands in for a site, so that everybody knows which is the latest."""
    make_private(place.parent)
    with hold_lock(place.parent / f".{place.name}.lock"):
        clear_scratch(place)
        yield


def _land_once(
    folder: Path,
    offered: Submission,
    report: CheckReport,
    delivery: Delivery,
    earlier: list[Submission],
) -> Submission:
    """Land what is offered, unless it is the latest of its purpose once more."""
    latest = find_last(s for s in earlier if s.purpose is offered.purpose)
    if latest and latest.digest == offered.digest and not _may_prove(offered):
        return latest
    received = offered.received_at
    if earlier:
        received = max(received, earlier[-1].received_at + timedelta(microseconds=1))
    histories = list_histories(offered.folder.parents[1], offered.site)
    used = {event.submission for history in histories for event in history.events}
    chosen = _choose_id(offered, received, used | {s.id for s in earlier})
    submission = replace(
        offered,
        id=chosen,
        received_at=received,
        folder=offered.folder / chosen,
        key=offered.key or chosen,
    )
    previous = find_last(s for s in earlier if s.is_accepted and s.purpose is offered.purpose)
    _land(folder, submission, report, delivery, previous)
    return submission


def _may_prove(offered: Submission) -> bool:
    """Whether it came through the drop area of a site that still has to prove it: what was sent
    before and did not count may be sent again as it is.
    """
    is_test = offered.purpose is Purpose.TEST and bool(offered.key)
    return is_test and not get_site(offered.folder.parents[1], offered.site).test_load


def _choose_id(offered: Submission, received: datetime, taken: Set[str]) -> str:
    """The site, the day and what it holds; numbered when the same is sent twice on a day."""
    name = f"{offered.site}-{received:%Y%m%d}-{offered.digest[:8]}"
    numbered = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(name for name in numbered if name not in taken)


def _land(
    folder: Path,
    submission: Submission,
    report: CheckReport,
    delivery: Delivery,
    previous: Submission | None,
) -> None:
    with whole_folder(submission.folder) as scratch:
        for file in submission.files:
            if delivery.is_ours:
                os.link(folder / file.name, scratch / file.name)
            elif _copy(folder / file.name, scratch / file.name) != file.sha256:
                raise _changed(file.name)
        write_papers(scratch, submission, report, delivery.around)
        compared = compare_submissions(replace(submission, folder=scratch), previous)
        Location.of(scratch).create(COMPARISON, readable_json(compared.to_json()))


def write_papers(
    scratch: Path, submission: Submission, report: CheckReport, around: Surroundings | None
) -> None:
    """Write what stands beside the files of a submission: manifest, reports, metrics, event.

    The papers are read on pages and go with mails, so they hold no value of a cell, whatever
    whoever checked the folder wanted to see.
    """
    report = report.without_values()
    place = Location.of(scratch)
    place.create(MANIFEST, readable_json({"files": [asdict(f) for f in submission.files]}))
    place.create(REPORT, readable_json(report.to_json()))
    filled, metrics = measure_folder(scratch, report, around)
    place.create(COMPLETENESS, readable_json([table.to_json() for table in filled]))
    if metrics is not None:
        place.create(METRICS, readable_json(metrics.to_json()))
    page = render_html(report, submission.id, filled, metrics)
    place.create(REPORT_PAGE, page.encode())
    place.create(EVENT, readable_json(submission.to_json()))


def measure_folder(
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
