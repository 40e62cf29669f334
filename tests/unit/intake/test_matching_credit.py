"""Credit: which participants count, from which submissions, and in which band a rate is."""

from pathlib import Path

import polars as pl
import pytest

from commonweal.intake.matching.credit import (
    Band,
    Rate,
    Records,
    build_credit,
    find_persons_with_records,
    get_rules,
    read_in_person,
)
from commonweal.intake.matching.sent import Sent
from commonweal.schema.model import get_model

STANDING = pl.DataFrame(
    [
        (1, "prairie", None),
        (2, "prairie", None),
        (3, "prairie", "withdrawn"),
        (4, "redrock", None),
        (5, None, None),
    ],
    {"participant_id": pl.Int64, "site": pl.String, "barrier": pl.String},
    orient="row",
)
NOBODY = pl.Series("participant_id", [], pl.Int64)


def records(*persons: int) -> Records:
    return Records("s1", pl.Series("person_id", persons, pl.Int64))


def people(*ids: int) -> pl.Series:
    return pl.Series("participant_id", ids, pl.Int64)


def test_a_site_is_credited_for_its_own_eligible_participants_with_records() -> None:
    prairie, redrock = build_credit(
        STANDING, {"prairie": records(1, 3, 4, 5, 99)}, people(1, 2, 3, 4)
    )
    assert (prairie.site, redrock.site) == ("prairie", "redrock")
    assert prairie.dtr_a == Rate(1, 2)
    assert prairie.dtr_b == Rate(1, 2)
    assert redrock.dtr_a == Rate(0, 1)
    assert (prairie.submission, redrock.submission) == ("s1", None)


def test_the_second_rate_is_of_those_seen_in_person() -> None:
    (prairie, _) = build_credit(STANDING, {"prairie": records(1)}, people(2))
    assert prairie.dtr_b == Rate(0, 1)
    (prairie, _) = build_credit(STANDING, {"prairie": records(1)}, NOBODY)
    assert prairie.dtr_b.to_json() == {
        "numerator": 0,
        "denominator": 0,
        "value": None,
        "band": None,
    }


def test_a_site_without_participants_has_no_rate() -> None:
    found = build_credit(STANDING, {"elsewhere": records(1)}, NOBODY)
    elsewhere = found[0]
    assert (elsewhere.site, elsewhere.dtr_a.value) == ("elsewhere", None)


def test_the_json_holds_counts_and_no_id() -> None:
    prairie = build_credit(STANDING, {"prairie": records(1, 2)}, people(1))[0].to_json()
    assert (prairie["eligible"], prairie["with_records"]) == (2, 2)
    assert (prairie["in_person"], prairie["in_person_with_records"]) == (1, 1)
    assert prairie["dtr_a"]["band"] == "meets"


@pytest.mark.parametrize(
    ("numerator", "denominator", "band"),
    [
        (0, 10, Band.NOT_MET),
        (69_999, 100_000, Band.NOT_MET),
        (7, 10, Band.APPROACHING),
        (9, 10, Band.APPROACHING),
        (90_001, 100_000, Band.MEETS),
        (10, 10, Band.MEETS),
        (0, 0, None),
    ],
)
def test_bands_end_where_they_are_declared(
    numerator: int, denominator: int, band: Band | None
) -> None:
    assert Rate(numerator, denominator).band == band


def test_a_row_in_any_of_nine_tables_is_a_record(tmp_path: Path) -> None:
    model = get_model("programme")
    assert len(get_rules().tables) == 9
    files = {}
    tables = (*get_rules().tables, "person", "visit_detail")
    for person, name in enumerate(tables, start=1):
        columns = model.table(name).columns
        cells = [str(person) if column == "person_id" else "" for column in columns]
        files[name] = tmp_path / f"{name}.csv"
        files[name].write_text(f"{','.join(columns)}\n{','.join(cells)}\n")
    found = find_persons_with_records(Sent(model, files))
    assert found.to_list() == list(range(1, 10))
    without = {name: file for name, file in files.items() if name in ("person", "death")}
    assert find_persons_with_records(Sent(model, without)).to_list() == [2]


def test_in_person_is_a_measurement_on_site_or_a_sample_that_came(tmp_path: Path) -> None:
    measured = pl.DataFrame(
        {"participant_id": [1, 2, 1], "collected": ["on_site", "self_reported", "on_site"]}
    )
    sampled = pl.DataFrame(
        {"participant_id": [3, 4, 5], "status": ["received", "not_received", "disposed"]}
    )
    files = tmp_path / "m.parquet", tmp_path / "s.parquet"
    measured.write_parquet(files[0])
    sampled.write_parquet(files[1])
    assert read_in_person(*files).to_list() == [1, 3, 5]
