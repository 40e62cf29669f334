"""Hierarchies that are derived here: ICD-10-CM, classes of drugs, surveys.

Groups that have no id in OMOP get one of ours, from 2,130,000,000 on: a function of what they
are, so that the same group has the same id in every edition.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from scripts.vocabulary.facts import Facts, read_table

VOCABULARY = "Commonweal"
VOCABULARY_ID = 2_130_000_000
CHAPTERS = 2_130_001_000
CLASSES = 2_130_002_000
BLOCKS = 2_130_100_000
CATEGORIES = 2_130_200_000
OBSERVED_CHAPTERS = ("20", "21")
"""Causes from outside and reasons for contact are observations, all others conditions."""

AMOUNT = re.compile(r"^(?:[{\d][\d.]* (?:hr|ml|mg|actuat|unt)? ?)+")
"""What may stand before the ingredient: "24 HR", "10 ML", or how many are in a pack."""

ALSO = {43529712: 1740639}
"""A survey that was fielded anew under another concept, with the same questions."""

Edge = tuple[int, int]
"""A concept and one directly below it."""


class Trees:
    """Concepts of ours, and the edges between all concepts of the derived trees."""

    def __init__(self, facts: Facts, concepts: pl.DataFrame) -> None:
        self.facts, self.concepts = facts, concepts
        self.groups: list[dict[str, Any]] = [
            _group(VOCABULARY_ID, VOCABULARY, VOCABULARY, "Vocabulary", "Metadata", standard=None)
        ]
        self.edges: set[Edge] = {*self._icd(), *self._drugs(), *self._surveys()}

    def _icd(self) -> Iterable[Edge]:
        """Chapter, block, category, and each code below the longest one it begins with."""
        shipped = self.concepts.filter(pl.col("vocabulary_id") == "ICD10CM")
        ids = dict(shipped.select("concept_code", "concept_id").iter_rows())
        groups = read_table("icd10cm_groups")
        blocks = groups.filter(pl.col("kind") == "block").rows(named=True)
        names = dict(groups.filter(pl.col("kind") == "category").select("code", "name").iter_rows())
        chapters = {r["code"]: r for r in groups.filter(pl.col("kind") == "chapter").to_dicts()}
        categories = sorted({code[:3] for code in ids})
        holders = {category: _find_block(category, blocks) for category in categories}
        used = {block["code"]: block for block in holders.values()}
        yield from self._add_blocks(list(used.values()), chapters)
        for category, block in holders.items():
            if category not in ids:
                ids[category] = self._add_category(category, names[category], block)
            yield _block_id(block["code"]), ids[category]
        for code in sorted(ids):
            if len(code) > 3:
                yield ids[_find_prefix(code, ids)], ids[code]

    def _add_blocks(
        self, blocks: list[dict[str, str]], chapters: Mapping[str, dict[str, str]]
    ) -> Iterable[Edge]:
        for number in sorted({block["chapter"] for block in blocks}, key=int):
            name = f"{chapters[number]['name']} (ICD-10-CM chapter {number})"
            self.groups.append(
                _group(
                    CHAPTERS + int(number),
                    name,
                    f"ICD10CM:{number}",
                    "ICD10 Chapter",
                    _domain(number),
                )
            )
        for block in blocks:
            made, code = _block_id(block["code"]), block["code"]
            name, domain = f"{block['name']} ({code})", _domain(block["chapter"])
            self.groups.append(_group(made, name, f"ICD10CM:{code}", "ICD10 SubChapter", domain))
            yield CHAPTERS + int(block["chapter"]), made

    def _add_category(self, code: str, name: str, block: dict[str, str]) -> int:
        made, domain = CATEGORIES + _place(code), _domain(block["chapter"])
        name = f"{name} ({code})"
        self.groups.append(_group(made, name, f"ICD10CM:{code}", "3-char nonbill code", domain))
        return made

    def _drugs(self) -> Iterable[Edge]:
        """Class, ingredient, product; a product without an ingredient there is below its class.

        RxNorm names a product by its ingredients, each at the start of one of the parts that
        " / " divides, so the ingredient of a product is read from its name.
        """
        members = self.facts.shard("drug_class_members").join(self.concepts, on="concept_id")
        for row in read_table("drug_classes").rows(named=True):
            top = CLASSES + row["number"]
            code = f"DRUG:{row['code']}"
            self.groups.append(_group(top, row["name"], code, "Drug Class", "Drug"))
            of_class = members.filter(pl.col("drug_class_name") == row["source_name"])
            is_ingredient = pl.col("concept_class_id") == "Ingredient"
            ingredients = {
                name.lower(): concept
                for name, concept in of_class.filter(is_ingredient)
                .select("concept_name", "concept_id")
                .iter_rows()
            }
            yield from ((top, concept) for concept in ingredients.values())
            products = of_class.filter(~is_ingredient).select("concept_id", "concept_name")
            for concept, name in products.iter_rows():
                above = _find_ingredients(name, ingredients) or {top}
                yield from ((parent, concept) for parent in above)

    def _surveys(self) -> Iterable[Edge]:
        """Module, topic, question; below a question its answers and the questions it opens."""
        known = set(self.concepts["concept_id"])
        placed: set[int] = set()
        for rows in self.facts.questions:
            for parent, question in self._place_questions(rows, known, frozenset(placed)):
                placed.add(question)
                yield parent, question
                if parent in ALSO:
                    yield ALSO[parent], question
        asked = {question for rows in self.facts.questions for question in rows["concept_id"]}
        pairs = self.facts.answers.select("question_concept_id", "answer_concept_id").iter_rows()
        for question, answer in pairs:
            if {question, answer} <= known and question != answer and answer not in asked:
                yield question, answer

    def _place_questions(
        self, rows: pl.DataFrame, known: set[int], placed: frozenset[int]
    ) -> Iterable[Edge]:
        """Edges to the questions of one list of all modules that no earlier list has placed."""
        above: dict[int, int] = {}
        asked = set(rows["concept_id"]) & known
        columns = rows.select("survey_concept_id", "concept_id", "path", "type")
        for module, concept, path, kind in columns.iter_rows():
            if concept not in asked or concept == module or concept in placed:
                continue
            if kind == "TOPIC":
                above[module] = concept
                yield module, concept
                continue
            before = [i for i in path[:-1] if i in asked and i != concept]
            yield before[-1] if before else above.get(module, module), concept


def close(edges: Iterable[Edge]) -> pl.DataFrame:
    """Every pair of a concept and one below it, itself included, with its levels.

    Raises:
        ValueError: some concept would stand above itself.
    """
    parents: dict[int, set[int]] = defaultdict(set)
    for parent, child in edges:
        parents[child].add(parent)
        parents.setdefault(parent, set())
    above: dict[int, dict[int, tuple[int, int]]] = {}
    for concept in _sort(parents):
        levels: dict[int, tuple[int, int]] = {concept: (0, 0)}
        for parent in parents[concept]:
            for ancestor, (least, most) in above[parent].items():
                low, high = levels.get(ancestor, (least + 1, most + 1))
                levels[ancestor] = (min(low, least + 1), max(high, most + 1))
        above[concept] = levels
    rows = [(a, d, *levels) for d, found in above.items() for a, levels in found.items()]
    return pl.DataFrame(rows, schema=ANCESTOR_SCHEMA, orient="row")


ANCESTOR_SCHEMA = {
    "ancestor_concept_id": pl.Int64,
    "descendant_concept_id": pl.Int64,
    "min_levels_of_separation": pl.Int64,
    "max_levels_of_separation": pl.Int64,
}


def _sort(parents: Mapping[int, set[int]]) -> list[int]:
    """Concepts, each after everything above it."""
    left, done = {c: set(p) for c, p in parents.items()}, []
    children: dict[int, list[int]] = defaultdict(list)
    for child, over in parents.items():
        for parent in over:
            children[parent].append(child)
    ready = sorted(concept for concept, over in left.items() if not over)
    while ready:
        concept = ready.pop()
        done.append(concept)
        for child in children[concept]:
            left[child].discard(concept)
            if not left[child]:
                ready.append(child)
    if len(done) < len(parents):
        raise ValueError(f"{len(parents) - len(done)} concepts stand above themselves")
    return done


def _group(
    concept: int, name: str, code: str, kind: str, domain: str, *, standard: str | None = "C"
) -> dict[str, Any]:
    return {
        "concept_id": concept,
        "concept_name": name[:1].upper() + name[1:],
        "domain_id": domain,
        "vocabulary_id": "Vocabulary" if kind == "Vocabulary" else VOCABULARY,
        "concept_class_id": kind,
        "standard_concept": standard,
        "concept_code": code,
        "licence_class": "open",
    }


def _domain(chapter: str) -> str:
    return "Observation" if chapter in OBSERVED_CHAPTERS else "Condition"


def _place(category: str) -> int:
    """Where a category such as V27 or C7A stands among all that can be written."""
    digits = (int(c, 36) for c in category[1:])
    second, third = digits
    return (ord(category[0]) - ord("A")) * 36 * 36 + second * 36 + third


def _block_id(block: str) -> int:
    return BLOCKS + _place(block[:3])


def _find_block(category: str, blocks: Iterable[dict[str, str]]) -> dict[str, str]:
    """The narrowest block whose range holds the category."""
    holding = []
    for block in blocks:
        first, last = _place(block["code"][:3]), _place(block["code"][-3:])
        if first <= _place(category) <= last:
            holding.append((last - first, block["code"], block))
    return min(holding)[-1]


def _find_prefix(code: str, ids: Mapping[str, int]) -> str:
    """The longest shipped code, or its category, that a code begins with."""
    shorter = (code[:end].rstrip(".") for end in range(len(code) - 1, 2, -1))
    return next(prefix for prefix in shorter if prefix in ids)


def _find_ingredients(name: str, ingredients: Mapping[str, int]) -> set[int]:
    found = set()
    for part in re.split(r" / |\(", name.lower()):
        words = AMOUNT.sub("", part).split(" ")
        starts = (" ".join(words[:end]) for end in range(len(words), 0, -1))
        found |= {ingredients[start] for start in [s for s in starts if s in ingredients][:1]}
    return found
