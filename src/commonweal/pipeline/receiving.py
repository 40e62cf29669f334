"""What receiving from the drop areas works with: the vocabulary, the feeds, and who is told."""

from collections.abc import Mapping
from typing import Any

from commonweal.engine.settings import Settings
from commonweal.intake.check.file import FileProgress
from commonweal.intake.lifecycle.proof import count_test_load
from commonweal.intake.lifecycle.reception import BY, Receiver
from commonweal.intake.lifecycle.settle import Ledger
from commonweal.intake.submission import Submission
from commonweal.pipeline.matching import find_why_not, match_at_intake
from commonweal.pipeline.measuring import get_surroundings


def build_receiver(settings: Settings, *, progress: FileProgress | None = None) -> Receiver:
    """A receiver that measures what lands, and compares what was accepted with participants."""
    return Receiver(
        settings.home,
        settings.engine,
        settings.storage,
        around=lambda day: get_surroundings(settings, day=day),
        announce=lambda submission: _follow_up(settings, submission),
        progress=progress,
        only_synthetic=settings.programme.synthetic,
    )


def _follow_up(settings: Settings, submission: Submission) -> Mapping[str, Any]:
    """What an accepted submission sets in motion; done twice, it changes nothing.

    What is returned goes into the receipt: how many persons may not be sent, and how many are
    not who they should be, or why nobody was compared.

    A test load is recorded when it lands, and here once more: who was killed in between would
    leave the site waiting at its gate.
    """
    if not submission.is_accepted:
        return {}
    ledger = Ledger(settings.home, submission.site, lambda: submission.received_at, BY)
    count_test_load(ledger, submission)
    matched, _ = match_at_intake(settings, submission)
    if matched is not None:
        return {"persons_and_consent": matched.count_persons()}
    return {"persons_and_consent": None, "not_compared": find_why_not(settings.home, submission)}
