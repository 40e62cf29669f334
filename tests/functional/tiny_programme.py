"""A programme small enough to build in a second: one sealed release, published."""

from datetime import UTC, date, datetime
from pathlib import Path

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.settings import EngineSettings
from commonweal.pipeline.seal import ReleaseFacts as SealedFacts
from commonweal.pipeline.seal import seal_release
from commonweal.publish.model import ReleaseFacts
from commonweal.publish.pointer import PUBLIC_TIER, set_current, store_path
from commonweal.publish.store import build_store
from commonweal.release.cdm import open_cdm

CUTOFF = date(2026, 9, 30)
PERSONS = 6000
FINDINGS = 60

CONCEPTS = {
    201826: ("Type 2 diabetes mellitus", "44054006", "SNOMED", "Condition"),
    192671: ("Gastrointestinal hemorrhage", "74474003", "SNOMED", "Condition"),
    4112343: ("Acute viral pharyngitis", "195662009", "SNOMED", "Condition"),
    4000610: ("Disease of kidney", "90708001", "SNOMED", "Condition"),
    1125315: ("acetaminophen", "161", "RxNorm", "Drug"),
    1503297: ("metformin", "6809", "RxNorm", "Drug"),
    3004410: ("Hemoglobin A1c/Hemoglobin.total in Blood", "4548-4", "LOINC", "Measurement"),
    4012079: ("Screening for diabetes mellitus", "171183004", "SNOMED", "Procedure"),
}
SYNONYMS = {201826: ("Adult-onset diabetes", "Diabetes mellitus type 2")}

TABLES = {
    "person": (
        "person_id",
        f"""SELECT i AS person_id,
              CASE WHEN i % 25 = 0 THEN 0 WHEN i % 2 = 0 THEN 8507 ELSE 8532 END
                AS gender_concept_id,
              1932 + (i * i * 7) % 10007 % 75 AS year_of_birth, 6 AS month_of_birth,
              15 AS day_of_birth,
              CASE i % 4 WHEN 0 THEN 8516 WHEN 1 THEN 8515 ELSE 8527 END AS race_concept_id,
              38003564 AS ethnicity_concept_id
            FROM range(1, {PERSONS + 1}) t(i)""",
    ),
    "condition_occurrence": (
        "condition_occurrence_id",
        f"""SELECT row_number() OVER (ORDER BY c, i) AS condition_occurrence_id, i AS person_id,
              c AS condition_concept_id,
              CAST('2015-01-01' AS DATE) + CAST((i * 13) % 3000 AS INTEGER) AS condition_start_date
            FROM range(1, {PERSONS + 1}) t(i), (
              SELECT 201826 AS c, 3 AS every UNION ALL SELECT 192671, 5 UNION ALL
              SELECT 4112343, 2 UNION ALL SELECT 4000610, 400 UNION ALL
              SELECT 9000000 + n, 4 + n FROM range({FINDINGS}) f(n))
            WHERE (i * 7919 + c) % 10007 % every = 0""",
    ),
    "drug_exposure": (
        "drug_exposure_id",
        f"""SELECT row_number() OVER (ORDER BY c, i) AS drug_exposure_id, i AS person_id,
              c AS drug_concept_id, DATE '2020-05-01' AS drug_exposure_start_date
            FROM range(1, {PERSONS + 1}) t(i),
              (SELECT 1125315 AS c, 2 AS every UNION ALL SELECT 1503297, 6)
            WHERE (i * 7919 + c) % 10007 % every = 0""",
    ),
    "measurement": (
        "measurement_id",
        f"""SELECT i AS measurement_id, i AS person_id, 3004410 AS measurement_concept_id,
              DATE '2022-03-01' AS measurement_date, 6.1 AS value_as_number
            FROM range(1, {PERSONS + 1}) t(i) WHERE i % 3 = 0""",
    ),
    "procedure_occurrence": (
        "procedure_occurrence_id",
        f"""SELECT i AS procedure_occurrence_id, i AS person_id, 4012079 AS procedure_concept_id,
              DATE '2021-07-01' AS procedure_date
            FROM range(1, {PERSONS + 1}) t(i) WHERE i % 4 = 0""",
    ),
    "concept_ancestor": (
        "ancestor_concept_id, descendant_concept_id",
        """SELECT concept_id AS ancestor_concept_id, concept_id AS descendant_concept_id
           FROM made_concept""",
    ),
    "concept_synonym": (
        "concept_id, concept_synonym_name",
        "SELECT concept_id, concept_synonym_name, 4180186 AS language_concept_id FROM made_synonym",
    ),
    "concept": (
        "concept_id",
        "SELECT *, 'Example' AS concept_class_id, 'S' AS standard_concept FROM made_concept",
    ),
}
"""Tables by name: their unique key and the SELECT that makes them."""


def build_programme(home: Path, *, synthetic: bool = True) -> str:
    """Seal and publish the tiny programme in ``home``; return the release's id."""
    tables = home / "tables"
    tables.mkdir(parents=True)
    with DuckDBEngine(EngineSettings()) as engine:
        _make_vocabulary(engine)
        for name, (key, sql) in TABLES.items():
            engine.write_parquet(sql, tables / f"{name}.parquet", order_by=key.split(", "))
    release = seal_release(
        home,
        tier=PUBLIC_TIER,
        letter="R",
        tables=tables,
        facts=SealedFacts(cutoff=CUTOFF, synthetic=synthetic),
        now=datetime(2026, 10, 1, tzinfo=UTC),
    )
    facts = ReleaseFacts(
        id=release.id,
        tier=PUBLIC_TIER,
        title="Registered tier",
        synthetic=synthetic,
        cutoff=CUTOFF,
        content_hash=release.content_hash,
        programme="Tiny programme",
    )
    store = store_path(home, release.id, release.content_hash)
    with DuckDBEngine(EngineSettings()) as engine:
        open_cdm(engine, release.folder)
        build_store(engine, facts, store)
    set_current(home, PUBLIC_TIER, store)
    return release.id


def _make_vocabulary(engine: DuckDBEngine) -> None:
    engine.execute(
        "CREATE TEMP TABLE made_concept (concept_id BIGINT, concept_name VARCHAR, "
        "concept_code VARCHAR, vocabulary_id VARCHAR, domain_id VARCHAR)"
    )
    engine.execute(
        "CREATE TEMP TABLE made_synonym (concept_id BIGINT, concept_synonym_name VARCHAR)"
    )
    for concept, words in CONCEPTS.items():
        engine.execute("INSERT INTO made_concept VALUES (?, ?, ?, ?, ?)", [concept, *words])
    engine.execute(
        "INSERT INTO made_concept SELECT 9000000 + n, printf('Finding number %d', n + 1), "
        f"printf('F%d', n), 'SNOMED', 'Condition' FROM range({FINDINGS}) t(n)"
    )
    for concept, names in SYNONYMS.items():
        for name in names:
            engine.execute("INSERT INTO made_synonym VALUES (?, ?)", [concept, name])


EVERY = {201826: 3, 192671: 5, 1503297: 6}
"""Of how many persons one has a record of the concept."""


def count_by_hand(
    *,
    having: int,
    lacking: int | None = None,
    sex: int | None = None,
    ages: tuple[int, int] = (0, 150),
) -> int:
    """Persons of a cohort, by the arithmetic that made them and without any engine."""
    return sum(
        1
        for person in range(1, PERSONS + 1)
        if _has(person, having)
        and not (lacking and _has(person, lacking))
        and sex in {None, _sex(person)}
        and ages[0] <= CUTOFF.year - _year_of_birth(person) <= ages[1]
    )


def _has(person: int, concept: int) -> bool:
    return (person * 7919 + concept) % 10007 % EVERY[concept] == 0


def _sex(person: int) -> int:
    if person % 25 == 0:
        return 0
    return 8532 if person % 2 else 8507


def _year_of_birth(person: int) -> int:
    return 1932 + (person * person * 7) % 10007 % 75
