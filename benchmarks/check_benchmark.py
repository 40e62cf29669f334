"""Prepares the benchmarks of ``commonweal check``: files with planted faults, and who competes."""

import json
import os
import sys
from itertools import islice
from pathlib import Path

from benchmarks.harness import (
    COMMONWEAL,
    Benchmark,
    Contender,
    run_script,
    run_to_end,
)

PEER = "PEER_FILE_CHECK"
"""Environment variable: the checkout of aou-ehr-file-check to run beside ours."""
PEER_PYTHON = "PEER_PYTHON"
"""Environment variable: the Python that has its packages, else that of its ``.venv``."""
PEER_NAME = "aou-ehr-file-check"
PEER_ROWS = 3_000
"""The peer reads some hundred rows in a second."""
RECORDED_RATE = 188.0
"""Rows per CPU second of the peer on 200,000 valid measurements, measured in 2026."""
SMALL_ROWS = 1_000
REJECTED = 1
BAD_CELLS = ("type.", "required.")


def prepare_check(folder: Path, rows: int) -> Benchmark:
    """A file of measurements, one in ten thousand of whose cells is bad in every filled column."""
    return _prepare(folder, rows, "measurement", "Checking a file of measurements", "check")


def prepare_visits(folder: Path, rows: int) -> Benchmark:
    """A file of visits with twice as many rows: two dates and two times in three shapes."""
    return _prepare(folder, 2 * rows, "visit_occurrence", "Checking a file of visits", "visits")


def _prepare(folder: Path, rows: int, table: str, title: str, name: str) -> Benchmark:
    submission = folder / "submission"
    submission.mkdir()
    file = submission / f"{table}.csv"
    planted = int(run_to_end(run_script("check_file", "generate", table, str(file), str(rows))))
    small = _cut(file, folder / "small", SMALL_ROWS)
    ours = [COMMONWEAL, "check", str(submission), "--json", "-"]
    counted = _count_bad(run_to_end(ours, accepts=(REJECTED,)))
    if counted != planted:
        sys.exit(f"{planted:,} bad cells were planted, and {counted:,} counted.")
    peers = _find_peers(_cut(file, folder / "slice", PEER_ROWS))
    return Benchmark(
        name=name,
        title=title,
        rows=rows,
        contenders=[
            Contender("a bare Polars parse", run_script("check_file", "parse", str(file))),
            Contender("`commonweal check`", ours, ours=True, accepts=(REJECTED,)),
            *peers,
            Contender(
                f"`commonweal check` of {SMALL_ROWS:,} rows",
                [COMMONWEAL, "check", str(small)],
                ours=True,
                rows=SMALL_ROWS,
                accepts=(0, REJECTED),
            ),
        ],
        target="at most twice the CPU of the bare parse, at most 0.5 GB, less than a second for a "
        f"small folder, and 5,000 times the {RECORDED_RATE:.0f} rows per CPU second recorded of "
        f"{PEER_NAME} (ADR 33)",
        notes=f"The file holds {file.stat().st_size / 1e6:,.0f} MB and {planted:,} bad cells, all "
        "of which were counted. The bare parse reads every column as text with Polars' streaming "
        "engine. All figures include starting Python."
        + ("" if peers else f" {PEER_NAME} was not run: its figure was recorded elsewhere."),
        recorded={} if peers else {PEER_NAME: RECORDED_RATE},
    )


def _find_peers(slice_: Path) -> list[Contender]:
    checkout = os.environ.get(PEER)
    if not checkout:
        return []
    python = os.environ.get(PEER_PYTHON) or str(Path(checkout) / ".venv" / "bin" / "python")
    script = Path(__file__).with_name("peer_file_check.py")
    command = [python, str(script), checkout, str(slice_)]
    return [Contender(f"{PEER_NAME} on {PEER_ROWS:,} rows", command, rows=PEER_ROWS)]


def _cut(file: Path, folder: Path, rows: int) -> Path:
    """A folder with the first rows of a file."""
    folder.mkdir()
    with file.open("rb") as whole, (folder / file.name).open("wb") as part:
        part.writelines(islice(whole, rows + 1))
    return folder


def _count_bad(report: str) -> int:
    return sum(
        finding["count"]
        for file in json.loads(report)["files"]
        for finding in file["findings"]
        if finding["code"].startswith(BAD_CELLS)
    )
