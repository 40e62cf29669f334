"""Why something cannot be done in a drop, in words for whoever sits at the other end."""

from enum import Enum, auto


class Kind(Enum):
    """What SFTP calls it."""

    ABSENT = auto()
    EXISTS = auto()
    DENIED = auto()
    NO_ROOM = auto()
    FAILED = auto()


class DropRefusedError(Exception):
    """A request that is not carried out."""

    def __init__(self, kind: Kind, words: str) -> None:
        self.kind = kind
        self.words = words
        super().__init__(words)


def absent() -> DropRefusedError:
    """There is nothing of this name that the steward may see."""
    return DropRefusedError(Kind.ABSENT, "There is no such file or folder.")


def denied(words: str) -> DropRefusedError:
    """The drop does not allow it."""
    return DropRefusedError(Kind.DENIED, words)


def exists(words: str) -> DropRefusedError:
    """The name is taken."""
    return DropRefusedError(Kind.EXISTS, words)
