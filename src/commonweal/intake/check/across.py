"""Everything that is asked of more than one cell: over rows, tables, and the vocabulary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from commonweal.engine.protocol import Engine
from commonweal.intake.check.concepts import Terms, check_concepts
from commonweal.intake.check.course import Course
from commonweal.intake.check.dates import build_date_rules
from commonweal.intake.check.deidentified import find_identity
from commonweal.intake.check.file import Checked
from commonweal.intake.check.keys import find_key_faults
from commonweal.intake.check.locating import Locator
from commonweal.intake.findings import Finding
from commonweal.schema.model import Model


@dataclass(frozen=True)
class Judging:
    """By what the rows are judged: nothing can have happened after ``today``."""

    model: Model
    terms: Terms
    today: date
    show_values: bool = False


def check_across(
    engine: Engine, checked: Mapping[str, Checked], judging: Judging
) -> dict[str, tuple[Finding, ...]]:
    """What is wrong with the rows of each table that could be read, by its name."""
    readable = {name: table for name, table in checked.items() if table.keys is not None}
    for name, table in readable.items():
        engine.register_parquet(name, [table.keys] if table.keys else [])
    locators = [Locator(engine, table, judging.show_values) for table in readable.values()]
    course = Course(engine, readable)
    of_concepts = check_concepts(engine, locators, judging.terms)
    return {
        locator.name: (
            *_check_rows(locator, readable, course, judging),
            *of_concepts.get(locator.name, ()),
        )
        for locator in locators
    }


def _check_rows(
    locator: Locator, others: Mapping[str, Checked], course: Course, judging: Judging
) -> Iterator[Finding]:
    table, columns = locator.checked.table, locator.checked.columns
    yield from find_key_faults(locator, others)
    yield from locator.ask(list(build_date_rules(table, columns, judging.today)))
    yield from course.find_disorder(locator)
    yield from find_identity(locator, judging.model, judging.today)
