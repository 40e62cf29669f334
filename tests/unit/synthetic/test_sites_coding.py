"""A site writes its own codes, and leaves whole codes unmapped at about its share."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from tests.synthetic_standin import CODES, MAKERS, build_records

from commonweal.synthetic.ehr.patients import Patients, list_patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import build_plan
from commonweal.synthetic.sites.codes import build_book, local_concepts
from commonweal.synthetic.sites.coding import Coder
from commonweal.synthetic.sites.profile import CodeSystem
from commonweal.synthetic.sites.unmapped import unmapped_share

PLAN = build_plan(persons=4_000)
BOOK = MAKERS.codes
CUSTOM_CONCEPTS = [*range(2_000_000_000, 2_000_000_021), *range(2_100_000_000, 2_100_000_011)]
"""Concepts that the programme itself has made."""


def patients_of(first: int, size: int) -> Patients:
    people = make_people(PLAN, PLAN.batch(first, size))
    return list_patients(PLAN, people, np.ones(len(people), dtype=np.bool_))


@pytest.fixture(scope="module")
def coder() -> Coder:
    return Coder(PLAN, BOOK, build_records(PLAN, patients_of(0, 1_000)))


@pytest.fixture(scope="module")
def patients() -> Patients:
    return patients_of(0, PLAN.persons)


@pytest.fixture(scope="module")
def plain(patients: Patients) -> Records:
    return build_records(PLAN, patients)


@pytest.fixture(scope="module")
def coded(coder: Coder, patients: Patients, plain: Records) -> Records:
    return coder.code_records(patients, plain)


def column(rows: Rows, name: str) -> np.ndarray:
    value = rows.columns[name]
    return np.array(value.to_pylist()) if isinstance(value, pa.Array) else np.asarray(value)


def of_kind(patients: Patients, rows: Rows, codes: CodeSystem) -> np.ndarray:
    kinds = np.array([site.codes is codes for site in PLAN.sites])
    return kinds[patients.site[rows.patient]]


@pytest.mark.parametrize(
    ("table", "noun", "within"),
    [
        ("condition_occurrence", "condition", 0.02),
        ("drug_exposure", "drug", 0.03),
        ("measurement", "measurement", 0.02),
        ("procedure_occurrence", "procedure", 0.025),
    ],
)
def test_the_share_of_unmapped_rows_is_the_site_s(
    patients: Patients, coded: Records, table: str, noun: str, within: float
) -> None:
    unmapped = column(coded[table], f"{noun}_concept_id") == 0
    site = patients.site[coded[table].patient]
    for position, profile in enumerate(PLAN.sites):
        share = unmapped[site == position].mean()
        assert share == pytest.approx(unmapped_share(profile, table), abs=within), profile.name


def test_over_all_sites_a_tenth_of_conditions_and_a_quarter_of_drugs(coded: Records) -> None:
    conditions = column(coded["condition_occurrence"], "condition_concept_id") == 0
    drugs = column(coded["drug_exposure"], "drug_concept_id") == 0
    assert conditions.mean() == pytest.approx(0.10, abs=0.02)
    assert drugs.mean() == pytest.approx(0.27, abs=0.03)


def test_what_is_unmapped_are_whole_codes_and_a_few_rows(
    patients: Patients, plain: Records, coded: Records
) -> None:
    rows = coded["drug_exposure"]
    key = patients.site[rows.patient] * 10**8 + column(plain["drug_exposure"], "drug_concept_id")
    _, code, count = np.unique(key, return_inverse=True, return_counts=True)
    unmapped = np.bincount(code, column(rows, "drug_concept_id") == 0) / count
    often = unmapped[count > 200]
    assert ((often < 0.05) | (often == 1)).all()
    assert 0 < (often == 1).sum() < len(often)
    assert unmapped[unmapped < 0.5].max() > 0


def test_an_unmapped_row_keeps_its_code(coded: Records) -> None:
    rows = coded["condition_occurrence"]
    unmapped = column(rows, "condition_concept_id") == 0
    values = rows.columns["condition_source_value"].to_pylist()
    assert all(values)
    assert {v[0] for v, gone in zip(values, unmapped, strict=True) if gone} == {"I", "S", "L"}


def test_each_kind_of_site_writes_its_own_codes(patients: Patients, coded: Records) -> None:
    for table, noun, begins in (
        ("condition_occurrence", "condition", {"icd10cm_ndc": "I", "snomed_rxnorm": "S"}),
        ("drug_exposure", "drug", {"icd10cm_ndc": "0", "snomed_rxnorm": "R"}),
        ("measurement", "measurement", {"icd10cm_ndc": "L-", "snomed_rxnorm": "L-"}),
    ):
        values = column(coded[table], f"{noun}_source_value")
        for kind in CodeSystem:
            wanted = begins.get(kind, "LC:")
            chosen = values[of_kind(patients, coded[table], kind)]
            assert {value[: len(wanted)] for value in chosen} == {wanted}, (table, kind)


def test_one_concept_may_have_several_codes_at_a_site(patients: Patients, coded: Records) -> None:
    rows = coded["condition_occurrence"]
    here = of_kind(patients, rows, CodeSystem.ICD10CM_NDC)
    letters = [value[-1] for value in column(rows, "condition_source_value")[here]]
    assert letters.count("a") / len(letters) == pytest.approx(0.5, abs=0.02)


def test_local_concepts_are_a_range_of_each_site_s_own(patients: Patients, coded: Records) -> None:
    seen: set[int] = set()
    local = [p for p, site in enumerate(PLAN.sites) if site.codes is CodeSystem.LOCAL]
    assert len(local) == 2
    for position in local:
        mine: set[int] = set()
        for table, noun in (("condition_occurrence", "condition"), ("drug_exposure", "drug")):
            here = patients.site[coded[table].patient] == position
            mine |= set(column(coded[table], f"{noun}_source_concept_id")[here].tolist())
        mine.discard(0)
        assert min(mine) > 2_000_000_000
        assert not mine & set(CUSTOM_CONCEPTS)
        assert not mine & seen
        seen |= mine


@pytest.mark.parametrize("position", [0, 8_999, 9_000, 1_000_000])
def test_local_concepts_of_any_site_fit_in_31_bits_beside_the_programme_s(position: int) -> None:
    ends = np.array([BOOK.first_local, len(BOOK.texts) - 1], dtype=np.int64)
    first, last = local_concepts(BOOK, ends, position).tolist()
    assert 2_000_000_020 < first < last < 2_100_000_000


def test_a_source_map_says_what_the_site_mapped(
    coder: Coder, patients: Patients, coded: Records
) -> None:
    position = next(p for p, site in enumerate(PLAN.sites) if site.codes is CodeSystem.LOCAL)
    listed = coder.list_source_maps(position)
    assert listed is not None
    targets = dict(
        zip(listed["source_code"].to_pylist(), listed["target_concept_id"].tolist(), strict=True)
    )
    assert len(targets) == len(BOOK.concepts)
    rows = coded["drug_exposure"]
    here = patients.site[rows.patient] == position
    codes = column(rows, "drug_source_value")[here].tolist()
    concepts = column(rows, "drug_concept_id")[here].tolist()
    assert all(concept in (0, targets[code]) for code, concept in zip(codes, concepts, strict=True))
    assert 0 in targets.values()
    vocabularies = set(np.asarray(listed["target_vocabulary_id"]).tolist())
    assert vocabularies == {"SNOMED", "RxNorm", "LOINC", "None"}


def test_a_site_with_standard_codes_has_no_source_map(coder: Coder) -> None:
    assert coder.list_source_maps(0) is None


def test_codes_are_the_same_in_any_batch(coder: Coder, coded: Records) -> None:
    parts = [patients_of(0, 1_700), patients_of(1_700, 2_300)]
    pieces = [coder.code_records(part, build_records(PLAN, part)) for part in parts]
    for name in ("drug_concept_id", "drug_source_value", "drug_source_concept_id"):
        joined = np.concatenate([column(piece["drug_exposure"], name) for piece in pieces])
        assert (joined == column(coded["drug_exposure"], name)).all()


def test_a_concept_without_a_code_keeps_what_stands_beside_it(coder: Coder) -> None:
    rows = Rows(
        np.array([0, 1, 2]),
        {
            "device_exposure_id": np.array([1, 2, 3]),
            "device_concept_id": np.array([0, 7, 7]),
            "device_source_value": np.array(["walking aid", "stick", "stick"]),
        },
    )
    (device,) = coder.code_records(patients_of(0, 100), {"device_exposure": rows}).values()
    assert device.columns["device_source_value"].to_pylist() == ["walking aid", "stick", "stick"]
    assert column(device, "device_concept_id").tolist() == [0, 7, 7]
    assert column(device, "device_source_concept_id").tolist() == [0, 0, 0]


def test_what_is_not_said_is_not_coded(coder: Coder) -> None:
    concept = next(iter(BOOK.concepts.tolist()))
    columns = {"person_id": np.array([1, 2])}
    died = patients_of(0, 100)
    rows = Rows(np.array([0, 1]), {**columns, "cause_concept_id": pa.array([None, concept])})
    (death,) = coder.code_records(died, {"death": rows}).values()
    for name in ("cause_concept_id", "cause_source_concept_id", "cause_source_value"):
        assert death.columns[name].is_null().to_pylist() == [True, False]
    (death,) = coder.code_records(died, {"death": Rows(np.array([0, 1]), columns)}).values()
    assert "cause_concept_id" not in death.columns


def test_a_site_that_maps_all_leaves_nothing_unmapped(patients: Patients, plain: Records) -> None:
    tidy = tuple(replace(s, unmapped_conditions=0.0, unmapped_drugs=0.0) for s in PLAN.sites)
    coder = Coder(replace(PLAN, sites=tidy), BOOK, plain)
    coded = coder.code_records(patients, plain)
    assert (column(coded["condition_occurrence"], "condition_concept_id") != 0).all()
    assert (column(coded["drug_exposure"], "drug_concept_id") != 0).all()


@pytest.mark.parametrize("facts", [[], [{**CODES[0], "concept_id": str(n)} for n in range(10_001)]])
def test_a_book_without_codes_or_with_too_many_is_a_fault_of_ours(
    facts: list[dict[str, str]],
) -> None:
    with pytest.raises(ValueError, match="concepts with codes"):
        build_book(facts)
