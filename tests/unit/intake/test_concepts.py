"""Concept ids against a vocabulary, be it a whole one or the abridged one."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.intake_folders import check, codes, found, places, valid_row, write_persons, write_table

from commonweal.intake.check.concepts import Terms, is_of_domain
from commonweal.intake.report import CheckReport

CONCEPTS = (
    (10, "Condition", "SNOMED", "S", None),
    (11, "Condition", "SNOMED", "S", None),
    (12, "Procedure", "SNOMED", "S", None),
    (13, "Condition", "SNOMED", None, "D"),
    (14, "Condition", "SNOMED", "C", None),
    (20, "Condition", "ICD10CM", None, None),
    (21, "Condition", "ICD10CM", None, None),
    (30, "Condition/Meas", "SNOMED", "S", None),
)
LINKS = ((20, 10, None), (20, 11, None), (21, 12, None), (21, 11, "D"), (10, 10, None))


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    """A small vocabulary with a version, as a download that was loaded."""
    folder = tmp_path / "vocabulary"
    folder.mkdir()
    names = ("concept_id", "domain_id", "vocabulary_id", "standard_concept", "invalid_reason")
    columns = dict(zip(names, map(list, zip(*CONCEPTS, strict=True)), strict=True))
    columns["concept_class_id"] = ["Undefined" if c[0] == 14 else "Finding" for c in CONCEPTS]
    links = {
        "concept_id_1": [link[0] for link in LINKS],
        "concept_id_2": [link[1] for link in LINKS],
        "relationship_id": ["Maps to"] * len(LINKS),
        "invalid_reason": [link[2] for link in LINKS],
    }
    files = {}
    for name, table in (("concept", columns), ("concept_relationship", links)):
        files[name] = (folder / f"{name}.parquet",)
        pq.write_table(pa.table(table), files[name][0])
    return Terms(files, "v5 TEST", is_abridged=False)


def abridge(terms: Terms) -> Terms:
    return Terms(terms.files, None, is_abridged=True)


def check_conditions(folder: Path, terms: Terms, *pairs: tuple[str, str]) -> CheckReport:
    """Conditions with these standard and source concepts."""
    write_persons(folder, 1)
    rows = [
        valid_row(
            "condition_occurrence",
            condition_occurrence_id=str(number),
            condition_concept_id=standard,
            condition_source_concept_id=source,
        )
        for number, (standard, source) in enumerate(pairs)
    ]
    write_table(folder, "condition_occurrence", rows)
    return check(folder, terms=terms)


def lines_of(report: CheckReport, code: str) -> Sequence[int]:
    return [line for line, _ in places(found(report, code))]


def test_unknown_ids_are_counted_by_row(tmp_path: Path, terms: Terms) -> None:
    report = check_conditions(tmp_path / "in", terms, ("99", ""), ("10", ""), ("99", "98"))
    finding = found(report, "concept.unknown", "condition_concept_id")
    assert (finding.count, places(finding)) == (2, [(2, 1), (4, 3)])
    assert "the vocabulary v5 TEST" in finding.message
    assert found(report, "concept.unknown", "condition_source_concept_id").count == 1
    assert report.is_accepted


def test_nothing_and_0_are_no_concepts(tmp_path: Path, terms: Terms) -> None:
    report = check_conditions(tmp_path / "in", terms, ("0", ""), ("0", "0"))
    assert not {code for code in codes(report) if code.startswith("concept.")}


def test_numbers_of_a_sites_own_are_noted_among_source_concepts(
    tmp_path: Path, terms: Terms
) -> None:
    pairs = (("0", "2000000001"), ("2000000001", ""))
    for number, vocabulary in enumerate((terms, abridge(terms))):
        report = check_conditions(tmp_path / str(number), vocabulary, *pairs)
        assert found(report, "concept.local").column == "condition_source_concept_id"
        assert found(report, "concept.unknown").column == "condition_concept_id"


def test_the_abridged_vocabulary_calls_nothing_unknown(tmp_path: Path, terms: Terms) -> None:
    report = check_conditions(tmp_path / "in", abridge(terms), ("99", "98"))
    assert "concept.unknown" not in codes(report)
    finding = found(report, "concept.not_abridged")
    assert (finding.severity, finding.count, finding.column) == ("info", 2, "")
    assert "(condition_concept_id, condition_source_concept_id)" in finding.message


def test_given_up_classes_and_source_concepts_are_not_standard(
    tmp_path: Path, terms: Terms
) -> None:
    pairs = (("10", ""), ("13", ""), ("14", ""), ("20", ""))
    report = check_conditions(tmp_path / "in", terms, *pairs)
    assert lines_of(report, "concept.not_standard") == [3, 4, 5]


def test_the_abridged_vocabulary_calls_only_those_not_standard_of_which_it_knows_more(
    tmp_path: Path, terms: Terms
) -> None:
    pairs = (("10", ""), ("13", ""), ("14", ""), ("20", ""))
    report = check_conditions(tmp_path / "in", abridge(terms), *pairs)
    finding = found(report, "concept.not_standard")
    assert places(finding) == [(3, 2), (5, 4)]
    assert "by the abridged vocabulary" in finding.message


def test_domains(tmp_path: Path, terms: Terms) -> None:
    report = check_conditions(tmp_path / "in", terms, ("12", ""), ("10", ""), ("30", ""))
    assert lines_of(report, "concept.wrong_domain") == [2]
    assert found(report, "concept.wrong_domain").column == "condition_concept_id"


@pytest.mark.parametrize(
    ("domain", "wanted", "fits"),
    [
        ("Condition", "Condition", True),
        ("Condition/Meas", "Measurement", True),
        ("Condition/Obs", "Procedure", False),
        ("", "Drug", False),
    ],
)
def test_two_domains_in_one(domain: str, wanted: str, fits: bool) -> None:
    assert is_of_domain(domain, wanted) == fits


def test_mappings_agree_with_the_vocabulary(tmp_path: Path, terms: Terms) -> None:
    """A source concept may map to several; a link that ended maps to nothing any more."""
    pairs = (("10", "20"), ("11", "20"), ("12", "20"), ("0", "20"), ("11", "21"), ("10", "99"))
    report = check_conditions(tmp_path / "in", terms, *pairs)
    assert lines_of(report, "concept.mapped_elsewhere") == [4, 6]
    assert lines_of(report, "concept.not_mapped") == [5]
    assert found(report, "concept.mapped_elsewhere").column == "condition_concept_id"


def test_no_mapping_is_missed_where_none_is_known(tmp_path: Path, terms: Terms) -> None:
    without = Terms({"concept": terms.files["concept"]}, None, is_abridged=False)
    report = check_conditions(tmp_path / "in", without, ("12", "20"), ("0", "20"))
    assert not {"concept.mapped_elsewhere", "concept.not_mapped"} & codes(report)
    assert without.title == "the vocabulary in force"


def test_a_standard_concept_that_the_abridged_lacks_may_be_right(
    tmp_path: Path, terms: Terms
) -> None:
    report = check_conditions(tmp_path / "in", abridge(terms), ("99", "20"))
    assert "concept.mapped_elsewhere" not in codes(report)


def test_links_of_facts_name_parts_of_the_model(tmp_path: Path, terms: Terms) -> None:
    write_persons(tmp_path / "in", 1)
    row = valid_row("fact_relationship", domain_concept_id_1="99", relationship_concept_id="98")
    write_table(tmp_path / "in", "fact_relationship", [row])
    assert not {c for c in codes(check(tmp_path / "in", terms=terms)) if c.startswith("concept.")}


def test_the_shipped_vocabulary_knows_what_it_is(tmp_path: Path) -> None:
    terms = Terms.shipped()
    assert (terms.is_abridged, terms.title) == (True, "the abridged vocabulary")
    write_table(tmp_path, "person", [valid_row("person", gender_concept_id="9201")])
    finding = found(check(tmp_path), "concept.wrong_domain")
    assert (finding.column, places(finding)) == ("gender_concept_id", [(2, 1)])


def test_values_of_concepts_stay_out_of_the_report(tmp_path: Path, terms: Terms) -> None:
    report = check_conditions(tmp_path / "in", terms, ("987654321", ""))
    assert "987654321" not in str(report.to_json())
