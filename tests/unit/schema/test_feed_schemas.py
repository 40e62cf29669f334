"""A snapshot of feeds is refused unless it is exactly what is declared."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonweal.schema.arrow import arrow_schema
from commonweal.schema.errors import CommonwealError
from commonweal.schema.feeds import check_feeds, find_feed_files
from commonweal.schema.model import get_model


@pytest.fixture
def schemas() -> dict[str, pa.Schema]:
    return {name: arrow_schema(table) for name, table in get_model("feeds").tables.items()}


def test_declared_schemas_pass(schemas: dict[str, pa.Schema]) -> None:
    check_feeds(schemas)


def test_every_fault_is_named_at_once(schemas: dict[str, pa.Schema]) -> None:
    del schemas["biosample"]
    schemas["horoscope"] = pa.schema([("sign", pa.string())])
    participant = schemas["participant"]
    participant = participant.remove(participant.get_field_index("site"))
    at = participant.get_field_index("birth_date")
    schemas["participant"] = participant.set(at, pa.field("birth_date", pa.string())).append(
        pa.field("shoe_size", pa.int64())
    )
    with pytest.raises(CommonwealError) as caught:
        check_feeds(schemas)
    for fault in (
        "feed biosample is missing",
        "feed horoscope is unknown",
        "column participant.site is missing",
        "column participant.birth_date is string, not date32[day]",
        "column participant.shoe_size is unknown",
    ):
        assert fault in caught.value.found


def test_files_of_a_snapshot_are_found(schemas: dict[str, pa.Schema], tmp_path: Path) -> None:
    for name, schema in schemas.items():
        pq.write_table(schema.empty_table(), tmp_path / f"{name}.parquet")
    assert find_feed_files(tmp_path) == {n: tmp_path / f"{n}.parquet" for n in sorted(schemas)}


def test_no_folder_and_no_parquet_are_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="There is no folder of feeds"):
        find_feed_files(tmp_path / "absent")
    (tmp_path / "participant.parquet").write_bytes(b"\x89PNG")
    with pytest.raises(CommonwealError, match=r"participant\.parquet is not a Parquet file"):
        find_feed_files(tmp_path)
