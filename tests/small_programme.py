"""A synthetic programme of one small site, ready to be built."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings, ProgrammeSettings, Settings
from commonweal.engine.storage import make_private, sha256_of
from commonweal.intake.check import check_folder
from commonweal.intake.landing import submit_folder
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.pipeline.vocabulary import load_vocabulary
from commonweal.privacy.vault import open_vault
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.model import get_model
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import Plan, build_plan
from commonweal.synthetic.sites.profile import list_profiles

CUTOFF = date(2026, 10, 1)
NOW = datetime(2026, 10, 2, 12, 0, tzinfo=UTC)
SEED, PERSONS = 11, 60
STATE = "MA"
CLINIC = Site("clinic", "A small clinic", STATE)


def make_small_programme(home: Path, *, synthetic: bool = True, persons: int = PERSONS) -> Settings:
    """Register, check, submit, write feeds, vocabulary and a vault: all but the build."""
    settings = small_settings(home, synthetic=synthetic)
    made, outbox = home / "made-up", home / "outbox"
    make_programme(small_plan(persons), made, parts={Part.SUBMISSIONS, Part.FEEDS})
    (made / Part.SUBMISSIONS / CLINIC.name).rename(outbox)
    register_site(home, CLINIC)
    submit_folder(
        outbox,
        home=home,
        site=CLINIC.name,
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        now=NOW,
        report=check_folder(outbox, dialect="programme", settings=settings.engine),
    )
    make_private(home / "feeds")
    (made / Part.FEEDS / CUTOFF.isoformat()).rename(home / "feeds" / CUTOFF.isoformat())
    shutil.rmtree(made)
    _write_vocabulary(home / "outbox-vocabulary")
    with open_engine(settings.engine) as engine:
        load_vocabulary(engine, home, home / "outbox-vocabulary")
    open_vault(home / "vault" / "vault.sqlite").close()
    return settings


def small_plan(persons: int = PERSONS) -> Plan:
    """One site, in which nearly everybody is treated."""
    profile = replace(list_profiles(1)[0], name=CLINIC.name, title=CLINIC.title, state=STATE)
    return replace(build_plan(persons=persons, seed=SEED, as_of=CUTOFF), sites=(profile,))


def small_settings(
    home: Path, *, threads: int = 2, memory: str = "1GB", synthetic: bool = True
) -> Settings:
    """Settings of a programme in ``home``."""
    return Settings(
        home=home,
        engine=EngineSettings(threads=threads, memory_limit=memory),
        programme=ProgrammeSettings(name="Small", synthetic=synthetic, cutoff=CUTOFF),
    )


def copy_programme(original: Path, home: Path) -> Path:
    """A programme of its own with the same inputs and the same vault."""
    shutil.copytree(original, home)
    return home


def hash_tree(folder: Path, *, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path there."""
    return {
        str(file.relative_to(folder)): sha256_of(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in without
    }


def _write_vocabulary(folder: Path) -> None:
    folder.mkdir()
    table = get_model("omop-5.4").table("concept")
    concept = {
        "concept_id": [201826, 320128],
        "concept_name": ["Type 2 diabetes mellitus", "Essential hypertension"],
        "domain_id": ["Condition"] * 2,
        "vocabulary_id": ["SNOMED"] * 2,
        "concept_class_id": ["Clinical Finding"] * 2,
        "standard_concept": ["S"] * 2,
        "concept_code": ["44054006", "59621000"],
        "valid_start_date": [date(1970, 1, 1)] * 2,
        "valid_end_date": [date(2099, 12, 31)] * 2,
        "invalid_reason": [None] * 2,
    }
    pq.write_table(pa.table(concept, arrow_schema(table)), folder / "concept.parquet")


def mark_contacts(home: Path, marker: str) -> None:
    """Put a marker into every text that participants entered of themselves."""
    folder = home / "feeds" / "2026-10-01"
    file = folder / "participant_contact.parquet"
    schema = pq.read_schema(file)
    texts = [name for name, kind in pl.read_parquet_schema(file).items() if kind == pl.String]
    contacts = pl.read_parquet(file).with_columns(pl.lit(marker).alias(name) for name in texts)
    pq.write_table(contacts.to_arrow().cast(schema), file)
    manifest = json.loads((folder / "manifest.json").read_text())
    for feed in manifest["feeds"]:
        feed["sha256"] = sha256_of(folder / feed["file"])
    (folder / "manifest.json").write_text(json.dumps(manifest))
