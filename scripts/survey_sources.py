"""The public files from which ``derive_surveys.py`` derives the survey pack, looked up by id."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import survey_rules as rules

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer of a question, in the order of its scale."""

    concept: int | None
    code: str
    numeric: int
    role: str = ""

    @property
    def name(self) -> str:
        """The code, or the concept of an answer whose code no public file has."""
        return self.code or str(self.concept)


def simplify(text: str) -> str:
    """Letters and digits alone, so that spellings of one label meet."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def number(text: Any) -> int | None:
    """A whole number that may be written as a float or be missing."""
    try:
        return int(float(text))
    except (TypeError, ValueError):
        return None


class Sources:
    """The public files, read once and looked up by concept or code."""

    def __init__(self, shared: Path, public: Path) -> None:
        """Remember where the files are."""
        self.shared, self.public = shared, public

    def parquet(self, name: str) -> list[Row]:
        """Rows of a table of the shared data."""
        return pq.read_table(self.shared / f"{name}.parquet").to_pylist()

    def table(self, name: str) -> list[Row]:
        """Rows of a public CSV file."""
        with (self.public / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @cached_property
    def metadata(self) -> dict[str, list[Row]]:
        """Questions with their parents, by concept of the module, in the order of the survey."""
        names = ("survey_metadata", "ehwb_survey_metadata", "bhp_survey_metadata")
        rows = [row for name in names for row in self.parquet(f"survey_codebook/{name}")]
        modules: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: float(row["order_number"])):
            if row["type"] == "QUESTION":
                modules[row["survey_concept_id"]].append(row)
        return modules

    @cached_property
    def older(self) -> list[Row]:
        """Questions of the older modules."""
        return self.parquet("survey_codebook/question_concept")

    @cached_property
    def branching(self) -> dict[str, list[Row]]:
        """Branching rules by file."""
        files = sorted((self.public / "branching").glob("*.csv"))
        return {file.stem: self.table(f"branching/{file.stem}") for file in files}

    @cached_property
    def key(self) -> dict[int, list[Row]]:
        """Concept, label and number of every answer, by question."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.parquet("survey_codebook/omop2survey_key"):
            found[int(row["question_concept_id"])].append(row)
        return found

    @cached_property
    def forms(self) -> dict[str, list[Row]]:
        """Rows of the codebook by form, in its order; one row for a question and form."""
        forms: dict[str, dict[int, Row]] = defaultdict(dict)
        for row in self.table("aou_codebook"):
            concept = number(row["concept_id"])
            if concept:
                forms[row["form_name"]].setdefault(concept, row | {"concept": concept})
        return {name: list(rows.values()) for name, rows in forms.items()}

    @cached_property
    def options(self) -> dict[int, list[tuple[str, str]]]:
        """Code and label of every answer, by question, all forms together."""
        found: dict[int, dict[str, str]] = defaultdict(dict)
        for form, rows in self.forms.items():
            for row in rows:
                if form == rules.OLDER_FORM and row["concept"] in self.combined:
                    continue
                for option in re.split(r"\s*\|\s*", row["choices"]):
                    code, comma, label = option.partition(", ")
                    if comma and re.fullmatch(r"[A-Za-z0-9_]+", code.strip()):
                        found[row["concept"]].setdefault(self.spell(code.strip()), label.strip())
        return {question: list(options.items()) for question, options in found.items()}

    @cached_property
    def combined(self) -> set[int]:
        """Questions of the combined history."""
        return {row["concept"] for row in self.forms[rules.COMBINED_FORM]}

    @cached_property
    def histories(self) -> list[Row]:
        """Answers about illnesses: relative, condition, code and concept."""
        return self.table("aou_health_history")

    @cached_property
    def conditions(self) -> dict[str, str]:
        """Short names of conditions: how the code of the person's own one ends."""
        names = {
            row["condition"]: row["concept_code"].removesuffix("_yes").rpartition("_")[2]
            for row in self.histories
            if row["relative"] == "self"
        }
        return names | rules.CONDITIONS

    def name_condition(self, row: Row) -> str:
        """The short name of the condition that a row of the histories is about."""
        return self.conditions.get(row["condition"], row["concept_code"].rpartition("_")[2])

    def find_history(self, code: str, relative: str) -> Row | None:
        """The row about a relative's condition whose code is most like this one."""
        start, _, end = code.lower().rpartition("_")
        rows = [
            row
            for row in self.histories
            if row["relative"] == relative
            and SequenceMatcher(None, start, row["concept_code"].rpartition("_")[0]).ratio()
            > rules.SAME_ENOUGH
        ]
        likeness = [
            SequenceMatcher(None, end, row["concept_code"].rpartition("_")[2]).ratio()
            for row in rows
        ]
        best = max(range(len(rows)), key=likeness.__getitem__) if rows else 0
        return rows[best] if rows and likeness[best] > rules.SAME_ENOUGH else None

    @cached_property
    def family_form(self) -> list[Row]:
        """Questions of the older form on the family, with their codes and options."""
        text = (self.public / "questionnaire_family_history.json").read_text(encoding="utf-8")
        return list(_walk(json.loads(text)["group"]))

    @cached_property
    def spelling(self) -> dict[str, str]:
        """Codes as they are written in capitals and small letters, by their small letters."""
        known: dict[str, str] = {}
        for rows in self.branching.values():
            for row in rows:
                for name in ("child_question", "parent_question", "parent_value"):
                    known.setdefault(row[name].lower(), row[name])
        for question in self.family_form:
            for option in question.get("option", []):
                known.setdefault(option["code"].lower(), option["code"])
        listed = [row for rows in self.metadata.values() for row in rows]
        for row in (*self.older, *listed):
            if row["concept_code"]:
                known[row["concept_code"].lower()] = row["concept_code"]
        return known | {code.lower(): code for code in rules.SPELLINGS}

    def spell(self, code: str) -> str:
        """A code in its usual spelling."""
        return self.spelling.get(code.lower(), code)

    @cached_property
    def codes(self) -> dict[int, str]:
        """Codes of answers by concept, as far as public files give both."""
        known = {
            concept: self.spell(row["concept_code"])
            for row in self.histories
            if (concept := number(row["concept_id_specific"]))
        }
        for row in self.parquet("vocabulary_shard/concept"):
            if row["vocabulary_id"] == "PPI" and row["concept_class_id"] == "Answer":
                name, colon, value = row["concept_name"].partition(": ")
                if row["concept_code"]:
                    known.setdefault(row["concept_id"], row["concept_code"])
                elif colon and "?" not in name and len(row["concept_name"]) < 80:
                    code = re.sub(r"[^A-Za-z0-9]", "", name), re.sub(r"[^A-Za-z0-9]", "", value)
                    known.setdefault(row["concept_id"], "_".join(code))
        for question, options in self.options.items():
            for code, label in options:
                concept = self._find_concept(question, code, label)
                if concept:
                    known[concept] = code
        return known | rules.SPECIAL_CODES

    @cached_property
    def concepts(self) -> dict[str, int]:
        """Concepts of answers by the small letters of their code; most questions decide."""
        found: dict[str, Counter[int]] = defaultdict(Counter)
        for concept, code in self.codes.items():
            found[code.lower()][concept] += 1
        for question, options in self.options.items():
            for code, label in options:
                if concept := self._find_concept(question, code, label):
                    found[code.lower()][concept] += 1
        return {code: votes.most_common(1)[0][0] for code, votes in found.items()}

    def _find_concept(self, question: int, code: str, label: str) -> int | None:
        """The answer of the question whose label is the same as this one, or ends the code.

        Labels of the key stop at the first comma or bracket of the codebook's.
        """
        if code in rules.CONCEPTS:
            return rules.CONCEPTS[code]
        if code.startswith("PMI_"):
            return None
        rows = [
            (simplify(row["answer_text"] or ""), int(row["answer_concept_id"]))
            for row in self.key.get(question, [])
        ]
        whole = simplify(label)
        for wanted in (
            whole,
            simplify(re.split(r"[,;(]", label)[0]),
            simplify(code.rpartition("_")[2]),
        ):
            if found := [concept for said, concept in rows if said == wanted]:
                return found[0]
        begun = [c for said, c in rows if len(said) > rules.LONG and whole.startswith(said)]
        return begun[0] if begun else None

    def answers(self, question: int, code: str) -> tuple[Answer, ...]:
        """Answers of a question in the order of its scale, refusals last."""
        if code == rules.STATE:
            states = rules.STATE_CONCEPTS.items()
            return tuple(Answer(state, name, rank) for rank, (name, state) in enumerate(states, 1))
        options = self.options.get(question)
        found = self._from_options(question, options) if options else self._from_key(question, code)
        plain = [(answer, label) for answer, label in found if not answer.role.startswith("no ")]
        refusals = [answer for answer, _ in found if answer.role.startswith("no ")]
        ranked = sort_by_scale(plain)
        first = min((answer.numeric for answer in ranked), default=1)
        first = first if first in (0, 1) else 1
        return (
            *(replace(answer, numeric=first + place) for place, answer in enumerate(ranked)),
            *refusals,
        )

    def _from_options(
        self, question: int, options: Sequence[tuple[str, str]]
    ) -> list[tuple[Answer, str]]:
        by_concept = {int(row["answer_concept_id"]): row for row in self.key.get(question, [])}
        found = []
        for place, (code, label) in enumerate(options):
            shared = self.concepts.get(code.lower())
            concept = self._find_concept(question, code, label) or shared
            concept = shared if re.search(rules.SHARED, code) else concept
            concept = None if concept in {answer.concept for answer, _ in found} else concept
            row = by_concept.get(concept or 0, {})
            rank = number(row.get("answer_numeric"))
            found.append(build_answer(concept, code, label, place + 50 if rank is None else rank))
        return [*found, *self._find_none(question, {answer.concept for answer, _ in found})]

    def _find_none(self, question: int, known: set[int | None]) -> Iterator[tuple[Answer, str]]:
        """The answer none of the above, which the codebook forgets now and then."""
        for row in self.key.get(question, []):
            concept, label = int(row["answer_concept_id"]), row["answer_text"] or ""
            if label.startswith("None of the above") and concept not in known:
                yield build_answer(concept, self.codes.get(concept, ""), label, 0)

    def _from_key(self, question: int, code: str) -> list[tuple[Answer, str]]:
        stem = code.partition("_")[2] or code
        found = []
        for row in self.key.get(question, []):
            concept, label = int(row["answer_concept_id"]), row["answer_text"] or ""
            name = self.codes.get(concept, "")
            if concept in rules.DOUBLES:
                continue
            if not name and re.search(rules.FOLLOW_UPS, code) and label in rules.FOLLOW_UP_ANSWERS:
                name = f"{stem}_{rules.FOLLOW_UP_ANSWERS[label]}"
            rank = number(row["answer_numeric"])
            found.append(build_answer(concept, name, label, 50 if rank is None else rank))
        return found

    def kind(self, question: int, code: str, field_type: str) -> str:
        """How a question is answered."""
        if any(re.search(pattern, code) for pattern, _ in rules.NUMBERS):
            return "number"
        if field_type in {"text", "slider"}:
            return "date" if re.search(rules.DATES, code) else "text"
        several = any(row["select_all"] == "1" for row in self.key.get(question, []))
        return "multiple" if field_type == "checkbox" or (several and not field_type) else "single"


def _walk(group: Any) -> Iterator[Row]:
    for part in group if isinstance(group, list) else [group]:
        for question in part.get("question", []):
            yield question
            yield from _walk(question.get("group", []))
        yield from _walk(part.get("group", []))


def build_answer(concept: int | None, code: str, label: str, rank: int) -> tuple[Answer, str]:
    """An answer with its role, and the label that orders it."""
    role, numeric = "", rank
    for pattern, name, number_of in rules.ROLES:
        if re.search(pattern, f"{code}, {label}"):
            role, numeric = name, rank if number_of is None else number_of
            break
    return Answer(concept, code, numeric, role), label


def sort_by_scale(answers: Sequence[tuple[Answer, str]]) -> list[Answer]:
    """Answers in the order of a known scale that has all their labels, or of their numbers."""
    labels = [simplify(label) for _, label in answers]
    for scale in rules.SCALES:
        places = {simplify(label): place for place, label in enumerate(scale)}
        if labels and all(label in places for label in labels):
            return [a for a, label in sorted(answers, key=lambda pair: places[simplify(pair[1])])]
    return [answer for answer, _ in sorted(answers, key=lambda pair: pair[0].numeric)]
