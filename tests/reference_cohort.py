"""A plain-Python reading of cohort definitions, which judges every faster one.

It shares no code with ``commonweal.query`` but the definition itself: rows are dicts, sets
are sets, and each rule is written down once, as simply as it can be said.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from tests.small_cdm import Row, Tables

from commonweal.query.definition import CohortDefinition, ConceptChoice, Group, Item

DATES = {
    "condition": ("condition_occurrence", "condition", "condition_start_date"),
    "drug": ("drug_exposure", "drug", "drug_exposure_start_date"),
    "procedure": ("procedure_occurrence", "procedure", "procedure_date"),
    "measurement": ("measurement", "measurement", "measurement_date"),
    "observation": ("observation", "observation", "observation_date"),
    "visit": ("visit_occurrence", "visit", "visit_start_date"),
    "device": ("device_exposure", "device", "device_exposure_start_date"),
}
EHR = ("condition", "drug", "procedure", "visit", "device")


class Reference:
    """The people of a small data set and what a definition says of them."""

    def __init__(self, tables: Tables, as_of: date) -> None:
        self.tables = tables
        self.as_of = as_of
        self.people = {row["person_id"]: row for row in tables["person"]}

    def persons(self, definition: CohortDefinition) -> set[object]:
        chosen = {key for key, row in self.people.items() if self.fits(row, definition)}
        for group in definition.include:
            chosen &= self.in_group(group)
        for group in definition.exclude:
            chosen -= self.in_group(group)
        for kind in definition.data:
            domains = EHR if kind == "ehr" else (kind,)
            chosen &= {row["person_id"] for domain in domains for row in self.events(domain)}
        return chosen

    def fits(self, row: Row, definition: CohortDefinition) -> bool:
        people = definition.people
        age = years(born(row), definition.as_of or self.as_of)
        dead = {death["person_id"] for death in self.tables.get("death", ())}
        return (
            (people.sex is None or row["gender_concept_id"] in people.sex)
            and (people.race is None or row["race_concept_id"] in people.race)
            and (people.ethnicity is None or row["ethnicity_concept_id"] in people.ethnicity)
            and (people.age is None or in_range(age, people.age.min, people.age.max))
            and (people.deceased is None or (row["person_id"] in dead) == people.deceased)
        )

    def in_group(self, group: Group) -> set[object]:
        return set().union(*(self.in_item(item) for item in group.any))

    def in_item(self, item: Item) -> set[object]:
        events = self.chosen_events(item)
        if item.occurrences == 1:
            return {row["person_id"] for row in events}
        day = DATES[item.domain][2]
        dated = {(row["person_id"], row[day]) for row in events if row[day] is not None}
        days = Counter(person for person, _ in dated)
        return {person for person, count in days.items() if count >= item.occurrences}

    def chosen_events(self, item: Item) -> list[Row]:
        return [row for row in self.events(item.domain) if self.is_chosen(row, item)]

    def is_chosen(self, row: Row, item: Item) -> bool:
        _, stem, day_column = DATES[item.domain]
        codes = {
            "standard": [row[f"{stem}_concept_id"]],
            "source": [row[f"{stem}_source_concept_id"]],
            "either": [row[f"{stem}_concept_id"], row[f"{stem}_source_concept_id"]],
        }[item.side]
        if item.concepts is not None and not self.meant(item.concepts) & set(codes):
            return False
        day = row[day_column]
        if item.dates is not None and (
            day is None
            or (item.dates.start is not None and day < item.dates.start)
            or (item.dates.end is not None and day > item.dates.end)
        ):
            return False
        if item.age_at_event is None:
            return True
        owner = self.people.get(row["person_id"])
        age = years(born(owner), day) if owner and day else None
        return in_range(age, item.age_at_event.min, item.age_at_event.max)

    def meant(self, choices: Iterable[ConceptChoice]) -> set[object]:
        wanted: set[object] = set()
        unwanted: set[object] = set()
        for choice in choices:
            ids = {choice.concept_id}
            if choice.descendants:
                ids |= {
                    row["descendant_concept_id"]
                    for row in self.tables.get("concept_ancestor", ())
                    if row["ancestor_concept_id"] == choice.concept_id
                }
            (unwanted if choice.exclude else wanted).update(ids)
        return wanted - unwanted

    def events(self, domain: str) -> list[Row]:
        rows = self.tables.get(DATES[domain][0], ())
        return [row for row in rows if row["person_id"] in self.people]

    def first_day(self, definition: CohortDefinition, person_id: object) -> date:
        days = [
            row[DATES[item.domain][2]]
            for group in definition.include
            for item in group.any
            if person_id in self.in_item(item)
            for row in self.chosen_events(item)
            if row["person_id"] == person_id and row[DATES[item.domain][2]] is not None
        ]
        return min(days, default=definition.as_of or self.as_of)


def born(row: Row) -> tuple[int, int, int] | None:
    moment = row["birth_datetime"]
    assert moment is None or isinstance(moment, datetime)
    if row["year_of_birth"] is None:
        return None
    month = row["month_of_birth"] or (moment.month if moment else 6)
    day = row["day_of_birth"] or (moment.day if moment else 15)
    return int(row["year_of_birth"]), int(month), int(day)


def years(birth: tuple[int, int, int] | None, day: date) -> int | None:
    """Completed years, or None for a person without a year of birth or not yet born."""
    if birth is None or birth > (day.year, day.month, day.day):
        return None
    had_birthday = (day.month, day.day) >= birth[1:]
    return day.year - birth[0] - (0 if had_birthday else 1)


def in_range(value: int | None, low: int | None, high: int | None) -> bool:
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)
