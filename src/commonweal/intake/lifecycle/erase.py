"""Which rows of a submission are some persons', and its files without them.

A row is theirs by its person id; by a key into such a row (notes taken apart, costs, episodes);
by a link between facts; or because it is an address that nobody else has. Where any of the
persons are there, what cannot be told apart goes with them: records that are not whole or name
nobody, and files whose records cannot be told apart. Where nobody of them is, nothing goes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from commonweal.intake.check.preflight import MAX_RECORD_BYTES
from commonweal.intake.lifecycle.records import (
    Record,
    find_numbers,
    find_numbers_in,
    has_open_quote,
    has_plain_header,
    is_json_lines,
    read_header,
    read_records,
    to_number,
)
from commonweal.intake.submission import LandedFile, Submission
from commonweal.schema.model import Field, Table, get_model

PERSON_COLUMNS = ("person_id", "subject_id")
"""The second is what cohorts call a person."""

FACT_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "56": "person",
        "1147314": "person",
        "8": "visit_occurrence",
        "10": "procedure_occurrence",
        "13": "drug_exposure",
        "17": "device_exposure",
        "19": "condition_occurrence",
        "21": "measurement",
        "27": "observation",
        "36": "specimen",
        "5085": "note",
    }
)
"""Concepts of domains, as fact_relationship names them, and the table a fact stands in."""

COST_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "Visit": "visit_occurrence",
        "Procedure": "procedure_occurrence",
        "Drug": "drug_exposure",
        "Device": "device_exposure",
        "Condition": "condition_occurrence",
        "Measurement": "measurement",
        "Observation": "observation",
        "Specimen": "specimen",
    }
)
_FACTS = ("domain_concept_id_1", "fact_id_1", "domain_concept_id_2", "fact_id_2")


@dataclass(frozen=True)
class ErasedFile:
    """What becomes of one file; ``is_whole`` says that nothing of it is kept, because its
    records cannot be told apart. ``doubtful`` of those removed might be anybody's.
    """

    name: str
    table: str
    rows: int
    removed: int
    is_whole: bool = False
    doubtful: int = 0


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure of persons takes away. ``found`` is how many of them are there; without
    any, nothing goes. ``unreadable`` are files in which none was found, but that hold records
    nobody can tell apart.
    """

    asked: int
    found: int
    files: tuple[ErasedFile, ...]
    unreadable: tuple[str, ...] = ()

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)


class Eraser:
    """Finds the rows of some persons in a submission, first what is theirs by id."""

    def __init__(self, submission: Submission, persons: Collection[int]) -> None:
        self._submission = submission
        self._persons = {str(person) for person in persons}
        self._numbers = {person.encode() for person in self._persons}
        self._model = get_model(submission.dialect)
        self._files = {f.name: f for f in submission.files if f.table and self._is_readable(f)}
        self._found: set[str] = set()
        self._removed: dict[str, set[str]] = defaultdict(set)
        self._used_locations: set[str] = set()
        self._left_locations: set[str] = set()
        self._survey()

    def plan(self) -> ErasurePlan:
        """Count what would go."""
        whole = {f.name for f in self._submission.files if f.name not in self._files}
        if not self._found:
            kept = tuple(ErasedFile(f.name, f.table, f.rows, 0) for f in self._submission.files)
            return ErasurePlan(len(self._persons), 0, kept, tuple(sorted(whole)))
        files = tuple(
            ErasedFile(f.name, f.table, f.rows, f.rows, is_whole=True)
            if f.name in whole
            else self._plan_file(f)
            for f in self._submission.files
        )
        return ErasurePlan(len(self._persons), len(self._found), files)

    def write(self, folder: Path) -> None:
        """Write the files without the rows; records that stay keep their bytes."""
        for name, file in self._files.items():
            source = self._submission.folder / name
            with (folder / name).open("wb") as out:
                out.write(read_header(source)[0])
                out.writelines(record.raw for record, kept, _ in self._judge(file) if kept)

    def _plan_file(self, file: LandedFile) -> ErasedFile:
        gone = [doubtful for _, kept, doubtful in self._judge(file) if not kept]
        return ErasedFile(file.name, file.table, file.rows, len(gone), doubtful=sum(gone))

    def _is_readable(self, file: LandedFile) -> bool:
        """Whether its records can be told apart: as many are found as the check saw."""
        path = self._submission.folder / file.name
        if has_open_quote(path):
            return False
        table = self._model.table(file.table)
        if not is_json_lines(path):
            names = read_header(path)[1]
            if not (has_plain_header(path) and self._names_persons(table, names)):
                return False
        records = 0
        for record in read_records(path, []):
            if len(record.raw) >= MAX_RECORD_BYTES:
                return False
            records += not record.is_blank
        return records == file.rows

    def _names_persons(self, table: Table, names: Collection[str]) -> bool:
        """Whether the columns that tell whose a row is are there, as far as the table has any."""
        wanted = [column for column in PERSON_COLUMNS if column in table.by_name]
        return not wanted or any(column in names for column in wanted)

    def _survey(self) -> None:
        """Keys of the rows that go, and addresses that are used by rows that go and that stay."""
        for file in self._files.values():
            table = self._model.table(file.table)
            key = table.primary_key.name if table.primary_key else ""
            for record in self._read(file, (*PERSON_COLUMNS, key, "location_id")):
                cells = record.cells
                person = to_number(cells[0] or cells[1])
                if person and person in self._persons:
                    self._found.add(person)
                    self._removed[table.name].add(to_number(cells[2]))
                    self._left_locations.add(to_number(cells[3]))
                elif table.name != "location":
                    self._used_locations.add(to_number(cells[3]))
                if self._is_doubtful(record, table):
                    self._add_found(find_numbers(record.raw, self._numbers))
        self._survey_facts()
        for file in self._submission.files:
            if file.name not in self._files:
                path = self._submission.folder / file.name
                self._add_found(find_numbers_in(path, self._numbers))

    def _survey_facts(self) -> None:
        """Persons whom a link between facts names."""
        for file in self._files.values():
            if file.table == "fact_relationship":
                for _, (first, one, second, other), _ in self._read(file, _FACTS):
                    for domain, fact in ((first, one), (second, other)):
                        if FACT_TABLES.get(to_number(domain)) == "person":
                            self._found |= {to_number(fact)} & self._persons

    def _add_found(self, numbers: Collection[bytes]) -> None:
        self._found.update(number.decode() for number in numbers)

    def _read(self, file: LandedFile, columns: tuple[str, ...]) -> Iterator[Record]:
        return read_records(self._submission.folder / file.name, columns)

    def _is_doubtful(self, record: Record, table: Table) -> bool:
        """Whether nobody can say whose a record is; the person stands in its first two cells."""
        if record.is_blank:
            return False
        is_owned = any(column in table.by_name for column in PERSON_COLUMNS)
        return not record.is_whole or (
            is_owned and not to_number(record.cells[0] or record.cells[1])
        )

    def _judge(self, file: LandedFile) -> Iterator[tuple[Record, bool, bool]]:
        """Each record, whether it stays, and whether it goes only because of doubt."""
        table = self._model.table(file.table)
        is_owned = any(column in table.by_name for column in PERSON_COLUMNS)
        judged = self._judge_by_person(file) if is_owned else self._judge_others(file, table)
        for record, kept in judged:
            doubtful = self._is_doubtful(record, table)
            yield record, kept and not doubtful, kept and doubtful

    def _judge_by_person(self, file: LandedFile) -> Iterator[tuple[Record, bool]]:
        for record in self._read(file, PERSON_COLUMNS):
            yield record, to_number(record.cells[0] or record.cells[1]) not in self._persons

    def _judge_others(self, file: LandedFile, table: Table) -> Iterator[tuple[Record, bool]]:
        """Records of a table that has no column for a person."""
        if table.name == "location":
            gone = self._left_locations - self._used_locations - {""}
            for record in self._read(file, ("location_id",)):
                yield record, to_number(record.cells[0]) not in gone
        elif table.name == "fact_relationship":
            for record in self._read(file, _FACTS):
                first, second = record.cells[:2], record.cells[2:]
                yield record, not (self._is_gone(*first) or self._is_gone(*second))
        else:
            yield from self._judge_by_keys(file, table)

    def _judge_by_keys(self, file: LandedFile, table: Table) -> Iterator[tuple[Record, bool]]:
        keys = [f for f in table.foreign_keys if f.references and self._is_personal(f)]
        targets = [f.references.table for f in keys if f.references]
        columns = (*(f.name for f in keys), "cost_domain_id", "cost_event_id")
        for record in self._read(file, columns):
            cells = record.cells
            named = zip(targets, cells, strict=False)
            by_key = any(to_number(cell) in self._removed[target] for target, cell in named)
            domain, event = cells[-2:]
            by_cost = to_number(event) in self._removed.get(COST_TABLES.get(domain, ""), ())
            yield record, not (by_key or by_cost)

    def _is_personal(self, field: Field) -> bool:
        """Whether a key leads to a table whose rows are persons'."""
        target = field.references.table if field.references else ""
        return target in self._model.tables and self._model.table(target).has_person

    def _is_gone(self, domain: str, fact: str) -> bool:
        table = FACT_TABLES.get(to_number(domain), "")
        if table == "person":
            return to_number(fact) in self._persons
        return to_number(fact) in self._removed.get(table, ())
