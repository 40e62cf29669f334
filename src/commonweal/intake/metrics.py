"""The metrics of an accepted submission, for the first report a site gets."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.engine.sql import quoted, quoted_text
from commonweal.intake.reading import RECORD, write_text_parquet
from commonweal.intake.report import CheckReport
from commonweal.quality.completeness import TableCompleteness, measure_completeness
from commonweal.quality.metrics.measure import measure_metrics
from commonweal.quality.metrics.value import Metrics
from commonweal.schema.model import DataType, Table, get_model
from commonweal.vocabulary.views import register_vocabulary

SETTINGS = EngineSettings(memory_limit="400MB")
FEEDS = ("consent_event", "participant")
LOCAL_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+"
"""A moment without its time zone: metrics compare local times, as curation does."""


class KnownVocabulary(Protocol):
    """The vocabulary in force, however it is kept."""

    @property
    def files(self) -> Mapping[str, Sequence[Path]]: ...

    @property
    def version(self) -> str | None: ...

    @property
    def is_abridged(self) -> bool: ...


@dataclass(frozen=True)
class Surroundings:
    """What a submission is measured against.

    ``feeds`` has the files of a snapshot of the programme's side by name, and ``day`` is when
    the submission came in; without them there is no consent light. ``scratch`` is where rows may
    lie while they are measured; the temporary folder of the machine when not given.
    """

    vocabulary: KnownVocabulary
    feeds: Mapping[str, Path] | None = None
    day: date | None = None
    scratch: Path | None = None


@dataclass(frozen=True)
class Measured:
    """How completely the columns are filled, and every metric."""

    completeness: tuple[TableCompleteness, ...]
    metrics: Metrics


def measure_submission(folder: Path, report: CheckReport, around: Surroundings) -> Measured:
    """Measure the files of a folder that was accepted.

    The files are read once, into a private folder that is gone afterwards.
    """
    with (
        tempfile.TemporaryDirectory(prefix="metrics-", dir=around.scratch) as name,
        open_engine(SETTINGS, spill_folder=Path(name) / "spill") as engine,
    ):
        texts = dict(_register_files(engine, folder, report, Path(name)))
        completeness = measure_completeness(engine, texts)
        model = get_model(report.dialect)
        relations = {t: _without_zones(engine, model.table(t), text) for t, text in texts.items()}
        return Measured(completeness, _measure(engine, relations, completeness, around))


def _register_files(
    engine: Engine, folder: Path, report: CheckReport, scratch: Path
) -> Iterator[tuple[str, str]]:
    """Views of the files as text: table and name of the view."""
    model = get_model(report.dialect)
    for file in report.files:
        text = scratch / f"{file.table}.parquet"
        write_text_parquet(folder / file.file, model.table(file.table), text)
        view = f"text_{file.table}"
        engine.register_parquet(view, [text])
        yield file.table, view


def _without_zones(engine: Engine, table: Table, text: str) -> str:
    """A view whose moments have lost their time zones, which the engine would convert."""
    moments = {field.name for field in table.fields_of(DataType.TIMESTAMP)}
    cells = ", ".join(
        f"regexp_extract({quoted(name)}, {quoted_text(LOCAL_TIME)}) AS {quoted(name)}"
        for name in engine.columns(text)
        if name in moments
    )
    replaced = f" REPLACE ({cells})" if cells else ""
    view = f"sent_{table.name}"
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(view)} AS "
        f"SELECT * EXCLUDE ({RECORD}){replaced} FROM {quoted(text)}"
    )
    return view


def _measure(
    engine: Engine,
    relations: Mapping[str, str],
    completeness: tuple[TableCompleteness, ...],
    around: Surroundings,
) -> Metrics:
    views = register_vocabulary(engine, around.vocabulary.files)
    values = measure_metrics(
        engine,
        relations,
        vocabulary=views,
        feeds=_register_feeds(engine, around.feeds),
        uploaded_on=around.day,
        completeness=completeness,
    )
    return Metrics(values, around.vocabulary.version, around.vocabulary.is_abridged)


def _register_feeds(engine: Engine, files: Mapping[str, Path] | None) -> dict[str, str] | None:
    if files is None:
        return None
    for name in FEEDS:
        engine.register_parquet(f"feed_{name}", [files[name]])
    return {name: f"feed_{name}" for name in FEEDS}
