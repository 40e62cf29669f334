"""Links lead somewhere, words are defined, and no page names a machine."""

import re
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
IGNORED = {".venv", "node_modules", "site", "build", "dist", ".hypothesis", ".pytest_cache"}
TEXTS = {".md", ".py", ".toml", ".txt", ".yml", ".yaml", ".json", ".html", ".cfg", ".npmrc"}


def find_files(*suffixes: str) -> list[Path]:
    """Files of the repository, without what is built or installed in it."""
    found = []
    for folder in [REPOSITORY, *(path for path in REPOSITORY.iterdir() if path.is_dir())]:
        if folder.name in IGNORED | {".git"}:
            continue
        files = folder.glob("*") if folder == REPOSITORY else folder.rglob("*")
        found += [file for file in files if file.is_file() and file.suffix in suffixes]
    return sorted(
        file for file in found if not IGNORED & set(file.parts) and "vendor" not in file.parts
    )


PAGES = find_files(".md")
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
MACHINE = re.compile(
    r"/(?:root|home/\w+|Users/\w+)/|/tmp/|127\.0\.0\.1:\d{5}|"
    # Any host that serves packages, whoever runs it, and an option that names one.
    r"https?://[\w.-]*(?:registry|mirror|index|packages?|hosted)[\w.-]*\.\w+|--\S*index.url"
)
MAY_NAME_FOLDERS = {"tests/docs/test_pages.py"}


def find_anchor(heading: str) -> str:
    """The anchor the manual gives a heading."""
    words = re.sub(r"[^\w\s-]", "", heading.replace("`", "").lower())
    return re.sub(r"[\s-]+", "-", words.strip())


def find_broken_links(page: Path) -> list[str]:
    """Relative links whose file, or whose heading in it, does not exist."""
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        file = page.parent / target if target else page
        if re.match(r"[a-z]+:", link):
            continue
        if not file.exists():
            broken.append(link)
        elif anchor:
            headings = HEADING.findall(file.read_text(encoding="utf-8"))
            broken += [link] if anchor not in map(find_anchor, headings) else []
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert find_broken_links(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](missing.md) [b](page.md#here) [c](#there) [d](https://x.example)")
    assert find_broken_links(page) == ["missing.md", "#there"]


def test_no_file_names_a_machine_or_a_registry() -> None:
    named = {
        file.relative_to(REPOSITORY).as_posix(): sorted(set(found))
        for file in find_files(*TEXTS)
        if (found := MACHINE.findall(file.read_text(encoding="utf-8")))
    }
    assert {file: found for file, found in named.items() if file not in MAY_NAME_FOLDERS} == {}


def read_glossary() -> list[str]:
    text = (REPOSITORY / "GLOSSARY.md").read_text(encoding="utf-8")
    return re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)


def test_glossary_is_sorted_and_defines_each_word_once() -> None:
    words = read_glossary()
    assert words == sorted(set(words))


def test_glossary_has_the_words_of_the_field() -> None:
    words = """site, data steward, curator, researcher, reviewer, submission, check, finding,
        metric, stage, rule, evidence, person, participant, concept, domain, vocabulary,
        concept set, release, tier, cohort definition, cohort, cohort review, dataset, workspace,
        research purpose, access module, snapshot tile, feed, vault, publishing store"""
    assert {word.strip() for word in words.split(",")} <= set(read_glossary())


def test_every_decision_is_in_the_list_and_in_form() -> None:
    folder = REPOSITORY / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    records = sorted(folder.glob("0*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        title = text.splitlines()[0]
        assert title == f"# {int(record.name[:4])}. {title.partition('. ')[2]}"
        assert f"({record.name})" in index
        assert "**Status:**" in text
        sections = ["Context", "Decision", "Consequences"]
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == sections, record.name
        assert 180 <= len(text.split()) <= 350, f"{record.name}: about 250 words"


def test_every_test_that_security_names_exists() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests)/[\w/.]+)`", text)
    assert len(named) > 10
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(
            r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert {"demo", "test", "check"} <= named <= targets


def test_the_manual_asks_no_other_server() -> None:
    settings = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    assert settings["theme"]["font"] is False
    assert not {"extra_css", "extra_javascript"} & set(settings)
