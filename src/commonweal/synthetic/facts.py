"""The facts that made-up people are drawn from: CSV files in ``synthetic/data``."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

Fact = Mapping[str, str]


@cache
def read_facts(name: str) -> Sequence[Fact]:
    """Rows of one of the files, read once."""
    text = (files("commonweal.synthetic") / "data" / name).read_text(encoding="utf-8")
    return tuple(MappingProxyType(row) for row in csv.DictReader(text.splitlines()))
