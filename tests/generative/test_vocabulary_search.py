"""A search finds the same with and without what loading prepares, and what the rules say."""

import re
import string
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.vocabulary.concepts import find_concepts
from commonweal.vocabulary.search_text import write_search
from commonweal.vocabulary.views import SEARCH, VocabularyViews

Row = dict[str, object]

WORDS = [
    "renal",
    "Renal",
    "RENALIS",
    "type",
    "2",
    "ii",
    "déjà",
    "A1c/Hb",
    "x-ray",
    "5%",
    "'s",
    "😀",
]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
CONCEPTS = st.lists(
    st.fixed_dictionaries(
        {
            "concept_name": NAMES,
            "concept_code": st.sampled_from(["250.00", "K92.2", "type", "44", "x"]),
            "vocabulary_id": st.sampled_from(["SNOMED", "ICD10CM"]),
            "domain_id": st.sampled_from(["Condition", "Drug"]),
            "standard_concept": st.sampled_from(["S", "C", None]),
            "synonyms": st.lists(NAMES, max_size=2),
        }
    ),
    min_size=1,
    max_size=12,
)
QUERIES = st.one_of(
    st.lists(st.sampled_from([*WORDS, "re", "snomed", "44", "zz", "+", ","]), max_size=3).map(
        " ".join
    ),
    NAMES.map('"{}"'.format),
    st.text(string.printable, max_size=6),
)
WHAT = (
    "concept_id concept_name concept_code vocabulary_id domain_id concept_class_id standard_concept"
)


def register(engine: Engine, concepts: list[Row], folder: Path) -> tuple[VocabularyViews, ...]:
    """The same concepts as two vocabularies: with and without a file for searching."""
    rows = [
        {"concept_id": n, "concept_class_id": "Any", **concept}
        for n, concept in enumerate(concepts, start=100)
    ]
    schema = {name: pa.int64() if name == "concept_id" else pa.string() for name in WHAT.split()}
    engine.register_arrow("concept", pa.Table.from_pylist(rows, pa.schema(schema)))
    names = [
        {"concept_id": row["concept_id"], "concept_synonym_name": synonym}
        for row in rows
        for synonym in row["synonyms"]
    ]
    of_names = pa.schema({"concept_id": pa.int64(), "concept_synonym_name": pa.string()})
    engine.register_arrow("concept_synonym", pa.Table.from_pylist(names, of_names))
    plain = VocabularyViews()
    write_search(engine, plain, folder / "search.parquet")
    engine.register_parquet(SEARCH, [folder / "search.parquet"])
    return plain, VocabularyViews(search=SEARCH)


def find_by_the_rules(concepts: list[Row], text: str, *, sources: bool) -> list[int]:
    """The rules of a search as they are written down, one concept after the other."""
    query = text.strip()
    numbered = list(enumerate(concepts, start=100))
    exact = [
        n
        for n, c in sorted(
            numbered, key=lambda p: (p[1]["standard_concept"] or "~", p[1]["vocabulary_id"])
        )
        if str(c["concept_code"]).lower() == query.lower() or str(n) == query
    ]
    if exact:
        return exact
    phrase = re.fullmatch(r'"([^"]*)"', query)
    parts = [phrase[1]] if phrase else re.split(r"[\s,+]+", query)
    words = [" ".join(re.findall(r"[^\W_]+", part.lower())) for part in parts]
    words = [w for w in words if w]
    words = [w for w in words if len(w) >= 3] or words
    if query and not words:
        return []
    found = []
    for n, c in numbered:
        said = [c["concept_name"], c["concept_code"], c["vocabulary_id"], *sorted(c["synonyms"])]
        spoken = " " + " ".join(re.findall(r"[^\W_]+", " ".join(map(str, said)).lower()))
        if (sources or c["standard_concept"]) and all(f" {word}" in spoken for word in words):
            found.append((n, str(c["concept_name"])))
    return [n for n, _ in sorted(found, key=lambda pair: _rank(*pair, query.lower()))]


def _rank(number: int, name: str, query: str) -> tuple[object, ...]:
    lower = name.lower()
    return (lower != query, not lower.startswith(query), len(name), name.encode(), number)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(concepts=CONCEPTS, text=QUERIES, sources=st.booleans())
def test_prepared_or_not_a_search_follows_the_rules(
    concepts: list[Row], text: str, sources: bool, tmp_path: Path
) -> None:
    with open_engine(EngineSettings(threads=1)) as engine:
        plain, prepared = register(engine, concepts, tmp_path)
        found = [
            [c.id for c in find_concepts(engine, text, sources=sources, views=views)]
            for views in (plain, prepared)
        ]
    assert found[0] == found[1] == find_by_the_rules(concepts, text, sources=sources)


@pytest.mark.parametrize("narrowing", [{"domain": "drug"}, {"vocabulary": "icd10cm"}])
def test_narrowing_is_the_same_with_what_loading_prepares(
    narrowing: dict[str, str], tmp_path: Path
) -> None:
    rows: list[Row] = [
        {
            "concept_name": f"renal {n}",
            "concept_code": f"c{n}",
            "vocabulary_id": "ICD10CM" if n % 2 else "SNOMED",
            "domain_id": "Drug" if n % 3 else "Condition",
            "standard_concept": "S",
            "synonyms": [],
        }
        for n in range(12)
    ]
    with open_engine(EngineSettings(threads=1)) as engine:
        views = register(engine, rows, tmp_path)
        plain, prepared = (
            [c.id for c in find_concepts(engine, "renal", views=v, **narrowing)] for v in views
        )
    assert plain == prepared
    assert 0 < len(plain) < len(rows)
