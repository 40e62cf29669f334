"""What participants entered about themselves agrees with what their sites send."""

from functools import cache

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.schema.model import get_model
from commonweal.synthetic.ehr.patients import list_patients
from commonweal.synthetic.feeds.contacts import build_contacts, slip
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import build_plan
from commonweal.synthetic.sites.identity import build_identity

PLAN = build_plan(persons=6_000)
NO_MATCH, MATCH = "no_match", "match"


@cache
def frames() -> dict[str, pl.DataFrame]:
    """What all sites send of everybody, one row for each patient, and the contacts."""
    people = make_people(PLAN, PLAN.batch(0, PLAN.persons))
    patients = list_patients(PLAN, people, np.ones(len(people), dtype=np.bool_))
    model = get_model("programme")
    sent = {
        name: as_frame(build_table(model.table(name), [rows.columns]))
        for name, rows in build_identity(PLAN, patients).items()
    }
    return sent | {"contact": as_frame(build_contacts(PLAN, people))}


def as_frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def beside_contact(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of a site with the participant's own columns, which end in ``_own``."""
    own = frames()["contact"].rename({"participant_id": "person_id"})
    return frame.join(
        own.rename({c: f"{c}_own" for c in own.columns if c != "person_id"}), on="person_id"
    )


def digits(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"\D", "").str.tail(10)


@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_names_differ_just_where_the_site_says_so(field: str) -> None:
    names = beside_contact(frames()["pii_name"].unique("person_id"))
    said = frames()["participant_match"].select("person_id", said=field).unique("person_id")
    both = names.join(said, on="person_id")
    same = both[field] == both[f"{field}_own"]
    assert (same == (both["said"] == MATCH)).all()
    assert 0 < (~same).sum() < 0.02 * both.height
    assert both["middle_name"].equals(both["middle_name_own"])


def test_births_and_sexes_differ_just_where_the_site_says_so() -> None:
    both = beside_contact(frames()["person"]).join(
        frames()["participant_match"].unique("person_id"), on="person_id"
    )
    same_birth = both["birth_datetime"].dt.date() == both["birth_date_own"]
    assert (same_birth == (both["dob"] == MATCH)).all()
    assert (~same_birth).any()
    word = pl.col("gender_concept_id").replace_strict({8507: "male", 8532: "female", 0: "none"})
    told = both.filter(pl.col("sex") != "missing").with_columns(word.alias("word"))
    assert ((told["word"] == told["sex_own"]) == (told["sex"] == MATCH)).all()
    untold = both.filter(pl.col("sex") == "missing")
    assert set(untold["sex_own"]) == {"skip", "prefer_not_to_answer"}


def test_the_first_telephone_and_the_mail_differ_just_where_the_site_says_so() -> None:
    said = (
        frames()["participant_match"]
        .unique("person_id")
        .select("person_id", said_phone="phone_number", said_mail="email")
    )
    first = frames()["pii_phone_number"].group_by("person_id", maintain_order=True).first()
    phones = beside_contact(first).join(said, on="person_id")
    same = phones.select(same=digits("phone_number") == digits("phone_number_own"))["same"]
    assert (same == (phones["said_phone"] == MATCH)).all()
    mails = beside_contact(frames()["pii_email"].unique("person_id")).join(said, on="person_id")
    assert ((mails["email"] == mails["email_own"]) == (mails["said_mail"] == MATCH)).all()


def test_who_moved_lives_in_another_street_of_the_same_place() -> None:
    homes = frames()["pii_address"].join(frames()["location"], on="location_id")
    said = frames()["participant_match"].unique("person_id").select("person_id", said="address")
    both = beside_contact(homes.unique("person_id")).join(said, on="person_id")
    assert ((both["address_1"] == both["address_1_own"]) == (both["said"] == MATCH)).all()
    for part in ("city", "state", "zip", "address_2"):
        assert both[part].equals(both[f"{part}_own"]), part
    without = frames()["contact"].filter(pl.col("state").is_null())
    assert without.height > 0
    assert (
        without.select("address_1", "address_2", "city", "zip").null_count().sum_horizontal()[0]
        == 4 * without.height
    )


@given(st.dates(min_value=np.datetime64("1901-01-01").item()))
def test_a_slip_is_another_day_that_there_is(day: object) -> None:
    born = np.array([day], dtype="datetime64[D]")
    assert slip(born)[0] != born[0]
