"""What receiving from the drop areas works with: the vocabulary, the feeds, and who is told."""

from commonweal.engine.settings import Settings
from commonweal.intake.check.file import FileProgress
from commonweal.intake.lifecycle.proof import count_test_load
from commonweal.intake.lifecycle.reception import BY, Receiver
from commonweal.intake.lifecycle.settle import Ledger
from commonweal.intake.submission import Submission
from commonweal.pipeline.matching import match_at_intake
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
    )


def _follow_up(settings: Settings, submission: Submission) -> None:
    """What an accepted submission sets in motion; done twice, it changes nothing.

    A test load is recorded when it lands, and here once more: who was killed in between would
    leave the site waiting at its gate.
    """
    if not submission.is_accepted:
        return
    ledger = Ledger(settings.home, submission.site, lambda: submission.received_at, BY)
    count_test_load(ledger, submission)
    match_at_intake(settings, submission)
