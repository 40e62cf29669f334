"""Reading a store: pages, searches of any kind, threads, and that nothing is ever written."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.publish.model import Page
from commonweal.publish.reader import PublishingStore
from commonweal.publish.search import build_query
from commonweal.schema.errors import CommonwealError


def _names(page: Page) -> list[str]:
    return [concept.name for concept in page.concepts]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Diabetes education", "Diabetes mellitus", "Metformin", "Rare disease"]),
        ("diabetes", ["Diabetes education", "Diabetes mellitus"]),
        ("DIAB", ["Diabetes education", "Diabetes mellitus"]),
        ("diabetes,education", ["Diabetes education"]),
        ("diabetes of mellitus", ["Diabetes mellitus"]),
        ('"diabetes mellitus"', ["Diabetes mellitus"]),
        ('"mellitus diabetes"', []),
        ("sugar", ["Diabetes mellitus"]),
        ("diabete", ["Diabetes education", "Diabetes mellitus"]),
        ("rxnorm", ["Metformin"]),
        ("abetes", []),
        ("nobody", []),
        ("E88", ["Rare disease"]),
    ],
)
def test_words(store: PublishingStore, text: str, names: list[str]) -> None:
    page = store.search(text)
    assert _names(page) == names
    assert (page.total, page.page, page.pages) == (len(names), 1, 1)


@pytest.mark.parametrize(
    ("text", "name"), [("e88.9", "Rare disease"), ("6809", "Metformin"), ("20", "Metformin")]
)
def test_a_code_or_id_is_the_whole_answer(store: PublishingStore, text: str, name: str) -> None:
    assert _names(store.search(f" {text} ")) == [name]


def test_a_concept_called_exactly_so_goes_first(store: PublishingStore) -> None:
    assert _names(store.search("diabetes"))[0] == "Diabetes education"
    assert _names(store.search("DIABETES MELLITUS"))[0] == "Diabetes mellitus"


def test_a_domain_narrows(store: PublishingStore) -> None:
    assert _names(store.search("diabetes", domain="procedure")) == ["Diabetes education"]
    assert _names(store.search("10", domain="procedure")) == []
    assert _names(store.search("", domain="no such domain")) == []


def test_matches_by_domain(store: PublishingStore) -> None:
    assert store.count_matches("diabetes") == {"condition": 1, "procedure": 1}
    assert store.count_matches("10") == {"condition": 1}
    assert store.count_matches("") == {"condition": 2, "drug": 1, "procedure": 1}
    assert store.count_matches("%") == {}


def test_pages(store: PublishingStore) -> None:
    first = store.search("", page=1, per_page=3)
    second = store.search("", page=2, per_page=3)
    assert (len(first.concepts), len(second.concepts), first.pages, first.total) == (3, 1, 2, 4)
    assert not set(_names(first)) & set(_names(second))
    for page in (3, 10**30):
        assert store.search("", page=page, per_page=3).concepts == ()
    assert store.search("", page=-5, per_page=3) == first
    assert len(store.search("", per_page=0).concepts) == 1


HOSTILE = [
    '"',
    '""',
    '"""',
    "'",
    "*",
    "diabetes*",
    "-diabetes",
    "diabetes OR",
    "NEAR(diabetes mellitus)",
    "name:diabetes",
    "{name code}: diabetes",
    "^diabetes",
    "AND NOT OR",
    "a AND",
    "(",
    "%_",
    "'; DROP TABLE concept; --",
    "\0diabetes\0",
    "\ud800",
    "diabetes \udfff",
    "😀",
    "diabetes 😀",
    "ﷺ" * 5000,
    "diabetes " * 1200,
    "9" * 10_000,
    "٣٣",
    "²",
    "\u0301\u0301",
    "_",
    "１０",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_gets_a_page(store: PublishingStore, text: str) -> None:
    page = store.search(text)
    assert page.page == 1
    assert page.total == len(page.concepts) == sum(store.count_matches(text).values())


@given(st.text(st.characters(), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_gets_a_page(store: PublishingStore, text: str) -> None:
    assert store.search(text).total >= 0


@given(st.text(alphabet='diab"*+-:^()ANDORT ', max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_query_language_gets_a_page(store: PublishingStore, text: str) -> None:
    assert store.search(text).total >= 0


def test_punctuation_does_not_hide_words(store: PublishingStore) -> None:
    assert _names(store.search("(mellitus)!")) == ["Diabetes mellitus"]


def test_a_query_is_made_of_quoted_words_only() -> None:
    assert build_query('type 2 "x" diabetes').match == '"type"* AND "diabetes"*'
    assert build_query('"type 2"').match == '"type 2"'
    assert build_query("12").concept_id == 12


def test_top(store: PublishingStore) -> None:
    assert [c.id for c in store.top("condition", 1)] == [10]
    assert store.top("measurement") == ()


def test_synonyms(store: PublishingStore) -> None:
    page = store.get_concept(10)
    assert page is not None
    assert page.synonyms == ("Diabète", "Sugar disease")


@pytest.mark.parametrize("concept_id", [-1, 2**63, -(2**70)])
def test_an_id_that_cannot_be(store: PublishingStore, concept_id: int) -> None:
    assert store.get_concept(concept_id) is None


# ------------------------------------------------------------------ the file


def test_nothing_can_be_written(store: PublishingStore) -> None:
    before = store.path.read_bytes()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store._connect().execute("UPDATE concept SET name = 'x'")
    store.search("diabetes")
    assert store.path.read_bytes() == before
    assert [f.name for f in store.path.parent.iterdir()] == [store.path.name]


def test_many_threads(store: PublishingStore) -> None:
    start = threading.Barrier(8)

    def ask(_: int) -> tuple[Page, int]:
        start.wait(timeout=10)
        pages = [store.search("diabetes") for _ in range(20)]
        return pages[-1], id(store._connect())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert {page for page, _ in answers} == {store.search("diabetes")}
    assert len({connection for _, connection in answers}) == 8


def test_a_store_answers_again_after_it_was_closed(store: PublishingStore) -> None:
    store.close()
    store.close()
    assert store.search("metformin").total == 1


def test_a_path_with_marks_of_an_address(store: PublishingStore, tmp_path: Path) -> None:
    odd = tmp_path / "a?b#c%20 d.sqlite"
    odd.write_bytes(store.path.read_bytes())
    assert PublishingStore(odd).search("metformin").total == 1


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG" * 100])
def test_what_is_no_store(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommonwealError, match="no publishing store"):
        PublishingStore(path)


def test_another_database_is_no_store(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    connection.execute("CREATE TABLE release (id)")
    connection.close()
    with pytest.raises(CommonwealError, match="no publishing store"):
        PublishingStore(tmp_path / "x.sqlite")
