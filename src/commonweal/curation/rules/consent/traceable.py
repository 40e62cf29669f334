"""Clinical rows that name nobody."""

from commonweal.curation.choices import FACTS, LINKED_DOMAINS, key_of
from commonweal.curation.rule import Filter, Lookup, Rule, Step
from commonweal.schema.model import Role, Table, get_model


def names_nobody(table: Table) -> bool:
    """Whether a clinical row leads to no person, not even through a row it must belong to."""
    clinical = {t.name for t in get_model("release").with_role(Role.CLINICAL)}
    parents = {field.references for field in table.foreign_keys if field.required}
    belongs = any(parent and parent.table in clinical for parent in parents)
    return table.role is Role.CLINICAL and not table.has_person and not belongs


def bind(table: Table) -> tuple[Step, ...]:
    """Links between facts stay with their two facts; nothing else can be traced."""
    if table.name != FACTS:
        return (Filter("FALSE"),)
    found = "fact_1.found IS NOT NULL AND fact_2.found IS NOT NULL"
    return (Filter(found, (_fact("1"), _fact("2"))),)


def _fact(side: str) -> Lookup:
    """The facts that one side of the links names and that are there."""
    there = (
        f"SELECT {domain} AS domain, {key_of(table)} AS found FROM {table} "
        f"WHERE {key_of(table)} IN (SELECT fact_id_{side} FROM {FACTS} "
        f"WHERE domain_concept_id_{side} = {domain})"
        for domain, table in LINKED_DOMAINS.items()
    )
    return Lookup(
        f"fact_{side}",
        " UNION ALL ".join(there),
        {"domain": f"domain_concept_id_{side}", "found": f"fact_id_{side}"},
    )


RULE = Rule(
    id="consent.traceable",
    title="Clinical rows that name no person are removed",
    why=(
        "A row that cannot be traced to a person cannot be shown to be authorised, and would "
        "survive a withdrawal. A link between two facts is traced by them: it stays while both "
        "are there and leaves with either. A link to anything else names no authorised record."
    ),
    tables=names_nobody,
    bind=bind,
)
