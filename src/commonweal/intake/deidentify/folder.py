"""De-identifying a folder: choose, renumber, write, check, and only then show it."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.engine.sql import quoted
from commonweal.engine.storage import make_private, whole_folder
from commonweal.intake.check.folder import check_folder
from commonweal.intake.deidentify.columns import (
    Outgoing,
    as_id,
    build_select,
    list_columns,
    list_keys,
    person_of,
)
from commonweal.intake.deidentify.identity import NAMING, Identities
from commonweal.intake.deidentify.key_file import (
    Key,
    alone_with_key,
    extend_key,
    get_pairs,
    read_key,
    write_key,
)
from commonweal.intake.deidentify.output import as_views, write_csv
from commonweal.intake.deidentify.people import (
    OLDEST,
    choose_people,
    choose_rows,
    count_rows,
    kept_of,
    source_of,
)
from commonweal.intake.deidentify.report import Deidentification, IdCounts, LeftOut, TableReport
from commonweal.intake.deidentify.sources import (
    Tell,
    check_input,
    list_outgoing,
    read_sources,
)
from commonweal.intake.deidentify.treatment import find_reason_to_leave_out
from commonweal.intake.report import CheckReport
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Model, Table, get_model

DIALECTS = ("sprint", "alpha")
"""What a site can be asked for before an agreement is signed."""
MEMORY = "400MB"
"""For the engine, which spills to disk beyond it: it runs beside other work at the site."""
NOT_ASKED_FOR = "Not one of the tables that are asked for."


@dataclass(frozen=True)
class Request:
    """What is to be made of a folder. ``report`` is what the check said of it.

    ``as_of`` is the day whose year ages are counted at; ``most_persons`` how many may go;
    ``tables`` which tables are wanted, all of the dialect when it is empty.
    """

    folder: Path
    out: Path
    key: Path
    report: CheckReport
    dialect: str
    as_of: date
    most_persons: int | None = None
    tables: frozenset[str] = frozenset()
    dry_run: bool = False

    @property
    def model(self) -> Model:
        return get_model(self.dialect)


def deidentify_folder(
    request: Request, *, settings: EngineSettings, tell: Tell | None = None
) -> Deidentification:
    """Write a folder of de-identified files, and the key to it beside, or neither.

    A dry run writes nothing and counts all there is to count.

    Raises:
        CommonwealError: the folder is not accepted, has no persons or changed meanwhile, the
            places do not fit, the key is damaged, or the result would not be accepted.
    """
    check_input(request.report)
    _check_tables(request)
    _check_places(request)
    if settings.spill_folder is not None:
        make_private(settings.spill_folder)
    alone = nullcontext() if request.dry_run else alone_with_key(request.key)
    with (
        alone,
        tempfile.TemporaryDirectory(
            prefix="commonweal-deid-", dir=settings.spill_folder
        ) as scratch,
        open_engine(
            settings.model_copy(update={"memory_limit": MEMORY, "spill_folder": None}),
            spill_folder=Path(scratch) / "spill",
        ) as engine,
    ):
        return _Run(request, engine, Path(scratch), settings, tell or _hear_nothing).run()


def _hear_nothing(_table: str) -> None:
    """For callers whom nobody watches."""


class _Run:
    """One run: the tables that go, with their columns."""

    def __init__(
        self, request: Request, engine: Engine, scratch: Path, settings: EngineSettings, tell: Tell
    ) -> None:
        self._request = request
        self._engine = engine
        self._scratch = scratch
        self._settings = settings
        self._tell = tell
        self._chosen = list_outgoing(request.report, request.model)
        self._tables = [t for t in self._chosen if not request.tables or t.name in request.tables]
        model = get_model(request.report.dialect)
        self._columns = {t.name: list_columns(t, model.table(t.name)) for t in self._tables}

    def run(self) -> Deidentification:
        request, names = self._request, {table.name for table in self._tables}
        sources = read_sources(
            self._engine,
            request.folder,
            request.report,
            self._scratch,
            wanted={table.name for table in self._chosen},
            tell=self._tell,
        )
        old_key = read_key(request.key)
        known = get_pairs(old_key, "person")["source"].to_numpy()
        choose_people(self._engine, year=request.as_of.year, most=request.most_persons, known=known)
        removed = choose_rows(self._engine, self._chosen)
        emptied = self._search_codes(sources)
        key, ids = self._extend_key(old_key)
        if request.dry_run:
            written = count_rows(self._engine, {name: kept_of(name) for name in names})
        else:
            written = self._write(key, emptied)
        read = count_rows(self._engine, {name: source_of(name) for name in names})
        tables = tuple(
            TableReport(
                name,
                read[name],
                removed[name],
                written[name],
                self._count_emptied(table, emptied[name]),
                emptied[name],
            )
            for table in self._tables
            for name in [table.name]
        )
        return Deidentification(
            dialect=request.dialect,
            as_of=request.as_of,
            oldest=OLDEST,
            tables=tables,
            left_out=_list_left_out(request.report, names),
            ids=ids,
            dry_run=request.dry_run,
        )

    def _search_codes(self, sources: frozenset[str]) -> dict[str, tuple[str, ...]]:
        """Look for values that name somebody; give the columns that number their rows."""
        identities = Identities(self._engine, sources)
        emptied: dict[str, tuple[str, ...]] = {}
        for table in self._tables:
            view, columns = kept_of(table.name), self._columns[table.name]
            keys = [c.source for c in columns if c.treatment.ids and c.source]
            codes = [(c.field.name, c.source) for c in columns if c.is_code and c.source]
            emptied[table.name] = tuple(
                name for name, source in codes if identities.numbers_its_rows(view, source)
            )
            for name, source in codes:
                if name not in emptied[table.name]:
                    identities.search(view, source, person=_bare(person_of(table)), keys=keys)
        return emptied

    def _extend_key(self, key: Key) -> tuple[Key, tuple[IdCounts, ...]]:
        """The key with a number for every id of every row that stays."""
        counts = []
        for ids, columns in self._list_spaces().items():
            known = get_pairs(key, ids)
            self._engine.register_arrow("known", known.select("source").to_arrow())
            new = self._engine.arrow(
                f"SELECT DISTINCT id FROM ({' UNION ALL '.join(columns)}) "
                "ANTI JOIN known ON source = id WHERE id IS NOT NULL ORDER BY id"
            )
            found = np.asarray(new["id"].to_numpy(), dtype=np.int64)
            key = extend_key(key, ids, found)
            counts.append(IdCounts(ids, known.height, len(found)))
        return key, tuple(counts)

    def _list_spaces(self) -> dict[str, list[str]]:
        """For each table of ids, the SELECTs of the columns that hold such."""
        spaces: dict[str, list[str]] = {}
        for table in self._tables:
            for column in list_keys(self._columns[table.name], self._request.model):
                select = f"SELECT {as_id(column)} AS id FROM {quoted(kept_of(table.name))} s"
                spaces.setdefault(column.treatment.ids, []).append(select)
        return spaces

    def _write(self, key: Key, emptied: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
        """Write every table; the key is safe before the folder appears."""
        request = self._request
        views = as_views(self._engine, key, list(self._list_spaces()))
        written = {}
        with whole_folder(request.out) as made:
            for table in self._tables:
                select = build_select(
                    table,
                    self._columns[table.name],
                    request.model,
                    key_views=views,
                    emptied=emptied[table.name],
                )
                written[table.name] = write_csv(self._engine, select, table, made, self._scratch)
                self._tell(table.name)
            self._check_result(made)
            write_key(request.key, key)
        return written

    def _check_result(self, made: Path) -> None:
        """Nothing appears that the programme would reject."""
        report = check_folder(
            made,
            dialect=self._request.dialect,
            settings=self._settings,
            today=self._request.as_of,
        )
        if not report.is_accepted:
            codes = sorted({finding.code for file in report.files for finding in file.findings})
            raise CommonwealError(
                f"What was made would be rejected as {self._request.dialect}: {', '.join(codes)}.",
                fix="This is a fault of the program and not of the files: please report it.",
            )

    def _count_emptied(self, table: Table, whole: Sequence[str]) -> dict[str, int]:
        codes = [c for c in self._columns[table.name] if c.is_code and c.field.name not in whole]
        counted = {column.field.name: self._count_naming(table, column) for column in codes}
        return {name: count for name, count in counted.items() if count}

    def _count_naming(self, table: Table, column: Outgoing) -> int:
        return int(
            self._engine.value(
                f"SELECT count(*) FROM {quoted(kept_of(table.name))} s SEMI JOIN {NAMING} n "
                f"ON n.value = s.{quoted(column.source or '')} "
                f"AND n.person IS NOT DISTINCT FROM {person_of(table)}"
            )
        )


def _bare(expression: str) -> str:
    """An expression on ``s`` as it stands where there is but one relation."""
    return expression.replace("s.person_id", "person_id")


def _list_left_out(report: CheckReport, going: set[str]) -> tuple[LeftOut, ...]:
    staying = sorted(file.table for file in report.files if file.table not in going)
    return tuple(
        LeftOut(table, find_reason_to_leave_out(table) or NOT_ASKED_FOR) for table in staying
    )


def _check_tables(request: Request) -> None:
    """Tables that are asked for by name are in the folder and in the dialect."""
    there = {table.name for table in list_outgoing(request.report, request.model)}
    if absent := sorted(request.tables - there):
        raise CommonwealError(
            f"There is nothing to de-identify of: {', '.join(absent)}.",
            expected=f"tables of the folder that {request.dialect} has: {', '.join(sorted(there))}",
            fix="Name one of these, or leave the choice out.",
        )


def _check_places(request: Request) -> None:
    """The result, the files it is made from and the key stand in three places."""
    folder, out, key = (p.resolve() for p in (request.folder, request.out, request.key))
    if out.exists():
        raise CommonwealError(
            f"{request.out} is there already.",
            expected="the name of a folder that is not there yet",
            fix="Choose another name, or remove it.",
        )
    if out == folder or folder in out.parents:
        raise CommonwealError(
            f"{request.out} is inside the folder with real data.",
            expected="a folder outside it",
            fix="Choose a place beside it.",
        )
    if {out, folder} & {key, *key.parents}:
        raise CommonwealError(
            f"The key {request.key} would lie among files that are handed over.",
            expected="a place outside of both folders",
            fix="Keep the key where it stays at the site: whoever has it can tell who is who.",
        )
