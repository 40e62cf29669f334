"""The one path that takes something away from the landing area: ordered, audited, certified.

The order is recorded first, so what was interrupted can be seen; the certificate comes last.
A whole submission vanishes in one step. Where persons are retracted, a new folder without
them is made beside the old one and takes its place: a folder is still never changed.
"""

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.buckets import StorageError
from commonweal.engine.settings import EngineSettings
from commonweal.engine.storage import Location, readable_json, sha256_of, whole_folder
from commonweal.intake.check import check_folder
from commonweal.intake.landing import alone_in, digest_files, write_papers
from commonweal.intake.lifecycle.certificate import describe_files, get_certificate_file
from commonweal.intake.lifecycle.compare import compare_submissions, find_previous
from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.lifecycle.erase import Eraser, ErasurePlan
from commonweal.intake.lifecycle.settle import Ledger, receiving_alone, settle_site
from commonweal.intake.metrics import Surroundings
from commonweal.intake.report import CheckReport
from commonweal.intake.submission import COMPARISON, LandedFile, Submission
from commonweal.schema.errors import CommonwealError

NOT_COVERED = (
    "sealed releases",
    "feeds",
    "the vault",
    "rosters",
    "copies that were made elsewhere",
)
_REPLACED = re.compile(r"-r(\d+)$")


@dataclass(frozen=True)
class Retraction:
    """What is to be erased: some ``persons``, or everything when that is None.

    ``drop`` is the site's drop area, where the folder may still lie, and ``derived`` are
    folders of what was made from submissions and can be made again.
    """

    submission: Submission
    reason: str
    by: str
    persons: frozenset[int] | None = None
    drop: Location | None = None
    derived: Sequence[Path] = ()


def read_person_list(file: Path) -> frozenset[int]:
    """Ids from a file with one to a line; a heading ``person_id`` is passed over.

    Raises:
        CommonwealError: a line is no id; it is named by its number alone.
    """
    persons: set[int] = set()
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        text = line.strip().strip('"')
        if not text or (number == 1 and text.lower() == "person_id"):
            continue
        if not text.isascii() or not text.isdigit():
            raise CommonwealError(
                f"Line {number} of {file.name} is not the id of a person.",
                expected="one number on each line",
                fix="Mend the line.",
            )
        persons.add(int(text))
    if not persons:
        raise CommonwealError(f"{file.name} names no person.", fix="Write one id on each line.")
    return frozenset(persons)


def plan_retraction(submission: Submission, persons: frozenset[int]) -> ErasurePlan:
    """Count what an erasure of persons would take away; nothing is changed."""
    return Eraser(submission, persons).plan()


def retract(
    home: Path,
    retraction: Retraction,
    *,
    now: datetime,
    engine: EngineSettings,
    around: Surroundings | None = None,
) -> dict[str, Any]:
    """Erase, and return the certificate.

    The files of the folder in the drop area go as well, and so do reports and everything in
    ``derived``. What is interrupted is finished by the same order once more, or, when all of
    a submission goes, by whatever next works on the site.

    Raises:
        CommonwealError: none of the persons is there, or a disk refuses.
    """
    submission = retraction.submission
    ledger = Ledger(home, submission.site, lambda: now, retraction.by)
    with suppress(BlockingIOError), receiving_alone(home, submission.site):
        pass  # what an interrupted copy left is gone; one at work makes a new submission
    with alone_in(home / "landing" / submission.site):
        settle_site(ledger)
        if not submission.folder.exists():
            return _get_finished(ledger, submission)
        plan = _plan(retraction)
        name = _choose_name(home, submission, whole=plan is None)
        _order(ledger, retraction, plan, name)
        if retraction.persons is not None:
            _write_without(submission, name, retraction.persons, engine, around)
        settle_site(ledger)
    return read_certificate(home, submission.site, name)


def _get_finished(ledger: Ledger, submission: Submission) -> dict[str, Any]:
    """The certificate of an erasure that had been interrupted, and is finished now."""
    event = ledger.read(submission.key).last("retracted", "persons_retracted")
    if event is None:
        raise CommonwealError(
            f"{submission.id} is not in the landing area any more.",
            fix="See `commonweal submissions history`.",
        )
    return read_certificate(ledger.home, submission.site, event.details["certificate"])


def _plan(retraction: Retraction) -> ErasurePlan | None:
    if retraction.persons is None:
        return None
    plan = plan_retraction(retraction.submission, retraction.persons)
    if not plan.found:
        raise _nobody_found(retraction.submission, plan)
    return plan


def _nobody_found(submission: Submission, plan: ErasurePlan) -> CommonwealError:
    unread = ", ".join(plan.unreadable)
    return CommonwealError(
        f"No row of {submission.id} is of any of these {plan.asked:,} persons.",
        expected=f"persons who are there; {unread} cannot be read by records" if unread else "",
        fix="Check the list, and the id of the submission.",
    )


def read_certificate(home: Path, site: str, name: str) -> dict[str, Any]:
    """A certificate by its name."""
    file = get_certificate_file(home, site, name)
    content: dict[str, Any] = json.loads(file.read_bytes())
    return content | {"file": str(file)}


def _choose_name(home: Path, submission: Submission, *, whole: bool) -> str:
    """The name of the certificate, which is that of the folder that takes the place."""
    if whole:
        return f"{submission.id}-erased"
    found = _REPLACED.search(submission.id)
    number = int(found[1]) + 1 if found else 1
    base = _REPLACED.sub("", submission.id)
    while get_certificate_file(home, submission.site, f"{base}-r{number}").exists():
        number += 1
    return f"{base}-r{number}"


def _order(ledger: Ledger, retraction: Retraction, plan: ErasurePlan | None, name: str) -> None:
    submission = retraction.submission
    scope: dict[str, Any] = {"scope": "all", "rows": submission.rows}
    if plan is not None:
        scope = {
            "scope": "persons",
            "persons": plan.asked,
            "persons_found": plan.found,
            "rows": plan.removed,
            "removed": {file.name: file.removed for file in plan.files},
            "removed_in_doubt": {f.name: f.doubtful for f in plan.files if f.doubtful},
            "files_removed_whole": [file.name for file in plan.files if file.is_whole],
        }
    ledger.add(
        ledger.read(submission.key),
        "retraction_begun",
        submission.id,
        **scope,
        site=submission.site,
        reason=retraction.reason,
        certificate=name,
        before=describe_files(submission),
        drop_area=_clear_drop(retraction),
        derived=_clear_derived(retraction),
        not_covered=list(NOT_COVERED),
    )


def _clear_drop(retraction: Retraction) -> str:
    """Erase the folder in the drop area, and say how that went."""
    key = retraction.submission.key
    if retraction.drop is None or parse_version(key) is None:
        return "it did not come through the drop area"
    folder = retraction.drop / key
    try:
        names = [file.name for file in folder.list_files()]
        folder.delete(names)
    except StorageError as error:
        return f"not erased: {error.found}"
    return f"{len(names)} files erased"


def _clear_derived(retraction: Retraction) -> list[str]:
    """Erase what was made of submissions, and name it."""
    there = [folder for folder in retraction.derived if folder.exists()]
    for folder in there:
        shutil.rmtree(folder)
    return [folder.name for folder in there]


def _write_without(
    submission: Submission,
    new_id: str,
    persons: frozenset[int],
    engine: EngineSettings,
    around: Surroundings | None,
) -> None:
    """Make the folder that takes the place, checked anew, judged as the one before."""
    target = submission.folder.with_name(new_id)
    with whole_folder(target) as scratch:
        Eraser(submission, persons).write(scratch)
        report = check_folder(
            scratch,
            dialect=submission.dialect,
            settings=engine,
            terms=around.vocabulary if around else None,
        )
        files = tuple(_describe(scratch, report))
        new = replace(
            submission,
            id=new_id,
            folder=scratch,
            files=files,
            digest=digest_files(submission, files),
            replaces=submission.id,
        )
        write_papers(scratch, new, report, around)
        compared = compare_submissions(new, find_previous(submission))
        Location.of(scratch).create(COMPARISON, readable_json(compared.to_json()))


def _describe(folder: Path, report: CheckReport) -> list[LandedFile]:
    return [
        LandedFile(f.file, f.table, f.bytes, sha256_of(folder / f.file), f.seen_rows)
        for f in report.files
        if f.modified_ns
    ]
