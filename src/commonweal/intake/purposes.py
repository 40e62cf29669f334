"""What the purpose of a submission decides: which dialect it is read as, unless it says so."""

from collections.abc import Mapping
from types import MappingProxyType

from commonweal.intake.sites import Purpose
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import MODELS

DEFAULT_DIALECTS: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.TEST: "programme",
        Purpose.SPRINT: "sprint",
        Purpose.ALPHA: "alpha",
        Purpose.PRODUCTION: "programme",
    }
)
_NOT_SENT = ("feeds", "release")
DIALECTS = tuple(name for name in MODELS if name not in _NOT_SENT)
"""Models that sites send; the others are made here."""


def choose_dialect(purpose: Purpose, declared: str = "") -> str:
    """The dialect of a submission: the one declared, else the one of its purpose."""
    return declared or DEFAULT_DIALECTS[purpose]


def check_dialect(name: str) -> None:
    """Refuse what is no dialect that sites send.

    Raises:
        CommonwealError: there is none of that name; the message lists those there are.
    """
    if name not in DIALECTS:
        raise CommonwealError(
            f"There is no dialect called {name!r}.",
            expected=f"one of {', '.join(DIALECTS)}",
            fix="Choose one of these with --dialect.",
        )
