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
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import survey_rules as rules
from survey_sources import Answer, Row, Sources, build_answer, number, simplify

PACK = Path(__file__).resolve().parents[1] / "src/commonweal/synthetic/data/surveys"


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
        asked = "female" if re.search(rules.WOMEN, code) else ""
        pack.questions.append(Question(instrument, concept, code, kind, "", asked, answers))
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
            pack.show_when(question.code, aware.code, [*knows, skip()])


def skip() -> Answer:
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
                name = sources.name_condition(row)
                pack.history.append((question.code, answer.code, f"{row['relative']}:{name}"))
                add_ages(pack, name, asked)
            elif answer.code in rules.RELATIVES_ONLY:
                pack.history.append((question.code, answer.code, rules.RELATIVES_ONLY[answer.code]))


def add_ages(pack: Pack, name: str, asked: Sequence[Question]) -> None:
    """The ages at diagnosis among the questions that follow an answer on a condition."""
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
    by_code = {question.code.lower(): question for question in pack.questions}
    dropped: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in ("basics", "overall_health", "lifestyle", "healthcare_access", "cope"):
        for row in sources.branching[name]:
            codes = (row["child_question"], row["parent_question"])
            child, parent = (by_code.get(rules.RULE_CODES.get(c, c).lower()) for c in codes)
            if child and parent and row["rule_type"] == "drop":
                dropped[child.code, parent.code].add(row["parent_value"].lower())
            elif child and parent and child is not parent:
                add_rule(pack, row, child, parent)
            elif row["parent_question"] and child is not parent:
                pack.left_out.append(f"rule {codes[0]} <- {codes[1]}")
    for (child_code, parent_code), values in dropped.items():
        answers = [*by_code[parent_code.lower()].answers, skip()]
        pack.show_when(
            child_code, parent_code, [a for a in answers if a.code.lower() not in values]
        )
    for child_pattern, *patterns in rules.OWN_BRANCHING:
        for question in pack.questions:
            if found := re.fullmatch(child_pattern, question.code):
                parent_code, answer = (fill(pattern, found) for pattern in patterns)
                add_own_rule(pack, question, parent_code, answer)


def add_rule(pack: Pack, row: Row, child: Question, parent: Question) -> None:
    """A rule that keeps a question where the parent has an answer, or a higher number."""
    if row["rule_type"] == "keep_gt":
        pack.branching.append((child.code, parent.code, "", row["parent_value"]))
        return
    wanted = row["parent_value"].lower()
    kept = [a for a in (*parent.answers, skip()) if a.code.lower() == wanted]
    pack.show_when(child.code, parent.code, kept)


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
