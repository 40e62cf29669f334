"""Ids of releases are read, ordered and numbered."""

from datetime import date

import pytest

from commonweal.release.identifier import find_id, next_id, parse_id
from commonweal.schema.errors import CommonwealError


@pytest.mark.parametrize("text", ["R2026Q4R1", "C2030Q1R12", "S2026Q2R3"])
def test_an_id_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_id(text)) == text


@pytest.mark.parametrize(
    "text", ["", "r2026Q4R1", "R2026Q5R1", "R2026Q4R0", "R2026Q4R1 ", "R26Q4R1", "R2026Q4"]
)
def test_anything_else_is_no_id(text: str) -> None:
    assert find_id(text) is None
    with pytest.raises(CommonwealError, match="not the id of a release"):
        parse_id(text)


def test_revisions_count_within_tier_and_quarter() -> None:
    known = [parse_id(text) for text in ("R2026Q4R1", "R2026Q4R10", "C2026Q4R20", "R2026Q3R30")]

    assert str(next_id("R", date(2026, 10, 1), known)) == "R2026Q4R11"
    assert str(next_id("R", date(2026, 12, 31), [])) == "R2026Q4R1"
    assert str(next_id("R", date(2026, 3, 31), known)) == "R2026Q1R1"


def test_the_tenth_revision_is_newer_than_the_ninth() -> None:
    assert parse_id("R2026Q4R10") > parse_id("R2026Q4R9")
    assert parse_id("R2027Q1R1") > parse_id("R2026Q4R10")
