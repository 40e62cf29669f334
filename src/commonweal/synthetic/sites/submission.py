"""What a site sends: its own rows, with its own ids, in the columns of the programme."""

from collections.abc import Iterator
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from commonweal.schema.convert import to_omop_5_4
from commonweal.schema.model import Submission, Table, get_model
from commonweal.synthetic.draws import Ints
from commonweal.synthetic.frames import Columns, build_table
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import add_to_keys, as_ints, pick_rows
from commonweal.synthetic.sites.profile import CodeSystem, NoteFormat, Purpose, SiteProfile
from commonweal.synthetic.sites.rows import SiteRows

DIALECTS = MappingProxyType({Purpose.PRODUCTION: "programme", Purpose.ALPHA: "alpha"})
"""What the files of a purpose follow."""
NOTES = "note"
ALPHA_TABLES = (
    "person",
    "visit_occurrence",
    "condition_occurrence",
    "procedure_occurrence",
    "drug_exposure",
    "measurement",
    "location",
)
"""Those of the data sprints of 2017, and location."""
PERSON_DOMAIN = 56
"""Concept of the domain whose rows are persons, whose ids are the same everywhere."""


def list_tables(profile: SiteProfile, purpose: Purpose) -> tuple[Table, ...]:
    """The tables that a site sends a file of, whether it has rows or not."""
    model = get_model(DIALECTS[purpose])
    if purpose is Purpose.ALPHA:
        return tuple(model.table(name) for name in ALPHA_TABLES)
    optional = ["observation_period"]
    if profile.codes is CodeSystem.LOCAL:
        optional.append("source_to_concept_map")
    return (
        *model.with_submission(Submission.REQUIRED, Submission.PII),
        *(model.table(name) for name in optional),
    )


def is_json_lines(profile: SiteProfile, table: str, purpose: Purpose) -> bool:
    """Whether the site sends a table as one JSON object on each line."""
    return table == NOTES and profile.notes is NoteFormat.JSONL and purpose is Purpose.PRODUCTION


def split_by_site(
    plan: Plan, name: str, rows: SiteRows, purpose: Purpose = Purpose.PRODUCTION
) -> Iterator[tuple[int, pa.Table]]:
    """For each site that has some, its position in the plan and its rows, in their order.

    Keys are the site's own: every one but a person's is counted from the site's offset.
    """
    if not len(rows):
        return
    table = get_model(DIALECTS[purpose]).table(name)
    order = np.argsort(_narrow(rows.site, len(plan.sites)), kind="stable")
    site = rows.site[order]
    offsets = np.array([profile.id_offset for profile in plan.sites], dtype=np.int64)[site]
    columns = pick_rows(_rename(table, rows.columns), order)
    whole = build_table(table, [{**columns, **_count_from(table, columns, offsets)}])
    positions, starts = np.unique(site, return_index=True)
    ends = [*starts[1:], len(site)]
    for position, start, end in zip(positions.tolist(), starts.tolist(), ends, strict=True):
        yield position, whole.slice(start, end - start)


def _narrow(site: Ints, sites: int) -> np.ndarray:
    """Positions in few bits, where they are few: such are sorted without comparing them."""
    return site.astype(np.int16) if sites < 2**15 else site


def _rename(table: Table, columns: Columns) -> Columns:
    """Columns under the names that a submission has; those it does not have are left out."""
    renames = to_omop_5_4(table.name)
    named = {name: columns.get(renames.get(name, name)) for name in table.columns}
    return {name: value for name, value in named.items() if value is not None}


def _count_from(table: Table, columns: Columns, offsets: Ints) -> Columns:
    """The keys of a site's own rows, counted from its offset."""
    keys = {field.name for field in table.foreign_keys if field.name != "person_id"}
    if table.primary_key and table.primary_key.name != "person_id":
        keys.add(table.primary_key.name)
    own = {key: add_to_keys(columns[key], offsets) for key in keys & columns.keys()}
    for number in ("1", "2"):
        if f"fact_id_{number}" in columns:
            domain = as_ints(columns[f"domain_concept_id_{number}"], len(offsets))
            own[f"fact_id_{number}"] = add_to_keys(
                columns[f"fact_id_{number}"], np.where(domain == PERSON_DOMAIN, 0, offsets)
            )
    return own
