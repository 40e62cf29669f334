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

from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.alpha import is_over_80
from commonweal.synthetic.dirt.fault import Dirt, Fault
from commonweal.synthetic.dirt.mixture import Mixture, build_dirt
from commonweal.synthetic.dirt.recipe import find_positions
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.people.people import People, adopt_people
from commonweal.synthetic.plan import Plan, build_plan
from commonweal.synthetic.site import build_site, site_persons

SITE = "prairie"
JSON_LINES = ("note",)
AS_OF = date(2026, 10, 1)
MODEL = get_model("programme")


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
    tables = dict(build_site(site=SITE, seed=seed, persons=persons))
    tables["observation_period"] = _build_periods(tables["visit_occurrence"])
    tables["note"] = _on_one_line(tables["note"])
    people = adopt_people(plan, site_persons(site=SITE, seed=seed, persons=persons))
    return CleanSite(plan, _with_deaths(people, tables["death"]), tables)


def mask_site(site: CleanSite) -> CleanSite:
    """The site as it de-identifies itself: every date is the first day of its year."""
    return replace(site, tables={n: _mask(t) for n, t in site.tables.items()}, alpha=True)


def select_sent(site: CleanSite, dirt: Dirt) -> dict[str, pa.Table]:
    """Rows about those whose records may be sent, and about those whom the dirt adds."""
    sent = site.may_be_sent | dirt.extra_patients(site.people)
    ids = pa.array(site.people.ids[sent])
    return {name: _about(table, ids) for name, table in site.tables.items()}


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
            changed, more = dirt.change_rows(name, some, line, people)
            text = json_bytes(changed) if is_json else csv_bytes(text_rows(changed.select(kept)))
            if not is_json:
                text, in_text = dirt.change_text(name, changed, text, line, people)
                more += in_text
            line += changed.num_rows
            parts.append(text)
            faults += more
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


def build_feeds(people: People) -> dict[str, pa.Table]:
    """Participants and consents, as the programme knows them."""
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


def _with_deaths(people: People, death: pa.Table) -> People:
    """The people, who died on the day that the site knows."""
    died = np.full(len(people), np.datetime64("NaT", "D"))
    died[find_positions(people, death["person_id"].to_numpy())] = death["death_date"].to_numpy()
    return replace(people, membership=replace(people.membership, died=died))


def _build_periods(visits: pa.Table) -> pa.Table:
    """From the first to the last visit of each person."""
    spans = visits.group_by("person_id").aggregate(
        [("visit_start_date", "min"), ("visit_end_date", "max")]
    )
    spans = spans.sort_by("person_id")
    columns = {
        "observation_period_id": np.arange(1, spans.num_rows + 1),
        "person_id": spans["person_id"].to_numpy(),
        "observation_period_start_date": spans["visit_start_date_min"].to_numpy(),
        "observation_period_end_date": spans["visit_end_date_max"].to_numpy(),
        "period_type_concept_id": 32817,
    }
    return build_table(MODEL.table("observation_period"), [columns])


def _on_one_line(notes: pa.Table) -> pa.Table:
    place = notes.schema.get_field_index("note_text")
    text = pc.replace_substring(notes["note_text"], "\n", " ")
    return notes.set_column(place, notes.schema.field(place), text)


def _mask(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_temporal(field.type):
            year = pc.floor_temporal(table[field.name], unit="year")
            table = table.set_column(place, field, year.cast(field.type))
    return table


def _forever(sizes: Sequence[int]) -> Iterator[int]:
    while True:
        yield from sizes
