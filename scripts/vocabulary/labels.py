"""Short names of survey questions and answers, made from their codes.

The wording of a question belongs to the owner of its instrument, so it is not shipped.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
LONGEST_ANSWER = 24
"""Characters of an answer that is short enough to be nobody's work."""
LONGEST_LABEL = 120

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\d|$)|[A-Z]?[a-z]+|[A-Z]+|\d+")
_PERSONAL = re.compile(r"\b(?:I|I'm|my|you|your)\b|\?", re.IGNORECASE)
_MEANINGLESS = {"yes", "ye", "y"}
_JOINED = {"medsfor": "meds for", "heartor": "heart or", "heartand": "heart and"}
_SAID_SHORTER = (
    (re.compile(r"^how old(?: were you)? (.+)$"), r"\1, age at diagnosis"),
    (re.compile(r"^(?:rx|prescribed) meds for (.+)$"), r"\1, medicines"),
    (re.compile(r"^(.+?) curr(?:ently)?$"), r"\1, still treated"),
)


def read_instruments() -> dict[str, str]:
    """Our own titles of instruments, by how the codes of their questions begin."""
    with (FOLDER / "instruments.csv").open(encoding="utf-8", newline="") as file:
        return {row["prefix"]: row["title"] for row in csv.DictReader(file)}


class Labels:
    """Makes names; ``codes`` are all codes there are, to learn words from those that show them."""

    def __init__(self, codes: Iterable[str], instruments: Mapping[str, str]) -> None:
        self._instruments = instruments
        shown = [word for code in codes if not code.islower() for word in _WORD.findall(code)]
        self._words = {word.lower(): word for word in sorted(shown) if len(word) > 1}

    def name_code(self, code: str) -> str:
        """``OverallHealth_AveragePain7Days`` becomes "Overall health: average pain 7 days"."""
        for prefix in sorted(self._instruments, key=len, reverse=True):
            if code == prefix:
                return self._instruments[prefix]
            if re.match(rf"{re.escape(prefix)}[_\d]", code):
                item = code.removeprefix(prefix).strip("_").replace("_", " ")
                return f"{self._instruments[prefix]}: item {item}"
        parts = [self._split(part) for part in code.split("_")]
        kept = [p for p in parts if p and " ".join(p).lower() not in _MEANINGLESS]
        return _shorten(_join(kept or parts))

    def name_answer(self, text: str, *, number: str, question: str | None) -> str:
        """An answer's own words when they are few and plain, else its number.

        ``question`` is the name of the only question it answers, None when there are more.
        """
        plain = _tidy_answer(text)
        if not plain or len(plain) > LONGEST_ANSWER or _PERSONAL.search(plain):
            plain = f"answer {number}"
        if question is None:
            return _capital(plain)
        about = question.rpartition(": ")[2] if ": item " not in question else question
        return _shorten(f"{_capital(about)}: {plain}")

    def _split(self, part: str) -> list[str]:
        words = self._split_lower(part) if part.islower() else _WORD.findall(part)
        apart = (_JOINED.get(word.lower(), word) for word in words or [part])
        return [word for text in apart for word in text.split()]

    def _split_lower(self, text: str) -> list[str]:
        """The fewest known words that make up the text; none when they do not."""
        best: list[list[str] | None] = [[], *([None] * len(text))]
        for end in range(1, len(text) + 1):
            ways = [
                [*before, self._words[text[start:end]]]
                for start in range(end)
                if (before := best[start]) is not None and text[start:end] in self._words
            ]
            best[end] = min(ways, key=len, default=None)
        return best[-1] or []


def _join(parts: list[list[str]]) -> str:
    """Words of the parts of a code, without what the next part says again."""
    said = [_say_shorter(" ".join(_lower(word) for word in part)) for part in parts]
    fresh = [
        text for i, text in enumerate(said) if i + 1 == len(said) or not _begins(said[i + 1], text)
    ]
    return ": ".join(_capital(text) if i == 0 else text for i, text in enumerate(fresh))


def _say_shorter(text: str) -> str:
    for pattern, shorter in _SAID_SHORTER:
        text = pattern.sub(shorter, text)
    return text


def _begins(longer: str, shorter: str) -> bool:
    return longer == shorter or longer.startswith(f"{shorter} ")


def _lower(word: str) -> str:
    """Lower case, but for abbreviations."""
    return word if len(word) > 1 and word.isupper() else word.lower()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tidy_answer(text: str) -> str:
    """Without what stands in brackets and marks of a faulty export."""
    bare = re.sub(r"\s*\([^()]*\)", "", text.removeprefix("Value error - "))
    return bare.replace("’", "'").strip(" .;:")


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[:LONGEST_LABEL].rpartition(" ")[0]
