"""Wrong cells: counted exactly, located truly, shown never unless asked for."""

import json
from pathlib import Path

import pytest
from tests.intake_folders import check, codes, found, places, valid_row, write_table

from commonweal.intake.check import loops


def test_fault_in_the_first_row_is_found(tmp_path: Path) -> None:
    report = check(write_table(tmp_path, "death", [valid_row("death", person_id="12.5")]).parent)
    assert places(found(report, "type.integer", "person_id")) == [(2, 1)]


def test_totals_are_exact_and_examples_are_the_first_ten(tmp_path: Path) -> None:
    rows = [valid_row("death", death_date="" if i % 2 else "2020-01-01") for i in range(100)]
    finding = found(check(write_table(tmp_path, "death", rows).parent), "required.empty")
    assert finding.count == 50
    assert places(finding) == [(line, line - 1) for line in range(3, 23, 2)]


def test_different_faults_of_one_column_are_told_apart(tmp_path: Path) -> None:
    ids = ["1", "x", "99999999999999999999", ""]
    rows = [valid_row("death", person_id=text) for text in ids]
    report = check(write_table(tmp_path, "death", rows).parent)
    assert {"type.integer", "type.integer_range", "required.empty"} <= codes(report)


@pytest.mark.parametrize("little", [-1, 1 << 40], ids=["compiled", "plain"])
def test_blanks_in_place_of_a_required_text_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, little: int
) -> None:
    """Counted and located like an empty cell, which is an error."""
    monkeypatch.setattr(loops, "LITTLE", little)
    names = [" ", "", " Ann", "\t\n", *["Bo"] * 20, *["   "] * 20]
    rows = [valid_row("pii_name", person_id=str(n), first_name=t) for n, t in enumerate(names)]
    for row in rows:
        row["middle_name"] = " "
    report = check(write_table(tmp_path, "pii_name", rows).parent)
    blank = found(report, "required.blank", "first_name")
    assert (blank.count, blank.severity) == (22, "warning")
    assert places(blank)[:3] == [(2, 1), (5, 4), (27, 25)]
    assert places(found(report, "required.empty", "first_name")) == [(3, 2)]
    assert [f.column for f in report.all_findings if f.code == "required.blank"] == ["first_name"]


def test_long_text_is_a_warning(tmp_path: Path) -> None:
    row = valid_row("death", cause_source_value="x" * 51)
    report = check(write_table(tmp_path, "death", [row]).parent)
    assert "50 characters" in found(report, "length.exceeded").message
    assert report.verdict == "accepted"


def test_values_are_shown_only_when_asked_for(tmp_path: Path) -> None:
    rows = [valid_row("death", person_id="Secret", death_date="Hidden")]
    write_table(tmp_path, "death", rows)
    assert not {"Secret", "Hidden"} & set(json.dumps(check(tmp_path).to_json()).split('"'))
    shown = found(check(tmp_path, show_values=True), "type.integer")
    assert shown.examples[0].to_json() == {"line": 2, "record": 1, "value": "Secret"}


def test_json_has_the_promised_shape(tmp_path: Path) -> None:
    write_table(tmp_path, "death", [valid_row("death", death_date="soon")])
    report = check(tmp_path).to_json()
    assert set(report) == {"verdict", "complete", "missing", "dialect", "files", "findings"}
    (file,) = report["files"]
    assert set(file) == {"file", "table", "verdict", "rows", "findings"}
    assert file["findings"][0] == {
        "code": "type.date",
        "severity": "error",
        "column": "death_date",
        "count": 1,
        "examples": [{"line": 2, "record": 1}],
        "message": "Not a date written YYYY-MM-DD: 1 cell of death_date.",
        "fix": "Write dates such as 2024-02-29.",
    }


def test_results_of_matching_are_words_of_a_list(tmp_path: Path) -> None:
    words = ("match", "no_match", "missing", "excluded", "", "Match", "yes")
    rows = [
        valid_row("participant_match", person_id=str(i), dob=word, manual_validation="no")
        for i, word in enumerate(words)
    ]
    report = check(write_table(tmp_path, "participant_match", rows).parent)
    finding = found(report, "value.not_listed")
    assert (finding.column, finding.count, places(finding)) == ("dob", 2, [(7, 6), (8, 7)])
    assert "excluded, match, missing, no_match" in finding.message
    assert report.is_accepted


def test_a_text_that_reads_like_nothing_is_a_text(tmp_path: Path) -> None:
    """People are called Null, and NA is a name."""
    rows = [
        valid_row("pii_name", person_id=str(i), first_name=name)
        for i, name in enumerate(("NA", "Null", "nan", "."))
    ]
    report = check(write_table(tmp_path, "pii_name", rows).parent)
    assert (report.is_accepted, "required.empty" in codes(report)) == (True, False)


def test_a_cell_of_one_quote_is_no_number(tmp_path: Path) -> None:
    """It is written as four, of which two pairs might be taken off."""
    rows = [valid_row("death", cause_source_concept_id=cell) for cell in ('"', '""', '"1"', "1")]
    finding = found(check(write_table(tmp_path, "death", rows).parent), "type.integer")
    assert places(finding) == [(2, 1), (3, 2), (4, 3)]
