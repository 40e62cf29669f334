"""One batch of people, made ready to be appended to every file of a programme."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.fault import Dirt
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.ehr.patients import Patients, list_patients, pick_patients
from commonweal.synthetic.ehr.records import Records
from commonweal.synthetic.output.omop import MODEL, build_omop_table, join_eras
from commonweal.synthetic.output.submission_file import Piece, SubmissionFile
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.alpha import choose_alpha, disguise_people, disguise_records
from commonweal.synthetic.sites.codes import CodeBook
from commonweal.synthetic.sites.coding import Coder
from commonweal.synthetic.sites.identity import build_identity
from commonweal.synthetic.sites.profile import Purpose
from commonweal.synthetic.sites.rows import SiteRows, rows_of_patients
from commonweal.synthetic.sites.staff import assign_staff
from commonweal.synthetic.sites.submission import split_by_site

FileKey = tuple[Purpose, int, str]
"""Purpose, position of the site in the plan, and table."""
Files = Mapping[FileKey, SubmissionFile]


@dataclass(frozen=True)
class Makers:
    """What makes the parts of a programme."""

    records: Callable[[Plan, Patients], Records]
    feeds: Callable[[Plan, People], Mapping[str, pa.Table]]
    visitors: Callable[[Plan, int, int], pa.Table]
    """Rows of ``account_registration`` of those who never joined, beside a batch of people."""
    codes: CodeBook


@dataclass(frozen=True)
class Made:
    """What a batch adds to each file."""

    persons: int
    pieces: Sequence[tuple[FileKey, Piece]] = ()
    omop: Mapping[str, pa.Table] = field(default_factory=dict)
    feeds: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class Workshop:
    """Makes batches; several may be made at once, for nothing here changes."""

    plan: Plan
    makers: Makers
    coder: Coder
    files: Files
    """Files of the submissions; none where no submission is wanted."""
    dirt: Mapping[tuple[Purpose, int], Dirt]
    """By purpose and position of the site, as far as there are files."""
    wants_omop: bool
    wants_feeds: bool

    def make(self, first: int, size: int) -> Made:
        """The batch of ``size`` people from the one at position ``first`` on."""
        people = make_people(self.plan, self.plan.batch(first, size))
        feeds = self.makers.feeds(self.plan, people) if self.wants_feeds else {}
        if not self.files and not self.wants_omop:
            return Made(len(people), feeds=feeds)
        patients = self._admit(people)
        tables = build_tables(self.plan, self.makers, self.coder, patients)
        clean = patients.of_person(people.membership.shares_records)
        if self.wants_omop:
            tables = {**tables, **join_eras(patients, tables)}
        pieces = self._encode_alpha(people, patients, tables)
        omop: dict[str, pa.Table] = {}
        for name, rows in tables.items():
            sent = rows_of_patients(patients, rows)
            pieces += self.encode(Purpose.PRODUCTION, name, sent, people)
            if self.wants_omop and name in get_model(MODEL).tables:
                omop[name] = build_omop_table(patients, name, rows, clean)
        return Made(len(people), pieces, omop, feeds)

    def encode(
        self, purpose: Purpose, name: str, rows: SiteRows, people: People
    ) -> list[tuple[FileKey, Piece]]:
        """Rows of one table as pieces of the files of their sites; none where there is no file."""
        pieces: list[tuple[FileKey, Piece]] = []
        if (purpose, name) not in self._sent:
            return pieces
        for position, table in split_by_site(self.plan, name, rows, purpose):
            key = purpose, position, name
            if key in self.files:
                pieces.append((key, self.files[key].encode(table, people)))
        return pieces

    @cached_property
    def _sent(self) -> frozenset[tuple[Purpose, str]]:
        """Tables of which there is a file of at least one site."""
        return frozenset((purpose, name) for purpose, _, name in self.files)

    def _admit(self, people: People) -> Patients:
        """The patients whose records are sent, rightly or not."""
        everybody = list_patients(self.plan, people, np.ones(len(people), dtype=np.bool_))
        allowed = everybody.of_person(people.membership.shares_records)
        return pick_patients(everybody, allowed | self._find_extra(Purpose.PRODUCTION, everybody))

    def _find_extra(self, purpose: Purpose, patients: Patients) -> Flags:
        """Patients whom their site sends although it should not."""
        extra = np.zeros(len(patients), dtype=np.bool_)
        for position in np.unique(patients.site).tolist():
            dirt = self.dirt.get((purpose, position))
            if dirt is not None:
                whom = patients.of_person(dirt.extra_patients(patients.people))
                extra |= whom & (patients.site == position)
        return extra

    def _encode_alpha(
        self, people: People, patients: Patients, tables: Records
    ) -> list[tuple[FileKey, Piece]]:
        if not any(purpose is Purpose.ALPHA for purpose, _ in self.dirt):
            return []
        extra = self._find_extra(Purpose.ALPHA, patients)
        chosen = choose_alpha(self.plan, patients, extra)
        disguised = disguise_people(self.plan, people)
        pieces = []
        for name, rows in disguise_records(self.plan, patients, tables, chosen).items():
            pieces += self.encode(Purpose.ALPHA, name, rows, disguised)
        return pieces


def build_tables(plan: Plan, makers: Makers, coder: Coder, patients: Patients) -> Records:
    """Rows of every table about these patients, coded by their sites."""
    records = assign_staff(plan, patients, makers.records(plan, patients))
    return {**coder.code_records(patients, records), **build_identity(plan, patients)}
