"""Keys and dates across the folder."""

from pathlib import Path

from tests.intake_folders import check, codes, found, places, valid_row, write_persons, write_table


def visits(*ids: str, **cells: str) -> list[dict[str, str]]:
    return [valid_row("visit_occurrence", visit_occurrence_id=i, **cells) for i in ids]


def test_surplus_rows_of_a_key_are_counted(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_table(tmp_path, "visit_occurrence", visits("1", "2", "1", "3", "1", "2"))
    report = check(tmp_path)
    finding = found(report, "key.duplicate")
    assert (finding.count, finding.column) == (3, "visit_occurrence_id")
    assert places(finding) == [(4, 3), (6, 5), (7, 6)]
    assert report.verdict == "accepted"


def test_rows_of_absent_persons(tmp_path: Path) -> None:
    write_persons(tmp_path, 1, 2)
    rows = [valid_row("observation_period", person_id=str(p)) for p in (2, 3, 0)]
    write_table(tmp_path, "observation_period", rows)
    finding = found(check(tmp_path), "key.person_absent")
    assert (finding.count, places(finding)) == (2, [(3, 2), (4, 3)])


def test_orphans_and_what_is_no_reference(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_table(tmp_path, "visit_occurrence", visits("7"))
    rows = [
        valid_row("measurement", measurement_id=str(i), visit_occurrence_id=v)
        for i, v in enumerate(("7", "0", "", "8"))
    ]
    write_table(tmp_path, "measurement", rows)
    report = check(tmp_path)
    finding = found(report, "key.orphan", "visit_occurrence_id")
    assert (finding.count, places(finding)) == (1, [(5, 4)])
    assert "visit_occurrence.csv" in finding.message


def test_reference_into_an_absent_table_is_said_to_be_unchecked(tmp_path: Path) -> None:
    write_table(tmp_path, "visit_occurrence", visits("1", "2", provider_id="5"))
    report = check(tmp_path)
    assert found(report, "key.not_checked", "provider_id").count == 2
    assert found(report, "key.not_checked", "person_id").severity == "info"
    assert "key.person_absent" not in codes(report)


def test_reference_into_an_unreadable_table_is_unchecked_as_well(tmp_path: Path) -> None:
    write_table(tmp_path, "visit_occurrence", visits("1"))
    (tmp_path / "person.csv").touch()
    assert found(check(tmp_path), "key.not_checked", "person_id")


def test_end_before_start(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    rows = visits("1") + visits("2", visit_start_date="2020-02-01")
    write_table(tmp_path, "visit_occurrence", rows)
    finding = found(check(tmp_path), "date.end_before_start")
    assert (finding.column, finding.count, places(finding)) == ("visit_end_date", 1, [(3, 2)])


def test_keys_after_a_broken_row_keep_their_places(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    path = write_table(tmp_path, "visit_occurrence", visits("1", "2", "1"))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "broken\n", *lines[2:]]))
    assert places(found(check(tmp_path), "key.duplicate")) == [(5, 4)]


def test_persons_without_names_and_names_without_persons(tmp_path: Path) -> None:
    write_persons(tmp_path, 1, 2, 3)
    write_table(tmp_path, "pii_name", [valid_row("pii_name", person_id=i) for i in ("3", "4")])
    report = check(tmp_path)
    assert found(report, "pii.person_without_name").count == 2
    assert found(report, "key.person_absent").count == 1


def test_values_of_keys_stay_out_of_the_report(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_table(tmp_path, "death", [valid_row("death", person_id="987654")])
    assert "987654" not in str(check(tmp_path).to_json())
    shown = found(check(tmp_path, show_values=True), "key.person_absent")
    assert shown.examples[0].value == "987654"


def test_a_table_of_identity_that_is_absent_is_not_submitted_and_not_empty(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    assert "pii.not_submitted" not in codes(check(tmp_path))
    write_table(tmp_path, "pii_name", [valid_row("pii_name")])
    finding = found(check(tmp_path), "pii.not_submitted")
    assert (finding.severity, finding.message.split()[0]) == ("info", "participant_match")
    write_table(tmp_path, "participant_match", [])
    report = check(tmp_path)
    assert "pii.not_submitted" not in codes(report)
    assert found(report, "pii.person_without_match").count == 1


def test_keys_that_are_text_are_no_numbers(tmp_path: Path) -> None:
    write_table(tmp_path, "relationship", [valid_row("relationship")] * 2)
    assert check(tmp_path).is_accepted
