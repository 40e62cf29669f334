"""Credit for enrolment: of which eligible participants a site has sent health records.

Rates are those of the grant-award dashboard of *All of Us* (DTR, data transfer rate):

- A: eligible participants with records / eligible participants;
- B: those of them who were seen in person / eligible participants seen in person.

Its third one needs the patient status that sites enter, which no feed has. Only what a site
sent of its own participants counts for it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from commonweal.intake.landing import Submission, get_accepted
from commonweal.intake.matching.eligible import CONSENT, PARTICIPANT, list_eligible, read_standing
from commonweal.intake.matching.sent import PERSON, Sent, open_submission
from commonweal.intake.sites import list_sites

ID = "participant_id"
MEASUREMENT, SAMPLE = "physical_measurement", "biosample"


class Band(StrEnum):
    """How a rate is judged."""

    NOT_MET = "not_met"
    APPROACHING = "approaching"
    MEETS = "meets"


@dataclass(frozen=True)
class CreditRules:
    """What counts as records and as a visit in person, and where the bands end."""

    tables: tuple[str, ...]
    collected: tuple[str, ...]
    lost_samples: tuple[str, ...]
    bands: tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Rate:
    """So many of so many participants."""

    numerator: int
    denominator: int

    @property
    def value(self) -> Fraction | None:
        """From 0 to 1; None of nobody."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    @property
    def band(self) -> Band | None:
        """The band of the exact value, not of a rounded one."""
        if self.value is None:
            return None
        low, high = get_rules().bands
        if self.value < low:
            return Band.NOT_MET
        return Band.APPROACHING if self.value <= high else Band.MEETS

    def to_json(self) -> dict[str, Any]:
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "value": None if self.value is None else round(float(self.value), 4),
            "band": self.band,
        }


@dataclass(frozen=True)
class SiteCredit:
    """What a site is credited for; counts of participants."""

    site: str
    submission: str | None
    """The submission that was looked at; None when none counts."""
    dtr_a: Rate
    dtr_b: Rate

    def to_json(self) -> dict[str, Any]:
        return {
            "site": self.site,
            "submission": self.submission,
            "eligible": self.dtr_a.denominator,
            "with_records": self.dtr_a.numerator,
            "in_person": self.dtr_b.denominator,
            "in_person_with_records": self.dtr_b.numerator,
            "dtr_a": self.dtr_a.to_json(),
            "dtr_b": self.dtr_b.to_json(),
        }


@dataclass(frozen=True)
class Records:
    """Persons with at least one row in a submission of a site."""

    submission: str
    persons: pl.Series


@cache
def get_rules() -> CreditRules:
    """The rules as they are declared."""
    text = (files("commonweal.intake.matching") / "data" / "credit.toml").read_text("utf-8")
    declared = tomllib.loads(text)
    low, high = map(Fraction, declared["bands"])
    return CreditRules(
        tables=tuple(declared["tables"]),
        collected=tuple(declared["collected"]),
        lost_samples=tuple(declared["lost_samples"]),
        bands=(low, high),
    )


def build_credit(
    standing: pl.DataFrame, records: Mapping[str, Records], in_person: pl.Series
) -> tuple[SiteCredit, ...]:
    """The credit of every site that has eligible participants or records, by its name.

    ``standing`` is that of ``eligible.build_standing``, ``records`` is by site, and
    ``in_person`` are the participants who were seen in person.
    """
    eligible = list_eligible(standing).with_columns(
        pl.col(ID).is_in(in_person.implode()).alias("in_person")
    )
    sites = sorted({*eligible["site"].unique().to_list(), *records})
    return tuple(
        _credit_site(site, eligible.filter(pl.col("site") == site), records.get(site))
        for site in sites
    )


def find_persons_with_records(sent: Sent) -> pl.Series:
    """Ids of persons with a row in one of the tables that count, in their order."""
    tables = [table for table in get_rules().tables if sent.has(table)]
    plans = [sent.scan_persons(table).select(PERSON).unique() for table in tables]
    found = [plan.collect(engine="streaming") for plan in plans]
    return pl.concat([pl.DataFrame(schema={PERSON: pl.Int64}), *found])[PERSON].unique().sort()


def read_in_person(measurements: Path, samples: Path) -> pl.Series:
    """Participants measured on site or with a sample, from Parquet files of two feeds."""
    rules = get_rules()
    measured = pl.scan_parquet(measurements).filter(pl.col("collected").is_in(rules.collected))
    sampled = pl.scan_parquet(samples).filter(~pl.col("status").is_in(rules.lost_samples))
    found = pl.concat([measured.select(ID), sampled.select(ID)])
    return found.unique().sort(ID).collect()[ID]


def list_credited(home: Path, *, synthetic: bool) -> dict[str, Submission]:
    """The submission of each site that counts: production, accepted, and of the programme's kind.

    ``synthetic`` says that the whole programme is made up. Otherwise what a site declared as
    synthetic earns nothing; it never replaces real data.
    """
    found = {site.name: get_accepted(home, site.name) for site in list_sites(home)}
    return {name: s for name, s in found.items() if s is not None and s.synthetic == synthetic}


def measure_credit(
    home: Path, feeds: Mapping[str, Path], *, synthetic: bool
) -> tuple[SiteCredit, ...]:
    """The credit of every site as of a snapshot of feeds, whose Parquet files are by name."""
    records = {
        site: Records(submission.id, find_persons_with_records(open_submission(submission)))
        for site, submission in list_credited(home, synthetic=synthetic).items()
    }
    return build_credit(
        read_standing(feeds[PARTICIPANT], feeds[CONSENT]),
        records,
        read_in_person(feeds[MEASUREMENT], feeds[SAMPLE]),
    )


def _credit_site(site: str, eligible: pl.DataFrame, records: Records | None) -> SiteCredit:
    persons = records.persons if records else pl.Series(PERSON, [], pl.Int64)
    has_records = eligible[ID].is_in(persons.implode())
    in_person = eligible["in_person"]
    return SiteCredit(
        site=site,
        submission=records.submission if records else None,
        dtr_a=Rate(int(has_records.sum()), eligible.height),
        dtr_b=Rate(int((has_records & in_person).sum()), int(in_person.sum())),
    )
