"""Write the pages of the manual that are made from declarations, or check that they are fresh.

``python scripts/generate_docs.py`` writes; ``--check`` writes nothing and exits 1 when a
committed page differs, is missing or is left over.

To add pages: a function that renders one page goes into ``PAGES`` with its path, one that
renders a folder of pages (file name to text) into ``FOLDERS``.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from commonweal.cli.manual import build_command_page
from commonweal.curation.pages import build_rule_pages
from commonweal.intake.findings import build_finding_pages
from commonweal.intake.lifecycle.states import build_states_page
from commonweal.quality.metrics.pages import build_metric_pages
from commonweal.schema.specification import (
    build_ddl_page,
    build_feeds_page,
    build_submission_pages,
)
from commonweal.synthetic.dirt.pages import build_recipe_page
from commonweal.synthetic.ehr.pages import build_effects_page
from commonweal.vocabulary.abridged import read_names

DOCS = Path(__file__).resolve().parents[1] / "docs"
MARK = "<!-- Made by scripts/generate_docs.py; change what it is made from, not this page. -->\n"

PAGES: Sequence[tuple[str, Callable[[], str]]] = [
    ("reference/cli.md", build_command_page),
    ("reference/feeds.md", build_feeds_page),
    ("reference/release-sql.md", build_ddl_page),
    ("reference/submission-states.md", build_states_page),
    ("reference/synthetic/effects.md", lambda: build_effects_page(read_names())),
    ("reference/synthetic/recipes.md", build_recipe_page),
]
FOLDERS: Sequence[tuple[str, Callable[[], Mapping[str, str]]]] = [
    ("reference/findings", build_finding_pages),
    ("reference/metrics", build_metric_pages),
    ("reference/rules", build_rule_pages),
    ("reference/submission", build_submission_pages),
]


def render_pages() -> dict[str, str]:
    """Every generated page: path below ``docs`` to its full text."""
    texts = {path: render() for path, render in PAGES}
    for folder, render in FOLDERS:
        texts |= {f"{folder}/{name}": text for name, text in render().items()}
    return {path: f"{MARK}\n{text}" for path, text in texts.items()}


def find_stale(docs: Path, pages: Mapping[str, str]) -> list[str]:
    """Paths of pages that differ from what would be written, and of left-over ones."""
    changed = [path for path, text in pages.items() if _read(docs / path) != text]
    return sorted([*changed, *(_left_over(docs, pages))])


def write_pages(docs: Path, pages: Mapping[str, str]) -> None:
    """Write every page and remove generated ones that nothing makes any more."""
    for path, text in pages.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(text, encoding="utf-8")
    for path in _left_over(docs, pages):
        (docs / path).unlink()


def _left_over(docs: Path, pages: Mapping[str, str]) -> list[str]:
    made = (file for file in docs.rglob("*.md") if _read(file).startswith(MARK))
    return [path for file in made if (path := file.relative_to(docs).as_posix()) not in pages]


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def main() -> int:
    """Write or check; the exit code says whether the committed pages were fresh."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of the manual")
    options = parser.parse_args()
    pages = render_pages()
    stale = find_stale(options.docs, pages)
    if not options.check:
        write_pages(options.docs, pages)
        print(f"{len(pages)} pages made, {len(stale)} of them changed")
        return 0
    for path in stale:
        print(f"docs/{path} is not what the declarations say; run make fix", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
