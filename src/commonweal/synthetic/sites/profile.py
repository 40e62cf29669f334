"""What a made-up site is like: where it is, how it codes, how much of it cannot be mapped."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from commonweal.synthetic.facts import Fact, read_facts

OFFSET_STEP = 1_000_000_000_000
MOST_OFFSETS = 999
"""Of more sites some count from the same number; ids stay below 10 to the 15th."""


class CodeSystem(StrEnum):
    """What a site's own codes are."""

    ICD10CM_NDC = "icd10cm_ndc"
    SNOMED_RXNORM = "snomed_rxnorm"
    LOCAL = "local"
    """Codes of the site's own, with concepts above 2,000,000,000."""


class NoteFormat(StrEnum):
    """How a site sends its notes; the value is the ending of the file."""

    CSV = "csv"
    JSONL = "jsonl"


class Purpose(StrEnum):
    """What a site's files are for."""

    PRODUCTION = "production"
    ALPHA = "alpha"
    """De-identified at the site, as in the programme's first uploads."""


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
    lag_days: int = 0
    """How old its last submission is on the day of the snapshot."""
    submissions: int = 1
    """How many it has sent so far, one each quarter."""
    notes: NoteFormat = NoteFormat.CSV
    alpha: bool = False
    """Whether it has also sent files for ``Purpose.ALPHA``."""
    care_sites: int = 3
    providers: int = 15

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """What it has sent files for."""
        return (Purpose.PRODUCTION, Purpose.ALPHA) if self.alpha else (Purpose.PRODUCTION,)

    def sent_on(self, as_of: date) -> date:
        """Day of the last submission before ``as_of``: it holds nothing later."""
        return as_of - timedelta(days=self.lag_days)


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
        id_offset=(1 + position % MOST_OFFSETS) * OFFSET_STEP,
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
        lag_days=int(row["lag_days"]),
        submissions=int(row["submissions"]),
        notes=NoteFormat(row["notes"]),
        alpha=row["alpha"] == "yes",
        care_sites=int(row["care_sites"]),
        providers=int(row["providers"]),
    )
