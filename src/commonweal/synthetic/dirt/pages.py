"""The page of the manual about the recipes, made from the recipes themselves."""

from collections.abc import Iterator
from itertools import groupby

from commonweal.synthetic.dirt.recipe import (
    FileRecipe,
    HeaderRecipe,
    PeopleRecipe,
    Rates,
    Recipe,
)
from commonweal.synthetic.dirt.registry import list_recipes

FAMILIES = {
    "file": "Files",
    "header": "Header lines",
    "structure": "Structure",
    "encoding": "Encoding",
    "type": "Types of cells",
    "required": "Required cells",
    "key": "Keys",
    "time": "Dates",
    "unit": "Units",
    "code": "Codes",
    "consent": "Consent",
    "identity": "Identity",
    "alpha": "De-identified submissions",
}
INTRODUCTION = """\
# Recipes for dirt

A synthetic site sends files with known faults. Each kind of fault is a recipe; `truth.csv` says
where each one was planted: site, file, physical line (the header is line 1), column and recipe.
No row has more than one fault, so every fault can be found. [What finds them](recall.md) is
measured.

A rate is a share: of a table's rows that fit the recipe, of the files (at least one), or of the
people concerned.

To score a check of your own, let it name the file, the line and, if it can, the column of all it
finds in a site's files:

```python
from pathlib import Path

from commonweal.synthetic.dirt.scoring import read_truth, score

truth = [fault for fault in read_truth(Path("truth.csv")) if fault.site == "prairie"]
found = {("measurement.csv", 17, "measurement_date"), ("specimen.csv", None, "")}
for recipe, result in score(truth, found).items():
    print(recipe, result.planted, result.recall, result.precision)
```
"""


def build_recipe_page() -> str:
    """The page, in Markdown."""
    parts = [INTRODUCTION]
    for family, recipes in groupby(list_recipes(), key=lambda r: r.name.partition(".")[0]):
        parts += [f"## {FAMILIES[family]}\n", *(_describe(recipe) for recipe in recipes)]
    return "\n".join(parts)


def _describe(recipe: Recipe) -> str:
    facts = "\n".join(f"- {name}: {text}" for name, text in _facts(recipe))
    return f"### {recipe.title}\n\n`{recipe.name}`\n\n{facts}\n"


def _facts(recipe: Recipe) -> Iterator[tuple[str, str]]:
    yield "Seen", recipe.seen
    yield "Rate", f"{_rate(recipe.rates)} of the {_noun(recipe)}"
    yield "The file", "is rejected" if recipe.rejects else "is accepted"
    yield "Found by", ", ".join(_finders(recipe)) or "nothing yet"
    yield "Tables", ", ".join(f"`{table}`" for table in recipe.tables)


def _finders(recipe: Recipe) -> Iterator[str]:
    told = (*recipe.codes, *recipe.matches)
    yield from (f"the finding [`{code}`](../findings/{code}.md)" for code in told)
    yield from (f"the rule [`{rule}`](../rules/{rule}.md)" for rule in recipe.rules)


def _noun(recipe: Recipe) -> str:
    if isinstance(recipe, FileRecipe | HeaderRecipe):
        return "files, at least one"
    return "people concerned" if isinstance(recipe, PeopleRecipe) else "rows that fit"


def _rate(rates: Rates) -> str:
    special = (f"{rate:.3g} in `{table}`" for table, rate in rates.by_table.items())
    return ", ".join([f"{rates.elsewhere:.3g}", *special])
