"""The command line as it is run by people, inside the process of a test."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    """What came of a run."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]
"""Runs ``commonweal`` with these words and gives what came of it."""
