"""Turns whatever somebody typed into a query the full-text index can safely be asked."""

import re
from dataclasses import dataclass

LONGEST_QUERY = 500
"""Characters of a query that are looked at."""

_MOST_WORDS = 20
_SHORTEST_REQUIRED_WORD = 3
_LARGEST_ID_DIGITS = 18


@dataclass(frozen=True)
class Query:
    """What is searched for."""

    text: str
    """As typed, without characters that are no text."""
    match: str
    """For FTS5: every word must begin a word of a concept; empty when there is no word."""
    concept_id: int | None
    """The id it may be."""

    @property
    def is_empty(self) -> bool:
        return not self.text


def build_query(typed: str) -> Query:
    """Read a search text by the rules of the programme's browser; no text is an error.

    Commas, plus signs and spaces divide words; all are required, those of one or two letters
    only when there are no longer ones; a text in double quotes is one phrase.
    """
    clean = typed[:LONGEST_QUERY].encode("utf-8", "ignore").decode().replace("\0", " ").strip()
    is_id = clean.isascii() and clean.isdecimal() and len(clean) <= _LARGEST_ID_DIGITS
    return Query(clean, _build_match(clean), int(clean) if is_id else None)


def _build_match(text: str) -> str:
    phrase = re.fullmatch(r'"([^"]*)"', text)
    parts = [phrase[1]] if phrase else re.split(r"[\s,+]+", text)
    normal = [" ".join(re.findall(r"[^\W_]+", part)) for part in parts]
    words = list(dict.fromkeys(word for word in normal if word))
    long = [word for word in words if len(word) >= _SHORTEST_REQUIRED_WORD]
    # Words hold letters and digits only, so that the quotes around them cannot be broken.
    end = '"' if phrase else '"*'
    return " AND ".join(f'"{word}{end}' for word in (long or words)[:_MOST_WORDS])
