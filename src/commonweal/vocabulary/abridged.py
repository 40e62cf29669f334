"""The abridged vocabulary that is shipped with the product: enough for a demonstration.

Terms of SNOMED CT stand in a folder of their own. Where its licence does not reach, the folder
may be removed: everything works, and those concepts are shown by number.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq

DATA = Path(str(files("commonweal.vocabulary") / "data"))
MAIN, SNOMED = "abridged", "snomed"


def list_shipped(data: Path = DATA) -> Mapping[str, tuple[Path, ...]]:
    """The files of every table that is shipped; two where SNOMED CT adds to it."""
    found: dict[str, tuple[Path, ...]] = {}
    for folder in (MAIN, SNOMED):
        for file in sorted((data / folder).glob("*.parquet")):
            found[file.stem] = (*found.get(file.stem, ()), file)
    return found


def has_snomed(data: Path = DATA) -> bool:
    """Whether terms of SNOMED CT are there."""
    return (data / SNOMED / "concept.parquet").is_file()


def read_names(data: Path = DATA) -> Mapping[int, str]:
    """Name by id of every concept that is shipped, without an engine."""
    names: dict[int, str] = {}
    for file in list_shipped(data)["concept"]:
        rows = pq.read_table(file, columns=["concept_id", "concept_name"])
        names.update(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return names
