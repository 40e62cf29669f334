"""The facts that made-up people are drawn from: CSV files in ``synthetic/data``."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from types import MappingProxyType

DATA = files("commonweal.synthetic") / "data"
Fact = Mapping[str, str]


@cache
def read_facts(name: str) -> Sequence[Fact]:
    """Rows of one of the files, read once."""
    text = (DATA / name).read_text(encoding="utf-8")
    return tuple(MappingProxyType(row) for row in csv.DictReader(text.splitlines()))


@cache
def digest_facts() -> str:
    """Hex SHA-256 of all the files: other facts make other people."""
    found = hashlib.sha256()
    with as_file(DATA) as folder:
        for file in sorted(folder.rglob("*.csv")):
            found.update(f"{file.relative_to(folder).as_posix()}\n".encode())
            found.update(file.read_bytes())
    return found.hexdigest()
