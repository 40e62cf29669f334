"""Definitions are read strictly, faults are sentences, and the hash is of the meaning."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commonweal.query.definition import MAX_ITEMS, definition_hash
from commonweal.query.reader import MAX_BYTES, DefinitionError, parse_definition, read_definition

AS_OF = date(2020, 1, 1)


def fault(content: bytes | str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(content if isinstance(content, bytes) else content.encode())
    assert caught.value.fix
    return caught.value.found


def test_nothing_said_means_everybody() -> None:
    definition = parse_definition(b"{}")

    assert definition.items == ()
    assert definition.as_of is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"not json", "line 1, column 1"),
        (b'{\n  "name": "a",\n  oops\n}', "line 3, column 3"),
        (b"[]", "holds no JSON object"),
        (b'"text"', "holds no JSON object"),
        (b"null", "holds no JSON object"),
        ("{}".encode("utf-16"), "is not text in UTF-8"),
        (b"[" * 100_000, "too large or too deep"),
        (b'{"people": {"sex": [' + b"9" * 5_000 + b"]}}", "too large or too deep"),
        (b'{"name": "a", "name": "b"}', "'name' is given twice"),
        (b'{"people": {"age": {"min": NaN}}}', "NaN is not a JSON number"),
        (b'{"name": "\\ud800"}', "is not Unicode"),
        (b" " * (MAX_BYTES + 1), "is larger than 1 MB"),
        (b'{"PrimaryCriteria": {}}', "is an ATLAS definition"),
    ],
)
def test_what_is_no_definition_is_said_in_words(content: bytes, words: str) -> None:
    assert words in fault(content)


ITEM = '{"include": [{"any": [{"domain": "condition", %s}]}]}'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"inclde": []}', "it has an unknown field 'inclde' (did you mean 'include'?)"),
        ('{"people": {"gender": [1]}}', "people has an unknown field 'gender' (the fields here"),
        (
            ITEM % '"concept": [1]',
            "include[1].any[1] has an unknown field 'concept' (did you mean 'concepts'?)",
        ),
        (ITEM % '"dates": {"form": "2020-01-01"}', "(did you mean 'from'?)"),
        (ITEM % '"occurrences": "3"', "include[1].any[1].occurrences must be a whole number"),
        (ITEM % '"occurrences": 0', "occurrences must be greater than or equal to 1"),
        (ITEM % '"concepts": []', "leave out concepts to mean any"),
        (ITEM % '"concepts": [{"concept_id": 5, "exclude": true}]', "no concept that is not"),
        (ITEM % '"concepts": [{}]', "concepts[1].concept_id is missing"),
        (ITEM % '"concepts": [{"concept_id": 1.0}]', "concept_id must be a whole number"),
        (ITEM % '"concepts": [{"concept_id": true}]', "concept_id must be a whole number"),
        (ITEM % '"concepts": [{"concept_id": -1}]', "greater than or equal to 0"),
        (ITEM % '"dates": {"from": "2020-13-01"}', "dates.from must be a date such as"),
        (ITEM % '"dates": {}', "dates gives neither from nor to"),
        (ITEM % '"dates": {"from": "2020-02-02", "to": "2020-02-01"}', "a from after its to"),
        (ITEM % '"side": "left"', "must be one of 'standard', 'source' or 'either'"),
        ('{"include": [{"any": [{"domain": "conditon"}]}]}', "must be one of 'condition', 'drug'"),
        ('{"include": [{"any": []}]}', "include[1].any is empty"),
        ('{"include": {}}', "include must be a list in square brackets"),
        ('{"include": [5]}', "include[1] must be an object in braces"),
        ('{"people": {"age": {"min": -1}}}', "people.age.min must be greater than or equal to 0"),
        ('{"people": {"age": {"min": 5, "max": 4}}}', "people.age has a min above its max"),
        ('{"people": {"age": {}}}', "people.age gives neither min nor max"),
        ('{"people": {"sex": []}}', "people.sex is empty"),
        ('{"people": {"deceased": "yes"}}', "people.deceased must be true or false"),
        ('{"data": ["genome"]}', "data[1] must be one of"),
        ('{"as_of": "yesterday"}', "as_of must be a date such as 2026-09-30"),
        ('{"format": "commonweal-cohort/2"}', "format must be one of 'commonweal-cohort/1'"),
        ('{"name": 5}', "name must be text in quotes"),
    ],
)
def test_every_fault_has_a_place_and_words(content: str, words: str) -> None:
    assert words in fault(content)


def test_a_list_of_wrong_entries_is_not_called_empty() -> None:
    found = fault('{"people": {"sex": ["x"]}}')

    assert "people.sex[1] must be a whole number" in found
    assert "empty" not in found


def test_many_faults_are_cut_short_and_counted() -> None:
    found = fault(json.dumps({"data": ["x"] * 30}))

    assert "and 20 more" in found


def test_the_number_of_items_has_an_end() -> None:
    group = {"any": [{"domain": "visit"}] * MAX_ITEMS}

    parse_definition(json.dumps({"include": [group]}).encode())
    assert f"more than {MAX_ITEMS} items" in fault(json.dumps({"include": [group, group]}))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(DefinitionError, match=str(path)):
            read_definition(path)


def hash_of(document: dict[str, Any], as_of: date = AS_OF) -> str:
    return definition_hash(parse_definition(json.dumps(document).encode()), as_of)


FULL: dict[str, Any] = {
    "people": {"sex": [8532, 8507], "age": {"min": 18}},
    "include": [
        {"any": [{"domain": "condition", "concepts": [{"concept_id": 1}, {"concept_id": 2}]}]},
        {"any": [{"domain": "visit"}, {"domain": "drug"}]},
    ],
    "exclude": [{"any": [{"domain": "device"}]}, {"any": [{"domain": "drug"}]}],
    "data": ["ehr", "drug"],
}


@pytest.mark.parametrize(
    "same",
    [
        FULL | {"name": "A name", "description": "Words", "format": "commonweal-cohort/1"},
        FULL | {"include": FULL["include"][::-1], "data": ["drug", "ehr", "drug"]},
        FULL | {"exclude": [{"any": [{"domain": "drug"}, {"domain": "device"}]}]},
        FULL | {"people": {"sex": [8507, 8532, 8507], "age": {"min": 18, "max": None}}},
        FULL | {"include": [*FULL["include"], FULL["include"][0]]},
        FULL | {"as_of": "2020-01-01"},
    ],
)
def test_what_means_the_same_has_the_same_hash(same: dict[str, Any]) -> None:
    assert hash_of(same) == hash_of(FULL)


def test_what_is_left_out_is_its_default() -> None:
    said = {"concept_id": 1, "descendants": True, "exclude": False}
    item = {"domain": "drug", "concepts": [said], "side": "standard", "occurrences": 1, "name": "x"}
    short = {"domain": "drug", "concepts": [{"concept_id": 1}]}

    assert hash_of({"include": [{"any": [item]}]}) == hash_of({"include": [{"any": [short]}]})


@pytest.mark.parametrize(
    "other",
    [
        FULL | {"people": {"sex": [8532], "age": {"min": 18}}},
        FULL | {"include": FULL["include"][:1]},
        FULL | {"exclude": FULL["include"], "include": FULL["exclude"]},
        FULL | {"data": ["ehr"]},
        FULL | {"as_of": "2020-01-02"},
    ],
)
def test_what_means_something_else_has_another_hash(other: dict[str, Any]) -> None:
    assert hash_of(other) != hash_of(FULL)


def test_the_day_of_the_data_is_part_of_the_hash() -> None:
    assert hash_of(FULL, date(2021, 1, 1)) != hash_of(FULL)
