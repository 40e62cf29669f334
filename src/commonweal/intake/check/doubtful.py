"""Reads the cells of which it is not certain at first sight that they are right.

A few are taken to ``exact`` one by one. Of many, Polars first lets through what it is sure
of, so that a site with an uncommon way of writing times does not wait for Python.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.intake.check.exact import (
    BLANKS,
    LARGEST,
    MOST_DIGITS,
    SMALLEST,
    TIME_SHAPE,
    ZONE_NAMES,
    find_fault,
)
from commonweal.intake.check.kept import is_kept, is_kept_number, is_kept_presence
from commonweal.schema.model import DataType, Field

_NUMBER = "^[+-]?[0-9]+$"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SURE_DATE = f"{_DATE}$"
_SURE_TIME = f"{_DATE}{TIME_SHAPE.format(fraction=6, zones=ZONE_NAMES)}$"
_FIND_NUMBER = re.compile(rf"[+-]?0*[0-9]{{1,{MOST_DIGITS}}}")
_FIND_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Reading:
    """What was found in some cells, whose places count from 0: their faults and their keys."""

    text: Sequence[str] | pl.Series
    faults: Mapping[str, Sequence[int]]
    """The code of a fault, and the places of the cells that have it, in order."""
    has_key: npt.NDArray[np.bool_]
    keys: npt.NDArray[np.int64]


def read_doubtful(field: Field, text: list[str] | pl.Series) -> Reading:
    """Judge cells with certainty; keys are numbers or days, and none where nothing is kept.

    A few cells come as a list, many as a series.
    """
    return _read_few(field, text) if isinstance(text, list) else _read_many(field, text)


def _read_few(field: Field, text: list[str]) -> Reading:
    faults: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(text):
        if code := find_fault(field, cell):
            faults[code].append(place)
    found = [read_key(field, cell) for cell in text]
    return Reading(
        text,
        faults,
        np.array([key is not None for key in found], dtype=np.bool_),
        np.array([key or 0 for key in found], dtype=np.int64),
    )


def _read_many(field: Field, text: pl.Series) -> Reading:
    frame = text.alias(field.name).to_frame()
    suspects = frame.select(build_suspect(field)).to_series()
    codes = {cell: find_fault(field, cell) for cell in suspects.drop_nulls().unique().to_list()}
    found = suspects.replace_strict(codes, default=None, return_dtype=pl.String)
    faults = {
        code: (found == code).fill_null(value=False).arg_true().to_list()
        for code in found.drop_nulls().unique().to_list()
    }
    keys = _read_keys(field, frame)
    return Reading(
        text, faults, keys.is_not_null().to_numpy(), keys.fill_null(0).cast(pl.Int64).to_numpy()
    )


def _read_keys(field: Field, frame: pl.DataFrame) -> pl.Series:
    if not is_kept(field) or is_kept_presence(field):
        return pl.Series(values=[None] * frame.height, dtype=pl.Int64)
    return frame.select(_build_key(field).to_physical()).to_series()


def read_key(field: Field, text: str) -> int | None:
    """What ``build_keys`` makes of one cell, days as their number since 1970."""
    if not is_kept(field) or is_kept_presence(field):
        return None
    if is_kept_number(field):
        number = int(text) if _FIND_NUMBER.fullmatch(text) else None
        return number if number is not None and SMALLEST <= number <= LARGEST else None
    try:
        day = date.fromisoformat(text[:10]) if _FIND_DATE.match(text) else None
    except ValueError:
        return None
    return None if day is None else day.toordinal() - _EPOCH


def is_checked(field: Field) -> bool:
    """Whether a cell of the field can be wrong at all."""
    confined = field.required or field.length is not None or bool(field.values)
    return confined or field.type is not DataType.STRING


def build_suspect(field: Field) -> pl.Expr:
    """The text of the cell when it may be wrong, else null; an empty cell reads as ''."""
    text = pl.col(field.name).fill_null("")
    empty = text == ""
    sure = _build_sure(field, text)
    suspicious = empty | ~sure if field.required else ~empty & ~sure
    return pl.when(suspicious).then(text).otherwise(None)


def _build_sure(field: Field, text: pl.Expr) -> pl.Expr:
    """True only for a text that is certain to be right (the text is not empty)."""
    match field.type:
        case DataType.INTEGER:
            sure = text.cast(pl.Int64, strict=False).is_not_null()
        case DataType.FLOAT:
            sure = text.cast(pl.Float64, strict=False).is_finite().fill_null(value=False)
        case DataType.DATE:
            sure = text.str.contains(_SURE_DATE) & _is_calendar_date(text)
        case DataType.TIMESTAMP:
            sure = text.str.contains(_SURE_TIME) & _is_calendar_date(text.str.slice(0, 10))
        case DataType.STRING:
            sure = _is_sure_text(field, text)
    return sure


def _is_sure_text(field: Field, text: pl.Expr) -> pl.Expr:
    if field.values:
        return text.is_in(sorted(field.values))
    fits = pl.lit(value=True) if field.length is None else _is_short(text, field.length)
    return fits & (text.str.strip_chars(BLANKS) != "") if field.required else fits


def _is_calendar_date(text: pl.Expr) -> pl.Expr:
    day = text.str.to_date("%Y-%m-%d", strict=False)
    return (day >= pl.date(1, 1, 1)).fill_null(value=False)


def _is_short(text: pl.Expr, length: int) -> pl.Expr:
    """In bytes, of which there are at least as many as characters."""
    return text.str.len_bytes() <= length


def build_keys(fields: Iterable[Field]) -> list[pl.Expr]:
    """What ``kept`` says is put aside of every row, under the names of the fields."""
    return [_build_key(field) for field in fields if is_kept(field)]


def _build_key(field: Field) -> pl.Expr:
    text = pl.col(field.name)
    if is_kept_presence(field):
        is_there = text.fill_null("") != ""
        return pl.when(is_there).then(statement=True).otherwise(None).alias(field.name)
    if is_kept_number(field):
        key = text.cast(pl.Int64, strict=False)
        return pl.when(text.str.contains(_NUMBER)).then(key).alias(field.name)
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    is_day = text.str.contains(_DATE) & (day >= pl.date(1, 1, 1))
    return pl.when(is_day).then(day).alias(field.name)
