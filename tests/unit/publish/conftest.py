"""A programme of 107 people whose every published number can be worked out by hand.

People, at the cut-off 30 June 2020:
    1–45     women, born 15 January 1980                      40 years
    46–80    men, born 1 July 1960                            59 years, 60 the next day
    81–100   neither, born 2010, month and day not known      10 years
    101–107  women, born 1930, no birth_datetime              90 years
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from commonweal.engine.duckdb_engine import DuckDBEngine, open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.publish.model import ReleaseFacts
from commonweal.publish.reader import PublishingStore
from commonweal.publish.store import build_store

WOMEN, MEN, OTHERS, OLD_WOMEN = range(1, 46), range(46, 81), range(81, 101), range(101, 108)

Rows = list[tuple[object, ...]]
Event = tuple[Iterable[int], int, date | None]

RELEASE = ReleaseFacts(
    id="R2020Q2R1",
    tier="registered",
    title="Second quarter of 2020",
    synthetic=True,
    cutoff=date(2020, 6, 30),
    content_hash="5e" * 32,
    programme="A programme",
)

CONCEPTS: Rows = [
    (10, "Diabetes mellitus", "73211009", "SNOMED", "Condition"),
    (11, "Rare disease", "E88.9", "SNOMED", "Condition"),
    (12, "Smoker", "77176002", "SNOMED", "Observation"),
    (13, "Never seen", "1", "SNOMED", "Condition"),
    (20, "Metformin", "6809", "RxNorm", "Drug"),
    (30, "Diabetes education", "410155007", "SNOMED", "Procedure"),
]
SYNONYMS: Rows = [(10, "Sugar disease"), (10, "Diabète"), (13, "Nobody")]

CONDITIONS: list[Event] = [
    (range(1, 41), 10, date(2000, 1, 15)),  # on the 20th birthday
    (range(1, 41), 10, date(2015, 1, 1)),  # later records change nothing
    (range(46, 71), 10, date(2010, 6, 30)),  # the day before the 50th birthday
    (range(81, 96), 10, date(2020, 1, 1)),
    (range(101, 104), 11, date(2019, 1, 1)),
    ([104], 12, date(2019, 1, 1)),  # of another domain: the record counts, the concept is not shown
    ([105], 0, date(2019, 1, 1)),
    ([999], 11, date(2019, 1, 1)),  # nobody in person
]
DRUGS: list[Event] = [(range(46, 67), 20, date(2020, 1, 1))]
PROCEDURES: list[Event] = [
    (WOMEN, 30, None),
    (MEN, 30, date(2020, 6, 30)),
    (OTHERS, 30, date(2020, 6, 30)),
]


def _people() -> Rows:
    return [
        *((i, 8532, 1980, 1, 15, datetime.fromisoformat("1980-01-15T00:00")) for i in WOMEN),
        *((i, 8507, 1960, 7, 1, datetime.fromisoformat("1960-07-01T00:00")) for i in MEN),
        *((i, 0, 2010, None, None, None) for i in OTHERS),
        *((i, 8532, 1930, None, None, None) for i in OLD_WOMEN),
    ]


def _table(names: str, rows: Rows, types: Iterable[pa.DataType]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(names.split())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=names.split())


def register_events(engine: DuckDBEngine, prefix: str, name: str, events: list[Event]) -> None:
    """Make the view of a clinical table; its columns are named by what the events are."""
    table = {"condition": "condition_occurrence", "drug": "drug_exposure"}.get(name, name)
    table = "procedure_occurrence" if name == "procedure" else table
    day = {"condition": "condition_start_date", "drug": "drug_exposure_start_date"}.get(
        name, f"{name}_date"
    )
    rows: Rows = [(i, concept, on) for people, concept, on in events for i in people]
    types = (pa.int64(), pa.int64(), pa.date32())
    columns = f"person_id {name}_concept_id {day}"
    engine.register_arrow(prefix + table, _table(columns, rows, types))


def register_people(engine: DuckDBEngine, prefix: str, people: Rows) -> None:
    """Make the view of persons: id, sex, and birth as year, month, day and time."""
    engine.register_arrow(
        f"{prefix}person",
        _table(
            "person_id gender_concept_id year_of_birth month_of_birth day_of_birth birth_datetime",
            people,
            [pa.int64()] * 5 + [pa.timestamp("us")],
        ),
    )


def register_tiny_cdm(engine: DuckDBEngine, prefix: str = "", *, backwards: bool = False) -> None:
    """Register the programme as views, in one order or the other."""
    step = -1 if backwards else 1
    number, text = pa.int64(), pa.string()
    register_people(engine, prefix, _people()[::step])
    engine.register_arrow(
        f"{prefix}concept",
        _table(
            "concept_id concept_name concept_code vocabulary_id domain_id",
            CONCEPTS[::step],
            [number] + [text] * 4,
        ),
    )
    engine.register_arrow(
        f"{prefix}concept_synonym",
        _table("concept_id concept_synonym_name", SYNONYMS[::step], [number, text]),
    )
    register_events(engine, prefix, "condition", CONDITIONS[::step])
    register_events(engine, prefix, "drug", DRUGS)
    register_events(engine, prefix, "measurement", [])
    register_events(engine, prefix, "procedure", PROCEDURES[::step])


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with open_engine(EngineSettings(threads=1)) as engine:
        register_tiny_cdm(engine)
        yield engine


@pytest.fixture
def release() -> ReleaseFacts:
    return RELEASE


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the programme's publishing store."""
    path = tmp_path_factory.mktemp("built") / "store.sqlite"
    with open_engine(EngineSettings(threads=1)) as engine:
        register_tiny_cdm(engine)
        build_store(engine, RELEASE, path)
    return path.read_bytes()


@pytest.fixture
def store(built: bytes, tmp_path: Path) -> Iterator[PublishingStore]:
    (tmp_path / "store.sqlite").write_bytes(built)
    store = PublishingStore(tmp_path / "store.sqlite")
    yield store
    store.close()
