"""The truth table: every planted fault and where it stands."""

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

from commonweal.engine.storage import sha256_of
from commonweal.synthetic.dirt.fault import Fault

HEADER = "site,file,line,column,recipe\n"


class TruthFile:
    """``truth.csv``, sorted by site, file, line, column and recipe.

    Faults of one file come in the order of their lines, piece by piece; they wait beside the
    file, one part for each file with faults, and not in memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.sha256 = ""
        self._parts: dict[tuple[str, str], Path] = {}
        self._folder = path.with_name(f".{path.name}.parts")
        self._folder.mkdir()

    def add(self, faults: Iterable[Fault]) -> None:
        """Add the faults of one piece of one file; those of no line come with the first."""
        by_file: dict[tuple[str, str], list[Fault]] = {}
        for fault in faults:
            by_file.setdefault((fault.site, fault.file), []).append(fault)
        for key, found in by_file.items():
            part = self._parts.setdefault(key, self._folder / str(len(self._parts)))
            found.sort(key=lambda fault: (fault.line or 0, fault.column, fault.recipe))
            with part.open("a", encoding="utf-8", newline="") as stream:
                csv.writer(stream, lineterminator="\n").writerows(
                    (fault.site, fault.file, fault.line, fault.column, fault.recipe)
                    for fault in found
                )
            self.rows += len(found)

    def close(self) -> None:
        """Put the parts together."""
        with self.path.open("wb") as stream:
            stream.write(HEADER.encode())
            for _, part in sorted(self._parts.items()):
                with part.open("rb") as content:
                    shutil.copyfileobj(content, stream)
        self.sha256 = sha256_of(self.path)
        shutil.rmtree(self._folder)
