"""The one path that takes something away from the landing area: ordered, audited, certified.

Copies in the drop area go first. The order is recorded before the landing area is touched, so
what was interrupted can be seen; the certificate comes last.
A whole submission vanishes in one step. Where persons are retracted, a new folder without
them is made beside the old one and takes its place: a folder is still never changed. Persons
go from everything the site sent, unless the order is narrowed; what is left is certified.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.settings import EngineSettings
from commonweal.engine.storage import Location, readable_json, sha256_of, whole_folder
from commonweal.intake.check import check_folder
from commonweal.intake.findings import show_name
from commonweal.intake.landing import alone_in, digest_files, write_papers
from commonweal.intake.lifecycle.certificate import describe_files, get_certificate_file
from commonweal.intake.lifecycle.compare import compare_submissions, find_previous
from commonweal.intake.lifecycle.copies import DropCopy, erase_copies, find_copies
from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.lifecycle.erase import Eraser, ErasurePlan
from commonweal.intake.lifecycle.history import list_histories
from commonweal.intake.lifecycle.receive import OPEN
from commonweal.intake.lifecycle.settle import Ledger, receiving_alone, settle_site
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.lifecycle.tombstones import add_returned, name_ids, remember_retracted
from commonweal.intake.metrics import Surroundings
from commonweal.intake.recording import check_words
from commonweal.intake.report import CheckReport
from commonweal.intake.submission import COMPARISON, LandedFile, Submission, list_of_site
from commonweal.schema.errors import CommonwealError

NOT_COVERED = (
    "sealed releases",
    "feeds",
    "the vault",
    "rosters",
    "what other sites sent",
    "copies that were made elsewhere",
)
FOLLOW_UP = (
    "When any of these persons comes again from the site, the check of that submission warns "
    "(consent.retracted), and the data centre decides. Keyed hashes of their ids are kept for this."
)
_REPLACED = re.compile(r"-r(\d+)$")


def _nothing_derived(_: Submission) -> Sequence[Path]:
    return ()


@dataclass(frozen=True)
class Retraction:
    """What is to be erased: some ``persons``, or everything when that is None.

    Persons go from every submission of the site whose ids are of the same kind, unless
    ``only_this``. ``drop`` is the site's drop area, ``earlier_drops`` are those it had before,
    and ``list_derived`` gives the folders of what was made from a submission and can be made
    again.
    """

    submission: Submission
    reason: str
    by: str
    persons: frozenset[int] | None = None
    drop: Location | None = None
    earlier_drops: tuple[Location, ...] = ()
    list_derived: Callable[[Submission], Sequence[Path]] = _nothing_derived
    only_this: bool = False

    def __post_init__(self) -> None:
        """A reason and a name go on record.

        Raises:
            CommonwealError: one of them is blank.
        """
        check_words("The reason", self.reason)
        check_words("The name of who does it", self.by)


@dataclass(frozen=True)
class RetractionPlan:
    """What a retraction takes away; an erasure plan is None where all of a submission goes.

    ``copies`` lie in the drop area; ``left`` says where the persons stay, or may.
    """

    erasures: tuple[tuple[Submission, ErasurePlan | None], ...]
    copies: tuple[DropCopy, ...]
    left: tuple[str, ...]

    @property
    def not_covered(self) -> list[str]:
        """Everything the retraction does not reach, in words."""
        return [*NOT_COVERED, *self.left, *map(_say_left, filter(_is_left, self.copies))]


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


def plan_retraction(home: Path, retraction: Retraction) -> RetractionPlan:
    """Find everything that a retraction takes away, and what it leaves; nothing is changed.

    The submission that was named comes first.

    Raises:
        CommonwealError: none of the persons is there.
    """
    submission, persons = retraction.submission, retraction.persons
    if persons is None:
        return RetractionPlan(
            ((submission, None),), _find_everywhere(home, retraction, [submission]), ()
        )
    others = [s for s in list_of_site(home, submission.site) if s.key != submission.key]
    alike = [s for s in others if name_ids(s.purpose) == name_ids(submission.purpose)]
    plans = [(s, Eraser(s, persons).plan()) for s in (submission, *alike)]
    holding = [(s, plan) for s, plan in plans if plan.found]
    chosen = [(s, p) for s, p in holding if s is submission or not retraction.only_this]
    going = [s for s, _ in chosen] or [submission]
    copies = _find_everywhere(home, retraction, going)
    if not chosen:
        raise _nobody_found(submission, plans[0][1], copies)
    left = [
        *(_say_kept(s, plan) for s, plan in holding if (s, plan) not in chosen),
        *(_say_unreadable(s, plan) for s, plan in plans if plan.unreadable),
        *(_say_other_ids(s) for s in others if s not in alike),
    ]
    return RetractionPlan(tuple(chosen), copies, tuple(left))


def _find_everywhere(
    home: Path, retraction: Retraction, going: Sequence[Submission]
) -> tuple[DropCopy, ...]:
    """Copies in every drop area that the site has or had."""
    persons, drop = retraction.persons, retraction.drop
    copies = find_copies(home, drop, going, persons) if drop else []
    for area in retraction.earlier_drops:
        found = find_copies(home, area, going, persons)
        copies += [replace(copy, where=f"the earlier drop area {area.url}") for copy in found]
    return tuple(copies)


def retract(
    home: Path,
    retraction: Retraction,
    *,
    now: datetime,
    engine: EngineSettings,
    around: Surroundings | None = None,
) -> dict[str, Any]:
    """Erase, and return the certificate; ``certificates`` in it names those of one order.

    There is one for each submission, that of the one that was named first. Copies in the drop
    area go as well, and so do reports and what was derived. What is interrupted is finished by
    the same order once more, or, when all of a submission goes, by whatever next works on the
    site.

    Raises:
        CommonwealError: none of the persons is there, or a disk refuses.
    """
    submission = retraction.submission
    ledger = Ledger(home, submission.site, lambda: now, retraction.by)
    with _alone_at(ledger):
        was_interrupted = _has_open_order(ledger)
        settle_site(ledger)
        landed = list_of_site(home, submission.site)
        standing = next((s for s in landed if s.key == submission.key), None)
        is_same = standing is not None and standing.id == submission.id
        if standing is None or not (is_same or retraction.persons):
            return _get_finished(ledger, submission)
        try:
            names = _carry_out(ledger, replace(retraction, submission=standing), engine, around)
        except NobodyFoundError:
            is_finished = ledger.read(submission.key).has("persons_retracted")
            if not is_finished or (is_same and not was_interrupted):
                raise
            return _get_finished(ledger, submission)
    return read_certificate(home, submission.site, names[0])


def _has_open_order(ledger: Ledger) -> bool:
    """Whether an erasure at the site was ordered and is not finished."""
    lasts = (
        h.last("retraction_begun", "retracted", "persons_retracted")
        for h in list_histories(ledger.home, ledger.site)
    )
    return any(last is not None and last.name == "retraction_begun" for last in lasts)


@contextmanager
def _alone_at(ledger: Ledger) -> Iterator[None]:
    """Be the only one who works in a site's landing area."""
    with suppress(BlockingIOError), receiving_alone(ledger.home, ledger.site):
        pass  # what an interrupted copy left is gone; one at work makes a new submission
    with alone_in(ledger.home / "landing" / ledger.site):
        yield


def _carry_out(
    ledger: Ledger, retraction: Retraction, engine: EngineSettings, around: Surroundings | None
) -> list[str]:
    """Erase from one submission after the other, and return the names of the certificates."""
    plan = plan_retraction(ledger.home, retraction)
    names = [_choose_name(ledger.home, s, whole=erased is None) for s, erased in plan.erasures]
    submission = retraction.submission
    if retraction.persons is not None:
        persons, site = retraction.persons, submission.site
        remember_retracted(ledger.home, site, submission.purpose, persons)
    copies = erase_copies(plan.copies)
    _reopen_emptied(ledger, copies)
    plan = replace(plan, copies=tuple(copies))
    for (target, erased), name in zip(plan.erasures, names, strict=True):
        order = _describe_erasure(target, erased) | {"certificate": name, "certificates": names}
        _order(ledger, replace(retraction, submission=target), plan, order)
    for (target, _), name in zip(plan.erasures, names, strict=True):
        if retraction.persons is not None:
            _write_without(target, name, retraction.persons, engine, around)
        settle_site(ledger)
    return names


def _get_finished(ledger: Ledger, submission: Submission) -> dict[str, Any]:
    """The certificate of an erasure that had been interrupted, and is finished now."""
    event = ledger.read(submission.key).last("retracted", "persons_retracted")
    if event is None:
        raise CommonwealError(
            f"{submission.id} is not in the landing area any more.",
            fix="See `commonweal submissions history`.",
        )
    return read_certificate(ledger.home, submission.site, event.details["certificate"])


class NobodyFoundError(CommonwealError):
    """None of the persons is in what the site sent."""


def _nobody_found(
    submission: Submission, plan: ErasurePlan, copies: Sequence[DropCopy]
) -> CommonwealError:
    held = [(copy.name, copy.where) for copy in copies if not copy.stays]
    noted = [f"{name} cannot be read by records" for name in plan.unreadable]
    noted += [f"the folder {name} of {where} holds them" for name, where in held]
    return NobodyFoundError(
        f"No row of {submission.id} is of any of these {plan.asked:,} persons.",
        expected="; ".join(["persons who are there", *noted]) if noted else "",
        fix="Check the list, and the id of the submission.",
    )


def _say_kept(submission: Submission, plan: ErasurePlan) -> str:
    return f"{submission.id}, which holds {plan.found:,} of these persons"


def _say_unreadable(submission: Submission, plan: ErasurePlan) -> str:
    return f"{', '.join(plan.unreadable)} of {submission.id}, which cannot be read by records"


def _say_other_ids(submission: Submission) -> str:
    return f"{submission.id}, which is for {submission.purpose} and has ids of its own"


def _is_left(copy: DropCopy) -> bool:
    return bool(copy.stays)


def _say_left(copy: DropCopy) -> str:
    place = f"{show_name(copy.name)} in {copy.where}" if copy.name else copy.where
    return f"{place}: {copy.stays}"


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


def _describe_erasure(submission: Submission, plan: ErasurePlan | None) -> dict[str, Any]:
    if plan is None:
        return {"scope": "all", "rows": submission.rows}
    return {
        "scope": "persons",
        "persons": plan.asked,
        "persons_found": plan.found,
        "rows": plan.removed,
        "removed": {file.name: file.removed for file in plan.files},
        "removed_in_doubt": {f.name: f.doubtful for f in plan.files if f.doubtful},
        "files_removed_whole": [file.name for file in plan.files if file.is_whole],
        "follow_up": FOLLOW_UP,
    }


def _order(
    ledger: Ledger, retraction: Retraction, plan: RetractionPlan, order: dict[str, Any]
) -> None:
    submission = retraction.submission
    ledger.add(
        ledger.read(submission.key),
        "retraction_begun",
        submission.id,
        **order,
        site=submission.site,
        reason=retraction.reason,
        before=describe_files(submission),
        drop_area=_say_erased(retraction, plan.copies),
        drop_folders=[show_name(copy.name) for copy in plan.copies if not copy.stays],
        derived=_clear_derived(retraction),
        not_covered=plan.not_covered,
    )


def _say_erased(retraction: Retraction, copies: Sequence[DropCopy]) -> str:
    """How the erasure in the drop area went, in one line."""
    if retraction.drop is None:
        return "not looked at"
    erased = sum(len(copy.files) for copy in copies if not copy.stays)
    left = sum(1 for copy in copies if copy.stays)
    return f"{erased} files erased" + (f"; {left} places left, see not_covered" if left else "")


def _reopen_emptied(ledger: Ledger, copies: Sequence[DropCopy]) -> None:
    """A folder that had not been taken yet is empty now, and waits for files again."""
    for copy in copies:
        if copy.stays or parse_version(copy.name) is None:
            continue
        history = ledger.read(copy.name)
        if history.state in OPEN and get_states().can(history.state, "reopened"):
            ledger.add(history, "reopened", reason="what it held was retracted")


def _clear_derived(retraction: Retraction) -> list[str]:
    """Erase what was made of submissions, and name it."""
    derived = retraction.list_derived(retraction.submission)
    there = [folder for folder in derived if folder.exists()]
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
        home, site, purpose = submission.folder.parents[2], submission.site, submission.purpose
        report = add_returned(report, scratch, home=home, site=site, purpose=purpose)
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
