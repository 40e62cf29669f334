"""What people say when something is recorded for good: a day, and words. One check for all.

The command line and the pages use the same, so neither takes what the other refuses.
"""

from datetime import date

from commonweal.schema.errors import CommonwealError

EARLIEST = date(2000, 1, 1)
"""No programme of this kind has anything to record from before."""
LONGEST = 500
"""Characters of a name or a reason."""


def check_day(on: date, today: date) -> date:
    """The day on which something was done.

    Raises:
        CommonwealError: it is still to come, or before every programme of this kind.
    """
    if not EARLIEST <= on <= today:
        raise CommonwealError(
            f"This cannot have been done on {on}.",
            expected=f"a day from {EARLIEST} until today",
            fix="Check the year; record it on the day it is done.",
        )
    return on


def check_words(what: str, text: str) -> str:
    """A reason, a name or a title that goes on record, without the space around it.

    ``what`` names it in the message.

    Raises:
        CommonwealError: nothing is said, it is too long, or it holds line breaks or other
            characters that steer a terminal instead of being read.
    """
    said = text.strip()
    if not said:
        raise CommonwealError(f"{what} is blank.", expected="words", fix="Say it in a few words.")
    return check_optional_words(what, said)


def check_optional_words(what: str, text: str) -> str:
    """The same for what may be left out."""
    said = text.strip()
    if len(said) > LONGEST:
        raise CommonwealError(
            f"{what} has {len(said):,} characters.",
            expected=f"at most {LONGEST}",
            fix="Say it more shortly.",
        )
    if not said.isprintable():
        raise CommonwealError(
            f"{what} holds a line break or another character that cannot be read.",
            expected="one line of letters, digits, spaces and punctuation",
            fix="Type it again, without pasting.",
        )
    return said
