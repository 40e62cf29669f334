"""Real data with known faults, from CSV to the finished site stage."""

from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from commonweal.curation.folder import TableFolder
from commonweal.curation.load import load_submission
from commonweal.curation.runner import StageResult, run_stage
from commonweal.curation.stages import SITE
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.reading import write_text_parquet
from commonweal.schema.model import get_model

TABLES = (
    "person",
    "observation_period",
    "visit_occurrence",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
)
SMALL = EngineSettings(memory_limit="200MB", threads=1)
LARGE = EngineSettings(memory_limit="1GB", threads=2)


def curate(files: dict[str, Path], out: Path, settings: EngineSettings) -> StageResult:
    with open_engine(settings, spill_folder=out / "spill") as engine:
        loaded: TableFolder = load_submission(
            engine, files, site="gibleed", dialect="programme", out=out / "load"
        )
        return run_stage(engine, SITE, loaded.files, out=out / "site")


@pytest.fixture(scope="module")
def submission(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """GiBleed as a site would export it, read by intake as it reads what has landed."""
    folder, model = tmp_path_factory.mktemp("gibleed"), get_model("programme")
    files = {name: folder / f"{name}.parquet" for name in TABLES}
    for name, file in files.items():
        table = pq.read_table(shared_data / "gibleed" / file.name)
        pyarrow.csv.write_csv(table, file.with_suffix(".csv"))
        write_text_parquet(file.with_suffix(".csv"), model.table(name), file)
    return files


@pytest.fixture(scope="module")
def result(submission: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> StageResult:
    return curate(submission, tmp_path_factory.mktemp("small"), SMALL)


def test_the_known_faults_are_dropped_by_the_rule_that_names_them(result: StageResult) -> None:
    dropped = {(c.table, c.rule): c.dropped for c in result.counts if c.dropped}
    assert dropped == {
        ("observation_period", "conf.person_exists"): 2_649,
        ("drug_exposure", "conf.pk_unique"): 4_384,
        ("measurement", "conf.pk_unique"): 2_183,
        ("observation", "conf.pk_unique"): 6,
    }


def test_every_dropped_row_is_in_the_evidence(result: StageResult) -> None:
    evidence = pq.read_table(result.evidence("observation_period"))
    assert evidence.num_rows == 2_649
    assert set(evidence["rule"].to_pylist()) == {"conf.person_exists"}
    assert set(evidence["action"].to_pylist()) == {"drop"}


def test_threads_and_memory_do_not_change_a_byte(
    result: StageResult, submission: dict[str, Path], tmp_path: Path
) -> None:
    other = curate(submission, tmp_path, LARGE)
    assert other.digest == result.digest
    files = sorted(file.relative_to(result.folder) for file in result.folder.rglob("*.*"))
    assert sorted(file.relative_to(other.folder) for file in other.folder.rglob("*.*")) == files
    for file in files:
        assert (other.folder / file).read_bytes() == (result.folder / file).read_bytes()
