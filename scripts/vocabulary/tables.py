"""The tables of the abridged vocabulary, and which of their rows are SNOMED CT's."""

import polars as pl
from scripts.vocabulary.concepts import build_concepts
from scripts.vocabulary.facts import Facts
from scripts.vocabulary.trees import VOCABULARY, VOCABULARY_ID, Trees, close

VERSION = "abridged 2026-11"
"""English."""
REFERENCE = {
    "concept_class": "Concept Class",
    "domain": "Domain",
    "relationship": "Relationship",
    "vocabulary": "Vocabulary",
}
"""Vocabularies that the rows of a table about vocabularies are concepts of."""
LINKS = {"concept_ancestor", "concept_relationship", "concept_synonym"}


def build_tables(facts: Facts) -> dict[str, pl.DataFrame]:
    """Every table by its name, in the columns of its file."""
    concepts = build_concepts(facts)
    trees = Trees(facts, concepts)
    groups = pl.DataFrame(trees.groups).with_columns(
        valid_start_date=pl.date(1970, 1, 1), valid_end_date=pl.date(2099, 12, 31)
    )
    named = pl.concat([concepts, groups], how="diagonal")
    reference = {
        "concept_class": facts.shard("concept_class"),
        "domain": facts.shard("domain"),
        "relationship": facts.shard("relationship"),
        "vocabulary": _build_vocabularies(facts, named),
    }
    concept = _add_reference(named, reference).sort("concept_id")
    shipped = set(concept["concept_id"])
    return {
        "concept": concept,
        "concept_ancestor": _build_ancestors(facts, trees, shipped),
        "concept_relationship": _build_relationships(facts, shipped),
        "concept_synonym": _build_synonyms(facts, shipped),
        **reference,
    }


def split_snomed(
    tables: dict[str, pl.DataFrame],
) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """The tables without SNOMED CT, and what of it there is: terms, synonyms, all its links."""
    concept = tables["concept"]
    snomed = concept.filter(pl.col("licence_class") == "snomed")["concept_id"].implode()
    rest, apart = {}, {}
    for name, table in tables.items():
        if name != "concept" and name not in LINKS:
            rest[name] = table
            continue
        ends = [c for c in ("concept_id", *_ENDS.get(name, ())) if c in table.columns]
        touches = pl.any_horizontal(pl.col(end).is_in(snomed) for end in ends)
        rest[name], apart[name] = table.filter(~touches), table.filter(touches)
    return rest, apart


_ENDS = {
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
    "concept_relationship": ("concept_id_1", "concept_id_2"),
}


def _add_reference(named: pl.DataFrame, reference: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Concepts of the domains, classes, relationships and vocabularies themselves."""
    rows = [
        table.select(
            pl.col(f"{name}_concept_id").alias("concept_id"),
            pl.col(f"{name}_name").alias("concept_name"),
            pl.lit(REFERENCE[name]).alias("vocabulary_id"),
            pl.lit(REFERENCE[name]).alias("concept_class_id"),
        )
        for name, table in reference.items()
    ]
    new = pl.concat(rows).unique("concept_id", keep="first", maintain_order=True)
    described = new.join(named, on="concept_id", how="anti").with_columns(
        domain_id=pl.lit("Metadata"),
        concept_code=pl.lit("OMOP generated"),
        licence_class=pl.lit("open"),
        valid_start_date=pl.date(1970, 1, 1),
        valid_end_date=pl.date(2099, 12, 31),
    )
    return pl.concat([named, described], how="diagonal")


def _build_ancestors(facts: Facts, trees: Trees, shipped: set[int]) -> pl.DataFrame:
    """Pairs of the shard below which a concept has a name, and those of the derived trees.

    What stands above may have no name: a concept set that names it finds what is below.
    """
    named = pl.Series(sorted(shipped)).implode()
    left_out = facts.shard("concept")["concept_id"]
    left_out = left_out.filter(~left_out.is_in(named)).implode()
    known = (
        facts.shard("concept_ancestor")
        .filter(pl.col("descendant_concept_id").is_in(named))
        .filter(~pl.col("ancestor_concept_id").is_in(left_out))
    )
    derived = close(trees.edges)
    both = pl.concat([known.select(pl.col(derived.columns).cast(pl.Int64)), derived])
    pair = ["ancestor_concept_id", "descendant_concept_id"]
    return both.unique(pair, keep="first", maintain_order=True)


def _build_relationships(facts: Facts, shipped: set[int]) -> pl.DataFrame:
    """Links of the shard, and the maps from source to standard that real data sets show."""
    seen = facts.shard("observed_source_map").select(
        pl.col("source_concept_id").alias("concept_id_1"),
        pl.col("target_concept_id").alias("concept_id_2"),
    )
    maps = [
        seen.with_columns(relationship_id=pl.lit("Maps to")),
        seen.select(
            pl.col("concept_id_2").alias("concept_id_1"),
            pl.col("concept_id_1").alias("concept_id_2"),
            pl.lit("Mapped from").alias("relationship_id"),
        ),
    ]
    named = pl.Series(sorted(shipped - {0})).implode()
    key = ["concept_id_1", "concept_id_2", "relationship_id"]
    links = facts.shard("concept_relationship").select(*key, "invalid_reason")
    return (
        pl.concat([links, *maps], how="diagonal")
        .filter(pl.col("concept_id_1").is_in(named), pl.col("concept_id_2").is_in(named))
        .unique(key, keep="first", maintain_order=True)
        .with_columns(valid_start_date=pl.date(1970, 1, 1), valid_end_date=pl.date(2099, 12, 31))
    )


def _build_synonyms(facts: Facts, shipped: set[int]) -> pl.DataFrame:
    named = pl.Series(sorted(shipped)).implode()
    return facts.shard("concept_synonym").filter(pl.col("concept_id").is_in(named)).unique()


def _build_vocabularies(facts: Facts, concept: pl.DataFrame) -> pl.DataFrame:
    """Vocabularies with a concept; their editions are mixed, so only the whole has a version."""
    names = facts.shard("vocabulary").with_columns(vocabulary_version=pl.lit(None, pl.String))
    ours = pl.DataFrame(
        {
            "vocabulary_id": ["None", VOCABULARY],
            "vocabulary_name": ["Abridged OMOP vocabulary", "Groups made by Commonweal"],
            "vocabulary_reference": [None, "docs/adr/0019-the-abridged-vocabulary.md"],
            "vocabulary_version": [VERSION, None],
            "vocabulary_concept_id": [44819096, VOCABULARY_ID],
        },
        schema=names.schema,
    )
    known = pl.concat([ours, names]).unique("vocabulary_id", keep="first", maintain_order=True)
    used = pl.concat([concept["vocabulary_id"], pl.Series(REFERENCE.values())]).unique()
    return (
        used.to_frame()
        .join(known, on="vocabulary_id", how="left")
        .with_columns(
            pl.col("vocabulary_name").fill_null(pl.col("vocabulary_id")),
            pl.col("vocabulary_concept_id").fill_null(0),
        )
        .sort("vocabulary_id")
    )
