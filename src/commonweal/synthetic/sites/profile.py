"""What a made-up site is like: where it is, how it codes, how much of it cannot be mapped."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from commonweal.synthetic.facts import Fact, read_facts

OFFSET_STEP = 1_000_000_000_000


class CodeSystem(StrEnum):
    """What a site's own codes are."""

    ICD10CM_NDC = "icd10cm_ndc"
    SNOMED_RXNORM = "snomed_rxnorm"
    LOCAL = "local"
    """Codes of the site's own, with concepts above 2,000,000,000."""


@dataclass(frozen=True)
class SiteProfile:
    """A site of the programme; shares lie between 0 and 1."""

    name: str
    title: str
    state: str
    share: float
    """Weight of the participants who are paired to it."""
    codes: CodeSystem
    unmapped_conditions: float
    """Share of condition rows without a standard concept."""
    unmapped_drugs: float
    volume: float
    """How many visits a patient has, compared with the usual number."""
    records_from: date
    """First day of its electronic records."""
    id_offset: int
    """What the site's own row ids are counted from."""


def list_profiles(count: int) -> tuple[SiteProfile, ...]:
    """``count`` sites: those of ``sites.csv``, and after them more of the same kinds."""
    known = [_profile(row) for row in read_facts("sites.csv")]
    return tuple(
        known[position] if position < len(known) else _another(known, position)
        for position in range(count)
    )


def _another(known: list[SiteProfile], position: int) -> SiteProfile:
    like = known[position % len(known)]
    number = position + 1
    return replace(
        like,
        name=f"site{number:03d}",
        title=f"Site {number} of the synthetic programme",
        id_offset=number * OFFSET_STEP,
    )


def _profile(row: Fact) -> SiteProfile:
    return SiteProfile(
        name=row["name"],
        title=row["title"],
        state=row["state"],
        share=float(row["share"]),
        codes=CodeSystem(row["codes"]),
        unmapped_conditions=float(row["unmapped_conditions"]),
        unmapped_drugs=float(row["unmapped_drugs"]),
        volume=float(row["volume"]),
        records_from=date.fromisoformat(row["records_from"]),
        id_offset=int(row["id_offset"]),
    )
