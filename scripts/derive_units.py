"""Derive ``synthetic/data/unit_spellings.csv`` from the real spellings of units.

``python scripts/derive_units.py FOLDER`` reads ``survey_codebook/unit_map.parquet`` (3,319
spellings of units and the concept of each, from the CSV files of the data browser of All of Us)
and ``vocabulary_shard/concept.parquet`` below the folder of real data, and writes the facts.

Only spellings of the units of ``UNITS`` are taken, only those that stand for one unit in the
whole list, and none that is the UCUM code itself. Some of the list are slips of whoever made
it: ``SLIPS`` names those of our units.
"""

import argparse
import csv
from pathlib import Path

import polars as pl

FACTS = Path(__file__).resolve().parents[1] / "src/commonweal/synthetic/data/unit_spellings.csv"
UNITS = (
    "%", "/[HPF]", "/min", "/uL", "10*-3.[iU]/L", "10*-3.eq/L", "10*-6.[iU]/mL", "10*12/L",
    "10*3/uL", "10*6/uL", "10*9/L", "Cel", "[U]/L", "[degF]", "[iU]/L", "[in_us]", "[lb_us]", "cm",
    "fL", "g/L", "g/dL", "kg", "kg/m2", "mL/min", "mg/L", "mg/dL", "mm/h", "mm[Hg]", "mmol/L",
    "mosm/kg", "ng/dL", "ng/mL", "nmol/L", "pg", "pg/mL", "s", "ug/L", "ug/dL", "ug/mL", "umol/L",
)  # fmt: skip
"""UCUM codes, as OMOP writes them, of what laboratories and clinics measure in."""
SLIPS = frozenset(
    {"/second", "10/UL", "M/ml", "MIUML", "X10E+09/L", "[U]/dL", "m[IU]/mL", "unit per deciliter"}
)
MOST_CHARACTERS = 50
"""As many as the column of the model holds."""


def derive(folder: Path) -> pl.DataFrame:
    """Columns unit_concept_id, ucum, spelling; in the order of the first and the last."""
    concepts = (
        pl.read_parquet(folder / "vocabulary_shard" / "concept.parquet")
        .filter(pl.col("vocabulary_id") == "UCUM", pl.col("concept_code").is_in(UNITS))
        .select(pl.col("concept_id").cast(pl.Int64).alias("unit_concept_id"), ucum="concept_code")
    )
    spelled = (
        pl.read_parquet(folder / "survey_codebook" / "unit_map.parquet")
        .select(
            pl.col("unit_concept_id").cast(pl.Int64),
            spelling=pl.col("unit_source_value").str.strip_chars(),
        )
        .unique()
    )
    alone = spelled.filter(pl.col("spelling").is_unique())
    return (
        alone.join(concepts, on="unit_concept_id")
        .filter(
            pl.col("spelling") != pl.col("ucum"),
            pl.col("spelling").str.contains(r"^[ -~]+$"),
            pl.col("spelling").str.len_chars() <= MOST_CHARACTERS,
            ~pl.col("spelling").is_in(SLIPS),
        )
        .select("unit_concept_id", "ucum", "spelling")
        .sort("unit_concept_id", "spelling")
    )


def main() -> None:
    """Write the facts and say how many there are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of the real data")
    facts = derive(parser.parse_args().folder)
    with FACTS.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([facts.columns, *facts.iter_rows()])
    units = facts["unit_concept_id"].n_unique()
    print(f"{facts.height} spellings of {units} units")


if __name__ == "__main__":
    main()
