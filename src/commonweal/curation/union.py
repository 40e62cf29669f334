"""All sites' rows in one set of tables, with keys that are unique across sites.

Sites number their rows independently, so two of them may mean different visits by 17. Every
row gets a new key, dense from 1 in the order of (site, old key), and what refers to it at the
same site follows, be it a foreign key or a link between facts. Person ids are the programme's
own and stay. The site stage has dealt with references that lead nowhere, under the site's own
keys; one that is lost here is a fault of ours, and nothing is kept.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from commonweal.curation.binding import RECORD, SITE
from commonweal.curation.choices import FACTS, LINKED_DOMAINS, key_of
from commonweal.curation.evidence import InvariantError
from commonweal.curation.folder import TableFolder, digest_files, make_folder
from commonweal.curation.left import build_left_fact
from commonweal.curation.load import check_site
from commonweal.curation.sources import Files, Scratch
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.schema.model import Field, Role, Table, get_model

NOWHERE = -1
"""Marks a reference that was lost; new keys are 1 or more, and 0, no reference, stays 0."""


@cache
def carried_tables() -> Mapping[str, Table]:
    """What is taken from sites: eras are derived anew, vocabularies are the programme's own."""
    carried = get_model("release").with_role(Role.CLINICAL, Role.HEALTH_SYSTEM)
    return {table.name: table for table in carried}


def is_renumbered(field: Field) -> bool:
    """Whether a field is a key that sites gave; person ids are the programme's."""
    return field.primary_key and field.name != "person_id"


def target_of(field: Field) -> str:
    """The table whose renumbered key a field refers to, or nothing."""
    reference = field.references
    if reference is None or reference.table not in carried_tables():
        return ""
    target = carried_tables()[reference.table].field(reference.field)
    return reference.table if is_renumbered(target) else ""


def find_domain_of(table: Table, field: Field) -> str | None:
    """The column that tells in which table the fact is whose key a field holds."""
    is_fact = table.name == FACTS and field.name.startswith("fact_id_")
    return field.name.replace("fact_id", "domain_concept_id") if is_fact else None


def list_targets() -> list[str]:
    """Tables that others refer to by a renumbered key."""
    fields = (field for table in carried_tables().values() for field in table.fields)
    return sorted({target for field in fields if (target := target_of(field))})


def union_sites(engine: Engine, sites: Mapping[str, TableFolder], *, out: Path) -> TableFolder:
    """Write the sites' finished site stages as inputs of the union stage.

    The facts say how many rows came from each site, and what was not carried on.

    Raises:
        CommonwealError: a site has a name that is taken.
        InvariantError: a reference leads to no row of its site.
    """
    for site in sites:
        check_site(site)
    sent = {
        name: [folder.file(name) for _, folder in sorted(sites.items()) if name in folder.rows]
        for name in sorted({name for folder in sites.values() for name in folder.rows})
    }
    files = {name: sent[name] for name in sent if name in carried_tables()}
    selects = {name: build_union(carried_tables()[name]) for name in files}
    left = _count_left(sites, set(sent) - set(files))
    recipe = {
        "sites": sorted(sites),
        "files": digest_files(files),
        "left": left,
        "selects": selects,
        "facts": {str(domain): table for domain, table in LINKED_DOMAINS.items()},
    }

    def write(folder: Path) -> tuple[dict[str, int], dict[str, object]]:
        with Scratch(engine, "_union") as scratch:
            rows = _write_tables(scratch, files, selects, folder)
        return rows, {
            "rows_of_sites": {site: dict(sites[site].rows) for site in sorted(sites)},
            **build_left_fact(left),
        }

    return make_folder(out, "union-input", recipe, write)


def _count_left(sites: Mapping[str, TableFolder], tables: Iterable[str]) -> dict[str, int]:
    """Rows of all sites in each table that is left behind."""
    return {table: sum(folder.rows.get(table, 0) for folder in sites.values()) for table in tables}


def build_union(table: Table) -> str:
    """SELECT of a table with new keys, from places: ``{rows}``, ``{keys_of_…}``, ``{facts}``."""
    columns = [f"t.{SITE}", f"t.{RECORD}"]
    joins: list[str] = []
    for field in table.fields:
        name, keys = quoted(field.name), f"k{len(joins)}"
        on = f"{keys}.{SITE} = t.{SITE} AND {keys}.old = t.{name}"
        if is_renumbered(field):
            columns.append(f"{_new_key(name)} AS {name}")
        elif target := target_of(field):
            joins.append(f" LEFT JOIN {{keys_of_{target}}} AS {keys} ON {on}")
            lost = f"CASE WHEN t.{name} <> 0 THEN {NOWHERE} ELSE t.{name} END"
            columns.append(f"CAST(COALESCE({keys}.new, {lost}) AS BIGINT) AS {name}")
        elif domain := find_domain_of(table, field):
            same = f"{keys}.domain = t.{quoted(domain)}"
            joins.append(f" LEFT JOIN {{facts}} AS {keys} ON {on} AND {same}")
            columns.append(f"CAST(COALESCE({keys}.new, {NOWHERE}) AS BIGINT) AS {name}")
        else:
            columns.append(f"t.{name}")
    return f"SELECT {', '.join(columns)} FROM {{rows}} AS t{''.join(joins)}"


def build_keys(key: str) -> str:
    """SELECT of a table's old and new keys, from the place ``{rows}``."""
    name = quoted(key)
    return f"SELECT DISTINCT {SITE}, {name} AS old, {_new_key(name)} AS new FROM {{rows}} AS t"


def _new_key(key: str) -> str:
    return f"dense_rank() OVER (ORDER BY t.{SITE}, t.{key})"


def _write_tables(
    scratch: Scratch, files: Files, selects: Mapping[str, str], folder: Path
) -> dict[str, int]:
    places = {f"keys_of_{target}": _hold_keys(scratch, files, target) for target in list_targets()}
    if FACTS in files:
        places["facts"] = _hold_facts(scratch, files)
    rows: dict[str, int] = {}
    for name, select in selects.items():
        sql = select.format(rows=scratch.files(files[name]), **places)
        file = folder / f"{name}.parquet"
        rows[name] = scratch.engine.write_parquet(sql, file, order_by=(SITE, RECORD))
        _check_references(scratch, carried_tables()[name], file)
    return rows


def _hold_keys(scratch: Scratch, files: Files, name: str) -> str:
    if name in files:
        return scratch.table(build_keys(key_of(name)).format(rows=scratch.files(files[name])))
    return scratch.table(f"SELECT {_no_key()} WHERE FALSE")


def _hold_facts(scratch: Scratch, files: Files) -> str:
    """Old and new keys of the facts that are linked, by domain; of the others none is kept."""
    links = scratch.files(files[FACTS])
    sides = (
        f"SELECT {SITE}, domain_concept_id_{n} AS domain, fact_id_{n} AS old FROM {links}"
        for n in (1, 2)
    )
    linked = scratch.table(" UNION ".join(sides))
    parts = [f"SELECT CAST(0 AS BIGINT) AS domain, {_no_key()} WHERE FALSE"]
    for domain, name in LINKED_DOMAINS.items():
        if name in files:
            keys = build_keys(key_of(name)).format(rows=scratch.files(files[name]))
            same = f"n.domain = {domain} AND n.{SITE} = k.{SITE} AND n.old = k.old"
            parts.append(
                f"SELECT {domain} AS domain, k.* FROM ({keys}) AS k "
                f"SEMI JOIN {linked} AS n ON {same}"
            )
    return scratch.table(" UNION ALL ".join(parts))


def _no_key() -> str:
    return f"'' AS {SITE}, CAST(0 AS BIGINT) AS old, CAST(0 AS BIGINT) AS new"


def _check_references(scratch: Scratch, table: Table, file: Path) -> None:
    """Raise when a reference of a table that was written was lost in renumbering.

    Raises:
        InvariantError: one was.
    """
    fields = (f for f in table.fields if target_of(f) or find_domain_of(table, f))
    names = [field.name for field in fields]
    if not names:
        return
    counts = ", ".join(f"count(*) FILTER ({quoted(name)} = {NOWHERE})" for name in names)
    (found,) = scratch.engine.rows(f"SELECT {counts} FROM {scratch.files([file])}")
    if lost := [f"{table.name}.{name}" for name, rows in zip(names, found, strict=True) if rows]:
        raise InvariantError(
            f"References of {', '.join(lost)} were lost when rows got new keys.",
            expected="the references as the site stage left them, each to a row of its site",
        )
