"""What a user is told when something cannot be done.

Every error a person can cause is a ``CommonwealError``: it says what was found, what
was expected and what to do, and the command line prints it without a traceback. No
message may carry a value out of anybody's data: names of files, tables, columns and
counts only.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; ``check`` uses the first three."""

    OK = 0
    REJECTED = 1
    COULD_NOT_RUN = 2


class CommonwealError(Exception):
    """Something the user can mend."""

    exit_code = ExitCode.COULD_NOT_RUN

    def __init__(self, found: str, *, expected: str = "", fix: str = "") -> None:
        self.found = found
        self.expected = expected
        self.fix = fix
        super().__init__(found)

    def __str__(self) -> str:
        parts = [self.found]
        if self.expected:
            parts.append(f"Expected: {self.expected}")
        if self.fix:
            parts.append(f"What to do: {self.fix}")
        return "\n".join(parts)
