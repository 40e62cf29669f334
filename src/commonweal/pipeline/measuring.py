"""What the metrics of a submission are measured against: the vocabulary in force, and consents."""

from datetime import date
from pathlib import Path

from commonweal.engine.settings import Settings
from commonweal.engine.storage import make_private
from commonweal.intake.metrics import Surroundings
from commonweal.pipeline.feeds import get_latest_feeds
from commonweal.pipeline.vocabulary import get_vocabulary
from commonweal.schema.errors import CommonwealError


def get_surroundings(settings: Settings, *, day: date | None = None) -> Surroundings:
    """The vocabulary in force and, for a submission of a day, the newest snapshot of the feeds.

    A submission's rows stay within the programme's home while they are measured. Where the
    programme has no feeds that can be relied on, metrics go without consents and say
    so: a site must be able to hand in all the same.

    Raises:
        CommonwealError: the loaded vocabulary is damaged.
    """
    vocabulary = get_vocabulary(settings.home)
    if day is None:
        return Surroundings(vocabulary)
    scratch = settings.home / "spill"
    make_private(scratch)
    return Surroundings(vocabulary, _find_feeds(settings), day, scratch)


def _find_feeds(settings: Settings) -> dict[str, Path] | None:
    try:
        snapshot = get_latest_feeds(settings.home, synthetic=settings.programme.synthetic)
    except CommonwealError:
        return None
    return dict(snapshot.files)
