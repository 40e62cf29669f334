"""The rules of one cell, case by case."""

import pytest

from commonweal.intake.check.exact import find_fault
from commonweal.schema.model import DataType, Field


def field(kind: DataType, *, required: bool = False, length: int | None = None) -> Field:
    return Field("cell", kind, required, primary_key=False, description="", length=length)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0", None),
        ("-17", None),
        ("+5", None),
        ("007", None),
        ("9223372036854775807", None),
        ("-9223372036854775808", None),
        ("00000000000000000000000000000009", None),
        ("9223372036854775808", "type.integer_range"),
        ("-9223372036854775809", "type.integer_range"),
        ("1" * 5000, "type.integer_range"),
        ("12.5", "type.integer"),
        ("12.0", "type.integer"),
        ("1e5", "type.integer"),
        (" 7 ", "type.integer"),
        ("3,000", "type.integer"),
        ("٣", "type.integer"),
        ("NULL", "type.integer"),
        ("-", "type.integer"),
    ],
)
def test_integer(text: str, code: str | None) -> None:
    assert find_fault(field(DataType.INTEGER), text) == code


@pytest.mark.parametrize("text", ["1", "1.", ".5", "-1.5e-3", "1E10", "+0.1"])
def test_float_accepts_numbers(text: str) -> None:
    assert find_fault(field(DataType.FLOAT), text) is None


@pytest.mark.parametrize("text", ["high", ">5", "1.2.3", "nan", "inf", "1e999", "1,5", " 1", "0x1"])
def test_float_refuses_everything_else(text: str) -> None:
    assert find_fault(field(DataType.FLOAT), text) == "type.float"


@pytest.mark.parametrize("text", ["2020-02-29", "0001-01-01", "9999-12-31"])
def test_date_accepts_the_calendar(text: str) -> None:
    assert find_fault(field(DataType.DATE), text) is None


@pytest.mark.parametrize(
    "text", ["2020-02-31", "2021-02-29", "01/02/2020", "2020-1-5", "20200105", "0000-01-01"]
)
def test_date_refuses_what_is_no_day(text: str) -> None:
    assert find_fault(field(DataType.DATE), text) == "type.date"


@pytest.mark.parametrize("separator", [" ", "T"])
@pytest.mark.parametrize("time", ["08:15", "08:15:59", "08:15:59.5", "08:15:59.123456"])
@pytest.mark.parametrize("zone", ["", "Z", " UTC", " America/New_York", "+0500", "-05:00"])
def test_timestamp_accepts_every_shape(separator: str, time: str, zone: str) -> None:
    text = f"2020-02-29{separator}{time}{zone}"
    assert find_fault(field(DataType.TIMESTAMP), text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-29",
        "2020-02-30 08:15:00",
        "2020-02-29 24:00:00",
        "2020-02-29 08:60",
        "2020-02-29 8:15",
        "2020-02-29  08:15",
        "2020-02-29 08:15:00 somewhere",
        "noon",
    ],
)
def test_timestamp_refuses_other_shapes(text: str) -> None:
    assert find_fault(field(DataType.TIMESTAMP), text) == "type.timestamp"


def test_seven_digits_of_a_second_are_a_warning_because_one_is_lost() -> None:
    text = "2020-02-29 08:15:00.1234567"
    assert find_fault(field(DataType.TIMESTAMP), text) == "type.timestamp_precision"


def test_empty_matters_only_where_a_value_is_required() -> None:
    assert find_fault(field(DataType.STRING, required=True), "") == "required.empty"
    assert find_fault(field(DataType.STRING, required=True), " \t\r\n") == "required.blank"
    assert find_fault(field(DataType.STRING, required=True), " x ") is None
    assert find_fault(field(DataType.STRING, required=False), " ") is None
    assert find_fault(field(DataType.INTEGER), "") is None


def test_length_counts_characters_and_not_bytes() -> None:
    short = field(DataType.STRING, length=3)
    assert find_fault(short, "äöü") is None
    assert find_fault(short, "äöüß") == "length.exceeded"


def test_na_is_a_name_and_no_missing_value() -> None:
    assert find_fault(field(DataType.STRING, required=True), "NA") is None
