"""The cohort builder's draft: what a form says, and the definition it means."""

import pytest
from django.http import QueryDict

from commonweal.hub.workbench.draft import (
    Draft,
    Line,
    Mode,
    build_definition,
    find_line,
    read_lines,
)
from commonweal.hub.workbench.forms import BuilderForm, DefinitionForm
from commonweal.hub.workbench.presenters import build_age_by_sex, build_races
from commonweal.query.count import Stratum
from commonweal.query.definition import Domain

WANTED = Line(Mode.INCLUDE, Domain.CONDITION, 201826)
UNWANTED = Line(Mode.EXCLUDE, Domain.DRUG, 1503297)


def test_a_line_survives_the_form() -> None:
    assert read_lines([str(WANTED), str(UNWANTED), str(WANTED)]) == (WANTED, UNWANTED)


@pytest.mark.parametrize(
    "text",
    ["", "include", "include:condition", "include:condition:", "include:condition:-1",
     "include:condition:²", "include:person:1", "drop:condition:1", "include:condition:1:2",
     "include:condition:99999999999999999999"],
)  # fmt: skip
def test_a_line_somebody_tampered_with_is_no_line(text: str) -> None:
    assert find_line(text) is None


def test_a_concept_stands_in_a_draft_once() -> None:
    changed = Line(Mode.EXCLUDE, WANTED.domain, WANTED.concept_id)
    draft = Draft(lines=(WANTED, UNWANTED)).with_line(changed)
    assert draft.lines == (UNWANTED, changed)
    assert draft.without_line(changed).lines == (UNWANTED,)


def test_a_draft_becomes_a_definition() -> None:
    form = BuilderForm(QueryDict(f"sex=8532&age_from=18&line={WANTED}&line={UNWANTED}"))
    definition = build_definition(form.read_draft())
    assert definition.people.sex == (8532,)
    assert definition.people.age is not None
    assert (definition.people.age.min, definition.people.age.max) == (18, None)
    assert [g.any[0].domain for g in definition.include] == [Domain.CONDITION]
    assert [g.any[0].domain for g in definition.exclude] == [Domain.DRUG]


def test_an_empty_draft_means_everybody() -> None:
    definition = build_definition(BuilderForm(QueryDict("")).read_draft())
    assert definition.model_dump(exclude_defaults=True) == {}


@pytest.mark.parametrize(
    ("query", "field"),
    [("age_from=60&age_to=20", "age_to"), ("age_from=-1", "age_from"), ("sex=1", "sex"),
     ("age_to=x", "age_to"), ("age_from=1000", "age_from")],
)  # fmt: skip
def test_a_fault_stands_beside_its_field(query: str, field: str) -> None:
    form = BuilderForm(QueryDict(query))
    assert set(form.errors) == {field}
    build_definition(form.read_draft())


def test_a_definition_that_cannot_be_read_is_told_beside_the_text() -> None:
    form = DefinitionForm({"definition": '{"include": 3}'})
    assert not form.is_valid()
    assert "include" in str(form.errors["definition"])
    assert form.parsed is None


def test_a_breakdown_is_added_up_by_race_and_by_age() -> None:
    strata = [
        Stratum("Female", "Asian", "30-39", 3),
        Stratum("Female", "White", "30-39", 4),
        Stratum("Male", "White", "Unknown", 1),
    ]
    assert [(r.name, r.persons, r.bar) for r in build_races(strata)] == [
        ("White", "5", "100.0"),
        ("Asian", "3", "60.0"),
    ]
    chart = build_age_by_sex(strata)
    assert chart.description == "The largest group is Female, 30-39, with 7 persons."
    assert chart.groups[-1].label == "Unknown"
