"""Write the abridged vocabulary that the product ships, from the real data beside the repository.

``python -m scripts.build_vocabulary`` writes ``src/commonweal/vocabulary/data``; the same
sources give the same bytes. Whoever has no shared data takes the files as they are.
"""

import argparse
from pathlib import Path

import polars as pl
from scripts.vocabulary.facts import Facts
from scripts.vocabulary.tables import build_tables, split_snomed

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.model import Table, get_model
from commonweal.vocabulary.load import LICENCE, typed_columns

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"
DATA = REPOSITORY / "src" / "commonweal" / "vocabulary" / "data"


def write_vocabulary(shared: Path, data: Path) -> dict[str, int]:
    """Write both folders; rows by file."""
    rest, snomed = split_snomed(build_tables(Facts(shared)))
    with open_engine(EngineSettings()) as engine:
        return {
            f"{folder}/{name}": _write(
                engine, get_model("omop-5.4").table(name), table, data / folder
            )
            for folder, tables in (("abridged", rest), ("snomed", snomed))
            for name, table in tables.items()
        }


def _write(engine: Engine, table: Table, rows: pl.DataFrame, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    engine.register_arrow("built", rows.to_arrow())
    columns = [*table.columns, *([LICENCE.name] if table.name == "concept" else [])]
    sql = f"SELECT {typed_columns(table, rows.columns)} FROM built"
    return engine.write_parquet(sql, folder / f"{table.name}.parquet", order_by=columns)


def main() -> None:
    """Write the files and say how many rows each has."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of the real data")
    parser.add_argument("--out", type=Path, default=DATA, help="folder to write to")
    options = parser.parse_args()
    for file, rows in write_vocabulary(options.shared, options.out).items():
        print(f"{rows:>8,}  {file}")


if __name__ == "__main__":
    main()
