"""What is published, declared as data.

Every person is counted once in every figure. People are counted; records never are.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """A kind of record: the table that holds it, and its columns that matter here."""

    id: str
    title: str
    table: str
    concept: str
    date: str
    vocabulary_domain: str
    """Concepts of other domains in this table are not shown."""


@dataclass(frozen=True)
class Analysis:
    """A figure or table: what it says, and by what it is divided."""

    id: str
    title: str
    strata: tuple[str, ...] = ()
    domain: str = ""


DOMAINS = (
    Domain(
        id="condition",
        title="Conditions",
        table="condition_occurrence",
        concept="condition_concept_id",
        date="condition_start_date",
        vocabulary_domain="Condition",
    ),
    Domain(
        id="drug",
        title="Drug exposures",
        table="drug_exposure",
        concept="drug_concept_id",
        date="drug_exposure_start_date",
        vocabulary_domain="Drug",
    ),
    Domain(
        id="measurement",
        title="Labs and measurements",
        table="measurement",
        concept="measurement_concept_id",
        date="measurement_date",
        vocabulary_domain="Measurement",
    ),
    Domain(
        id="procedure",
        title="Procedures",
        table="procedure_occurrence",
        concept="procedure_concept_id",
        date="procedure_date",
        vocabulary_domain="Procedure",
    ),
)

PARTICIPANTS = Analysis("participants", "Participants")
PARTICIPANTS_BY_AGE_SEX = Analysis(
    "participants-by-age-sex",
    "Participants by age at the cut-off and sex at birth",
    ("age band", "sex"),
)

ANALYSES = (
    PARTICIPANTS,
    PARTICIPANTS_BY_AGE_SEX,
    *(
        analysis
        for domain in DOMAINS
        for analysis in (
            Analysis(f"{domain.id}-participants", "Participants with a record", (), domain.id),
            Analysis(f"{domain.id}-concepts", "Concepts recorded", (), domain.id),
            Analysis(
                f"{domain.id}-by-concept",
                "Participants with a record of the concept",
                ("concept",),
                domain.id,
            ),
            Analysis(
                f"{domain.id}-by-concept-age-sex",
                "Participants by age at the first record of the concept and sex at birth",
                ("concept", "age band", "sex"),
                domain.id,
            ),
        )
    ),
)

SEXES = {"Female": 8532, "Male": 8507, "Other": 0}
"""Sex at birth by the concept in ``person.gender_concept_id``; all others count as ``Other``."""

BANDS = {
    "<18": 0,
    "18-29": 18,
    "30-39": 30,
    "40-49": 40,
    "50-59": 50,
    "60-69": 60,
    "70-79": 70,
    "80-89": 80,
    "90+": 90,
}
"""Age bands and the completed years each begins at; it ends where the next begins."""

UNKNOWN_BAND = "Unknown"
"""Where a birth date or an event date is missing, or the event is before birth."""

Cell = tuple[str, str]
"""Age band and sex."""

CELLS: tuple[Cell, ...] = tuple((band, sex) for band in (*BANDS, UNKNOWN_BAND) for sex in SEXES)

CHAINS: tuple[tuple[Cell, ...], ...] = tuple(
    tuple((band, sex) for band in (*reversed(BANDS), UNKNOWN_BAND)) for sex in SEXES
)
"""By sex, the cells from the oldest age on: who had a record at an age is at least as old now."""
