"""From a site's text to typed OMOP 5.4 rows that know where they come from.

The text is what intake read when it checked the files, one Parquet file for each table.
Nothing is guessed: a cell is read as its type or it is *uncast*, and how many of a row's
cells are uncast is written beside the row, for a rule to act on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from commonweal.curation.binding import RECORD, SITE
from commonweal.curation.folder import TableFolder, digest_files, make_folder
from commonweal.curation.left import build_left_fact
from commonweal.curation.programme import PROGRAMME
from commonweal.curation.sources import Scratch
from commonweal.curation.stages import UNCAST
from commonweal.engine.functions import TYPE_OF_DATA
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.schema.convert import to_omop_5_4
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Field, Table, get_model

DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
LOCAL_TIME = f"({DAY}[ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?)"
ZONE = "(Z| [A-Za-z][A-Za-z_/-]*|[+-][0-9]{2}:?[0-9]{2})?"

SHAPES: Mapping[DataType, str] = {
    DataType.INTEGER: "[+-]?[0-9]+",
    DataType.FLOAT: "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?",
    DataType.DATE: DAY,
    DataType.TIMESTAMP: LOCAL_TIME + ZONE,
}
"""The whole of a cell must have the shape of its type: 12.5 is no integer, 13 least of all."""

IN_RANGE: Mapping[DataType, str] = {
    DataType.INTEGER: "TRUE",
    DataType.FLOAT: "isfinite({value})",
    DataType.DATE: "{value} >= DATE '0001-01-01'",
    DataType.TIMESTAMP: "{value} >= TIMESTAMP '0001-01-01 00:00:00'",
}
"""What the shape cannot say: the engine reads 1e999 as infinity and 0000-01-01 as 1 BC."""


def load_submission(
    engine: Engine, files: Mapping[str, Path], *, site: str, dialect: str, out: Path
) -> TableFolder:
    """Write a site's tables typed and under their OMOP 5.4 names, as inputs of the site stage.

    Tables that no release holds, such as those with names and addresses, are not carried on;
    neither are columns that OMOP 5.4 does not have. The facts name both, and the tables' rows.

    Args:
        engine: where the work is done.
        files: table name: Parquet with the columns of the dialect's table as text, empty cells
            as NULL, and ``_src_row``.
        site: what ``_src_site`` will say.
        dialect: the model the site wrote its files in.
        out: folder in which the result's own folder appears.

    Raises:
        CommonwealError: the site's name is taken, or a table is unknown.
    """
    check_site(site)
    check_tables(files, dialect)
    carried = sorted(set(files) & set(get_model("release").tables))
    left = {name: pq.read_metadata(files[name]).num_rows for name in set(files) - set(carried)}
    plans = {name: LoadPlan.of(name, pq.read_schema(files[name]).names) for name in carried}
    recipe = {
        "site": site,
        "dialect": dialect,
        "files": digest_files({name: [files[name]] for name in carried}),
        "left": left,
        "plans": {name: plan.sql(site) for name, plan in plans.items()},
    }

    def write(folder: Path) -> tuple[dict[str, int], dict[str, object]]:
        rows = {}
        for name, plan in plans.items():
            with Scratch(engine, "_load") as scratch:
                sql = f"{plan.sql(site)} FROM {scratch.files([files[name]])}) AS texts) AS q"
                target = folder / f"{name}.parquet"
                rows[name] = engine.write_parquet(sql, target, order_by=[RECORD])
        ignored = {name: list(plan.ignored) for name, plan in plans.items() if plan.ignored}
        return rows, {**build_left_fact(left), "columns_not_carried": ignored}

    return make_folder(out, "load", recipe, write)


@dataclass(frozen=True)
class LoadPlan:
    """How one table is read: which column of the file becomes which field."""

    table: Table
    places: Mapping[str, str]
    """Field of the model: column of the file."""
    ignored: tuple[str, ...]
    """Columns of the file that the model does not have."""

    @classmethod
    def of(cls, name: str, columns: Sequence[str]) -> "LoadPlan":
        """Map columns to fields by their names in OMOP 5.4."""
        table, renames = get_model("release").table(name), to_omop_5_4(name)
        places = {renames.get(column, column): column for column in columns}
        known = {field: column for field, column in places.items() if field in table.by_name}
        ignored = set(columns) - set(known.values()) - {RECORD}
        return cls(table, known, tuple(sorted(ignored)))

    def sql(self, site: str) -> str:
        """SELECT of typed rows, up to the FROM of the text, which is still to be named."""
        fields = self.table.fields
        names = [quoted(field.name) for field in fields]
        texts = [f"{self._text(field)} AS {quoted('text of ' + field.name)}" for field in fields]
        cells = [f"{_cast(field)} AS {quoted(field.name)}" for field in fields]
        doubtful = [field for field in fields if field.type is not DataType.STRING]
        uncast = " + ".join(map(_is_uncast, doubtful)) or "0"
        return (
            f"SELECT {', '.join(names)}, {quoted_text(site)} AS {SITE}, {RECORD}, "
            f"CAST({uncast} AS BIGINT) AS {UNCAST} FROM (SELECT *, {', '.join(cells)} "
            f"FROM (SELECT {', '.join(texts)}, {RECORD}"
        )

    def _text(self, field: Field) -> str:
        column = self.places.get(field.name)
        return quoted(column) if column else "CAST(NULL AS VARCHAR)"


def _cast(field: Field) -> str:
    """The cell as its type, or NULL when its text has not exactly the type's shape."""
    text = quoted("text of " + field.name)
    if field.type is DataType.STRING:
        return text
    whole = (
        f"CASE WHEN regexp_full_match({text}, {quoted_text(SHAPES[field.type])}) THEN {text} END"
    )
    if field.type is DataType.TIMESTAMP:
        whole = f"regexp_extract({whole}, {quoted_text(LOCAL_TIME)})"
    value = f"TRY_CAST({whole} AS {TYPE_OF_DATA[field.type].value})"
    return f"CASE WHEN {IN_RANGE[field.type].format(value=value)} THEN {value} END"


def _is_uncast(field: Field) -> str:
    text = quoted("text of " + field.name)
    return f"CAST({text} IS NOT NULL AND {quoted(field.name)} IS NULL AS INTEGER)"


def check_site(site: str) -> None:
    """Raise when a site has the name that stands for the programme itself.

    Raises:
        CommonwealError: it has.
    """
    if site == PROGRAMME:
        raise CommonwealError(
            f"No site may be called {PROGRAMME!r}.",
            expected="a name of its own for every site",
            fix="Register the site under another name.",
        )


def check_tables(tables: Iterable[str], dialect: str) -> None:
    """Raise when a table does not belong to the model a site writes in.

    Raises:
        CommonwealError: one does not.
    """
    if unknown := sorted(set(tables) - set(get_model(dialect).tables)):
        raise CommonwealError(
            f"There is no table {', '.join(unknown)} in {dialect}.",
            expected="tables of the model the site writes in",
            fix="Leave the file out, or say which model it was written in.",
        )
