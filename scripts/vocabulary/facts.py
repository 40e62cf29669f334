"""The sources of the abridged vocabulary, as frames; nothing is decided here.

``shared`` is the folder of real data that developers have beside the repository.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent
SURVEYS = FOLDER.parents[1] / "src" / "commonweal" / "synthetic" / "data" / "surveys"
"""What ``scripts/derive_surveys.py`` found out about the surveys: questions, answers, codes."""
COPE = 1333342
"""The survey whose waves have concepts of their own."""
MODEL_COLUMNS = (
    "concept_id",
    "concept_name",
    "domain_id",
    "vocabulary_id",
    "concept_class_id",
    "standard_concept",
    "concept_code",
)


@dataclass(frozen=True)
class Facts:
    """What the real data and the tables beside this module say."""

    shared: Path

    def shard(self, table: str) -> pl.DataFrame:
        """A table of the vocabulary shard."""
        return pl.read_parquet(self.shared / "vocabulary_shard" / f"{table}.parquet")

    def codebook(self, table: str) -> pl.DataFrame:
        """A table of the survey codebook; every cell is text."""
        return pl.read_parquet(self.shared / "survey_codebook" / f"{table}.parquet")

    @cached_property
    def more_concepts(self) -> pl.DataFrame:
        """Concepts that the shard lacks, or of which it knows less."""
        return read_table("more_concepts")

    @cached_property
    def answers(self) -> pl.DataFrame:
        """Question, answer, the answer's text and its number, one row for each pair."""
        columns = ["question_concept_id", "answer_concept_id", "answer_text", "answer_numeric"]
        lists = [
            self.codebook("omop2survey_key"),
            self.codebook("omopsurvey_key_with_modules"),
            self._family_answers,
            self._derived_answers,
        ]
        pairs = pl.concat([table.select(columns) for table in lists])
        return (
            pairs.with_columns(pl.col("^.*_concept_id$").cast(pl.Int64, strict=False))
            .drop_nulls(["question_concept_id", "answer_concept_id"])
            .unique(["question_concept_id", "answer_concept_id"], keep="first", maintain_order=True)
            .sort("question_concept_id", "answer_concept_id")
        )

    @cached_property
    def _family_answers(self) -> pl.DataFrame:
        return self.codebook("pfhh_qa_metadata").select(
            "question_concept_id",
            "answer_concept_id",
            pl.col("answer").str.split(" - ").list.last().alias("answer_text"),
            pl.lit(None, pl.String).alias("answer_numeric"),
        )

    @cached_property
    def _derived_answers(self) -> pl.DataFrame:
        questions = read_table("questions", SURVEYS).select("question_code", "question_concept_id")
        answers = read_table("answers", SURVEYS)
        return answers.join(questions, on="question_code", maintain_order="left").with_columns(
            answer_numeric=pl.col("numeric"), answer_text=pl.lit(None, pl.String)
        )

    @cached_property
    def survey_codes(self) -> pl.DataFrame:
        """Code and class of survey concepts by id, the first one met where there are several."""
        parts = [
            read_table(f"{kind.lower()}s", SURVEYS).select(
                pl.col(f"{kind.lower()}_concept_id").cast(pl.Int64).alias("concept_id"),
                pl.col(f"{kind.lower()}_code").alias("concept_code"),
                pl.lit(kind).alias("concept_class_id"),
            )
            for kind in ("Question", "Answer")
        ]
        known = pl.concat(parts).drop_nulls()
        return known.unique("concept_id", keep="first", maintain_order=True)

    @cached_property
    def questions(self) -> tuple[pl.DataFrame, ...]:
        """Lists of module, question, its path from the topmost question down, and its kind.

        The newest list comes first; within a module questions stand in their order.
        """
        names = ("survey_metadata", "ehwb_survey_metadata", "bhp_survey_metadata")
        newest = pl.concat(
            [self._questions(name, "order_number", pl.col("type")) for name in names]
        )
        question = pl.lit("QUESTION")
        older = self._questions("question_concept", "question_order_number", question)
        by_module = self.codebook("omopsurvey_key_with_modules").select(
            pl.col("mod_concept_id").cast(pl.Int64).alias("survey_concept_id"),
            pl.col("question_concept_id").cast(pl.Int64).alias("concept_id"),
            pl.concat_list(pl.col("question_concept_id").cast(pl.Int64)).alias("path"),
            question.alias("type"),
        )
        return newest, older, by_module.unique(maintain_order=True), self._derived_questions

    @cached_property
    def _derived_questions(self) -> pl.DataFrame:
        modules = read_table("modules", SURVEYS).unique(
            "instrument", keep="first", maintain_order=True
        )
        questions = read_table("questions", SURVEYS)
        found = questions.join(modules, on="instrument", maintain_order="left")
        concept = pl.col("question_concept_id").cast(pl.Int64)
        module = pl.col("module_concept_id").cast(pl.Int64)
        is_cope = pl.col("instrument") == "cope"
        return found.select(
            pl.when(is_cope).then(COPE).otherwise(module).alias("survey_concept_id"),
            concept.alias("concept_id"),
            pl.concat_list(concept).alias("path"),
            pl.lit("QUESTION").alias("type"),
        )

    def _questions(self, table: str, order: str, kind: pl.Expr) -> pl.DataFrame:
        return (
            self.codebook(table)
            .with_columns(pl.col(order).cast(pl.Float64, strict=False).fill_null(0))
            .sort("survey_concept_id", order, maintain_order=True)
            .select(
                pl.col("survey_concept_id", "concept_id").cast(pl.Int64),
                pl.col("path").str.split(".").list.eval(pl.element().cast(pl.Int64, strict=False)),
                kind.alias("type"),
            )
        )


def read_table(name: str, folder: Path = FOLDER) -> pl.DataFrame:
    """A table, of those beside this module by default; ids are numbers, all else is text."""
    table = pl.read_csv(folder / f"{name}.csv", infer_schema_length=0)
    return table.with_columns(pl.col("^concept_id$|^number$").cast(pl.Int64))
