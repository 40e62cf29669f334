"""Why a folder of a drop area stands where it stands: the words of the history, in one place."""

from enum import StrEnum


class Reason(StrEnum):
    """What the events ``held``, ``ready`` and ``expired`` say; the hub knows what to advise."""

    DAY_AHEAD = "its day has not come yet"
    LINKS = "links and such names cannot be taken"
    BROKEN_DECLARATION = "its declaration cannot be read"
    NO_FILES = "there are no files"
    NESTED = "its files lie in a folder within it"
    UNDECLARED = "its purpose was never declared"
    TABLES_MISSING = "required tables are missing"
    NOT_AS_LISTED = "files of its manifest are missing or have another size"
    UNLISTED = "files are not in its manifest"
    CHECKSUMS = "checksums differ from its manifest"
    NOT_AUTHORISED = "not authorised"
    NO_TABLE = "no file is named after a table"
    LISTED = "declared with a manifest"
    DECLARED = "declared"
    COMPLETE = "every required table is there"
    QUIET = "no file came for three hours"


READY = (Reason.LISTED, Reason.DECLARED, Reason.COMPLETE, Reason.QUIET)
"""Reasons to take a folder; the others are reasons not to."""
