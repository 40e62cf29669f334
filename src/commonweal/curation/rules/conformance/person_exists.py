"""Rows about a person who is not there."""

from commonweal.curation.choices import is_about_person
from commonweal.curation.rule import Filter, Lookup, Rule

PERSON = Lookup("person", "SELECT DISTINCT person_id FROM person", {"person_id": "person_id"})

RULE = Rule(
    id="conf.person_exists",
    title="Rows about a person who is not in the person table are removed",
    why="A row about nobody can be counted by nobody, and nobody can have consented to its use.",
    tables=is_about_person,
    bind=lambda _: (Filter("person.person_id IS NOT NULL", (PERSON,)),),
)
