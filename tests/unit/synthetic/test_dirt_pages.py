"""The page about the recipes says of each what the recipe says of itself."""

import re

from commonweal.synthetic.dirt.pages import build_recipe_page
from commonweal.synthetic.dirt.registry import list_recipes


def test_every_recipe_has_a_section_and_a_name_of_its_own() -> None:
    page = build_recipe_page()
    named = re.findall(r"^### (.+)\n\n`(\S+)`$", page, re.MULTILINE)
    assert named == [(recipe.title, recipe.name) for recipe in list_recipes()]
    assert len({title for title, _ in named}) == len(named)


def test_the_page_says_how_often_where_and_who_finds_it() -> None:
    sections = dict(re.findall(r"^`(\S+)`\n\n((?:- .+\n)+)", build_recipe_page(), re.MULTILINE))
    reused = sections["key.reused"]
    assert "- Rate: 0.001, 0.065 in `drug_exposure`" in reused
    assert "- The file: is accepted" in reused
    assert "[`key.duplicate`](../findings/key.duplicate.md)" in reused
    assert "[`conf.pk_unique`](../rules/conf.pk_unique.md)" in reused
    assert "- Found by: nothing yet" in sections["unit.missing"]
    assert "of the people concerned" in sections["consent.absent"]
    assert "- The file: is rejected" in sections["file.zero_byte"]
