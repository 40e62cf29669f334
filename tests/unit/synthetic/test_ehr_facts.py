"""The facts of made-up records are complete, agree with each other and come from where they say."""

import csv
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from commonweal.synthetic.ehr.catalogue import WORDS, get_catalogue
from commonweal.synthetic.ehr.effects import RATE_RATIO, SHIFT
from commonweal.synthetic.ehr.observations import get_questions
from commonweal.synthetic.ehr.panels import get_panels
from commonweal.synthetic.ehr.regimens import list_ingredients, regimen_orders
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.people.diseases import COPD, COPD_ODDS_RATIO_OF_SMOKERS, list_lasting
from commonweal.vocabulary.abridged import read_names

REPOSITORY = Path(__file__).resolve().parents[3]
DOMAINS = {
    "chronic.csv": ("condition_concept_id", "Condition"),
    "complications.csv": ("condition_concept_id", "Condition"),
    "acute.csv": ("condition_concept_id", "Condition"),
    "pregnancy.csv": ("condition_concept_id", "Condition"),
    "drugs.csv": ("drug_concept_id", "Drug"),
    "ingredients.csv": ("ingredient_concept_id", "Drug"),
    "measurements.csv": ("measurement_concept_id", "Measurement"),
    "observations.csv": ("observation_concept_id", "Observation"),
    "procedures.csv": ("procedure_concept_id", "Procedure"),
    "devices.csv": ("device_concept_id", "Device"),
}
FEWEST = {
    "chronic.csv": 60,
    "acute.csv": 80,
    "drugs.csv": 120,
    "measurements.csv": 60,
    "procedures.csv": 60,
    "observations.csv": 30,
}
GIVEN = ("drugs.csv", "panels.csv", "procedures.csv", "observations.csv", "devices.csv")
DERIVED = (
    *DOMAINS,
    "codes.csv",
    "codes_snomed.csv",
    "effects.csv",
    "growth.csv",
    "panels.csv",
    "visits.csv",
)
SOURCES = {"synthea1k", "gibleed", "knowledge", "synthea27nj;synthea_raw_27;synthea_fhir_20"}
OF_WOMEN = {"pregnan", "breast", "uter", "vagin", "menorr", "endometri", "miscarr", "contracept"}
OF_MEN = {"prostat"}


def concepts(file: str) -> set[int]:
    column, _ = DOMAINS[file]
    return {int(row[column]) for row in read_facts(file)}


@pytest.mark.parametrize(("file", "number"), FEWEST.items())
def test_there_are_enough_different_ones(file: str, number: int) -> None:
    assert len(concepts(file)) >= number


@pytest.mark.parametrize(
    "file", sorted({*DERIVED} - {"codes.csv", "codes_snomed.csv", "ingredients.csv"})
)
def test_every_fact_says_where_it_comes_from(file: str) -> None:
    assert {row["source"] for row in read_facts(file)} <= SOURCES


def test_no_condition_is_listed_twice() -> None:
    catalogue = get_catalogue()
    assert len(set(catalogue.concepts.tolist())) == len(catalogue)
    with pytest.raises(KeyError):
        catalogue.line(1)


@pytest.mark.parametrize("file", GIVEN)
def test_what_something_is_given_for_is_known(file: str) -> None:
    known = {str(concept) for concept in get_catalogue().concepts}
    persons = {"everybody", "obese", "smoker"}
    for row in read_facts(file):
        history = row.get("course") == "history"
        assert row["given"] in (persons if history else known | set(WORDS)), row


def test_shares_are_shares() -> None:
    for file in GIVEN:
        for row in read_facts(file):
            assert 0 < float(row["chance"]) <= 1, row
    for row in list_lasting():
        assert 0 <= float(row["coded"]) <= 1
    for row in read_facts("chronic.csv"):
        for sex in ("female", "male"):
            shares = [float(row[f"{sex}_{age}"]) for age in (18, 40, 65, 90)]
            assert 0 <= shares[0] <= shares[1] <= shares[2] <= shares[3] <= 1, row


def test_causes_and_what_they_act_on_are_known() -> None:
    drugs = concepts("drugs.csv") | {i for parts in list_ingredients().values() for i in parts}
    conditions = set(get_catalogue().concepts.tolist())
    numbers = concepts("measurements.csv") | concepts("observations.csv")
    acute, chronic = concepts("acute.csv"), concepts("chronic.csv")
    reach = {"odds ratio": chronic, RATE_RATIO: acute, SHIFT: numbers}
    seen = Counter((row["cause"], row["effect"]) for row in read_facts("effects.csv"))
    assert max(seen.values()) == 1
    for row in read_facts("effects.csv"):
        assert int(row["effect"]) in reach[row["kind"]], row
        if not row["cause"].isalpha():
            assert int(row["cause"]) in drugs | conditions, row
        else:
            assert row["kind"] == "odds ratio"


def test_drugs_that_change_something_are_taken_for_years() -> None:
    orders = regimen_orders()
    taken = {int(drug) for drug in orders.column("drug_concept_id")}
    taken |= {part for drug in taken for part in list_ingredients().get(drug, ())}
    conditions = set(get_catalogue().concepts.tolist())
    causes = {int(r["cause"]) for r in read_facts("effects.csv") if r["cause"].isdigit()}
    assert causes - conditions <= taken


def test_diseases_come_after_their_causes() -> None:
    order = [int(row["condition_concept_id"]) for row in list_lasting()]
    for row in read_facts("effects.csv"):
        if row["kind"] == "odds ratio" and row["cause"].isdigit():
            assert order.index(int(row["cause"])) < order.index(int(row["effect"]))
    for row in read_facts("complications.csv"):
        concept = int(row["condition_concept_id"])
        assert order.index(int(row["needs"])) < order.index(concept)


def test_the_planted_association_is_the_documented_one() -> None:
    sizes = [
        float(row["size"])
        for row in read_facts("effects.csv")
        if (row["cause"], row["effect"]) == ("smoker", str(COPD))
    ]
    assert sizes == [COPD_ODDS_RATIO_OF_SMOKERS] == [3.0]


def test_shifts_are_in_the_unit_of_the_result() -> None:
    units = {row["measurement_concept_id"]: row["unit"] for row in read_facts("measurements.csv")}
    for row in read_facts("effects.csv"):
        if row["kind"] == SHIFT and row["effect"] in units:
            assert row["unit"] == units[row["effect"]], row


def test_what_only_one_sex_has_is_for_that_sex() -> None:
    names = read_names()
    for file in ("chronic.csv", "acute.csv"):
        for row in read_facts(file):
            name = names[int(row["condition_concept_id"])].lower()
            if any(part in name for part in OF_WOMEN):
                assert row["sex"] == "female", row
            if any(part in name for part in OF_MEN):
                assert row["sex"] == "male", row
            if row["sex"]:
                other = "male" if row["sex"] == "female" else "female"
                assert all(float(row[key]) == 0 for key in row if key.startswith(f"{other}_"))


def test_every_result_has_sensible_limits() -> None:
    members = get_panels().members
    names = set(members.names)
    assert {"systolic", "diastolic", "creatinine", "low density cholesterol"} <= names
    for row in read_facts("measurements.csv"):
        if row["kind"] != "number":
            assert not row["low"]
            continue
        low, high = float(row["low"]), float(row["high"])
        assert low < high
        for sex in ("female", "male"):
            ends = [row[f"range_{sex}_low"], row[f"range_{sex}_high"]]
            if all(ends):
                assert float(ends[0]) < float(ends[1]) <= high, row
                assert low < float(ends[1]), row


def test_answers_add_up() -> None:
    _, _, questions = get_questions()
    for row in read_facts("observations.csv"):
        if row["answers"]:
            shares = [float(part.rsplit(":", 1)[1]) for part in row["answers"].split("|")]
            assert sum(shares) == pytest.approx(1)
    assert "Never smoker" in questions.answers


def test_every_concept_has_its_own_code_and_conditions_and_drugs_others() -> None:
    systems: dict[int, set[str]] = {}
    for row in (*read_facts("codes.csv"), *read_facts("codes_snomed.csv")):
        systems.setdefault(int(row["concept_id"]), set()).add(row["system"])
        assert row["code"]
        own = row["system"] in {"snomed", "rxnorm", "loinc", "cvx"}
        assert not own or row["source_concept_id"] == row["concept_id"]
    used = {concept for file in DOMAINS if file != "ingredients.csv" for concept in concepts(file)}
    assert set(systems) == used
    for concept in get_catalogue().concepts.tolist():
        assert {"snomed", "icd10cm"} <= systems[concept]
    for concept in concepts("drugs.csv"):
        assert "ndc" in systems[concept]
        assert systems[concept] & {"rxnorm", "cvx"}


def test_drug_codes_are_placeholders_of_eleven_digits() -> None:
    codes = [row["code"] for row in read_facts("codes.csv") if row["system"] == "ndc"]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 11 and code.isdigit() and code.startswith("99999") for code in codes)


def test_concepts_are_standard_and_of_their_domain(shared_data: Path) -> None:
    rows = duckdb.sql(
        "SELECT concept_id, standard_concept, domain_id, concept_code"
        f" FROM '{shared_data}/vocabulary_shard/concept.parquet'"
    ).fetchall()
    known = {concept: (standard, domain, code) for concept, standard, domain, code in rows}
    for file, (_, domain) in DOMAINS.items():
        for concept in concepts(file):
            assert known[concept][:2] == ("S", domain), (file, concept)
    for row in read_facts("measurements.csv"):
        if row["unit_concept_id"]:
            assert known[int(row["unit_concept_id"])][:2] == ("S", "Unit"), row
    for row in (*read_facts("codes.csv"), *read_facts("codes_snomed.csv")):
        if row["source_concept_id"] != "0" and known[int(row["source_concept_id"])][2]:
            assert known[int(row["source_concept_id"])][2] == row["code"], row


def test_the_facts_are_what_the_data_and_the_lists_give(shared_data: Path, tmp_path: Path) -> None:
    script = REPOSITORY / "scripts" / "derive_facts.py"
    command = [sys.executable, str(script), "--data", str(shared_data), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    shipped = REPOSITORY / "src" / "commonweal" / "synthetic" / "data"
    written = sorted(file.name for file in tmp_path.iterdir())
    assert written == sorted({*DERIVED, "pregnancy.csv"})
    for name in written:
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes(), name
    assert list(csv.DictReader((tmp_path / "acute.csv").read_text().splitlines()))


def test_no_fact_repeats_a_term_of_snomed(shared_data: Path) -> None:
    """Terms of SNOMED CT are shipped in a folder that may be removed, and nowhere else."""
    concepts = pq.read_table(shared_data / "vocabulary_shard" / "concept.parquet").to_pylist()
    terms = {
        row["concept_name"].lower()
        for row in concepts
        if row["vocabulary_id"] == "SNOMED" and len(row["concept_name"].split()) > 2
    }
    folder = files("commonweal.synthetic") / "data"
    for file in (f for f in folder.iterdir() if f.name.endswith(".csv")):
        cells = {cell.lower() for row in read_facts(file.name) for cell in row.values() if cell}
        assert cells & terms == set(), file.name
