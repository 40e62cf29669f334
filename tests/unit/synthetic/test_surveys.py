"""Surveys answered by made-up people: branching, gating, and answers that go together."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.feeds.consents import build_consents
from commonweal.synthetic.feeds.survey.history import UNMENTIONED_SHARE
from commonweal.synthetic.feeds.survey.pack import load_pack
from commonweal.synthetic.feeds.surveys import PLACEHOLDER, build_surveys
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import build_plan

PERSONS = 6_000
PLAN = build_plan(persons=PERSONS)
CORE = ["TheBasics", "OverallHealth", "Lifestyle"]
SECOND_TIME = 50


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(PLAN, PLAN.batch(0, PERSONS))


@pytest.fixture(scope="module")
def rows(people: People) -> pl.DataFrame:
    """Every answer, with its name: the code, or the concept where it has no code."""
    frame = pl.DataFrame(pl.from_arrow(build_surveys(PLAN, people)))
    name = pl.coalesce("answer_code", pl.col("answer_concept_id").cast(pl.String))
    return frame.with_columns(
        name=name, slot=pl.col("response_set_id") % 100, day=pl.col("authored_at").dt.date()
    )


@pytest.fixture(scope="module")
def sets(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each sitting of each person."""
    return rows.unique("response_set_id", maintain_order=True)


def facts(name: str) -> pl.DataFrame:
    return pl.DataFrame([dict(row) for row in read_facts(f"surveys/{name}.csv")])


def answers_to(rows: pl.DataFrame, question: str) -> pl.DataFrame:
    """First answers to a question that only one answer is given to."""
    first = pl.col("slot") <= SECOND_TIME
    return rows.filter(first & (pl.col("question_code") == question))


def of(people: People, array: np.ndarray, frame: pl.DataFrame) -> np.ndarray:
    return array[np.searchsorted(people.ids, frame["participant_id"].to_numpy())]


def ranks(rows: pl.DataFrame, question: str) -> pl.DataFrame:
    """The rank of each person's plain answer on the scale of the question."""
    of_question = next(q for q in load_pack().questions if q.code == question)
    scale = {
        (a.code or str(a.concept)): place
        for place, a in enumerate(of_question.answers)
        if not a.role.startswith("no ")
    }
    said = answers_to(rows, question).filter(pl.col("name").is_in(list(scale)))
    first = said.unique("participant_id", keep="first", maintain_order=True)
    return first.select("participant_id", rank=pl.col("name").replace_strict(scale, default=None))


def correlation(rows: pl.DataFrame, one: str, other: str) -> float:
    both = ranks(rows, one).join(ranks(rows, other), on="participant_id")
    assert both.height > 300
    return float(np.corrcoef(both["rank"].to_numpy(), both["rank_right"].to_numpy())[0, 1])


# What is asked


def test_every_module_is_answered_by_someone_under_its_concept(sets: pl.DataFrame) -> None:
    wanted = {
        (row["module"], int(row["module_concept_id"]), row["version"])
        for row in read_facts("surveys/modules.csv")
    }
    assert len(wanted) == 20
    assert set(sets.select("module", "module_concept_id", "version").unique().rows()) == wanted


def test_questions_and_answers_are_those_of_the_pack(rows: pl.DataFrame) -> None:
    seen = rows.select("question_concept_id", "question_code").unique()
    questions = {(q.concept, q.code) for q in load_pack().questions}
    assert set(seen.rows()) <= questions
    assert seen.height > 0.9 * len({code for _, code in questions})
    listed = facts("answers").select("question_code", "answer_concept_id", "answer_code")
    known = listed.with_columns(pl.col("answer_concept_id").replace("", None).cast(pl.Int64))
    chosen = rows.filter(pl.col("name").is_not_null()).select(
        "question_code", "answer_concept_id", pl.col("answer_code").fill_null("")
    )
    strange = chosen.unique().join(
        known,
        on=["question_code", "answer_concept_id", "answer_code"],
        how="anti",
        nulls_equal=True,
    )
    assert set(strange["answer_concept_id"]) == {903096}


def test_no_answer_is_there_without_the_answer_that_calls_for_it(rows: pl.DataFrame) -> None:
    rules, called = called_for(rows)
    slots = facts("modules").select(pl.col("slot").cast(pl.Int64), "instrument")
    asked = rows.with_columns(pl.col("slot") % SECOND_TIME).join(slots, on="slot")
    children = asked.join(rules, on=["question_code", "instrument"], how="semi")
    keys = ["response_set_id", "question_code"]
    assert children.select(keys).unique().join(called, on=keys, how="anti").is_empty()
    assert children.height > PERSONS


def test_whoever_is_called_to_a_question_has_a_row(rows: pl.DataFrame, people: People) -> None:
    _, called = called_for(rows)
    restricted = facts("questions").filter(pl.col("asked_of") != "")["question_code"].to_list()
    called = called.filter(~pl.col("question_code").is_in(restricted))
    keys = ["response_set_id", "question_code"]
    missing = called.join(rows.select(keys).unique(), on=keys, how="anti")
    assert missing.is_empty()


def called_for(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The branching rules, and the questions that the answers of each set call for."""
    rules = facts("branching")
    instruments = facts("questions").select("question_code", "instrument")
    within = instruments.join(instruments.rename({"question_code": "parent_code"}), on="instrument")
    rules = rules.join(within.unique(), on=["question_code", "parent_code"])
    modules = facts("modules").select(pl.col("slot").cast(pl.Int64), "instrument", "wave")
    asked = instruments_of_waves().join(modules, on=["instrument", "wave"])
    given = rows.select(
        "response_set_id",
        pl.col("slot") % SECOND_TIME,
        parent_code="question_code",
        answer="name",
        number="answer_number",
    )
    by_answer = given.join(rules.filter(pl.col("above") == ""), on=["parent_code", "answer"])
    numbers = rules.filter(pl.col("above") != "").drop("answer")
    by_number = given.join(numbers, on="parent_code").filter(
        pl.col("number") > pl.col("above").cast(pl.Float64)
    )
    columns = ["response_set_id", "slot", "question_code"]
    called = pl.concat([by_answer.select(columns), by_number.select(columns)]).unique()
    return rules, called.join(asked.select("slot", "question_code"), on=["slot", "question_code"])


def instruments_of_waves() -> pl.DataFrame:
    """Every question with each wave in which it is asked; one empty wave for most."""
    rows = [
        {"question_code": row["question_code"], "instrument": row["instrument"], "wave": wave}
        for row in read_facts("surveys/questions.csv")
        for wave in row["waves"] or [""]
    ]
    return pl.DataFrame(rows)


def test_smoking_is_asked_of_smokers_alone(rows: pl.DataFrame) -> None:
    keys = ["response_set_id"]
    never = rows.filter(pl.col("answer_code") == "100CigsLifetime_No").select(keys)
    follow = rows.filter(pl.col("question_code") == "Smoking_SmokeFrequency").select(keys)
    assert never.height > 1000
    assert follow.height > 1000
    assert never.join(follow, on=keys).is_empty()
    blank = rows.filter(
        (pl.col("question_code") == "Smoking_100CigsLifetime")
        & (pl.col("answer_code") == "PMI_Skip")
    )
    assert blank.select(keys).join(follow, on=keys, how="anti").is_empty()


def test_womens_questions_are_not_asked_of_men(rows: pl.DataFrame, people: People) -> None:
    women = facts("questions").filter(pl.col("asked_of") == "female")["question_code"].to_list()
    asked = rows.filter(pl.col("question_code").is_in(women))
    assert asked["question_code"].n_unique() > 8
    assert MALE not in set(of(people, people.sex, asked).tolist())


# How it is answered


def test_one_answer_to_a_single_question_and_none_twice(rows: pl.DataFrame) -> None:
    single = facts("questions").filter(pl.col("kind") != "multiple")["question_code"].unique()
    keys = ["response_set_id", "question_code"]
    of_single = rows.filter(pl.col("question_code").is_in(single.to_list()))
    assert of_single.height == of_single.select(keys).unique().height
    assert rows.height == rows.select(*keys, "name").unique().height


def test_exclusive_answers_and_refusals_stand_alone(rows: pl.DataFrame) -> None:
    special = (
        facts("answers")
        .filter(pl.col("role") != "")
        .select(
            "question_code",
            name=pl.when(pl.col("answer_code") != "")
            .then("answer_code")
            .otherwise("answer_concept_id"),
        )
    )
    keys = ["response_set_id", "question_code"]
    skips = pl.col("answer_code") == "PMI_Skip"
    alone = pl.concat(
        [
            rows.join(special, on=["question_code", "name"], how="semi").select(keys),
            rows.filter(skips).select(keys),
        ]
    )
    counts = rows.group_by(keys).len()
    assert alone.join(counts, on=keys)["len"].max() == 1
    assert counts["len"].max() > 3


def test_questions_are_left_blank_at_the_stated_rate(rows: pl.DataFrame) -> None:
    skipped = pl.col("answer_code") == "PMI_Skip"
    for module in ("OverallHealth", "Lifestyle", "HealthcareAccess", "sdoh"):
        asked = rows.filter(pl.col("module") == module)
        shown = asked.select("response_set_id", "question_code").unique().height
        assert asked.filter(skipped).height / shown == pytest.approx(0.0145, abs=0.002)
        concepts = set(asked.filter(skipped)["answer_concept_id"])
        assert concepts == {903096}


def test_some_refuse_and_some_do_not_know(rows: pl.DataFrame) -> None:
    income = answers_to(rows, "Income_AnnualIncome")
    refused = income.filter(pl.col("answer_concept_id") == 903079)
    assert refused.height / income.height == pytest.approx(0.12, abs=0.015)
    unsure = rows.filter(pl.col("answer_concept_id") == 903087)
    assert unsure["question_code"].n_unique() > 30


def test_answers_have_the_shares_of_the_model(rows: pl.DataFrame) -> None:
    said = answers_to(rows, "EducationLevel_HighestGrade").filter(
        pl.col("answer_code").str.starts_with("HighestGrade")
    )
    shares = dict(said["answer_code"].value_counts(normalize=True).rows())
    assert shares["HighestGrade_CollegeOnetoThree"] == pytest.approx(0.27, abs=0.02)
    assert shares["HighestGrade_TwelveOrGED"] == pytest.approx(0.22, abs=0.02)
    health = answers_to(rows, "OverallHealth_GeneralHealth")
    good = health.filter(pl.col("answer_code") == "GeneralHealth_Good").height / health.height
    assert good == pytest.approx(0.345, abs=0.03)


def test_numbers_lie_within_the_bounds_of_their_question(rows: pl.DataFrame) -> None:
    bounds = (
        facts("questions")
        .filter(pl.col("kind") == "number")
        .select("question_code", pl.col("low", "high").cast(pl.Float64))
        .unique()
    )
    given = rows.filter(pl.col("answer_number").is_not_null())
    numbers = given.join(bounds, on="question_code", how="left")
    assert numbers["low"].null_count() == 0
    assert numbers["answer_number"].is_between(numbers["low"], numbers["high"]).all()
    assert numbers["question_code"].n_unique() > 20
    pain = answers_to(rows, "OverallHealth_AveragePain7Days")["answer_number"].drop_nulls()
    assert set(pain.to_list()) == set(range(11))


def test_nobody_is_older_when_starting_to_smoke_than_at_the_survey(
    rows: pl.DataFrame, people: People
) -> None:
    started = answers_to(rows, "Smoking_DailySmokeStartingAge").drop_nulls("answer_number")
    day = started["day"].to_numpy()
    age = (day - of(people, people.born, started)).astype(float) / 365.2425
    assert (started["answer_number"].to_numpy() <= age).all()


def test_numbers_of_one_person_do_not_contradict_each_other(
    rows: pl.DataFrame, people: People
) -> None:
    def said(question: str) -> pl.DataFrame:
        return (
            answers_to(rows, question)
            .select("participant_id", "day", number=pl.col("answer_number"))
            .drop_nulls("number")
        )

    def both(one: str, other: str) -> pl.DataFrame:
        joined = said(one).join(said(other), on="participant_id")
        assert joined.height > 100
        return joined

    home = both("LivingSituation_PeopleUnder18", "LivingSituation_HowManyPeople")
    assert (home["number"] <= home["number_right"]).all()
    quit_ = both("AttemptQuitSmoking_CompletelyQuitAge", "Smoking_DailySmokeStartingAge")
    assert (quit_["number"] >= quit_["number_right"]).all()
    smoked = both("Smoking_NumberOfYears", "Smoking_DailySmokeStartingAge")
    age = (smoked["day"].to_numpy() - of(people, people.born, smoked)).astype(int) / 365.2425
    assert (smoked["number"].to_numpy() + smoked["number_right"].to_numpy() <= age).all()


def test_texts_are_placeholders_and_dates_lie_in_a_life(rows: pl.DataFrame, people: People) -> None:
    kinds = facts("questions").select("question_code", "kind").unique()
    written = rows.drop_nulls("answer_text").join(kinds, on="question_code")
    assert set(written["kind"]) == {"text", "date"}
    assert set(written.filter(pl.col("kind") == "text")["answer_text"]) == {PLACEHOLDER}
    dated = written.filter(pl.col("kind") == "date").with_columns(
        told=pl.col("answer_text").str.to_date()
    )
    assert (dated["told"] <= dated["day"]).all()
    assert (dated["told"].to_numpy() >= of(people, people.born, dated)).all()


def test_a_row_says_one_thing(rows: pl.DataFrame) -> None:
    said = rows.select(
        pl.col("name").is_not_null().cast(pl.Int8)
        + pl.col("answer_number").is_not_null().cast(pl.Int8)
        + pl.col("answer_text").is_not_null().cast(pl.Int8)
    )
    assert set(said["name"]) == {1}


# When it is answered


def test_surveys_come_in_their_order(sets: pl.DataFrame, people: People) -> None:
    consents = pl.DataFrame(pl.from_arrow(build_consents(PLAN, people)))
    consented = consents.group_by("participant_id").agg(pl.col("authored_at").min())
    first = sets.filter(pl.col("slot") <= SECOND_TIME)
    when = {
        module: first.filter(pl.col("module") == module).select("participant_id", "authored_at")
        for module in CORE
    }
    basics = when["TheBasics"].join(consented, on="participant_id")
    assert (basics["authored_at"] > basics["authored_at_right"]).all()
    for later in CORE[1:]:
        both = when[later].join(when["TheBasics"], on="participant_id", how="left")
        assert (both["authored_at"] > both["authored_at_right"]).all()
    core = (
        first.filter(pl.col("module").is_in(CORE))
        .group_by("participant_id")
        .agg(done=pl.len(), last=pl.col("authored_at").max())
    )
    others = first.filter(~pl.col("module").is_in(CORE)).join(core, on="participant_id", how="left")
    assert (others["done"] == len(CORE)).all()
    assert (others["authored_at"] > others["last"]).all()


@pytest.mark.parametrize("row", read_facts("surveys/modules.csv"), ids=lambda row: row["slot"])
def test_a_survey_is_answered_while_it_is_open(sets: pl.DataFrame, row: dict[str, str]) -> None:
    days = sets.filter(pl.col("slot") == int(row["slot"]))["day"]
    assert days.min() >= date.fromisoformat(row["opens"])
    if row["closes"] and row["version"] != "1":
        assert days.max() <= date.fromisoformat(row["closes"])


def test_waves_ask_what_their_version_asks(rows: pl.DataFrame) -> None:
    asked = {
        module: set(rows.filter(pl.col("module_concept_id") == concept)["question_code"])
        for module, concept in (("may", 2100000002), ("july", 2100000004), ("february", 2100000007))
    }
    assert "cdc_covid_xx" in asked["february"]
    assert "cdc_covid_xx" not in asked["may"]
    assert "nhs_covid_fhc17a" in asked["july"] - asked["may"]
    assert "gad_7_1" in asked["may"] & asked["july"] & asked["february"]
    assert "gad_7_3" not in asked["february"]


def test_the_combined_history_is_for_those_without_the_older_one(sets: pl.DataFrame) -> None:
    takers = {
        module: set(sets.filter(pl.col("module") == module)["participant_id"])
        for module in ("PersonalMedicalHistory", "personalfamilyhistory")
    }
    assert min(map(len, takers.values())) > 500
    assert not takers["PersonalMedicalHistory"] & takers["personalfamilyhistory"]


def test_few_answer_a_core_survey_again(sets: pl.DataFrame) -> None:
    again = sets.filter(pl.col("slot") > SECOND_TIME)
    assert set(again["module"]) == set(CORE)
    assert 0.002 < again.height / (3 * PERSONS) < 0.012
    first = sets.filter(pl.col("slot") <= SECOND_TIME)
    both = again.join(first, on=["participant_id", "module"])
    assert ((both["day"] - both["day_right"]).dt.total_days() >= 365).all()


def test_most_answer_the_core_surveys_and_some_never_come_back(sets: pl.DataFrame) -> None:
    takers = dict(sets.group_by("module").agg(pl.col("participant_id").n_unique()).rows())
    assert takers["TheBasics"] / PERSONS == pytest.approx(0.965, abs=0.02)
    assert takers["OverallHealth"] / PERSONS == pytest.approx(0.915, abs=0.03)
    assert 0.3 < takers["HealthcareAccess"] / PERSONS < 0.55
    assert 0.03 < takers["cope_nov"] / PERSONS < 0.2


# What it agrees with


def test_answers_agree_with_the_details(rows: pl.DataFrame, people: People) -> None:
    for question, array, codes in (
        (
            "BiologicalSexAtBirth_SexAtBirth",
            people.sex,
            {MALE: 1585846, FEMALE: 1585847, 0: 1585849},
        ),
        ("Gender_GenderIdentity", people.gender, {0: 903096}),
    ):
        said = answers_to(rows, question)
        expected = [codes.get(value, value) for value in of(people, array, said).tolist()]
        assert said["answer_concept_id"].to_list() == expected


def test_races_agree_with_the_details(rows: pl.DataFrame, people: People) -> None:
    codes = {8527: 1586146, 8516: 1586143, 8515: 1586142, 8657: 1586141, 8557: 1586145}
    said = answers_to(rows, "Race_WhatRaceEthnicity")
    given = said.group_by("participant_id", maintain_order=True).agg("answer_concept_id")
    races, ethnicities = (of(people, array, given) for array in (people.race, people.ethnicity))
    for answers, race, ethnicity in zip(
        given["answer_concept_id"], races, ethnicities, strict=True
    ):
        wanted = {codes[race]} if race else set()
        wanted |= {1586147} if ethnicity == 38003563 else set()
        assert set(answers) == (wanted or {1586148})


def test_states_agree_with_the_address(rows: pl.DataFrame, people: People) -> None:
    states = np.array([*(row["state"] for row in read_facts("states.csv")), ""])
    said = answers_to(rows, "StreetAddress_PIIState")
    homes = states[of(people, people.residence, said)]
    expected = [f"PIIState_{state}" if state else "PMI_Skip" for state in homes.tolist()]
    assert said["answer_code"].to_list() == expected
    assert set(said.filter(pl.col("answer_code") == "PIIState_AL")["answer_concept_id"]) == {
        1585261
    }


def test_smoking_answers_agree_with_the_body_and_over_the_years(
    rows: pl.DataFrame, people: People
) -> None:
    yes = answers_to(rows, "Smoking_100CigsLifetime").filter(
        pl.col("answer_code").str.starts_with("100Cigs")
    )
    smoker = of(people, people.body.smoker, yes)
    assert (yes["answer_code"] == "100CigsLifetime_Yes").to_list() == smoker.tolist()
    later = {"COPE_A_131": "no", "COPE_A_94": "NotAtAll", "COPE_A_169": "SomeDays"} | {
        "COPE_A_197": "EveryDay"
    }
    then = rows.filter(
        pl.col("question_code") == "copect_50_xx18", pl.col("name").is_in(list(later))
    )
    never = then.filter(pl.col("name") == "COPE_A_131")
    assert not of(people, people.body.smoker, never).any()
    now = answers_to(rows, "Smoking_SmokeFrequency").filter(
        pl.col("answer_code").str.starts_with("SmokeFrequency")
    )
    both = now.join(then, on="participant_id")
    assert both.height > 200
    assert (
        both["name_right"].replace(later) == both["name"].str.strip_prefix("SmokeFrequency_")
    ).all()


@pytest.mark.parametrize(
    ("concept", "older", "newer"),
    [
        (320128, "CirculatoryConditions_Hypertension", "circulatorycondition_hypertension_yes"),
        (201826, "EndocrineConditions_Type2Diabetes", "endocrinecondition_type2diabetes_yes"),
    ],
)
def test_histories_agree_with_the_diseases_of_the_person(
    rows: pl.DataFrame, people: People, concept: int, older: str, newer: str
) -> None:
    lists = rows.filter(pl.col("module").is_in(["PersonalMedicalHistory", "personalfamilyhistory"]))
    told = lists.filter(pl.col("name").str.to_lowercase().is_in([older.lower(), newer]))
    onset = of(people, people.onsets[concept], told)
    assert (onset <= told["day"].to_numpy()).all()
    takers = lists.unique("participant_id", maintain_order=True)
    ill = of(people, people.onsets[concept], takers) <= takers["day"].to_numpy()
    silent = 1 - told["participant_id"].n_unique() / ill.sum()
    assert silent == pytest.approx(UNMENTIONED_SHARE + 0.03, abs=0.05)


def test_the_age_at_diagnosis_is_that_of_the_onset(rows: pl.DataFrame, people: People) -> None:
    said = rows.filter(pl.col("question_code") == "Circulatory_HowOldWereYouHypertension")
    said = said.filter(pl.col("name") != "PMI_Skip")
    onset, born = (of(people, a, said) for a in (people.onsets[320128], people.born))
    age = (onset - born).astype(float) / 365.2425
    bands = {"Child": (0, 12), "Adolescent": (12, 18), "Adult": (18, 65)} | {
        "OlderAdult": (65, 75),
        "Elderly": (75, 120),
    }
    limits = [bands[name.rpartition("_")[2]] for name in said["name"]]
    low, high = np.array(limits).T
    assert ((low <= age) & (age < high)).all()
    assert len(set(limits)) >= 3


def test_only_women_of_an_age_are_pregnant(rows: pl.DataFrame, people: People) -> None:
    pregnant = rows.filter(pl.col("name").is_in(["1PregnancyStatus_Yes"]))
    assert pregnant.height > 30
    assert set(of(people, people.sex, pregnant).tolist()) == {FEMALE}
    age = (pregnant["day"].to_numpy() - of(people, people.born, pregnant)).astype(float) / 365.2425
    assert age.min() >= 18
    assert age.max() < 45
    ended = rows.filter(pl.col("name") == "MenstrualStopped_YesNone")
    assert not set(ended["response_set_id"]) & set(pregnant["response_set_id"])


def test_retirement_and_medicare_come_with_age(rows: pl.DataFrame, people: People) -> None:
    for name in ("EmploymentStatus_Retired", "InsuranceTypeUpdate_Medicare"):
        said = rows.filter(pl.col("name") == name)
        age = (said["day"].to_numpy() - of(people, people.born, said)).astype(float) / 365.2425
        assert said.height > 300
        assert age.min() >= 65


# What goes together


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("OverallHealth_GeneralHealth", "OverallHealth_GeneralPhysicalHealth", 0.6, 0.95),
        ("OverallHealth_GeneralHealth", "OverallHealth_AverageFatigue7Days", -0.8, -0.4),
        ("gad7_1", "gad7_5", 0.6, 0.95),
        ("phq9_1", "phq9_2", 0.6, 0.95),
        ("phq9_2", "gad7_1", 0.5, 0.95),
        ("gad7_1", "mhqukb_57", -0.95, -0.4),
        ("OverallHealth_GeneralMentalHealth", "phq9_2", -0.95, -0.35),
        ("EducationLevel_HighestGrade", "Income_AnnualIncome", 0.3, 0.8),
        ("nds_1", "nds_13", -0.9, -0.3),
        ("sdoh_cpss_1", "sdoh_cpss_5", -0.9, -0.5),
        ("bfi2xs_1", "bfi2xs_6", -0.9, -0.3),
        ("bfi2xs_1", "bfi2xs_5", -0.12, 0.12),
        ("bmmrs_1", "OverallHealth_GeneralHealth", -0.12, 0.12),
    ],
)
def test_items_of_a_scale_go_together(
    rows: pl.DataFrame, one: str, other: str, low: float, high: float
) -> None:
    assert low < correlation(rows, one, other) < high


def test_the_ill_say_that_their_health_is_poor(rows: pl.DataFrame, people: People) -> None:
    said = ranks(rows, "OverallHealth_GeneralHealth")
    ill = np.sum([of(people, onset, said) <= PLAN.last for onset in people.onsets.values()], axis=0)
    health = said["rank"].to_numpy()
    assert health[ill >= 3].mean() < health[ill == 0].mean() - 0.4
