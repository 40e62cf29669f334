"""Keys over the whole folder: repeated, leading nowhere; persons and what tells who they are.

Everything here is a warning or a notice: the rows can be read, and curation decides what
becomes of them.
"""

from collections.abc import Iterator, Mapping

from commonweal.engine.sql import quoted
from commonweal.intake.check.columnar import ROW
from commonweal.intake.check.file import Checked
from commonweal.intake.check.kept import FACTS, is_key
from commonweal.intake.check.locating import Locator, RowRule
from commonweal.intake.check.repeats import count_repeats
from commonweal.intake.findings import Finding
from commonweal.schema.meaning import FACT_DOMAINS
from commonweal.schema.model import Field, Reference

PERSON = Reference("person", "person_id")
ONE_ROW_PER_PERSON = {
    "pii_name": "pii.person_without_name",
    "participant_match": "pii.person_without_match",
}


def find_key_faults(locator: Locator, others: Mapping[str, Checked]) -> Iterator[Finding]:
    """What is wrong with the keys of a table; ``others`` are all tables that were read."""
    for field in locator.fields:
        if field.primary_key and is_key(field):
            yield from _find_duplicates(locator, field)
    for field in locator.fields:
        if is_key(field) and field.references is not None:
            yield from _find_orphans(locator, field, field.references, others)
    for field in locator.fields:
        if field.name in FACTS:
            yield from _find_absent_facts(locator, field, others)
    yield from _find_missing_persons(locator, others)


def _find_duplicates(locator: Locator, field: Field) -> Iterator[Finding]:
    key, table = quoted(field.name), quoted(locator.name)
    surplus = _count_repeats(locator, field)
    if surplus:
        rows = (
            f"SELECT {ROW}, {key} FROM {table} SEMI JOIN (SELECT {key} FROM {table} "
            f"WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1) USING ({key}) "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {ROW}) > 1"
        )
        yield locator.finding("key.duplicate", field, surplus, rows)


def _count_repeats(locator: Locator, field: Field) -> int:
    file, key = locator.checked.keys, quoted(field.name)
    counted = count_repeats(file, field.name) if file else 0
    if counted is not None:
        return counted
    different = f"SELECT count({key}) - count(DISTINCT {key}) FROM {quoted(locator.name)}"
    return int(locator.engine.value(different))


def _find_orphans(
    locator: Locator, field: Field, target: Reference, others: Mapping[str, Checked]
) -> Iterator[Finding]:
    key, is_person = quoted(field.name), target == PERSON
    given = f"{key} IS NOT NULL" if is_person else f"{key} IS NOT NULL AND {key} <> 0"
    other = others.get(target.table)
    if other is None or target.field not in other.columns:
        count = locator.count(given)
        if count:
            yield locator.mention(
                "key.not_checked",
                count=count,
                column=field.name,
                detail=f"the table {target.table} is not in the folder or could not be read",
            )
        return
    orphans = (
        f"FROM {quoted(locator.name)} ANTI JOIN {quoted(target.table)} AS target "
        f"ON {quoted(locator.name)}.{key} = target.{quoted(target.field)} WHERE {given}"
    )
    count = locator.engine.value(f"SELECT count(*) {orphans}")
    if count:
        code = "key.person_absent" if is_person else "key.orphan"
        rows = f"SELECT {ROW}, {key} {orphans}"
        yield locator.finding(code, field, count, rows, detail=other.report.file)


def _find_absent_facts(
    locator: Locator, field: Field, others: Mapping[str, Checked]
) -> Iterator[Finding]:
    """Facts of the tables that are there; each domain's are looked for in its own table."""
    domain = field.name.replace("fact_id", "domain_concept_id")
    if domain not in locator.checked.columns:
        return
    absent = []
    for concept, name in FACT_DOMAINS.items():
        key = others[name].table.primary_key if name in others else None
        if key is not None and key.name in others[name].columns:
            rows = f"SELECT 1 FROM {quoted(name)} AS o WHERE o.{quoted(key.name)} = t.{field.name}"
            absent.append(f"(t.{domain} = {concept} AND NOT EXISTS ({rows}))")
    if absent:
        rule = RowRule("key.fact_absent", field, "is_absent", domain)
        condition = " OR ".join(absent)
        source = f"(SELECT t.*, {condition} AS is_absent FROM {quoted(locator.name)} AS t) AS t"
        yield from locator.ask([rule], source=source)


def _find_missing_persons(locator: Locator, others: Mapping[str, Checked]) -> Iterator[Finding]:
    """Persons without the row that PII tables hold for each of them."""
    code = ONE_ROW_PER_PERSON.get(locator.name)
    person = others.get(PERSON.table)
    both = {PERSON.field} & locator.checked.columns & (person.columns if person else frozenset())
    if code is None or not both:
        return
    count = locator.engine.value(
        f"SELECT count(*) FROM person ANTI JOIN {quoted(locator.name)} USING (person_id)"
    )
    if count:
        yield locator.mention(code, count=count)
