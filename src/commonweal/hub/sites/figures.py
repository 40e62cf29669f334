"""What metrics counted, in the reader's language."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from commonweal.hub.common.numbers import show_number
from commonweal.hub.sites.phrases import say, say_detail
from commonweal.quality.metrics.definition import Kind, read_list
from commonweal.quality.metrics.value import MetricValue

NOUNS: Mapping[str, Any] = {
    "rows": ngettext_lazy("%(n)s row", "%(n)s rows", "count"),
    "persons": ngettext_lazy("%(n)s person", "%(n)s persons", "count"),
    "dates": ngettext_lazy("%(n)s date", "%(n)s dates", "count"),
    "labs": ngettext_lazy("%(n)s lab", "%(n)s labs", "count"),
    "components": ngettext_lazy("%(n)s component", "%(n)s components", "count"),
    "classes": ngettext_lazy("%(n)s class", "%(n)s classes", "count"),
    "cells": ngettext_lazy("%(n)s cell", "%(n)s cells", "count"),
}
"""What a site has to look at, by what its metric counts."""


def show_concerned(value: MetricValue) -> str:
    """What the site has to look at, such as 201 rows."""
    if value.concerned is None:
        return ""
    shown = {"count": value.concerned, "n": show_number(value.concerned)}
    return str(NOUNS[value.definition.of] % shown)


def show_made_of(value: MetricValue) -> str:
    """What the value was made of, such as 1,586 of 1,787."""
    if value.numerator is None or value.denominator is None:
        return ""
    part, whole = (
        show_number(Decimal(f"{number:.10g}")) for number in (value.numerator, value.denominator)
    )
    if value.definition.kind is Kind.MEAN:
        return f"{part} / {whole}"
    return _("%(part)s of %(whole)s") % {"part": part, "whole": whole}


def name_part(part: str) -> str:
    """The part of a table that a value is about; a column keeps its name."""
    named = {row["name"] for row in read_list("drug_classes.csv")}
    named |= {row["measurement"] for row in read_list("physical_measurements.csv")}
    return say(part) if part in named else say_detail(part)
