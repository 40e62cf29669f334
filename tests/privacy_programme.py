"""Combined datasets small enough to read, for the tests of privacy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.settings import EngineSettings
from commonweal.privacy.deidentify import TierResult, build_tier_stage
from commonweal.privacy.tiers import Tier, get_tier
from commonweal.privacy.vault import open_vault
from commonweal.schema.model import DataType, get_model

Row = Mapping[str, Any]
ARROW = {
    DataType.INTEGER: pa.int64(),
    DataType.FLOAT: pa.float64(),
    DataType.STRING: pa.string(),
    DataType.DATE: pa.date32(),
    DataType.TIMESTAMP: pa.timestamp("us"),
}
AS_OF = date(2020, 1, 1)


def write_table(folder: Path, name: str, rows: Sequence[Row], *, lineage: bool = True) -> Path:
    """Write rows with the columns they name; the others are empty, the site is ``north``."""
    folder.mkdir(parents=True, exist_ok=True)
    table = get_model("release").tables[name]
    for row in rows:
        assert row.keys() <= {*table.columns, "_src_site", "_src_row"}, row
    columns = {
        f.name: pa.array([row.get(f.name) for row in rows], ARROW[f.type]) for f in table.fields
    }
    if lineage:
        sites = [row.get("_src_site", "north") for row in rows]
        numbers = [row.get("_src_row", n) for n, row in enumerate(rows, 1)]
        columns["_src_site"] = pa.array(sites, pa.string())
        columns["_src_row"] = pa.array(numbers, pa.int64())
    file = folder / f"{name}.parquet"
    pq.write_table(pa.table(columns), file)
    return file


@dataclass
class Programme:
    """A combined dataset and a vocabulary on disk, of which tiers can be made."""

    home: Path
    combined: dict[str, list[Path]]
    vocabulary: dict[str, list[Path]]
    threads: int = 1
    memory_limit: str = "500MB"
    sites: Mapping[str, str] = field(default_factory=dict)
    """The state of each site."""

    def build(
        self, tier: str | Tier, *, stages: str = "stages", vault: str = "vault"
    ) -> TierResult:
        chosen = get_tier(tier) if isinstance(tier, str) else tier
        settings = EngineSettings(threads=self.threads, memory_limit=self.memory_limit)
        with (
            DuckDBEngine(settings, spill_folder=self.home / "spill") as engine,
            open_vault(self.home / vault / "vault.sqlite") as opened,
        ):
            return build_tier_stage(
                engine,
                chosen,
                combined=self.combined,
                vocabulary=self.vocabulary,
                vault=opened,
                sites=self.sites,
                out=self.home / stages,
                as_of=AS_OF,
            )

    def new_ids(self, tier: str) -> dict[int, int]:
        """Participant to the id it has in the tier."""
        with open_vault(self.home / "vault" / "vault.sqlite") as vault:
            return vault._known_ids(tier)

    def days(self) -> dict[int, int]:
        with open_vault(self.home / "vault" / "vault.sqlite") as vault:
            return dict(vault._connection.execute("SELECT * FROM shift").fetchall())


def write_programme(
    home: Path, tables: Mapping[str, Sequence[Row]], concepts: Mapping[int, str] | None = None
) -> Programme:
    """Write a programme's combined tables, and its vocabulary when there are concepts."""
    combined = {name: [write_table(home / "combined", name, rows)] for name, rows in tables.items()}
    vocabulary = {}
    if concepts is not None:
        rows = [{"concept_id": number, "concept_code": code} for number, code in concepts.items()]
        file = write_table(home / "vocabulary", "concept", rows, lineage=False)
        vocabulary["concept"] = [file]
    return Programme(home, combined, vocabulary)


def rows_of(result: TierResult, table: str) -> list[dict[str, Any]]:
    return pq.read_table(result.file(table)).to_pylist()


def born(person_id: int, birth: date, **values: Any) -> Row:
    """A row of person with the birth date in all its columns."""
    return {
        "person_id": person_id,
        "gender_concept_id": 8532,
        "year_of_birth": birth.year,
        "month_of_birth": birth.month,
        "day_of_birth": birth.day,
        "birth_datetime": datetime.combine(birth, time()),
        "race_concept_id": 8527,
        "ethnicity_concept_id": 0,
        "_src_row": person_id,
        **values,
    }
