"""How the abridged vocabulary is made: names out of codes, trees, the same bytes twice."""

from pathlib import Path

import pytest
from scripts.build_vocabulary import write_vocabulary
from scripts.vocabulary.labels import Labels, read_instruments
from scripts.vocabulary.trees import close

from commonweal.engine.storage import sha256_of
from commonweal.vocabulary.abridged import DATA

CODES = ["Cancer_BladderCancerCurrently", "MentalHealth_ADHDCurrently", "Yes_No"]


@pytest.fixture
def labels() -> Labels:
    return Labels(CODES, read_instruments())


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("OverallHealth_AveragePain7Days", "Overall health: average pain 7 days"),
        ("Cancer_BladderCancerCurrently", "Cancer: bladder cancer, still treated"),
        ("Cancer_HowOldWereYouEyeCancer", "Cancer: eye cancer, age at diagnosis"),
        ("Cancer_RxMedsforEyeCancer", "Cancer: eye cancer, medicines"),
        ("cancercondition_bladdercancer_yes", "Cancercondition: bladder cancer"),
        ("mentalhealth_adhd_yes", "Mental health: ADHD"),
        ("HealthInsurance_HealthInsuranceType", "Health insurance type"),
        ("gad7_1", "Anxiety (GAD-7): item 1"),
        ("sdoh_cpss_10", "Perceived stress (PSS): item 10"),
        ("sdohx_1", "Sdohx: 1"),
        ("69856-3", "Disability: hearing"),
        ("Yes_Yes", "Yes"),
    ],
)
def test_codes_become_names(labels: Labels, code: str, name: str) -> None:
    assert labels.name_code(code) == name


@pytest.mark.parametrize(
    ("text", "question", "name"),
    [
        ("Excellent", "Overall health: general health", "General health: Excellent"),
        ("Not sure", None, "Not sure"),
        ("Value error - Yes", None, "Yes"),
        ("Adult (18-64)", None, "Adult"),
        (
            "Nearly every day",
            "Anxiety (GAD-7): item 1",
            "Anxiety (GAD-7): item 1: Nearly every day",
        ),
        ("My thoughts were racing", None, "Answer 3"),
        ("Something that is said at so much length that it is a work", None, "Answer 3"),
        ("Have you?", "Topic: matter", "Matter: answer 3"),
        ("", None, "Answer 3"),
    ],
)
def test_answers_keep_plain_words_only(
    labels: Labels, text: str, question: str | None, name: str
) -> None:
    assert labels.name_answer(text, number="3", question=question) == name


def test_levels_are_the_shortest_and_the_longest_way() -> None:
    pairs = close([(1, 2), (2, 3), (1, 3), (3, 4)])
    assert set(pairs.iter_rows()) == {
        (1, 1, 0, 0),
        (2, 2, 0, 0),
        (3, 3, 0, 0),
        (4, 4, 0, 0),
        (1, 2, 1, 1),
        (2, 3, 1, 1),
        (1, 3, 1, 2),
        (3, 4, 1, 1),
        (2, 4, 2, 2),
        (1, 4, 2, 3),
    }


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="2 concepts stand above themselves"):
        close([(1, 2), (2, 3), (3, 2)])


def test_the_shipped_files_are_what_the_script_makes(shared_data: Path, tmp_path: Path) -> None:
    write_vocabulary(shared_data, tmp_path / "once")
    write_vocabulary(shared_data, tmp_path / "twice")
    made = {p: hash_folder(p) for p in (tmp_path / "once", tmp_path / "twice")}
    assert made[tmp_path / "once"] == made[tmp_path / "twice"] == hash_folder(DATA)


def hash_folder(folder: Path) -> dict[str, str]:
    files = sorted(folder.rglob("*.parquet"))
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}
