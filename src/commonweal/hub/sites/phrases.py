"""English sentences of the data files and of the intake, in the reader's language.

What the product declares as data, such as metrics, steps and findings, is in English for the
command line. The catalogues of the pages hold its sentences too: whole, or as templates, whose
filled-in copies are recognised by what stands around the gaps and filled in anew. A sentence
that nobody knows stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from string import Formatter

from django.utils.translation import gettext, ngettext

from commonweal.hub.common.numbers import show_number
from commonweal.hub.sites.purposes import PURPOSE_NAMES
from commonweal.hub.sites.sentences import DETAILS, SENTENCES
from commonweal.intake.findings import all_kinds
from commonweal.intake.lifecycle.reasons import Reason
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.onboarding import list_steps
from commonweal.intake.purposes import DIALECTS
from commonweal.intake.sprint.plan import list_weeks
from commonweal.quality.metrics.definition import all_bands, all_metrics, read_list
from commonweal.quality.metrics.value import Status
from commonweal.schema.model import get_model

_GAP = r"(?P<{name}>.+?)"
_QUOTED = re.compile("“(.+?)”")
_NUMBER = re.compile(r"(\d+[.,][\d.,]*\d|\d+(?=%))(%?)", re.ASCII)
"""One that is written as English does; a year or a code is not."""


def say(text: str) -> str:
    """A text of a declaration; nothing for nothing, which catalogues use for themselves."""
    return gettext(text) if text else ""


def say_filled(template: str, text: str, **facts: str) -> str:
    """A filled-in template; ``facts`` are put in place of what stands in its gaps.

    Text that does not come from the template is returned as it is.
    """
    found = _compile(template).fullmatch(text)
    if found is None:
        return text
    gaps = {name: _say_gap(name, value) for name, value in found.groupdict().items()}
    return gettext(template).format(**gaps | facts)


def say_sentence(text: str) -> str:
    """A sentence of the intake, by the first template that fits it."""
    template = find_template(text, SENTENCES)
    return say(text) if template is None else say_filled(template, text)


def say_detail(text: str) -> str:
    """What stands in a gap: words where they are known, else a name that is nobody's language.

    Several are joined by semicolons, and names of steps stand in quotation marks.
    """
    if "; " in text:
        return "; ".join(map(say_detail, text.split("; ")))
    if number := _NUMBER.fullmatch(text):
        shown = show_number(Decimal(number[1].replace(",", "")))
        return f"{shown} %" if number[2] else shown
    template = find_template(text, DETAILS)
    if template is None:
        return _QUOTED.sub(lambda found: f"“{say(found[1])}”", text)
    return say_filled(template, text)


def _say_gap(name: str, value: str) -> str:
    """What a gap holds; steps and purposes are always named by words of ours."""
    if name == "step":
        return say(value)
    if name == "purpose" and value in PURPOSE_NAMES:
        return str(PURPOSE_NAMES[value]).lower()
    return say_detail(value)


def find_template(text: str, templates: Iterable[str]) -> str | None:
    """The first template that a text can have come from."""
    return next((t for t in templates if _compile(t).fullmatch(text)), None)


def say_counts(count: int) -> Mapping[str, str]:
    """The gaps of a finding's sentences that hold a count with its noun."""
    shown = {"n": show_number(count)}
    return {
        "cells": ngettext("%(n)s cell", "%(n)s cells", count) % shown,
        "rows": ngettext("%(n)s row", "%(n)s rows", count) % shown,
        "lines": ngettext("%(n)s line", "%(n)s lines", count) % shown,
    }


def say_kinds(errors: int, warnings: int) -> Mapping[str, str]:
    """The gaps of a mail's sentences that hold how many kinds of finding a check made."""
    error = ngettext("%(n)s kind of error", "%(n)s kinds of error", errors)
    warning = ngettext("%(n)s kind of warning", "%(n)s kinds of warning", warnings)
    return {
        "errors": error % {"n": show_number(errors)},
        "warnings": warning % {"n": show_number(warnings)},
    }


def name_event(event: str) -> str:
    """What happened to a submission, in words."""
    return say(_spell_event(event))


def list_texts() -> Iterator[tuple[str, str]]:
    """Every text that the catalogues have to hold, with where it comes from."""
    sources: Mapping[str, Iterable[str]] = {
        "quality/metrics/data": _list_texts_of_metrics(),
        "intake/data/onboarding.toml": _list_parts(list_steps(), "title", "text"),
        "intake/sprint/data/goals.toml": _list_parts(list_weeks(), "title"),
        "intake/data/findings.toml": _list_parts(
            all_kinds().values(), "title", "message", "meaning", "fix"
        ),
        "intake/lifecycle/data/states.toml": map(_spell_event, get_states().transitions),
        "schema": _list_parts(map(get_model, DIALECTS), "title"),
        "sites/sentences.py": (*map(str, Status), *map(str, Reason), *SENTENCES, *DETAILS),
    }
    return ((place, text) for place, texts in sources.items() for text in texts)


def _list_texts_of_metrics() -> Iterator[str]:
    asked = ("title", "group", "asks", "target", "advice")
    yield from _list_parts(all_metrics().values(), *asked)
    for bands in all_bands().values():
        yield from _list_parts(bands, "words")
    yield from (row["name"] for row in read_list("drug_classes.csv"))
    yield from (row["measurement"] for row in read_list("physical_measurements.csv"))


def _list_parts(declared: Iterable[object], *names: str) -> Iterator[str]:
    return (str(getattr(one, name)) for one in declared for name in names)


def _spell_event(event: str) -> str:
    return event.replace("_", " ").capitalize()


@cache
def _compile(template: str) -> re.Pattern[str]:
    """The template as a pattern; a gap that is there twice holds the same both times."""
    seen: set[str] = set()
    parts: list[str] = []
    for literal, name, _form, _conversion in Formatter().parse(template):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else _GAP.format(name=name))
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)
