"""Write the locks: every version in use, with the hashes of its files.

``make lock`` runs this after a change to the dependencies in ``pyproject.toml``; a test
(``tests/unit/house/test_locks.py``) fails when it was forgotten. Versions already locked
are kept unless ``--upgrade`` is given.

A lock is universal: it holds for every system and for Python 3.11 and later, and it names
no registry, so that a mirror inside a hospital works as well as the public one.
"""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LOCKS = {
    "runtime": [],
    "demo": ["--extra", "demo", "--group", "build"],
    "dev": ["--extra", "demo", "--extra", "sftp", "--group", "dev"],
}
"""What each lock holds beyond the runtime dependencies; each is a superset of the one before."""


def write_lock(name: str, *, constraint: Path | None, upgrade: bool) -> Path:
    """Resolve one lock, agreeing with ``constraint`` where both name a package."""
    lock = REPOSITORY / "requirements" / f"{name}.txt"
    command = [
        *[sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"],
        *["--universal", "--python-version", "3.11", "--generate-hashes"],
        *["--no-header", "--no-annotate", "--output-file", str(lock)],
        *LOCKS[name],
        *(["--constraint", str(constraint)] if constraint else []),
        *(["--upgrade"] if upgrade else []),
    ]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    return lock


def main() -> None:
    """Write the largest lock first; the smaller ones take their versions from it."""
    largest = write_lock("dev", constraint=None, upgrade="--upgrade" in sys.argv)
    for name in ("demo", "runtime"):
        write_lock(name, constraint=largest, upgrade=True)


if __name__ == "__main__":
    main()
