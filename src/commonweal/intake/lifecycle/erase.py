"""Which rows of a submission are some persons', and its files without them.

A row is theirs by its person id; by a key into such a row (notes taken apart, costs, episodes);
by a link between facts; or because it is an address that nobody else has. A file that cannot
be read record by record holds who knows whom, and goes as a whole.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from commonweal.intake.lifecycle.records import read_header, read_records
from commonweal.intake.submission import LandedFile, Submission, read_report
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
    """What becomes of one file; ``is_whole`` says that nothing of it is kept."""

    name: str
    table: str
    rows: int
    removed: int
    is_whole: bool = False


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure of persons takes away. ``found`` is how many of them are there."""

    asked: int
    found: int
    files: tuple[ErasedFile, ...]

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)


class Eraser:
    """Finds the rows of some persons in a submission, first what is theirs by id."""

    def __init__(self, submission: Submission, persons: Collection[int]) -> None:
        self._submission = submission
        self._persons = {str(person) for person in persons}
        self._model = get_model(submission.dialect)
        faulty = {f.file for f in read_report(submission).files if f.verdict != "accepted"}
        files = [f for f in submission.files if f.name not in faulty and f.table]
        self._files = {f.name: f for f in files if self._is_readable(f)}
        self._found: set[str] = set()
        self._removed: dict[str, set[str]] = defaultdict(set)
        self._used_locations: set[str] = set()
        self._left_locations: set[str] = set()
        self._survey()

    def plan(self) -> ErasurePlan:
        """Count what would go."""
        counts = {
            name: sum(not kept for _, kept in self._judge(file))
            for name, file in self._files.items()
        }
        files = tuple(
            ErasedFile(
                file.name,
                file.table,
                file.rows,
                counts.get(file.name, file.rows),
                is_whole=file.name not in self._files,
            )
            for file in self._submission.files
        )
        return ErasurePlan(len(self._persons), len(self._found), files)

    def write(self, folder: Path) -> None:
        """Write the files without the rows; records that stay keep their bytes."""
        for name, file in self._files.items():
            source = self._submission.folder / name
            with (folder / name).open("wb") as out:
                out.write(read_header(source)[0])
                out.writelines(raw for raw, kept in self._judge(file) if kept)

    def _is_readable(self, file: LandedFile) -> bool:
        """Whether as many records are found as the check saw."""
        path = self._submission.folder / file.name
        return sum(1 for raw, _ in read_records(path, []) if raw.strip()) == file.rows

    def _survey(self) -> None:
        """Keys of the rows that go, and addresses that are used by rows that go and that stay."""
        for file in self._files.values():
            table = self._model.table(file.table)
            key = table.primary_key.name if table.primary_key else ""
            for _, cells in self._read(file, (*PERSON_COLUMNS, key, "location_id")):
                person = _number(cells[0] or cells[1])
                if person and person in self._persons:
                    self._found.add(person)
                    self._removed[table.name].add(_number(cells[2]))
                    self._left_locations.add(_number(cells[3]))
                elif table.name != "location":
                    self._used_locations.add(_number(cells[3]))

    def _read(
        self, file: LandedFile, columns: tuple[str, ...]
    ) -> Iterator[tuple[bytes, tuple[str, ...]]]:
        return read_records(self._submission.folder / file.name, columns)

    def _judge(self, file: LandedFile) -> Iterator[tuple[bytes, bool]]:
        """Each record, and whether it stays."""
        table = self._model.table(file.table)
        if any(column in table.by_name for column in PERSON_COLUMNS):
            for raw, cells in self._read(file, PERSON_COLUMNS):
                yield raw, _number(cells[0] or cells[1]) not in self._persons
        elif table.name == "location":
            gone = self._left_locations - self._used_locations - {""}
            for raw, cells in self._read(file, ("location_id",)):
                yield raw, _number(cells[0]) not in gone
        elif table.name == "fact_relationship":
            for raw, cells in self._read(file, _FACTS):
                yield raw, not (self._is_gone(cells[0], cells[1]) or self._is_gone(*cells[2:]))
        else:
            yield from self._judge_by_keys(file, table)

    def _judge_by_keys(self, file: LandedFile, table: Table) -> Iterator[tuple[bytes, bool]]:
        keys = [f for f in table.foreign_keys if f.references and self._is_personal(f)]
        targets = [f.references.table for f in keys if f.references]
        columns = (*(f.name for f in keys), "cost_domain_id", "cost_event_id")
        for raw, cells in self._read(file, columns):
            named = zip(targets, cells, strict=False)
            by_key = any(_number(cell) in self._removed[target] for target, cell in named)
            domain, event = cells[-2:]
            by_cost = _number(event) in self._removed.get(COST_TABLES.get(domain, ""), ())
            yield raw, not (by_key or by_cost)

    def _is_personal(self, field: Field) -> bool:
        """Whether a key leads to a table whose rows are persons'."""
        target = field.references.table if field.references else ""
        return target in self._model.tables and self._model.table(target).has_person

    def _is_gone(self, domain: str, fact: str) -> bool:
        table = FACT_TABLES.get(_number(domain), "")
        if table == "person":
            return _number(fact) in self._persons
        return _number(fact) in self._removed.get(table, ())


def _number(cell: str) -> str:
    """One spelling of an integer; what is none has none."""
    text = cell.strip()
    try:
        return str(int(text))
    except ValueError:
        return ""
