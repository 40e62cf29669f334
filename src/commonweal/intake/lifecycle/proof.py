"""The test load: the accepted submission that proves a site's account and drop area.

It is recorded by itself. What was sent for the purpose test and proves nothing is accepted all
the same; its history then says why it does not count.
"""

from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.lifecycle.settle import Ledger, tell_not_counted
from commonweal.intake.onboarding import (
    TEST_LOAD,
    get_step,
    read_checklist,
    record_test_load_passed,
)
from commonweal.intake.sites import Purpose, get_site
from commonweal.intake.submission import Submission


def count_test_load(ledger: Ledger, submission: Submission) -> None:
    """Record an accepted test submission as the site's test load, or say why it is none."""
    site = get_site(ledger.home, ledger.site)
    is_test = submission.is_accepted and submission.purpose is Purpose.TEST
    if not is_test or site.test_load or site.closed_on:
        return
    if lacks := find_lacks(ledger, submission):
        reason = (
            f"It does not count as the test load: {'; '.join(lacks)}. Mend this, and send made-up "
            "records for the purpose test through the drop area again."
        )
        tell_not_counted(ledger, submission, reason)
        return
    record_test_load_passed(
        ledger.home, ledger.site, submission=submission.id, by=ledger.by, now=ledger.now
    )


def find_lacks(ledger: Ledger, submission: Submission) -> list[str]:
    """What keeps an accepted submission from proving account and drop area, in words."""
    checklist = read_checklist(ledger.home, ledger.site)
    waits_for = next(s.waits_for for s in checklist if s.step.name == TEST_LOAD)
    steps = ", ".join(f"“{get_step(name).title}”" for name in waits_for)
    came = parse_version(submission.key) is not None
    lacks = {
        "it is not declared as made up": not submission.synthetic,
        "it has no row": submission.rows == 0,
        "it was handed in at the data centre, and not put into the site's drop area": not came,
        f"the data centre has not recorded {steps} yet": bool(steps),
    }
    return [words for words, is_so in lacks.items() if is_so]
