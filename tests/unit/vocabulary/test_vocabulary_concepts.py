"""Finding concepts in a vocabulary small enough to read."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.concepts import (
    Concept,
    find_concept,
    find_concepts,
    get_concept,
    split_words,
    suggest_codes,
)
from commonweal.vocabulary.views import VocabularyViews

CONCEPTS = [
    (201826, "Type 2 diabetes mellitus", "44054006", "SNOMED", "Condition", "Disorder", "S"),
    (201820, "Diabetes mellitus", "73211009", "SNOMED", "Condition", "Disorder", "S"),
    (4058243, "Diabetes mellitus during pregnancy", "199223000", "SNOMED", "Condition", "D", "S"),
    (44833365, "Diabetes mellitus, type II", "250.00", "ICD9CM", "Condition", "Code", None),
    (1503297, "Metformin", "6809", "RxNorm", "Drug", "Ingredient", "S"),
    (3004410, "Hemoglobin A1c/Hemoglobin.total", "4548-4", "LOINC", "Measurement", "Lab", "S"),
    (45, "Déjà vu 100%_", "x'1", "SNOMED", "Condition", "Finding", "C"),
]
SYNONYMS = [(201826, "Adult onset diabetes", 4180186), (201826, "T2DM", 4180186)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine(EngineSettings(threads=1)) as engine:
        names = ["concept_id", "concept_name", "concept_code", "vocabulary_id", "domain_id"]
        names += ["concept_class_id", "standard_concept"]
        columns = [pa.array(column) for column in zip(*CONCEPTS, strict=True)]
        engine.register_arrow("concept", pa.Table.from_arrays(columns, names=names))
        names = ["concept_id", "concept_synonym_name", "language_concept_id"]
        columns = [pa.array(column) for column in zip(*SYNONYMS, strict=True)]
        engine.register_arrow("concept_synonym", pa.Table.from_arrays(columns, names=names))
        yield engine


def _ids(concepts: list[Concept]) -> list[int]:
    return [concept.id for concept in concepts]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("diabetes", [201820, 4058243, 201826]),
        ("DIABETES mellitus", [201820, 4058243, 201826]),
        ("diabetes, mellitus+type 2", [201826]),
        ("diab", [201820, 4058243, 201826]),
        ("abetes", []),
        ("t2dm", [201826]),
        ("adult diabetes", [201826]),
        ('"mellitus during"', [4058243]),
        ('"during mellitus"', []),
        ("during mellitus", [4058243]),
        ("rxnorm", [1503297]),
        ("hemoglobin.total", [3004410]),
        ("déjà", [45]),
        ("100%_", [45]),
        ("nothing like it", []),
        ("%", []),
        ("'; DROP TABLE concept; --", []),
        ("😀", []),
    ],
)
def test_words(engine: Engine, text: str, ids: list[int]) -> None:
    assert _ids(find_concepts(engine, text)) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [("250.00", [44833365]), ("201826", [201826]), ("4548-4", [3004410]), ("X'1", [45])],
)
def test_a_code_or_id_is_the_whole_answer_even_of_a_source_term(
    engine: Engine, text: str, ids: list[int]
) -> None:
    assert _ids(find_concepts(engine, f" {text} ")) == ids


def test_a_domain_narrows(engine: Engine) -> None:
    assert _ids(find_concepts(engine, "", domain="drug")) == [1503297]
    assert find_concepts(engine, "diabetes", domain="Drug") == []
    assert find_concepts(engine, "250.00", domain="Drug") == []


def test_without_words_all_standard_concepts_match(engine: Engine) -> None:
    assert len(find_concepts(engine, "  ")) == 6


def test_a_vocabulary_narrows(engine: Engine) -> None:
    assert _ids(find_concepts(engine, "diabetes", vocabulary="snomed", limit=1)) == [201820]
    assert find_concepts(engine, "diabetes", vocabulary="RxNorm") == []
    assert _ids(find_concepts(engine, "", vocabulary="LOINC", domain="Measurement")) == [3004410]


def test_source_terms_are_found_when_asked_for(engine: Engine) -> None:
    assert 44833365 not in _ids(find_concepts(engine, "diabetes"))
    assert 44833365 in _ids(find_concepts(engine, "diabetes", sources=True))
    assert len(find_concepts(engine, "", sources=True)) == 7


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("25000", [44833365]),
        ("250 00", [44833365]),
        ("45484", [3004410]),
        ("7321", [201820]),
        ("diabetes", []),
        ("25", []),
        ("", []),
        ("-.- 0", []),
    ],
)
def test_codes_are_suggested_when_dots_and_dashes_do_not_count(
    engine: Engine, text: str, ids: list[int]
) -> None:
    assert _ids(suggest_codes(engine, text)) == ids


def test_the_limit_holds(engine: Engine) -> None:
    assert _ids(find_concepts(engine, "diabetes", limit=2)) == [201820, 4058243]


def test_a_long_query_is_answered(engine: Engine) -> None:
    assert find_concepts(engine, "diabetes " * 2000) != []
    assert find_concepts(engine, "9" * 10_000) == []


def test_a_vocabulary_without_synonyms(engine: Engine) -> None:
    views = VocabularyViews(synonym=None)
    assert find_concepts(engine, "t2dm", views=views) == []
    assert _ids(find_concepts(engine, "metformin", views=views)) == [1503297]


def test_get_and_find(engine: Engine) -> None:
    assert get_concept(engine, 1503297).name == "Metformin"
    assert find_concept(engine, 1) is None
    with pytest.raises(CommonwealError, match="no concept 1"):
        get_concept(engine, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("type 2 diabetes", ["type", "diabetes"]),
        ("a b", ["a", "b"]),
        ("ICD9 250.00", ["icd9", "250 00"]),
        ('"type 2"', ["type 2"]),
        ('say "this', ["say", "this"]),
        ("__ -- ()", []),
        ("same same", ["same"]),
    ],
)
def test_split_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words
