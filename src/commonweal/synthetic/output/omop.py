"""The whole programme as one OMOP 5.4 folder: clean rows of all sites, each person once."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.ehr.eras import ONE_DAY, condition_era_rows, drug_era_rows
from commonweal.synthetic.ehr.patients import SITES_OF_A_PERSON, Patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.frames import Columns, build_table
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import as_ints, pick_rows
from commonweal.vocabulary.abridged import list_shipped

MODEL = "omop-5.4"
ERAS = {
    "condition_occurrence": ("condition", "condition"),
    "drug_exposure": ("drug", "drug_exposure"),
}
"""Tables that eras are made of, with what their columns of terms and of dates begin with."""
CDM_VERSION, CDM_VERSION_CONCEPT = "5.4", 756265
PERIODS = "observation_period"
WORDS = tuple(list_shipped())
"""Tables of the vocabulary."""
OF_HOME_SITE = ("person", "location")
"""Tables with one row of each person, that of the site the person is paired to."""


def build_omop_table(patients: Patients, name: str, rows: Rows, clean: Flags) -> pa.Table:
    """Rows of one table about the patients who are flagged as clean.

    Somebody treated at two sites is one person, died once, and is observed from the first day
    at either to the last.
    """
    kept = clean[rows.patient]
    if name in OF_HOME_SITE:
        kept = kept & (patients.keys[rows.patient] % SITES_OF_A_PERSON == 0)
    if name == "death":
        kept = _keep_first(patients, rows, kept)
    at = np.flatnonzero(kept)
    columns = pick_rows(rows.columns, at)
    if name == PERIODS:
        columns = _join_periods(patients.person[rows.patient[at]], columns)
    return build_table(get_model(MODEL).table(name), [columns])


def join_eras(patients: Patients, tables: Records) -> Records:
    """The eras of what is mapped, of each person, whichever sites recorded it."""
    conditions, drugs = (_gather(patients, tables[name], *ERAS[name]) for name in ERAS)
    return {
        "condition_era": condition_era_rows(patients, conditions),
        "drug_era": drug_era_rows(patients, drugs),
    }


def _gather(patients: Patients, rows: Rows, noun: str, dates: str) -> Rows:
    """Mapped rows in the order of persons and days, all at the first site of their person."""
    concept = as_ints(rows.columns[f"{noun}_concept_id"], len(rows.patient))
    start, end = (rows.columns[f"{dates}_{which}_date"] for which in ("start", "end"))
    end = np.where(np.isnat(end), np.minimum(start + ONE_DAY, patients.last[rows.patient]), end)
    first = np.searchsorted(patients.person, patients.person[rows.patient])
    order = np.lexsort((start, first))
    order = order[concept[order] != 0]
    columns = {
        f"{noun}_concept_id": concept,
        f"{dates}_start_date": start,
        f"{dates}_end_date": end,
    }
    return Rows(first[order], pick_rows(columns, order))


def build_source(plan: Plan) -> pa.Table:
    """The one row of ``cdm_source``, which says that everybody is made up."""
    day = np.array([plan.as_of], dtype="datetime64[D]")
    columns: Columns = {
        "cdm_source_name": "Synthetic programme: all people in it are made up",
        "cdm_source_abbreviation": "Synthetic",
        "cdm_holder": "nobody",
        "source_description": (
            f"Records of {plan.persons:,} people who do not exist, from seed {plan.seed}."
        ),
        "source_release_date": day,
        "cdm_release_date": day,
        "cdm_version": CDM_VERSION,
        "cdm_version_concept_id": CDM_VERSION_CONCEPT,
        "vocabulary_version": "synthetic",
    }
    return build_table(get_model(MODEL).table("cdm_source"), [columns])


def build_words(name: str) -> pa.Table:
    """A table of the vocabulary that ships with the product, so that concepts have names."""
    table = get_model(MODEL).table(name)
    columns = list(table.columns)
    parts = [pq.read_table(file, columns=columns) for file in list_shipped()[name]]
    rows = pa.concat_tables(parts)
    return build_table(table, [{column: rows[column].combine_chunks() for column in columns}])


def _keep_first(patients: Patients, rows: Rows, kept: Flags) -> Flags:
    """Of the rows that are kept, the first of each person."""
    at = np.flatnonzero(kept)
    _, first = np.unique(patients.person[rows.patient[at]], return_index=True)
    chosen = np.zeros(len(kept), dtype=np.bool_)
    chosen[at[first]] = True
    return chosen


def _join_periods(person: Ints, columns: Columns) -> dict[str, Any]:
    """One period of each person; ``person`` says in rising order whose the rows are."""
    if not len(person):
        return dict(columns)
    _, first = np.unique(person, return_index=True)
    start, end = f"{PERIODS}_start_date", f"{PERIODS}_end_date"
    return pick_rows(columns, first) | {
        start: np.minimum.reduceat(columns[start], first),
        end: np.maximum.reduceat(columns[end], first),
    }
