"""What looks like a date, address or number is hardly ever a code of a vocabulary."""

import re

import pyarrow.parquet as pq

from commonweal.intake.deidentify.identity import PATTERNS
from commonweal.vocabulary.abridged import list_shipped


def test_codes_of_vocabularies_are_not_taken_for_dates_or_numbers() -> None:
    codes = [
        code
        for file in list_shipped()["concept"]
        for code in pq.read_table(file, columns=["concept_code"])["concept_code"].to_pylist()
    ]
    shapes = [re.compile(pattern) for pattern in PATTERNS]
    taken = [code for code in codes if any(shape.search(code) for shape in shapes)]
    assert len(codes) > 40_000
    assert len(taken) <= len(codes) // 10_000, taken
