"""A submission compared with the programme's participants, against a bare parse of its files.

As a script it does one contender's work: ``match FOLDER FEEDS`` or ``parse FOLDER``.
"""

import sys
from pathlib import Path

import polars as pl

from commonweal.intake.matching.matched import match_sent, read_programme_side
from commonweal.intake.matching.sent import Sent
from commonweal.schema.model import get_model


def match(folder: Path, feeds: Path) -> None:
    """Compare accepted files with a snapshot, and print how many persons were compared."""
    sent = Sent(get_model("programme"), {file.stem: file for file in folder.iterdir()})
    programme = read_programme_side({file.stem: file for file in feeds.glob("*.parquet")})
    print(match_sent(sent, programme).identities.height)


def parse(folder: Path) -> None:
    """Read every cell of every CSV file as text, and do nothing with it."""
    for file in folder.glob("*.csv"):
        rows = pl.scan_csv(file, infer_schema=False)
        rows.select(pl.all().count()).collect(engine="streaming")


if __name__ == "__main__":
    if sys.argv[1] == "match":
        match(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        parse(Path(sys.argv[2]))
