"""How values of metrics are written for people."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from commonweal.quality.metrics.definition import Concerned, Kind
from commonweal.quality.metrics.value import MetricValue

TENTH = Decimal("0.1")
Write = Callable[[Decimal], str]
"""How a number is written, digits and all."""
SINGULAR = {"classes": "class"}


def write_english(number: Decimal) -> str:
    """A number such as 1,586.5."""
    return f"{number:,}"


def show_value(value: MetricValue, write: Write = write_english) -> str:
    """The value, such as ``88.7 %``; a dash where there is none.

    A share is never rounded over its target: failures are rounded up, everything else down.
    """
    if value.value is None:
        return "–"
    match value.definition.kind:
        case Kind.SHARE:
            return f"{write(_per_cent(value))} %"
        case Kind.COUNT:
            return write(Decimal(f"{value.value:.0f}"))
        case Kind.MEAN:
            return _mean(value, write)


def show_concerned(value: MetricValue) -> str:
    """What the site has to look at, such as ``201 rows``."""
    if value.concerned is None:
        return ""
    noun = value.definition.of
    one = SINGULAR.get(noun, noun.removesuffix("s"))
    return f"{value.concerned:,} {one if value.concerned == 1 else noun}"


def show_fraction(value: MetricValue) -> str:
    """What the value was made of, such as ``1,586 of 1,787``."""
    if value.numerator is None or value.denominator is None:
        return ""
    between = "/" if value.definition.kind is Kind.MEAN else "of"
    return f"{value.numerator:,.10g} {between} {value.denominator:,.10g}"


def show_place(value: MetricValue) -> str:
    """The table and the part of it that the value is about."""
    return ", ".join(filter(None, (value.table, value.part))) or "overall"


def warn_abridged() -> str:
    """What stands beside a value where the vocabulary is the abridged one."""
    return (
        "The abridged vocabulary of the product is in force. It lacks most concepts, and what it "
        "lacks counts as unknown here: load a full vocabulary before you judge mappings by it."
    )


def _per_cent(value: MetricValue) -> Decimal:
    is_failure = value.definition.concerned is Concerned.COUNTED
    exact = Decimal(repr(value.value)) * 100
    rounded = exact.quantize(TENTH, ROUND_CEILING if is_failure else ROUND_FLOOR)
    whole = rounded.to_integral_value()
    return whole if whole == rounded else rounded


def _mean(value: MetricValue, write: Write) -> str:
    """The average of shares is one; other averages have two decimals."""
    if value.definition.of == "metrics":
        return f"{write(_per_cent(value))} %"
    return write(Decimal(f"{value.value:.2f}"))
