"""Measure what finds the faults of every recipe, and write the page of the manual about it.

``python scripts/measure_recall.py`` takes a few seconds. A test of the suite measures again
and compares, so the page cannot grow old unnoticed.
"""

import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.recall import PAGE, build_recall_page, measure_recall  # noqa: E402  (after the path)


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory() as folder:
        page = build_recall_page(measure_recall(Path(folder)))
    (REPOSITORY / PAGE).write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
