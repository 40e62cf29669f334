"""A small clean site, and its files as they are written with dirt."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.curation.choices import FACTS, LINKED_DOMAINS, key_of
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.model import Table, get_model
from commonweal.synthetic.assembly import default_makers
from commonweal.synthetic.dirt.alpha import is_over_80
from commonweal.synthetic.dirt.fault import Dirt, Fault
from commonweal.synthetic.dirt.mixture import Mixture, build_dirt
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.ehr.patients import list_patients
from commonweal.synthetic.feeds.contacts import build_contacts
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.output.batch import build_tables
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import Plan, build_plan
from commonweal.synthetic.sites.alpha import FIRST_OF_YEAR, HIDDEN
from commonweal.synthetic.sites.coding import Coder
from commonweal.synthetic.sites.places import build_places
from commonweal.synthetic.sites.profile import Purpose
from commonweal.synthetic.sites.rows import SiteRows, rows_of_patients
from commonweal.synthetic.sites.submission import list_tables, split_by_site

SITE = "prairie"
JSON_LINES = ("note",)
AS_OF = date(2026, 10, 1)
MODEL = get_model("programme")
SEVERAL_TO_A_ROW = {
    "date.implausible",
    "date.before_birth",
    "date.after_death",
    "date.outside_visit",
    "key.visit_of_another_person",
}
"""A row in the future has two such cells, and one before birth may be before 1980 as well. A row
whose dates are moved may be after a death, and leaves its visit; another date of birth puts rows
before it, and another person is not who the visit was of."""


@dataclass(frozen=True)
class CleanSite:
    """Everything a site knows of its patients; who of them is sent is for the writer to say."""

    plan: Plan
    people: People
    tables: Mapping[str, pa.Table]

    alpha: bool = False

    def build_dirt(self, mixture: Mixture) -> SiteDirt:
        return build_dirt(self.plan, 0, mixture, alpha=self.alpha)

    @property
    def may_be_sent(self) -> Flags:
        """Who is sent without any dirt."""
        allowed = self.people.membership.shares_records
        return allowed & ~is_over_80(self.people, self.plan.last) if self.alpha else allowed


def make_clean_site(*, persons: int, seed: int) -> CleanSite:
    """A site of which every participant is a patient."""
    plan = build_plan(persons=max(persons, 2), sites=2, seed=seed, as_of=AS_OF)
    people = make_people(plan, plan.batch(0, persons))
    nowhere = np.full(len(people), NOWHERE, dtype=np.int64)
    people = replace(people, home=np.zeros_like(nowhere), second=nowhere)
    patients = list_patients(plan, people, np.ones(len(people), dtype=np.bool_))
    makers = default_makers()
    coder = Coder(plan, makers.codes, makers.records(plan, patients))
    of_patients = build_tables(plan, makers, coder, patients).items()
    made = [
        *build_places(plan).items(),
        *((name, rows_of_patients(patients, rows)) for name, rows in of_patients),
    ]
    tables = {
        table.name: pa.concat_tables(list(_parts_of(plan, table.name, made))).combine_chunks()
        for table in list_tables(plan.sites[0], Purpose.PRODUCTION)
    }
    return CleanSite(plan, people, tables)


def _parts_of(plan: Plan, name: str, made: Iterable[tuple[str, SiteRows]]) -> Iterator[pa.Table]:
    """The first site's rows of a table, after an empty table with its columns."""
    yield build_table(MODEL.table(name), [])
    for table, rows in made:
        if table == name:
            yield from (part for at, part in split_by_site(plan, name, rows) if at == 0)


def mask_site(site: CleanSite) -> CleanSite:
    """The site as it de-identifies itself: every date is the first day of its year."""
    tables = {table.name: table for table in list_tables(site.plan.sites[0], Purpose.ALPHA)}
    masked = {name: _mask(site.tables[name], table) for name, table in tables.items()}
    return replace(site, tables=masked, alpha=True)


def select_sent(site: CleanSite, dirt: Dirt) -> dict[str, pa.Table]:
    """Rows about those whose records may be sent, and about those whom the dirt adds."""
    sent = site.may_be_sent | dirt.extra_patients(site.people)
    ids = pa.array(site.people.ids[sent])
    tables = {name: _about(table, ids) for name, table in site.tables.items()}
    if FACTS in tables:
        tables[FACTS] = _link_sent(tables[FACTS], tables)
    return tables


def encode_site(
    tables: Mapping[str, pa.Table], dirt: Dirt, people: People, *, batch: Sequence[int] = ()
) -> tuple[dict[str, bytes], list[Fault]]:
    """Files and truth; every table is written in batches of these sizes in turn, or whole."""
    files: dict[str, bytes] = {}
    truth: list[Fault] = []
    for name, rows in tables.items():
        is_json = name in JSON_LINES
        empty = dirt.find_empty(name)
        if empty:
            truth.append(empty)
            files[f"{name}.csv"] = b""
            continue
        written, faults = ([], []) if is_json else dirt.change_header(name, rows.schema.names)
        kept = keep_columns(rows.schema.names, written)
        parts = [] if is_json else [csv_bytes([written])]
        line = 1 if is_json else 2
        for some in cut(rows, batch):
            changed, more = dirt.change_rows(name, some, people)
            text = json_bytes(changed) if is_json else csv_bytes(text_rows(changed.select(kept)))
            if not is_json:
                text, in_text = dirt.change_text(name, changed, text, people)
                more += in_text
            faults += [replace(fault, line=line + (fault.line or 0)) for fault in more]
            line += changed.num_rows
            parts.append(text)
        file = f"{name}.jsonl" if is_json else f"{name}.csv"
        truth += [replace(fault, file=file) for fault in faults]
        files[file] = b"".join(parts)
    return files, truth


def keep_columns(names: Sequence[str], written: Sequence[str]) -> list[str]:
    """The columns that are written under these names."""
    whole = len(written) in (0, len(names))
    return list(names) if whole else [name for name in names if name in written]


def cut(rows: pa.Table, sizes: Sequence[int]) -> Iterator[pa.Table]:
    """A table in batches; the sizes are used again and again."""
    start = 0
    for size in _forever(sizes or [max(rows.num_rows, 1)]):
        if start >= rows.num_rows:
            return
        yield rows.slice(start, size)
        start += size


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def text_rows(rows: pa.Table) -> list[list[str]]:
    columns = [["" if v is None else str(v) for v in c.to_pylist()] for c in rows.columns]
    return [list(cells) for cells in zip(*columns, strict=True)]


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Lines end in CRLF; a cell is in quotes where it must be."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def json_bytes(rows: pa.Table) -> bytes:
    return b"".join(
        json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n"
        for row in rows.to_pylist()
    )


def build_feeds(plan: Plan, people: People) -> dict[str, pa.Table]:
    """Participants, their details and consents, as the programme knows them."""
    model, membership = get_model("feeds"), people.membership
    participants: dict[str, Any] = {
        "participant_id": people.ids,
        "site": SITE,
        "enrolled_on": membership.enrolled,
        "birth_date": people.born,
        "sex_at_birth_concept_id": people.sex,
        "gender_identity_concept_id": people.gender,
        "race_concept_id": people.race,
        "ethnicity_concept_id": people.ethnicity,
        "is_test": membership.is_test.astype(np.int64),
        "withdrawn_on": membership.withdrawn,
    }
    return {
        "participant": build_table(model.table("participant"), [participants]),
        "participant_contact": build_contacts(plan, people),
        "consent_event": build_table(model.table("consent_event"), _consents(people)),
    }


def _consents(people: People) -> Iterator[dict[str, Any]]:
    membership = people.membership
    outcomes = np.array(["yes", "no", "yes", "yes"])[membership.ehr]  # as in EHR_SHARES
    forms = np.array(["submitted", "submitted", "submitted", "not_validated"])[membership.ehr]
    answered = membership.ehr_answered.astype("datetime64[D]") <= membership.last_day
    expired = ~np.isnat(membership.ehr_expired)
    for name, whom, status, form, moment in (
        ("answer", answered, outcomes, forms, membership.ehr_answered),
        ("end", expired, np.full(len(people), "expired"), forms, membership.ehr_expired),
    ):
        yield {
            "consent_event_id": pa.array([f"{i}-{name}" for i in people.ids[whom]], pa.string()),
            "participant_id": people.ids[whom],
            "module": "ehr",
            "status": status[whom],
            "authored_at": moment[whom],
            "form_version": "1",
            "language": "en",
            "validation": form[whom],
        }


def _about(table: pa.Table, ids: pa.Array) -> pa.Table:
    if "person_id" not in table.schema.names:
        return table
    return table.filter(pc.is_in(table["person_id"], ids)).combine_chunks()


def _link_sent(links: pa.Table, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Links of which both facts are sent."""
    for number in ("1", "2"):
        domains, facts = links[f"domain_concept_id_{number}"], links[f"fact_id_{number}"]
        is_sent = pa.array(np.ones(len(links), dtype=np.bool_))
        for domain, name in LINKED_DOMAINS.items():
            keys = tables[name][key_of(name)].combine_chunks()
            absent = pc.and_(pc.equal(domains, domain), pc.invert(pc.is_in(facts, keys)))
            is_sent = pc.and_(is_sent, pc.invert(absent))
        links = links.filter(is_sent)
    return links.combine_chunks()


def _mask(rows: pa.Table, table: Table) -> pa.Table:
    """Rows in the columns of alpha files, those that say who somebody is left empty."""
    columns = {}
    for field in arrow_schema(table):
        is_there = field.name in rows.schema.names and field.name not in HIDDEN
        column = rows[field.name] if is_there else pa.nulls(rows.num_rows, field.type)
        if field.name in FIRST_OF_YEAR:
            column = pa.repeat(pa.scalar(FIRST_OF_YEAR[field.name], field.type), rows.num_rows)
        elif is_there and pa.types.is_temporal(field.type):
            column = pc.floor_temporal(column, unit="year").cast(field.type)
        columns[field.name] = column
    return pa.table(columns, schema=arrow_schema(table))


def _forever(sizes: Sequence[int]) -> Iterator[int]:
    while True:
        yield from sizes
