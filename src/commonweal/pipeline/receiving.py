"""What receiving from the drop areas works with: the vocabulary, the feeds, and who is told."""

from commonweal.engine.settings import Settings
from commonweal.intake.check.file import FileProgress
from commonweal.intake.lifecycle.reception import Receiver
from commonweal.intake.submission import Submission
from commonweal.pipeline.matching import match_at_intake
from commonweal.pipeline.measuring import get_surroundings


def build_receiver(settings: Settings, *, progress: FileProgress | None = None) -> Receiver:
    """A receiver that measures what lands, and compares what was accepted with participants."""

    def compare(submission: Submission) -> None:
        if submission.is_accepted:
            match_at_intake(settings, submission)

    return Receiver(
        settings.home,
        settings.engine,
        settings.storage,
        around=lambda day: get_surroundings(settings, day=day),
        announce=compare,
        progress=progress,
    )
