"""The files of a programme that is being written, a folder for each kind."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from commonweal.engine.storage import readable_json
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.model import Model
from commonweal.synthetic.dirt.fault import Dirt
from commonweal.synthetic.feeds.snapshot import FORMAT
from commonweal.synthetic.output.batch import FileKey
from commonweal.synthetic.output.parquet_file import ParquetFile
from commonweal.synthetic.output.submission_file import Piece, SubmissionFile
from commonweal.synthetic.output.truth import TruthFile
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.profile import Purpose, SiteProfile
from commonweal.synthetic.sites.submission import is_json_lines, list_tables

FOLDERS = {Purpose.PRODUCTION: "submissions", Purpose.ALPHA: "alpha"}
"""Where the files of the sites stand."""
DirtOf = Callable[[int, Purpose], Dirt]
"""The dirt in what the site at a position of the plan sends for a purpose."""


class Written(Protocol):
    """A file of the programme; what is said of it holds once it is finished."""

    path: Path
    rows: int

    @property
    def sha256(self) -> str: ...


class Submissions:
    """The files of every site, and the truth about the faults in them."""

    def __init__(self, folder: Path, plan: Plan, dirt_of: DirtOf) -> None:
        self.dirt: dict[tuple[Purpose, int], Dirt] = {}
        self.files: dict[FileKey, SubmissionFile] = {}
        self.truth = TruthFile(folder / "truth.csv")
        for position, profile in enumerate(plan.sites):
            for purpose in profile.purposes:
                self.dirt[purpose, position] = dirt_of(position, purpose)
                place = folder / FOLDERS[purpose] / profile.name
                place.mkdir(parents=True)
                for file in self._list_files(place, profile, purpose, position):
                    self.files[purpose, position, file.table.name] = file
                    self.truth.add(file.start())

    def append(self, pieces: Iterable[tuple[FileKey, Piece]]) -> None:
        """Add rows to the files, in the order in which they are given."""
        for key, piece in pieces:
            self.truth.add(self.files[key].append(piece))

    def _list_files(
        self, folder: Path, profile: SiteProfile, purpose: Purpose, position: int
    ) -> Iterable[SubmissionFile]:
        for table in list_tables(profile, purpose):
            ending = "jsonl" if is_json_lines(profile, table.name, purpose) else "csv"
            name = f"{table.name}.{ending}"
            label = name if purpose is Purpose.PRODUCTION else f"{FOLDERS[purpose]}/{name}"
            dirt = self.dirt[purpose, position]
            yield SubmissionFile(folder / name, table, dirt, site=profile.name, label=label)


class ParquetFolder:
    """A Parquet file for each of some tables of a model."""

    def __init__(self, folder: Path, model: Model, tables: Iterable[str]) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.files: dict[str, ParquetFile] = {}
        for name in sorted(tables):
            path = folder / f"{name}.parquet"
            self.files[name] = ParquetFile(path, arrow_schema(model.table(name)))

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows to the files."""
        for name, rows in tables.items():
            self.files[name].append(rows)

    def close(self) -> None:
        """Finish every file."""
        for file in self.files.values():
            file.close()

    def abandon(self) -> None:
        """Let go of files that will not be finished."""
        for file in self.files.values():
            file.abandon()


def describe_feeds(folder: ParquetFolder, as_of: str) -> bytes:
    """The manifest of finished files, by which they are a snapshot of the feeds."""
    manifest = {
        "format": FORMAT,
        "as_of": as_of,
        "synthetic": True,
        "feeds": [
            {"name": name, "file": file.path.name, "rows": file.rows, "sha256": file.sha256}
            for name, file in folder.files.items()
        ],
    }
    return readable_json(manifest)
