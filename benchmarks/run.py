"""``make bench``: measure against the peers and write one page for each into docs/benchmarks.

``make bench ARGS="check --rows 10000000 --runs 5"`` picks one and sets its size.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import (
    REPOSITORY,
    Benchmark,
    Contender,
    render_report,
    run_benchmark,
)

COMMONWEAL = str(Path(sys.executable).with_name("commonweal"))


def run_script(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our contenders in a process of its own."""
    return [sys.executable, "-m", f"benchmarks.{module}", *arguments]


def prepare_check(folder: Path, rows: int) -> Benchmark:
    """One valid file of measurements, checked whole."""
    submission = folder / "submission"
    submission.mkdir()
    file = submission / "measurement.csv"
    subprocess.run(
        run_script("check_file", "generate", str(file), str(rows)), cwd=REPOSITORY, check=True
    )
    return Benchmark(
        name="check",
        title="Checking a file of measurements",
        rows=rows,
        contenders=[
            Contender("a bare Polars parse", run_script("check_file", "parse", str(file))),
            Contender("`commonweal check`", [COMMONWEAL, "check", str(submission)], ours=True),
        ],
        target="at most twice the CPU of the bare parse, at most 0.5 GB",
        notes=f"The file holds {file.stat().st_size / 1e6:.0f} MB and no fault. Both figures "
        "include starting Python, which weighs more the smaller the file is.",
    )


PREPARE: dict[str, Callable[[Path, int], Benchmark]] = {"check": prepare_check}


def main() -> None:
    """Run the benchmarks that were asked for and write their pages."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(PREPARE)}; all when empty")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the input")
    parser.add_argument("--runs", type=int, default=3, help="measured rounds")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "benchmarks")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PREPARE):
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; there are {list(PREPARE)}")
    for name in options.names or PREPARE:
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            benchmark = PREPARE[name](Path(folder), options.rows)
            report = render_report(benchmark, run_benchmark(benchmark, options.runs), options.runs)
        today = datetime.now(UTC).date()
        options.out.mkdir(parents=True, exist_ok=True)
        page = options.out / f"{today}-{name}.md"
        page.write_text(report, encoding="utf-8")
        print(report)


if __name__ == "__main__":
    main()
