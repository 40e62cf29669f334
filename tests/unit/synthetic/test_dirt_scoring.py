"""Recall and precision against the truth."""

from pathlib import Path

import pytest

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.scoring import Place, Score, read_truth, score

TRUTH = [
    Fault("here", "measurement.csv", 3, "measurement_date", "time.future"),
    Fault("here", "measurement.csv", 9, "measurement_date", "time.future"),
    Fault("here", "measurement.csv", 5, "", "structure.wrong_length"),
    Fault("here", "specimen.csv", None, "", "file.zero_byte"),
    Fault("here", "person.csv", 1, "person_id", "header.upper_case"),
    Fault("here", "person.csv", 1, "location_id", "header.upper_case"),
]
FILE: Place = ("specimen.csv", None, "")


def scores(*found: Place) -> dict[str, Score]:
    return score(TRUTH, found)


def test_nothing_found_is_no_recall_and_no_false_alarm() -> None:
    found = scores()
    assert found["time.future"] == Score(planted=2, found=0, right=0, wrong=0)
    assert (found["time.future"].recall, found["time.future"].precision) == (0.0, 1.0)
    assert set(found) == {fault.recipe for fault in TRUTH}


def test_what_is_named_is_found() -> None:
    found = scores(("measurement.csv", 3, "measurement_date"), FILE)
    assert (found["time.future"].recall, found["time.future"].precision) == (0.5, 1.0)
    assert found["file.zero_byte"].recall == 1.0


@pytest.mark.parametrize(
    ("place", "recall"),
    [
        (("measurement.csv", 3, ""), 0.5),
        (("measurement.csv", 3, "person_id"), 0.0),
        (("measurement.csv", 4, "measurement_date"), 0.0),
        (("observation.csv", 3, "measurement_date"), 0.0),
        (("measurement.csv", None, ""), 0.0),
    ],
)
def test_a_place_finds_a_fault_of_its_line_and_column(place: Place, recall: float) -> None:
    assert scores(place)["time.future"].recall == recall


def test_a_fault_of_no_column_is_found_by_any() -> None:
    assert scores(("measurement.csv", 5, "person_id"))["structure.wrong_length"].recall == 1.0


def test_two_names_of_a_header_are_told_apart() -> None:
    assert scores(("person.csv", 1, "person_id"))["header.upper_case"].recall == 0.5
    assert scores(("person.csv", 1, ""))["header.upper_case"].recall == 1.0


def test_another_column_of_the_same_row_is_no_false_alarm() -> None:
    found = scores(
        ("measurement.csv", 3, "measurement_date"), ("measurement.csv", 3, "measurement_datetime")
    )
    assert found["time.future"] == Score(planted=2, found=1, right=2, wrong=0)


def test_a_false_alarm_counts_against_every_recipe_and_other_faults_against_none() -> None:
    found = scores(
        ("measurement.csv", 3, ""), ("measurement.csv", 5, ""), ("measurement.csv", 7, "")
    )
    assert found["time.future"] == Score(planted=2, found=1, right=1, wrong=1)
    assert found["time.future"].precision == 0.5
    assert found["structure.wrong_length"] == Score(planted=1, found=1, right=1, wrong=1)
    assert found["file.zero_byte"].precision == 0.0


def test_the_same_place_twice_counts_once() -> None:
    place: Place = ("measurement.csv", 7, "")
    assert scores(place, place)["time.future"].wrong == 1


def test_no_truth_no_score() -> None:
    assert score([], [FILE]) == {}


def test_a_truth_table_is_read(tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(
        "site,file,line,column,recipe\n"
        "here,measurement.csv,3,measurement_date,time.future\n"
        "here,specimen.csv,,,file.zero_byte\n",
        encoding="utf-8",
    )
    assert read_truth(file) == [TRUTH[0], TRUTH[3]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "site,file,line,column\n",
        "site,file,line,column,recipe\nhere,a.csv,three,b,c\n",
        "site,file,line,column,recipe\nhere,a.csv,3\n",
    ],
)
def test_what_is_no_truth_table_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommonwealError, match="cannot be read") as caught:
        read_truth(file)
    assert "site, file, line, column, recipe" in caught.value.expected


def test_a_truth_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="cannot be read"):
        read_truth(tmp_path / "truth.csv")
