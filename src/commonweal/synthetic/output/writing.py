"""A programme being written: what goes into which file, from the first row to the last word."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from commonweal import __version__
from commonweal.engine.storage import readable_json
from commonweal.schema.model import get_model
from commonweal.synthetic.ehr.patients import list_patients
from commonweal.synthetic.feeds.snapshot import MANIFEST
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.output.batch import Made, Makers, Workshop
from commonweal.synthetic.output.files import (
    DirtOf,
    ParquetFolder,
    Submissions,
    Written,
    describe_feeds,
)
from commonweal.synthetic.output.omop import MODEL, WORDS, build_source, build_words
from commonweal.synthetic.output.pages import build_readme, describe_plan
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.coding import Coder
from commonweal.synthetic.sites.places import build_places
from commonweal.synthetic.sites.profile import Purpose
from commonweal.synthetic.sites.rows import SiteRows

FORMAT = "commonweal-programme-1"
SAMPLE = 1_000
"""People whose records tell how common each code is."""
SOURCE_MAP, ACCOUNTS = "source_to_concept_map", "account_registration"
MADE_HERE = (
    "person",
    "location",
    "care_site",
    "provider",
    "cdm_source",
    "condition_era",
    "drug_era",
)
"""Tables of the OMOP folder that do not come with the records."""


class Part(StrEnum):
    """What of a programme is written."""

    SUBMISSIONS = "submissions"
    OMOP = "omop"
    FEEDS = "feeds"


class Writing:
    """The open files of a programme; ``close`` lets go of them, finished or not."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        *,
        parts: Set[Part],
        makers: Makers,
        dirt_of: DirtOf,
        options: Mapping[str, Any],
    ) -> None:
        """``options`` are what else was asked for, to be told beside the plan."""
        self._plan = plan
        self._folder = folder
        self._options = {"parts": sorted(parts), **options}
        people = make_people(plan, plan.batch(0, SAMPLE))
        everybody = np.ones(len(people), dtype=np.bool_)
        sample = makers.records(plan, list_patients(plan, people, everybody))
        self._submissions: Submissions | None = None
        self._omop: ParquetFolder | None = None
        self._feeds: ParquetFolder | None = None
        if Part.SUBMISSIONS in parts:
            self._submissions = Submissions(folder, plan, dirt_of)
        if Part.OMOP in parts:
            tables = {*sample, *MADE_HERE, *WORDS}
            self._omop = ParquetFolder(folder / "omop", get_model(MODEL), tables)
        if Part.FEEDS in parts:
            feeds = get_model("feeds")
            day = folder / "feeds" / plan.as_of.isoformat()
            self._feeds = ParquetFolder(day, feeds, feeds.tables)
        self.workshop = Workshop(
            plan=plan,
            makers=makers,
            coder=Coder(plan, makers.codes, sample),
            files=self._submissions.files if self._submissions else {},
            dirt=self._submissions.dirt if self._submissions else {},
            wants_omop=self._omop is not None,
            wants_feeds=self._feeds is not None,
        )

    def add_sites(self) -> None:
        """Add what belongs to the sites themselves: places, people who work there, code maps."""
        own = build_places(self._plan)
        if self._omop is not None:
            model = get_model(MODEL)
            for name, rows in own.items():
                self._omop.append({name: build_table(model.table(name), [rows.columns])})
            self._omop.append({"cdm_source": build_source(self._plan)})
            self._omop.append({name: build_words(name) for name in WORDS})
        if self._submissions is not None:
            nobody = make_people(self._plan, self._plan.batch(0, 0))
            for name, rows in (*own.items(), *self._list_source_maps()):
                pieces = self.workshop.encode(Purpose.PRODUCTION, name, rows, nobody)
                self._submissions.append(pieces)

    def add(self, made: Made) -> None:
        """Add a batch."""
        if self._submissions is not None:
            self._submissions.append(made.pieces)
        if self._omop is not None:
            self._omop.append(made.omop)
        if self._feeds is not None:
            self._feeds.append(made.feeds)

    def add_visitors(self, batch: int) -> None:
        """Add the accounts of those who never joined, after those of everybody who did."""
        if self._feeds is not None:
            for first in range(0, self._plan.persons, batch):
                accounts = self.workshop.makers.visitors(self._plan, first, batch)
                self._feeds.append({ACCOUNTS: accounts})

    def finish(self) -> tuple[dict[str, int], int | None]:
        """Finish and describe all files; the rows in each folder, and the faults if any may be.

        The vocabulary is not counted among the rows.
        """
        for folder in self._parquet_folders():
            folder.close()
        faults = None
        if self._submissions is not None:
            self._submissions.truth.close()
            faults = self._submissions.truth.rows
        rows = Counter[str]()
        for file in self._list_written():
            place = file.path.relative_to(self._folder)
            if len(place.parts) > 1 and file.path.stem not in WORDS:
                rows[place.parts[0]] += file.rows
        self._describe(rows, faults)
        return dict(rows), faults

    def close(self) -> None:
        """Let go of all files."""
        for folder in self._parquet_folders():
            folder.abandon()

    def _describe(self, rows: Counter[str], faults: int | None) -> None:
        """Write what stands beside the data."""
        pages = {self._folder / "README.md": build_readme(self._plan, rows, faults)}
        if self._feeds is not None:
            as_of = self._plan.as_of.isoformat()
            pages[self._feeds.folder / MANIFEST] = describe_feeds(self._feeds, as_of)
        files: dict[Path, dict[str, Any]] = {
            file.path: {"rows": file.rows, "sha256": file.sha256} for file in self._list_written()
        }
        for path, page in pages.items():
            path.write_bytes(page)
            files[path] = {"sha256": hashlib.sha256(page).hexdigest()}
        content = {
            "format": FORMAT,
            "synthetic": True,
            "version": __version__,
            "plan": describe_plan(self._plan),
            "options": self._options,
            "rows": rows,
            "files": {p.relative_to(self._folder).as_posix(): said for p, said in files.items()},
        }
        (self._folder / "programme.json").write_bytes(readable_json(content))

    def _list_written(self) -> Iterator[Written]:
        if self._submissions is not None:
            yield from self._submissions.files.values()
            yield self._submissions.truth
        for folder in self._parquet_folders():
            yield from folder.files.values()

    def _parquet_folders(self) -> list[ParquetFolder]:
        return [folder for folder in (self._omop, self._feeds) if folder is not None]

    def _list_source_maps(self) -> Iterator[tuple[str, SiteRows]]:
        for position in range(len(self._plan.sites)):
            columns = self.workshop.coder.list_source_maps(position)
            if columns is not None:
                site = np.full(len(columns["source_code"]), position, dtype=np.int64)
                yield SOURCE_MAP, SiteRows(site, columns)
