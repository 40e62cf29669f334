"""Reads the cells of which it is not certain at first sight that they are right.

A few are taken to ``exact`` one by one. Of many, Polars lets through what it is sure of, so
that a site with an uncommon way of writing times or numbers does not wait for Python.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from commonweal.intake.check.dates import BIRTH_YEAR
from commonweal.intake.check.exact import TIME_SHAPE, ZONE_NAMES, find_fault
from commonweal.schema.model import DataType, Field

FEW = 500
"""So many cells are judged by Python in the time that Polars takes to begin."""
_NUMBER = "^[+-]?[0-9]+$"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SURE_DATE = f"{_DATE}$"
_SURE_TIME = f"{_DATE}{TIME_SHAPE.format(fraction=6, zones=ZONE_NAMES)}$"
_EPOCH = date(1970, 1, 1).toordinal()
_A_DAY = Field("day", DataType.DATE, required=True, primary_key=False, description="")


@dataclass(frozen=True)
class Reading:
    """What was found in some cells: which have which fault, and the keys of the others."""

    text: list[str]
    faults: Mapping[str, npt.NDArray[np.int64]]
    """The code of a fault, and the places of the cells that have it."""
    has_key: npt.NDArray[np.bool_]
    keys: npt.NDArray[np.int64]


def read_doubtful(field: Field, text: pl.Series) -> Reading:
    """Judge cells with certainty; the keys are read only where the field has any."""
    return _read_few(field, text) if len(text) <= FEW else _read_many(field, text)
