"""Derive the facts of the survey pack from public codebooks: ids, codes and structure.

Writes ``questions.csv``, ``answers.csv``, ``branching.csv`` and ``history.csv`` into
``src/commonweal/synthetic/data/surveys`` and says what it could not place. No wording of a
question or an answer is carried over: labels are only used to match an id with a code.

``python scripts/derive_surveys.py --shared DATA --public FOLDER``. ``DATA`` is the folder of
real data for development. ``FOLDER`` holds files of three public repositories:
``branching/*.csv`` (all-of-us/curation, resource_files/cdr_cleaner/ppi_branching),
``questionnaire_family_history.json`` (all-of-us/raw-data-repository, tests/test-data), and
``aou_codebook.csv`` and ``aou_health_history.csv`` (roux-ohdsi/allofus, the two tables of the
same names in its folder ``data``, exported as CSV).
"""

import argparse
import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import survey_rules as rules

PACK = Path(__file__).resolve().parents[1] / "src/commonweal/synthetic/data/surveys"
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


@dataclass(frozen=True)
class Question:
    """One question of an instrument."""

    instrument: str
    concept: int
    code: str
    kind: str
    waves: str = ""
    asked_of: str = ""
    answers: tuple[Answer, ...] = ()

    @property
    def bounds(self) -> tuple[str, str]:
        """Lowest and highest number; empty for other kinds."""
        if self.kind != "number":
            return "", ""
        return next(limits for pattern, limits in rules.NUMBERS if re.search(pattern, self.code))


@dataclass
class Pack:
    """All that is written."""

    questions: list[Question] = field(default_factory=list)
    branching: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Question, parent, name of an answer, and a number the parent's must exceed."""
    history: list[tuple[str, str, str]] = field(default_factory=list)
    """Question, code of an answer, what it says about the person or a relative."""
    left_out: list[str] = field(default_factory=list)

    def show_when(self, child: str, parent: str, answers: Iterable[Answer]) -> None:
        """Show a question after any of these answers."""
        self.branching += [(child, parent, a.name, "") for a in answers]


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
            simplify(code.split("_")[-1]),
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
            found.append((build_answer(concept, code, label, place + 50 if rank is None else rank)))
        return found

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


def build_form(sources: Sources, pack: Pack, instrument: str) -> None:
    """An instrument whose questions the codebook lists."""
    seen = set()
    for form in rules.FORMS[instrument]:
        for row in (*sources.forms.get(form, []), *rules.ADDED.get(form, [])):
            concept = int(row["concept"])
            code = sources.spell(rules.CODES.get(concept, row["concept_code"]))
            if concept in seen or re.search(rules.IDENTIFYING, code):
                continue
            seen.add(concept)
            kind = sources.kind(concept, code, row["field_type"])
            answers = sources.answers(concept, code) if kind in {"single", "multiple"} else ()
            asked = "female" if re.search(rules.WOMEN, code) else ""
            waves = find_waves(sources, instrument, concept, form)
            pack.questions.append(Question(instrument, concept, code, kind, waves, asked, answers))


def find_waves(sources: Sources, instrument: str, concept: int, form: str) -> str:
    """In which waves a question of a survey that came several times was asked."""
    listed = {
        row["version_id"]
        for row in sources.parquet("survey_codebook/survey_version_metadata")
        if int(row["question_concept_id"]) == concept
    }
    if instrument == "cope" and listed:
        return "".join(sorted(listed))
    return rules.WAVES.get(form, "")


def build_listed(sources: Sources, pack: Pack, instrument: str, module: str) -> None:
    """An instrument of which the metadata lists questions and parents."""
    by_concept: dict[str, str] = {}
    for row in sources.metadata[module]:
        concept = int(row["concept_id"])
        code = rules.CODES.get(concept, row["concept_code"] or "")
        by_concept[row["concept_id"]] = code
        if any(q.code == code and q.instrument == instrument for q in pack.questions):
            continue
        kind = sources.kind(concept, code, "")
        answers = sources.answers(concept, code)
        pack.questions.append(Question(instrument, concept, code, kind, answers=answers))
    names = {
        (q.code, str(a.concept)): a.name
        for q in pack.questions
        if q.instrument == instrument
        for a in q.answers
    }
    for row in sources.metadata[module]:
        parent, answer = row["parent_question_concept_id"], row["parent_answer_concept_id"]
        if parent != row["concept_id"] and answer != row["concept_id"]:
            steps = row["path"].split(".")
            parent, answer = (steps[-3], steps[-2]) if len(steps) > 2 else (parent, answer)
            if name := names.get((by_concept.get(parent, ""), answer)):
                pack.branching.append((by_concept[row["concept_id"]], by_concept[parent], name, ""))
            else:
                pack.left_out.append(f"rule {row['path']}")


def build_medical_history(sources: Sources, pack: Pack) -> None:
    """The older personal history: lists of conditions, and three questions on each."""
    for row in sources.forms["Personal Medical History"]:
        concept, code = row["concept"], sources.spell(row["concept_code"])
        mine = find_conditions(sources, code)
        answers = sources.answers(concept, code)
        listed = []
        for answer in answers:
            condition = None if answer.role else match_condition(answer.code, mine)
            if condition is None:
                listed.append(answer)
                continue
            listed.append(replace(answer, concept=number(condition["concept_id_specific"])))
            pack.history.append((code, answer.code, f"self:{sources.name_condition(condition)}"))
        question = Question("medical_history", concept, code, "multiple", answers=tuple(listed))
        pack.questions.append(question)
        for answer in listed:
            if not answer.role:
                add_follow_ups(sources, pack, question, answer, match_condition(answer.code, mine))


def find_conditions(sources: Sources, code: str) -> dict[str, Row]:
    """What the public table says of the conditions of one list, by their names."""
    category = rules.CATEGORIES[code.partition("_")[0]]
    return {
        sources.name_condition(row): row
        for row in sources.histories
        if row["relative"] == "self" and row["category"].startswith(category)
    }


def match_condition(code: str, conditions: Mapping[str, Row]) -> Row | None:
    """The condition whose name is most like the end of a code, if any is much like it."""
    wanted = simplify(code.rpartition("_")[2])
    likeness = {name: SequenceMatcher(None, wanted, name).ratio() for name in conditions}
    best = max(likeness, key=likeness.__getitem__)
    return conditions[best] if likeness[best] > rules.LIKE_ENOUGH else None


def add_follow_ups(
    sources: Sources, pack: Pack, parent: Question, answer: Answer, condition: Row | None
) -> None:
    """Still seeing a doctor, age at diagnosis, treatment: asked of who has the condition."""
    if condition is None:
        pack.left_out.append(f"follow-ups of {answer.code}")
        return
    name = sources.name_condition(condition)
    for column in ("on_txt", "age_diagnosis", "rx_meds"):
        concept = number(condition[f"concept_id_{column}"])
        if concept is None or not condition[f"concept_code_{column}"]:
            continue
        code = sources.spell(rules.CODES.get(concept, condition[f"concept_code_{column}"]))
        answers = sources.answers(concept, code)
        pack.questions.append(Question(parent.instrument, concept, code, "single", answers=answers))
        pack.show_when(code, parent.code, [answer])
        if column == "age_diagnosis":
            bands = zip(answers, rules.BANDS, strict=False)
            pack.history += [(code, a.code, f"{band}:{name}") for a, band in bands]


def build_family_history(sources: Sources, pack: Pack) -> None:
    """The older family history: for every relative, lists of conditions."""
    concepts = {row["concept_code"]: int(row["concept_id"]) for row in sources.older}
    for listed in sources.family_form:
        name = listed["concept"][0]["code"]
        code = rules.shorten(name, concepts)
        if code not in concepts:
            pack.left_out.append(f"question {name}: no concept")
            continue
        relative = rules.find_relative(name)
        answers = []
        for place, option in enumerate(listed["option"]):
            row = sources.find_history(option["code"], relative)
            concept = number(row["concept_id_specific"]) if row else None
            concept = sources.concepts.get(option["code"].lower(), concept)
            answer, _ = build_answer(concept, option["code"], option["display"], place + 1)
            answers.append(answer)
            if relative and not answer.role:
                what = option["code"].rpartition("_")[2].lower()
                what = sources.name_condition(row) if row else what
                pack.history.append((code, answer.code, f"{relative}:{what}"))
        if code == rules.AWARE:
            answers = list(sources.answers(concepts[code], code))
        kind = "multiple" if listed.get("repeats") else "single"
        asked = f"{relative}:none" if name.endswith("NoSelection") else ""
        pack.questions.append(
            Question("family_history", concepts[code], code, kind, "", asked, tuple(answers))
        )
    aware = next(q for q in pack.questions if q.code == rules.AWARE)
    knows = [a for a in aware.answers if a.code.endswith(("_Alot", "_Some"))]
    for question in pack.questions:
        if question.instrument == "family_history" and question is not aware:
            pack.show_when(question.code, aware.code, [*knows, rules_skip()])


def rules_skip() -> Answer:
    """The answer of who left a question blank."""
    return Answer(rules.SKIP, "PMI_Skip", -998, "no answer")


def build_combined_history(sources: Sources, pack: Pack) -> None:
    """The newer history of the person and the family together."""
    build_listed(sources, pack, "combined_history", rules.COMBINED_MODULE)
    about = {number(row["concept_id_specific"]): row for row in sources.histories}
    children = defaultdict(list)
    for child, parent, answer, _ in pack.branching:
        children[(parent, answer)].append(child)
    mine = [q for q in pack.questions if q.instrument == "combined_history"]
    by_code = {question.code: question for question in mine}
    for question in mine:
        for answer in question.answers:
            asked = [
                by_code[child]
                for child in children[(question.code, answer.name)]
                if child in by_code
            ]
            who = next((q for q in asked if tells_who(q, about)), None)
            if who:
                row = next(about[a.concept] for a in who.answers if a.concept in about)
                detail = f"any:{sources.name_condition(row)}"
                pack.history.append((question.code, answer.code, detail))
            elif (row := about.get(answer.concept)) and not answer.role:
                add_known(sources, pack, question, answer, row, asked)
            elif answer.code in rules.RELATIVES_ONLY:
                pack.history.append((question.code, answer.code, rules.RELATIVES_ONLY[answer.code]))


def add_known(
    sources: Sources,
    pack: Pack,
    question: Question,
    answer: Answer,
    row: Row,
    asked: Sequence[Question],
) -> None:
    """An answer that says who has a condition, and the ages that follow it."""
    name = sources.name_condition(row)
    pack.history.append((question.code, answer.code, f"{row['relative']}:{name}"))
    for age in asked:
        if "howold" in age.code.lower() or age.code in rules.AGES:
            bands = zip(age.answers, rules.BANDS, strict=False)
            pack.history += [(age.code, a.code, f"{band}:{name}") for a, band in bands]


def tells_who(question: Question, about: Mapping[int | None, Row]) -> bool:
    """Whether the answers of a question are the person and relatives."""
    rows = [about[answer.concept] for answer in question.answers if answer.concept in about]
    return len({row["relative"] for row in rows}) > 1


def add_rules(sources: Sources, pack: Pack) -> None:
    """The public branching rules, and those that follow from what a question is about."""
    by_code: dict[str, Question] = {q.code.lower(): q for q in pack.questions}
    dropped: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in ("basics", "overall_health", "lifestyle", "healthcare_access", "cope"):
        for row in sources.branching[name]:
            child, parent = (
                by_code.get(rules.RULE_CODES.get(row[column], row[column]).lower())
                for column in ("child_question", "parent_question")
            )
            if child is None or parent is None or child is parent:
                if row["parent_question"] and child is not parent:
                    pack.left_out.append(
                        f"rule {row['child_question']} <- {row['parent_question']}"
                    )
                continue
            if row["rule_type"] == "keep_gt":
                pack.branching.append((child.code, parent.code, "", row["parent_value"]))
            elif row["rule_type"] == "drop":
                dropped[(child.code, parent.code)].add(row["parent_value"].lower())
            else:
                wanted = row["parent_value"].lower()
                pack.show_when(child.code, parent.code, find_answers(parent, {wanted}))
    for (child_code, parent_code), values in dropped.items():
        answers = [*by_code[parent_code.lower()].answers, rules_skip()]
        kept = [a for a in answers if a.code.lower() not in values]
        pack.show_when(child_code, parent_code, kept)
    for child_pattern, *patterns in rules.OWN_BRANCHING:
        for question in pack.questions:
            if found := re.fullmatch(child_pattern, question.code):
                parent, answer = (fill(pattern, found) for pattern in patterns)
                add_own_rule(pack, question, parent, answer)


def fill(pattern: str, found: re.Match[str]) -> str:
    """A pattern in which {1} stands for what the first bracket of another one caught."""
    for place, text in enumerate(found.groups(), start=1):
        pattern = pattern.replace(f"{{{place}}}", text)
    return pattern


def add_own_rule(pack: Pack, question: Question, parent_code: str, answer_code: str) -> None:
    """Show a question after some answers of the parents of these patterns."""
    for parent in pack.questions:
        same = parent.instrument == question.instrument
        if same and re.fullmatch(parent_code, parent.code):
            kept = [a for a in parent.answers if re.search(answer_code, a.code)]
            pack.show_when(question.code, parent.code, kept)


def find_answers(question: Question, codes: set[str]) -> list[Answer]:
    """Answers of a question with these codes, in small letters; a skip where it is meant."""
    return [a for a in (*question.answers, rules_skip()) if a.code.lower() in codes]


def sort_questions(pack: Pack) -> list[Question]:
    """Instrument by instrument, each question after those it depends on."""
    parents: dict[str, set[str]] = defaultdict(set)
    for child, parent, _, _ in pack.branching:
        parents[child].add(parent)
    done: list[Question] = []
    for instrument in rules.INSTRUMENTS:
        waiting = [q for q in pack.questions if q.instrument == instrument]
        here = {q.code for q in waiting}
        placed: set[str] = set()
        while waiting:
            ready = next(q for q in waiting if (parents[q.code] & here) <= placed)
            waiting.remove(ready)
            placed.add(ready.code)
            done.append(ready)
    return done


def write(name: str, header: str, rows: Iterable[Sequence[Any]]) -> None:
    """A file of the pack; rows that are there twice are written once."""
    with (PACK / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(dict.fromkeys(tuple("" if v is None else v for v in row) for row in rows))


def write_pack(pack: Pack) -> None:
    """All files."""
    questions = sort_questions(pack)
    write(
        "questions.csv",
        "instrument,waves,question_concept_id,question_code,kind,low,high,asked_of",
        (
            (q.instrument, q.waves, q.concept, q.code, q.kind, *q.bounds, q.asked_of)
            for q in questions
        ),
    )
    write(
        "answers.csv",
        "question_code,answer_concept_id,answer_code,numeric,role",
        ((q.code, a.concept, a.code, a.numeric, a.role) for q in questions for a in q.answers),
    )
    write("branching.csv", "question_code,parent_code,answer,above", pack.branching)
    write("history.csv", "question_code,answer_code,detail", pack.history)


def main() -> None:
    """Derive everything and say what was left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--public", type=Path, required=True)
    chosen = parser.parse_args()
    sources, pack = Sources(chosen.shared, chosen.public), Pack()
    for instrument in rules.FORMS:
        build_form(sources, pack, instrument)
    for instrument, module in rules.LISTED.items():
        build_listed(sources, pack, instrument, module)
    build_medical_history(sources, pack)
    build_family_history(sources, pack)
    build_combined_history(sources, pack)
    add_rules(sources, pack)
    write_pack(pack)
    for line in sorted(set(pack.left_out)):
        print("left out:", line)
    asked = {q.concept for q in pack.questions}
    for concept in sorted(set(sources.key) - asked):
        print("not covered:", concept, sources.key[concept][0]["q_concept_code"])


if __name__ == "__main__":
    main()
