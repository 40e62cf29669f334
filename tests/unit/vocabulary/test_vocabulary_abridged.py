"""The vocabulary that comes with the product: what is in it, under which licence, and its trees."""

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.pipeline.vocabulary import read_abridged
from commonweal.schema.model import get_model
from commonweal.vocabulary.abridged import DATA, has_snomed, list_shipped
from commonweal.vocabulary.concept_set import descendants
from commonweal.vocabulary.concepts import find_concepts, get_concept
from commonweal.vocabulary.hierarchy import list_children, list_roots
from commonweal.vocabulary.licences import CLASSES, read_licences
from commonweal.vocabulary.load import fields_of
from commonweal.vocabulary.summary import count_contents
from commonweal.vocabulary.views import register_vocabulary

REPOSITORY = Path(__file__).resolve().parents[3]
MOST_BYTES = 2_000_000
MODULES = {
    "The Basics": 1586134,
    "Overall Health": 1585710,
    "Lifestyle": 1585855,
    "Personal and Family Health History": 43529712,
    "Family Health History": 43528698,
    "Health Care Access & Utilization": 43528895,
    "Social Factors of Health": 40192389,
    "COVID-19 Participant Experience (COPE)": 1333342,
    "Emotional Health History and Well-Being": 1703970,
    "Behavioral Health and Personality": 1703870,
}
OURS = range(2_130_000_000, 2_131_000_000)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(EngineSettings()) as engine:
        register_vocabulary(engine, list_shipped())
        yield engine


def find_missing(engine: Engine, ids: set[int]) -> set[int]:
    known = engine.rows("SELECT concept_id FROM concept")
    return ids - {row[0] for row in known}


def test_it_is_small_and_every_table_has_its_columns() -> None:
    files = [file for parts in list_shipped().values() for file in parts]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    for name, parts in list_shipped().items():
        wanted = [field.name for field in fields_of(get_model("omop-5.4").table(name))]
        assert [pq.read_schema(part).names for part in parts] == [wanted] * len(parts)


def test_what_must_not_be_empty_is_not_and_keys_are_unique(engine: Engine) -> None:
    for name in list_shipped():
        table = get_model("omop-5.4").table(name)
        for field in table.fields:
            if field.required:
                empty = f"SELECT count(*) FROM {name} WHERE {field.name} IS NULL"
                assert engine.value(empty) == 0, f"{name}.{field.name}"
        if table.primary_key:
            key = table.primary_key.name
            assert engine.value(f"SELECT count(*) - count(DISTINCT {key}) FROM {name}") == 0, name
    for column, table in (
        ("vocabulary_id", "vocabulary"),
        ("domain_id", "domain"),
        ("concept_class_id", "concept_class"),
    ):
        unknown = f"SELECT DISTINCT {column} FROM concept EXCEPT SELECT {column} FROM {table}"
        assert engine.rows(unknown) == []
        described = f"SELECT {table}_concept_id FROM {table} EXCEPT SELECT concept_id FROM concept"
        assert engine.rows(described) == []


def test_only_free_classes_are_shipped_and_names_that_are_not_ours_are_left_out(
    engine: Engine,
) -> None:
    contents = count_contents(engine)
    assert {share.name for share in contents.licences} == {
        "open",
        "loinc",
        "snomed",
        "cpt4_name_removed",
    }
    named = "SELECT count(*) FROM concept WHERE vocabulary_id = 'CPT4' AND concept_name <> ?"
    assert engine.value(f"{named} || concept_code", ["CPT-4 "]) == 0
    for share in contents.vocabularies:
        assert read_licences()[share.name].licence_class != "restricted", share.name


def test_the_wording_of_questions_is_not_shipped(engine: Engine) -> None:
    names = [
        r[0] for r in engine.rows("SELECT concept_name FROM concept WHERE vocabulary_id = 'PPI'")
    ]
    assert len(names) > 5000
    assert [name for name in names if len(name) > 120 or "?" in name] == []
    wording = re.compile(r"(?:how often (?:do|did|have)|select all|\b(?:have|do) you)\b", re.I)
    assert [name for name in names if wording.search(name)] == []
    loinc = engine.rows("SELECT concept_name FROM concept WHERE vocabulary_id = 'LOINC'")
    asked = re.compile(r"^(?:about how|how|what|when|do|have|are)\b|\byou\b|\?", re.I)
    assert [name for (name,) in loinc if asked.search(name)] == []
    answers = engine.rows(
        "SELECT concept_name FROM concept WHERE vocabulary_id = 'PPI' "
        "AND concept_class_id = 'Answer' AND contains(concept_name, ': item ')"
    )
    assert len(answers) > 300
    longest = max(len(name.rpartition(": ")[2]) for (name,) in answers)
    assert longest <= 24, "an answer of an instrument in more than a few words"
    assert get_concept(engine, 1585747).name == "Overall health: average pain 7 days"


def test_no_question_has_the_wording_it_was_met_with(shared_data: Path, engine: Engine) -> None:
    table = pq.read_table(shared_data / "vocabulary_shard" / "concept.parquet")
    met = {row["concept_id"]: row["concept_name"] for row in table.to_pylist()}
    rows = engine.rows(
        "SELECT concept_id, concept_name FROM concept "
        "WHERE vocabulary_id = 'PPI' AND concept_class_id IN ('Question', 'Topic')"
    )
    same = [name for concept, name in rows if met.get(concept) == name]
    assert [name for name in same if len(name) > 40] == []


def test_snomed_ct_stands_apart(engine: Engine) -> None:
    main = {name: parts[0] for name, parts in list_shipped().items()}
    classes = pq.read_table(main["concept"]).column("licence_class").to_pylist()
    assert "snomed" not in classes
    snomed = {
        r[0] for r in engine.rows("SELECT concept_id FROM concept WHERE vocabulary_id = 'SNOMED'")
    }
    ends = {
        "concept_synonym": ["concept_id"],
        "concept_relationship": ["concept_id_1", "concept_id_2"],
        "concept_ancestor": ["ancestor_concept_id", "descendant_concept_id"],
    }
    for name, columns in ends.items():
        for column in columns:
            assert not snomed & set(pq.read_table(main[name]).column(column).to_pylist()), name


def test_without_snomed_ct_everything_else_is_there(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "snomed")
    assert has_snomed()
    assert not has_snomed(tmp_path / "data")
    assert read_abridged(tmp_path / "data").digest != read_abridged().digest
    with open_engine(EngineSettings()) as engine:
        views = register_vocabulary(engine, list_shipped(tmp_path / "data"))
        assert find_concepts(engine, "type 2 diabetes", domain="Condition", views=views) == []
        assert find_concepts(engine, "lisinopril", views=views)
        assert list_roots(engine, vocabulary="ICD10CM", views=views)


def test_its_version_is_told_as_athena_tells_one() -> None:
    vocabulary = read_abridged()
    assert vocabulary.version == "abridged 2026-11"
    assert vocabulary.is_abridged
    assert vocabulary == read_abridged()


def test_basics_are_there(engine: Engine) -> None:
    basics = {0, 8507, 8532, 8551, 9201, 9202, 9203, 262, 8515, 8516, 8527, 8557, 8657, 38003563}
    types = {32817, 32827, 32856, 32865, 44814724, 44818701, 45905771, 38000177}
    units = {8541, 8554, 8582, 8713, 8840, 8876, 9529, 9531}
    answers = {903070, 903079, 903087, 903092, 903096, 1585249, 1585250, 45877994, 45878245}
    programme = {*range(2_000_000_000, 2_000_000_014), *range(2_100_000_000, 2_100_000_013)}
    physical = {*range(903105, 903119), 903120, 903121, *range(903123, 903137), 1586218}
    wanted = basics | types | units | answers | programme | physical | set(MODULES.values())
    assert find_missing(engine, wanted) == set()


def test_what_the_made_up_data_use_is_there(engine: Engine) -> None:
    ids = set()
    for file in (REPOSITORY / "src" / "commonweal" / "synthetic" / "data").rglob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                cells = (value for name, value in row.items() if name.endswith("concept_id"))
                ids |= {int(value) for value in cells if value and value.isdecimal()}
    assert len(ids) > 50
    assert find_missing(engine, ids) == set()


@pytest.mark.parametrize("data_set", ["gibleed", "synthea27nj", "synthea1k"])
def test_what_real_data_sets_use_is_there(shared_data: Path, engine: Engine, data_set: str) -> None:
    nobody_names = {756265, 765467, 19080464, 32869, 36217135, 37393315, 38000267, 38003566}
    used: set[int] = set()
    clinical = {table.name for table in get_model("omop-5.4").tables.values() if table.has_person}
    for file in (shared_data / data_set).glob("*.parquet"):
        if file.stem not in clinical:
            continue
        names = [name for name in pq.read_schema(file).names if name.endswith("concept_id")]
        table = pq.read_table(file, columns=names)
        used |= {int(i) for name in names for i in table.column(name).unique().to_pylist() if i}
    assert len(used) > 300
    assert find_missing(engine, used) <= nobody_names


def test_gibleed_has_all_its_descendants(shared_data: Path, engine: Engine) -> None:
    pairs = pq.read_table(shared_data / "gibleed" / "concept_ancestor.parquet")
    columns = ["ancestor_concept_id", "descendant_concept_id"]
    theirs = set(zip(*(pairs.column(c).to_pylist() for c in columns), strict=True))
    ours = set(engine.rows(f"SELECT {', '.join(columns)} FROM concept_ancestor"))
    named = {r[0] for r in engine.rows("SELECT concept_id FROM concept")}
    left_out = {a for a, d in theirs - ours if d in named}
    assert len(left_out) < 100, "only groups of vocabularies that are not free"
    assert 192671 in descendants(engine, [192671])


def walk(engine: Engine, concept: int, above: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every path down from a concept.

    Raises:
        AssertionError: a path comes back to where it was.
    """
    assert concept not in above
    path = (*above, concept)
    yield path
    for node in list_children(engine, concept):
        yield from walk(engine, node.concept.id, path)


def test_walking_down_reaches_every_icd_10_cm_code_once(engine: Engine) -> None:
    """The whole tree by its edges; the same walk by ``list_children`` for one chapter below."""
    edges: dict[int, list[int]] = {}
    rows = engine.rows(
        "SELECT a.ancestor_concept_id, a.descendant_concept_id FROM concept_ancestor a "
        "JOIN concept c ON c.concept_id = a.descendant_concept_id "
        "WHERE min_levels_of_separation = 1 AND (c.vocabulary_id = 'ICD10CM' "
        "OR c.concept_code LIKE 'ICD10CM:%')"
    )
    for parent, child in rows:
        edges.setdefault(parent, []).append(child)
    roots = [node.concept.id for node in list_roots(engine, vocabulary="ICD10CM")]
    depth = dict.fromkeys(roots, 0)
    waiting = list(roots)
    while waiting:
        parent = waiting.pop()
        for child in edges.get(parent, []):
            assert child not in depth, "there is one way to a code"
            depth[child] = depth[parent] + 1
            waiting.append(child)
    codes = {
        r[0] for r in engine.rows("SELECT concept_id FROM concept WHERE vocabulary_id = 'ICD10CM'")
    }
    assert codes <= depth.keys()
    assert all(concept in OURS for concept in depth.keys() - codes)
    assert all(get_concept(engine, root).concept_class == "ICD10 Chapter" for root in roots)
    levels = engine.rows(
        "SELECT a.descendant_concept_id, a.min_levels_of_separation, a.max_levels_of_separation "
        "FROM concept_ancestor a JOIN concept c ON c.concept_id = a.ancestor_concept_id "
        "WHERE c.concept_class_id = 'ICD10 Chapter'"
    )
    assert {(concept, low) for concept, low, _ in levels} == set(depth.items())
    assert all(low == high for _, low, high in levels)


def test_a_chapter_is_walked_by_its_children(engine: Engine) -> None:
    chapter = 2_130_001_011
    paths = list(walk(engine, chapter))
    names = [[get_concept(engine, i).code for i in path] for path in paths]
    assert ["ICD10CM:11", "ICD10CM:K90-K95", "K92", "K92.2"] in names
    found = {path[-1] for path in paths}
    assert found == descendants(engine, [chapter])


def test_codes_stand_below_what_they_begin_with(engine: Engine) -> None:
    rows = engine.rows(
        "SELECT p.concept_code, c.concept_code FROM concept_ancestor a "
        "JOIN concept p ON p.concept_id = a.ancestor_concept_id "
        "JOIN concept c ON c.concept_id = a.descendant_concept_id "
        "WHERE p.vocabulary_id = 'ICD10CM' AND c.vocabulary_id = 'ICD10CM'"
    )
    assert len(rows) > 10_000
    assert [(parent, child) for parent, child in rows if not child.startswith(parent)] == []


def test_drug_classes_hold_ingredients_and_those_their_products(engine: Engine) -> None:
    roots = {node.concept.name: node.concept.id for node in list_roots(engine, vocabulary="RxNorm")}
    statins = list_children(engine, roots["Statins"])
    assert {node.concept.name.lower() for node in statins} >= {"atorvastatin", "simvastatin"}
    assert all(node.children for node in statins)
    products = list_children(engine, 1539403)
    assert all("simvastatin" in node.concept.name.lower() for node in products)
    assert len(descendants(engine, [roots["Statins"]])) == 370


def test_survey_modules_hold_questions_and_those_their_answers(engine: Engine) -> None:
    roots = {node.concept.id for node in list_roots(engine, vocabulary="PPI")}
    assert set(MODULES.values()) <= roots
    for name, module in MODULES.items():
        assert get_concept(engine, module).name == name
    history = list_children(engine, MODULES["Personal and Family Health History"])
    topics = [node for node in history if node.concept.concept_class == "Topic"]
    assert len(topics) == 12
    assert all(node.children for node in topics)
    pain = {node.concept.id for node in list_children(engine, 1585747)}
    answers = list_children(engine, 1585711)
    assert [node.concept.name for node in answers][:2] == [
        "General health: Excellent",
        "General health: Fair",
    ]
    assert pain <= descendants(engine, [MODULES["Overall Health"]])
    assert 1585712 in descendants(engine, [MODULES["Overall Health"]])


def test_our_own_ids_are_nobody_elses(engine: Engine) -> None:
    rows = engine.rows(
        "SELECT concept_id, standard_concept FROM concept WHERE vocabulary_id = 'Commonweal'"
    )
    assert len(rows) > 80
    assert all(concept in OURS and standard == "C" for concept, standard in rows)
    others = "SELECT count(*) FROM concept WHERE vocabulary_id NOT IN ('Commonweal', 'Vocabulary')"
    assert engine.value(f"{others} AND concept_id BETWEEN ? AND ?", [OURS[0], OURS[-1]]) == 0
    assert max(concept for concept, _ in rows) < 2**31


def test_every_licence_class_has_a_meaning() -> None:
    assert {licence.licence_class for licence in read_licences().values()} <= CLASSES.keys()
    assert read_licences()["SNOMED"].licence_class == "snomed"
