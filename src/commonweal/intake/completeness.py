"""How completely the files of an accepted submission are filled."""

import tempfile
from pathlib import Path

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import CheckReport
from commonweal.quality.completeness import TableCompleteness, measure_completeness
from commonweal.schema.model import get_model

SETTINGS = EngineSettings(memory_limit="256MB")


def measure_files(folder: Path, report: CheckReport) -> tuple[TableCompleteness, ...]:
    """Measure the files of a folder that was accepted, one table at a time."""
    model = get_model(report.dialect)
    measured: list[TableCompleteness] = []
    with (
        tempfile.TemporaryDirectory(prefix="commonweal-measure-") as name,
        open_engine(SETTINGS, spill_folder=Path(name) / "spill") as engine,
    ):
        for file in report.files:
            text = Path(name) / "table.parquet"
            write_text_parquet(folder / file.file, model.table(file.table), text)
            engine.register_parquet(file.table, [text])
            measured += measure_completeness(engine, [file.table])
    return tuple(measured)
