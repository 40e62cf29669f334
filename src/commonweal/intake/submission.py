"""What a submission is, and how those that landed are read.

Nothing here writes: folders come to the landing area by ``landing`` and leave it by
``lifecycle.retract``.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.storage import sha256_of
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose
from commonweal.quality.metrics.value import Metrics
from commonweal.schema.errors import CommonwealError

MANIFEST, EVENT = "manifest.json", "submission.json"
REPORT, REPORT_PAGE, COMPLETENESS = "report.json", "report.html", "completeness.json"
COMPARISON, METRICS = "comparison.json", "metrics.json"


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
    later than that of every submission of the site before. ``key`` is what its history is
    called: the folder of the drop area, or the id. ``replaces`` names the submission that this
    one was made of when persons were retracted.
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
    key: str = ""
    replaces: str = ""

    @property
    def is_production(self) -> bool:
        """Accepted, and meant for curation."""
        return self.is_accepted and self.purpose is Purpose.PRODUCTION

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

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
            "history": self.key,
            "replaces": self.replaces,
        }


def list_submissions(home: Path) -> list[Submission]:
    """Every submission, in the order they were received."""
    sites = [place.name for place in (home / "landing").glob("[!.]*")]
    found = [submission for site in sites for submission in list_of_site(home, site)]
    return sorted(found, key=lambda s: (s.received_at, s.id))


def list_of_site(home: Path, site: str) -> list[Submission]:
    """The submissions of one site, in the order they were received."""
    events = (home / "landing" / site).glob(f"[!.]*/{EVENT}")
    return sorted(map(_read, events), key=lambda s: s.received_at)


def get_submission(home: Path, submission_id: str) -> Submission:
    """The submission with an id.

    Raises:
        CommonwealError: none that has landed is called so.
    """
    found = next((s for s in list_submissions(home) if s.id == submission_id), None)
    if found is None:
        raise CommonwealError(
            f"There is no submission called {submission_id!r}.",
            expected="the id of a submission that has landed",
            fix="See `commonweal submissions`.",
        )
    return found


def find_last(submissions: Iterable[Submission]) -> Submission | None:
    """The one that was received last."""
    return max(submissions, key=lambda s: s.received_at, default=None)


def find_production(submissions: Iterable[Submission]) -> Submission | None:
    """The accepted production submission that curation is to take: the latest one of real people,
    and the latest one that is made up only where there is none.
    """
    accepted = [s for s in submissions if s.is_production]
    return find_last(s for s in accepted if not s.synthetic) or find_last(accepted)


def read_report(submission: Submission) -> CheckReport:
    """What the check said of a submission when it was handed in."""
    return CheckReport.from_json(json.loads((submission.folder / REPORT).read_bytes()))


def list_checks(submission: Submission) -> list[int]:
    """Numbers of the checks of a submission: 1 is that of its landing, the others came later."""
    later = submission.folder.glob(name_of_check(REPORT, "*"))
    return [1, *sorted(int(file.stem.rpartition("-")[2]) for file in later)]


def name_of_check(name: str, number: int | str) -> str:
    """What a file of a check is called: ``report.json``, then ``report-2.json`` and so on."""
    stem, dot, suffix = name.rpartition(".")
    return name if number == 1 else f"{stem}-{number}{dot}{suffix}"


def find_of_newest_check(submission: Submission, name: str) -> Path | None:
    """The file of that name which the newest check wrote that wrote any; None when none did.

    A check writes no metrics of files that it rejects, or when there is nothing to go by.
    """
    numbers = reversed(list_checks(submission))
    files = (submission.folder / name_of_check(name, number) for number in numbers)
    return next((file for file in files if file.is_file()), None)


def find_metrics(submission: Submission) -> Metrics | None:
    """The metrics of a submission as they were measured last, or None where they never were."""
    file = find_of_newest_check(submission, METRICS)
    return Metrics.from_json(json.loads(file.read_bytes())) if file else None


def verify_submission(submission: Submission) -> list[str]:
    """Names of files that are not, byte for byte, what was handed in."""
    return [
        file.name
        for file in submission.files
        if not (submission.folder / file.name).is_file()
        or sha256_of(submission.folder / file.name) != file.sha256
    ]


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
        key=content.get("history", content["id"]),
        replaces=content.get("replaces", ""),
    )
