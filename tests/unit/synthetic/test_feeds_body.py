"""Measurements and wearable days of made-up people: within bounds, and of the same body."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.synthetic.feeds.measurements import (
    CONCEPTS,
    HYPERTENSION,
    UNITS,
    build_measurements,
    mean_of_closest,
)
from commonweal.synthetic.feeds.wearables import build_wearables
from commonweal.synthetic.feeds.women import is_pregnant
from commonweal.synthetic.people.body import FEMALE
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import build_plan

PERSONS = 6_000
PLAN = build_plan(persons=PERSONS)
THREE_TIMES = [code for code, concepts in CONCEPTS.items() if len(concepts) > 1]


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(PLAN, PLAN.batch(0, PERSONS))


@pytest.fixture(scope="module")
def measured(people: People) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(build_measurements(PLAN, people)))


@pytest.fixture(scope="module")
def days(people: People) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(build_wearables(PLAN, people)))


def wide(measured: pl.DataFrame, code: str) -> pl.DataFrame:
    """The readings of one kind, a row for each visit: columns 1, 2, 3 and mean."""
    rows = measured.filter(pl.col("measurement_code") == code)
    return rows.with_columns(
        pl.col("reading").cast(pl.String).fill_null("mean"),
        visit=pl.col("measured_at").dt.date(),
    ).pivot("reading", index=["participant_id", "visit"], values="value")


def of_people(people: People, array: np.ndarray, measured: pl.DataFrame) -> np.ndarray:
    return array[np.searchsorted(people.ids, measured["participant_id"].to_numpy())]


@pytest.mark.parametrize("code", THREE_TIMES)
def test_everything_read_three_times_has_a_mean(measured: pl.DataFrame, code: str) -> None:
    readings = wide(measured, code)
    assert readings.height > 0.7 * PERSONS
    assert readings.null_count().sum_horizontal().item() == 0
    means = readings["mean"].to_numpy()
    first, second, third = (readings[str(n)].to_numpy() for n in (1, 2, 3))
    if code.endswith("circumference"):
        assert np.array_equal(means, mean_of_closest(first, second, third))
        assert (means >= np.min([first, second, third], axis=0)).all()
    else:
        assert np.array_equal(means, (second + third) / 2)


@pytest.mark.parametrize(
    ("readings", "mean"),
    [
        ((90.0, 92.0, 92.4), 92.2),
        ((92.4, 90.0, 90.2), 90.1),
        ((90.0, 91.0, 92.0), 91.0),
        ((91.0, 91.0, 91.0), 91.0),
        ((90.0, 90.1, 95.0), 90.1),
    ],
)
def test_the_mean_is_of_the_closest_two_or_of_three_that_are_equally_far(
    readings: tuple[float, float, float], mean: float
) -> None:
    assert mean_of_closest(*(np.array([reading]) for reading in readings)).tolist() == [mean]


@given(st.lists(st.integers(500, 1500), min_size=3, max_size=3))
def test_the_mean_does_not_depend_on_the_order_of_readings(tenths: list[int]) -> None:
    values = [np.array([value / 10]) for value in tenths]
    assert mean_of_closest(*values) == mean_of_closest(*reversed(values))


def test_concepts_units_and_readings_are_those_of_the_form(measured: pl.DataFrame) -> None:
    seen = measured.select("measurement_code", "reading", "measurement_concept_id", "unit").unique()
    expected = {
        (code, None if len(concepts) == 1 or place == 4 else place, concept, UNITS[code])
        for code, concepts in CONCEPTS.items()
        for place, concept in enumerate(concepts, start=1)
    }
    assert set(seen.rows()) == expected


def test_diastolic_pressure_is_always_the_lower_one(measured: pl.DataFrame) -> None:
    both = wide(measured, "blood-pressure-systolic").join(
        wide(measured, "blood-pressure-diastolic"), on=["participant_id", "visit"]
    )
    for column in ("1", "2", "3", "mean"):
        assert (both[column] > both[f"{column}_right"]).all()


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [
        ("blood-pressure-systolic", 77, 202),
        ("blood-pressure-diastolic", 39, 133),
        ("heart-rate", 35, 125),
        ("height", 90, 228),
        ("weight", 30, 250),
        ("bmi", 10, 125),
        ("waist-circumference", 30, 184.2),
        ("hip-circumference", 32, 185.4),
    ],
)
def test_values_lie_within_what_the_programme_takes(
    measured: pl.DataFrame, code: str, low: float, high: float
) -> None:
    values = measured.filter(pl.col("measurement_code") == code)["value"]
    assert values.is_between(low, high).all()
    assert values.n_unique() > 40


def test_height_weight_and_index_are_those_of_the_body(
    people: People, measured: pl.DataFrame
) -> None:
    for code, usual, most in (
        ("height", people.body.height, 3),
        ("weight", people.body.weight, 13),
    ):
        rows = measured.filter(pl.col("measurement_code") == code)
        apart = rows["value"].to_numpy() - of_people(people, usual, rows)
        assert np.abs(apart).max() < most
    keys = ["participant_id", "measured_at"]
    one = {
        code: measured.filter(pl.col("measurement_code") == code).select(*keys, pl.col("value"))
        for code in ("height", "weight", "bmi")
    }
    both = one["height"].join(one["weight"], on=keys).join(one["bmi"], on=keys, suffix="_bmi")
    index = both["value_right"] / (both["value"] / 100) ** 2
    assert ((index - both["value_bmi"]).abs() < 0.051).all()


def test_pressure_is_higher_with_hypertension_and_with_a_strong_body(
    people: People, measured: pl.DataFrame
) -> None:
    rows = measured.filter(pl.col("measurement_concept_id") == 903118)
    onset = of_people(people, people.onsets[HYPERTENSION], rows)
    ill = onset <= rows["measured_at"].dt.date().to_numpy()
    values = rows["value"].to_numpy()
    assert values[ill].mean() > values[~ill].mean() + 7
    strong = of_people(people, people.body.pressure, rows)
    assert np.corrcoef(strong, values)[0, 1] > 0.5


def test_from_home_come_height_and_weight_alone(measured: pl.DataFrame) -> None:
    told = measured.filter(pl.col("collected") == "self_reported")
    assert set(told["measurement_code"]) == {"height", "weight"}
    assert told["measured_at"].dt.date().min() >= date(2021, 6, 1)
    assert told["participant_id"].n_unique() > 0.01 * PERSONS


def test_waist_and_hip_of_pregnant_women_are_not_measured(
    people: People, measured: pl.DataFrame
) -> None:
    rows = measured.filter(pl.col("measurement_code") == "weight")
    day = np.full(len(people), np.datetime64("NaT", "D"))
    first = rows.unique("participant_id", keep="first", maintain_order=True)
    place = np.searchsorted(people.ids, first["participant_id"].to_numpy())
    day[place] = first["measured_at"].dt.date().to_numpy()
    pregnant = is_pregnant(PLAN, people, day)
    assert pregnant.sum() > 10
    assert (people.sex[pregnant] == FEMALE).all()
    expecting = first.filter(pl.Series(pregnant[place])).select("participant_id", "measured_at")
    girths = measured.filter(pl.col("measurement_code").str.ends_with("circumference"))
    assert girths.join(expecting, on=["participant_id", "measured_at"]).is_empty()


def test_few_come_a_second_time(measured: pl.DataFrame) -> None:
    weights = measured.filter(pl.col("measurement_code") == "weight")
    visits = weights.group_by("participant_id").len()["len"]
    assert visits.max() == 2
    assert 0.005 < (visits == 2).mean() < 0.06


def test_the_old_and_the_heavy_walk_less_and_weekends_are_quiet(
    people: People, days: pl.DataFrame
) -> None:
    whole = days.filter(pl.col("minutes_worn") > 900)
    age = (np.datetime64("2022-01-01") - of_people(people, people.born, whole)).astype(float)
    steps = whole["steps"].to_numpy()
    old = age / 365.25 > 65
    assert steps[old].mean() < steps[~old].mean() - 400
    heavy = of_people(people, people.body.body_mass, whole) > 32
    assert steps[heavy].mean() < steps[~heavy].mean() - 300
    weekend = whole["date"].dt.weekday().to_numpy() >= 6
    assert steps[weekend].mean() < steps[~weekend].mean()
    asleep = whole["minutes_asleep"].to_numpy()
    assert asleep[weekend].mean() > asleep[~weekend].mean() + 15


def test_a_device_worn_for_hours_counts_no_sleep(days: pl.DataFrame) -> None:
    brief = pl.col("minutes_asleep").is_null()
    assert 0.03 < days.filter(brief).height / days.height < 0.07
    assert days.filter(brief)["minutes_worn"].max() <= 300
    assert days.filter(brief)["resting_heart_rate"].null_count() == days.filter(brief).height
    assert days.filter(~brief)["minutes_worn"].min() > 900


def test_there_are_days_without_the_device(days: pl.DataFrame) -> None:
    spans = days.group_by("participant_id").agg(
        days=pl.len(), span=(pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1
    )
    assert 0.8 < spans["days"].sum() / spans["span"].sum() < 0.95
    assert days.group_by("participant_id").agg(pl.col("device").n_unique())["device"].max() == 1
