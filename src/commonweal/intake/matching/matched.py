"""A submission compared with the programme's side: who may be sent, and who everybody is.

Only participants whose records may be sent are compared by their details; of the others the
consent findings tell. The report and its JSON hold counts and lines, no id and no value.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from commonweal.engine.storage import readable_json
from commonweal.intake.findings import Finding
from commonweal.intake.matching import consent_at_intake, identity_at_intake
from commonweal.intake.matching.declared import FIELDS, list_evidence_kinds
from commonweal.intake.matching.eligible import CONSENT, PARTICIPANT, read_standing
from commonweal.intake.matching.evidence import FIELD, KIND, find_evidence, judge_with_evidence
from commonweal.intake.matching.identity_at_intake import Told
from commonweal.intake.matching.match import (
    ALGORITHM,
    RESULT,
    Outcome,
    Result,
    compare,
    judge,
    make_comparable,
)
from commonweal.intake.matching.pickup import IDENTITY, PERSONS
from commonweal.intake.matching.sent import PERSON, Sent, read_details, read_validations

CONTACT = "participant_contact"
WITH_EVIDENCE = "result_with_evidence"
FEEDS = "feeds_digest"
REPORT, EVIDENCE = "match.json", "identity_evidence.csv"


@dataclass(frozen=True)
class ProgrammeSide:
    """What the programme knows of its participants, from a snapshot of feeds."""

    standing: pl.DataFrame
    """As ``eligible.build_standing`` gives it."""
    contacts: pl.DataFrame
    """The feed ``participant_contact``."""


@dataclass(frozen=True)
class Matched:
    """What came of it, by person and by row; ``findings`` and ``to_json`` name nobody."""

    persons: int
    """Persons in the submission's person table."""
    unconsented: pl.DataFrame
    """As ``consent_at_intake.find_rows`` gives it."""
    persons_without_consent: pl.DataFrame
    """As the site downloads it."""
    identities: pl.DataFrame
    """One row for each person compared: outcomes, algorithm, validated, result and the result
    if evidence counted."""
    evidence: pl.DataFrame
    """One row for each person, field and kind."""
    doubtful: tuple[Told, ...]
    """Rows that the identity findings are about."""
    findings: tuple[Finding, ...]
    """By file."""

    def count_persons(self) -> dict[str, Any]:
        """How many persons were sent, may not be sent by reason, and are who they should be."""
        return {
            "persons": self.persons,
            "persons_without_consent": consent_at_intake.count_persons(self.unconsented),
            "compared": self.identities.height,
            "algorithm": {a: (self.identities[ALGORITHM] == a).sum() for a in ("yes", "no")},
            "results": _count(self.identities[RESULT], Result),
        }

    def to_json(self) -> dict[str, Any]:
        """Counts of persons, and the findings of each file in the shape of the check."""
        by_file = groupby(self.findings, key=lambda f: (f.file, f.table))
        return {
            **self.count_persons(),
            "fields": {field: _count(self.identities[field], Outcome) for field in FIELDS},
            "evidence": _count_evidence(self.evidence),
            "results_with_evidence": _count(self.identities[WITH_EVIDENCE], Result),
            "files": [
                {"file": file, "table": table, "findings": [f.to_json() for f in found]}
                for (file, table), found in by_file
            ],
        }


def read_programme_side(feeds: Mapping[str, Path]) -> ProgrammeSide:
    """The programme's side from the Parquet files of a snapshot, by feed."""
    return ProgrammeSide(
        read_standing(feeds[PARTICIPANT], feeds[CONSENT]), pl.read_parquet(feeds[CONTACT])
    )


def match_sent(sent: Sent, programme: ProgrammeSide) -> Matched:
    """Compare everything a site sent with the programme's side."""
    unconsented = consent_at_intake.find_rows(sent, programme.standing)
    barred = unconsented.select(PERSON).unique()
    everything = read_details(sent)
    details = {
        name: frame.join(barred, on=PERSON, how="anti", maintain_order="left")
        for name, frame in everything.items()
    }
    contacts = programme.contacts.join(
        details["person"].select(pl.col(PERSON).alias("participant_id")).unique(),
        on="participant_id",
        how="semi",
    )
    comparable = make_comparable(details, contacts)
    outcomes = compare(comparable.persons)
    validations = read_validations(sent) if sent.has(identity_at_intake.MATCH_TABLE) else None
    judged = judge(outcomes, validations)
    evidence = find_evidence(details, contacts, comparable, outcomes)
    likely = judge_with_evidence(outcomes, validations, evidence)
    told = tuple(identity_at_intake.find_rows(comparable, judged, validations))
    findings = [
        *consent_at_intake.build_findings(sent, unconsented),
        *identity_at_intake.build_findings(sent, list(told)),
    ]
    return Matched(
        persons=everything["person"][PERSON].n_unique(),
        unconsented=unconsented,
        persons_without_consent=consent_at_intake.list_persons(sent, unconsented),
        identities=judged.with_columns(likely.alias(WITH_EVIDENCE)),
        evidence=evidence,
        doubtful=told,
        findings=tuple(sorted(findings, key=lambda f: f.file)),
    )


def is_of_feeds(folder: Path, digest: str) -> bool:
    """Whether a comparison is kept there that was made with the feeds of this hash."""
    report = folder / REPORT
    return report.is_file() and json.loads(report.read_bytes()).get(FEEDS) == digest


def write_matched(matched: Matched, folder: Path, feeds: str = "") -> None:
    """Write the report and the lists of persons, which only their owner may read.

    ``feeds`` is the hash of the feeds, by which what is kept is known to be of these.

    ``persons_without_consent.csv`` and ``identity_match.csv``, outcomes field by field, are for
    the site as well; what speaks for a person beside the outcome stays at the data centre,
    because it says more of what the participant entered. No list holds a name, a date or any
    other detail of a person.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    words = {name: kind.words for name, kind in list_evidence_kinds().items()}
    told = matched.evidence.with_columns(
        pl.col(KIND).replace_strict(words, return_dtype=pl.String).alias("words")
    )
    for name, frame in (
        (PERSONS, matched.persons_without_consent),
        (IDENTITY, matched.identities),
        (EVIDENCE, told),
    ):
        _write_private(folder / name, frame.write_csv().encode())
    _write_private(folder / REPORT, readable_json(matched.to_json() | {FEEDS: feeds}))


def _write_private(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _count(column: pl.Series, kinds: type[Outcome] | type[Result]) -> dict[str, int]:
    counted = dict(column.value_counts().iter_rows())
    return {kind.value: counted.get(kind.value, 0) for kind in kinds}


def _count_evidence(evidence: pl.DataFrame) -> dict[str, dict[str, int]]:
    counted = evidence.group_by(FIELD, KIND).len().sort(FIELD, KIND)
    return {
        str(field): {kind: count for _, kind, count in some.iter_rows()}
        for (field,), some in counted.group_by(FIELD, maintain_order=True)
    }
