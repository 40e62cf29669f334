"""Run every check of the house, one after the other, and say how many failed.

A failing step does not stop the later ones: whoever mends the code wants the whole list.
The output of a step is shown only when it fails.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PYTHON = sys.executable
SETTINGS = "commonweal.hub.settings.worker"


@dataclass(frozen=True)
class Step:
    """One check: what it establishes, the command, and how to mend a failure."""

    name: str
    command: tuple[str, ...]
    fix: str = ""


STEPS = (
    Step("format", (str(BIN / "ruff"), "format", "--check", "."), "make fix"),
    Step("lint", (str(BIN / "ruff"), "check", "."), "make fix"),
    Step("types", (str(BIN / "mypy"),)),
    Step("layers", (str(BIN / "lint-imports"), "--no-logo")),
    Step("size budget, locks, house rules", (PYTHON, "-m", "pytest", "-q", "tests/unit/house")),
    Step("generated documents", (PYTHON, "scripts/generate_docs.py", "--check"), "make fix"),
    Step("translations", (PYTHON, "scripts/build_translations.py", "--check"), "make fix"),
    Step(
        "migrations",
        (PYTHON, "-m", "django", "makemigrations", "--check", "--dry-run", "--settings", SETTINGS),
        "commonweal manage makemigrations",
    ),
)


def run_step(step: Step, home: Path) -> bool:
    """Run one step and report it on a line; its output follows when it failed."""
    environment = os.environ | {"COMMONWEAL_HOME": str(home)}
    began = time.monotonic()
    result = subprocess.run(
        step.command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    passed = result.returncode == 0
    seconds = time.monotonic() - began
    print(f"{'ok  ' if passed else 'FAIL'}  {step.name} ({seconds:.0f} s)", flush=True)
    if not passed:
        print(result.stdout + result.stderr, flush=True)
        if step.fix:
            print(f"      To mend it: {step.fix}", flush=True)
    return passed


def main() -> None:
    """Run all steps; the exit code is 1 when any failed."""
    with tempfile.TemporaryDirectory() as home:
        failed = [step.name for step in STEPS if not run_step(step, Path(home))]
    if failed:
        sys.exit(f"{len(failed)} of {len(STEPS)} checks failed: {', '.join(failed)}.")
    print(f"All {len(STEPS)} checks passed.")


if __name__ == "__main__":
    main()
