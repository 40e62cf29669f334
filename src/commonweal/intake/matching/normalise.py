"""Makes the twelve fields comparable, exactly as the strict comparison wants them.

Every function turns a column of text into a column of text that is null where nothing to
compare is left. The rules are those of the identity match of *All of Us*
(``data/fields.toml`` has them in words); ``fold_*`` and ``get_digits`` are for evidence only.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl

from commonweal.intake.matching.declared import get_abbreviations, get_states

BLANKS = " \t\r\n\f\v\u00a0"
"""What is trimmed."""
ZIP_LENGTH = 5
PHONE_DIGITS = 10
_COMBINING = r"\p{Mn}+"


def normalise_name(text: pl.Expr) -> pl.Expr:
    """Trimmed, lower case, only a to z."""
    return _or_null(_lower(text).str.replace_all("[^a-z]", ""))


def normalise_phone(text: pl.Expr) -> pl.Expr:
    """Without ``-+()``; all else stays."""
    return _or_null(text.str.replace_all("[-+()]", ""))


def normalise_email(text: pl.Expr) -> pl.Expr:
    """Trimmed, lower case."""
    return _or_null(_lower(text))


def normalise_street(text: pl.Expr) -> pl.Expr:
    """Words of letters and digits, endings of numbers and abbreviations resolved."""
    words = (
        _to_words(text)
        .str.replace_all(r"\b([0-9]+)(?:st|nd|rd|th)\b", "${1}")
        .str.replace_all("([0-9])([a-z])", "${1} ${2}")
    )
    return _or_null(_expand(words, get_abbreviations("street")))


def normalise_city(text: pl.Expr) -> pl.Expr:
    """Words of letters and digits, abbreviations written out."""
    return _or_null(_expand(_to_words(text), get_abbreviations("city")))


def normalise_state(text: pl.Expr) -> pl.Expr:
    """One of the codes in lower case, else null."""
    prefix, codes = get_states()
    code = _lower(text).str.strip_prefix(prefix)
    return pl.when(code.is_in(codes)).then(code)


def normalise_zip(text: pl.Expr) -> pl.Expr:
    """What stands before a hyphen or a space, filled up with zeros in front."""
    code = text.str.strip_chars(BLANKS).str.extract("^([^- ]+)")
    return code.str.pad_start(ZIP_LENGTH, "0")


def normalise_day(text: pl.Expr) -> pl.Expr:
    """The day of a date or a time as ``YYYY-MM-DD``; null when it is none."""
    return text.str.head(10).str.to_date("%Y-%m-%d", strict=False).dt.to_string("%Y-%m-%d")


def normalise_sex(text: pl.Expr) -> pl.Expr:
    """Trimmed, lower case: an answer, or a concept id as text."""
    return _or_null(_lower(text))


NORMALISERS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = MappingProxyType(
    {
        "first_name": normalise_name,
        "middle_name": normalise_name,
        "last_name": normalise_name,
        "phone_number": normalise_phone,
        "email": normalise_email,
        "address_1": normalise_street,
        "address_2": normalise_street,
        "city": normalise_city,
        "state": normalise_state,
        "zip": normalise_zip,
        "birth_date": normalise_day,
        "sex": normalise_sex,
    }
)
"""How each field is made comparable."""


def fold_accents(text: pl.Expr) -> pl.Expr:
    """Text with letters in place of letters with accents, such as Jose for José."""
    return text.str.normalize("NFKD").str.replace_all(_COMBINING, "")


def get_digits(text: pl.Expr) -> pl.Expr:
    """The last ten digits of a telephone number; null when there are fewer."""
    digits = text.str.replace_all("[^0-9]", "")
    return pl.when(digits.str.len_bytes() >= PHONE_DIGITS).then(digits.str.tail(PHONE_DIGITS))


def _lower(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars(BLANKS).str.to_lowercase()


def _to_words(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all("[^a-z0-9]+", " ")


def _expand(words: pl.Expr, abbreviations: Mapping[str, str]) -> pl.Expr:
    """Each word that is an abbreviation written out, with one space between words."""
    listed = words.str.strip_chars(" ").str.split(" ")
    full = pl.element().replace(dict(abbreviations))
    return listed.list.eval(full).list.join(" ")


def _or_null(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)
