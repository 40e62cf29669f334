"""The programme's own side of the combined data: persons come from here, never from a site."""

from pathlib import Path

from commonweal.curation.binding import RECORD, SITE
from commonweal.curation.folder import TableFolder, digest_files, make_folder
from commonweal.engine.functions import TYPE_OF_DATA
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.schema.model import Table, get_model

PROGRAMME = "programme"
"""The ``_src_site`` of rows that the programme itself collected; no site may be called so."""

PERSON = {
    "person_id": "participant_id",
    "gender_concept_id": "sex_at_birth_concept_id",
    "year_of_birth": "year(birth_date)",
    "month_of_birth": "month(birth_date)",
    "day_of_birth": "day(birth_date)",
    "birth_datetime": "birth_date",
    "race_concept_id": "race_concept_id",
    "ethnicity_concept_id": "ethnicity_concept_id",
}
PERSON_EXT = {
    "person_id": "participant_id",
    "state_of_residence_source_value": "state",
    "zip_code": "zip_code",
    "sex_at_birth_concept_id": "sex_at_birth_concept_id",
    "gender_identity_concept_id": "gender_identity_concept_id",
}
DEATH = {"person_id": "participant_id", "death_date": "died_on", "death_type_concept_id": "0"}


def build_select(table: Table, values: dict[str, str], *, where: str = "TRUE") -> str:
    """SELECT of a table from the participant feed: ``values`` by column, the rest empty.

    A row's record number is its place in the order of participants.
    """
    columns = (
        f"CAST({values.get(field.name, 'NULL')} AS {TYPE_OF_DATA[field.type].value}) "
        f"AS {quoted(field.name)}"
        for field in table.fields
    )
    record = "row_number() OVER (ORDER BY participant_id)"
    return (
        f"SELECT {', '.join(columns)}, '{PROGRAMME}' AS {SITE}, {record} AS {RECORD} "
        f"FROM participant_feed WHERE {where}"
    )


def build_person() -> str:
    """SELECT of ``person`` from the participant feed: sex at birth stands as gender."""
    return build_select(get_model("release").table("person"), PERSON)


def build_person_ext() -> str:
    """SELECT of ``person_ext``: residence, sex at birth, gender identity."""
    return build_select(get_model("release").table("person_ext"), PERSON_EXT)


def build_death() -> str:
    """SELECT of ``death`` for participants whose death the programme approved."""
    return build_select(get_model("release").table("death"), DEATH, where="died_on IS NOT NULL")


def make_programme(engine: Engine, participants: Path, *, out: Path) -> TableFolder:
    """Write ``person``, ``person_ext`` and ``death`` from a snapshot of the participant feed.

    Every participant of the feed is there; the rules of the combined stage decide who stays.
    """
    tables = {"person": build_person(), "person_ext": build_person_ext(), "death": build_death()}
    recipe = {"feeds": digest_files({"participant": [participants]}), "tables": tables}

    def write(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
        engine.register_parquet("participant_feed", [participants])
        rows = {
            name: engine.write_parquet(sql, folder / f"{name}.parquet", order_by=(SITE, RECORD))
            for name, sql in tables.items()
        }
        return rows, rows

    return make_folder(out, PROGRAMME, recipe, write)
