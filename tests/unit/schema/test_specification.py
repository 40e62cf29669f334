"""The pages are what the declarations say, and staleness is noticed."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from commonweal.schema.dialects import build_dialects_page
from commonweal.schema.model import get_model
from commonweal.schema.specification import build_feeds_page, build_submission_pages

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "generate_docs.py"


@pytest.fixture(scope="module")
def generate_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_table_has_a_page_that_the_index_links() -> None:
    pages = build_submission_pages()
    names = set(get_model("programme").tables)
    assert set(pages) == {"index.md", *(f"{name}.md" for name in names)}
    assert set(re.findall(r"\((\w+)\.md\)", pages["index.md"])) == names


def test_a_page_lists_its_columns_in_order() -> None:
    table = get_model("programme").table("pii_mrn")
    page = build_submission_pages()["pii_mrn.md"]
    assert "\nperson_id,health_system,MRN\n" in page
    assert re.findall(r"^\| `(\w+)`", page, re.MULTILINE) == list(table.columns)
    assert "| `person_id` | integer | yes | `person.person_id` |" in page


def test_required_and_optional_files_are_told_apart() -> None:
    index = build_submission_pages()["index.md"]
    required, identity, optional = re.split(r"^## ", index, flags=re.MULTILINE)[2:]
    assert "(16 files)" in required
    assert "[death.csv]" in required
    assert "[pii_mrn.csv]" in identity
    assert "[drug_era.csv]" in optional


def test_feeds_page_has_every_feed() -> None:
    page = build_feeds_page()
    assert all(f"(`{name}`)" in page for name in get_model("feeds").tables)


def test_the_page_of_dialects_says_how_each_differs() -> None:
    _, *sections = re.split(r"^## `", build_dialects_page(), flags=re.MULTILINE)
    by_name = {section.partition("`")[0]: section for section in sections}
    assert list(by_name) == ["programme", "omop-5.4", "omop-5.3", "sprint", "alpha"]
    assert "| `procedure_occurrence` | `qualifier_source_value` |" in by_name["sprint"]
    assert "| `drug_exposure` |  |  | `drug_exposure_end_date` |" in by_name["omop-5.3"]
    assert "at most 100 persons" in by_name["sprint"]
    assert "at most" not in by_name["alpha"]
    assert [name for name, text in by_name.items() if "1 January" in text] == ["sprint", "alpha"]


def test_lines_of_a_table_have_the_same_number_of_cells() -> None:
    for page in [*build_submission_pages().values(), build_feeds_page(), build_dialects_page()]:
        for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(cells) == 1


def test_stale_missing_and_left_over_pages_are_found(
    generate_docs: ModuleType, tmp_path: Path
) -> None:
    pages = generate_docs.render_pages()
    generate_docs.write_pages(tmp_path, pages)
    assert generate_docs.find_stale(tmp_path, pages) == []
    (tmp_path / "reference/feeds.md").write_text("by hand")
    (tmp_path / "reference/submission/death.md").unlink()
    (tmp_path / "reference/submission/horoscope.md").write_text(generate_docs.MARK)
    (tmp_path / "written-by-a-person.md").write_text("# Mine")
    stale = generate_docs.find_stale(tmp_path, pages)
    assert stale == [
        "reference/feeds.md",
        "reference/submission/death.md",
        "reference/submission/horoscope.md",
    ]
    generate_docs.write_pages(tmp_path, pages)
    assert generate_docs.find_stale(tmp_path, pages) == []
    assert (tmp_path / "written-by-a-person.md").exists()


def test_check_exits_1_until_the_pages_are_written(tmp_path: Path) -> None:
    def run(*options: str) -> int:
        command = [sys.executable, SCRIPT, "--docs", tmp_path, *options]
        return subprocess.run(command, check=False, capture_output=True).returncode

    assert run("--check") == 1
    assert not list(tmp_path.iterdir())
    assert run() == 0
    assert run("--check") == 0
