"""Clinical rows that name nobody."""

from commonweal.curation.rule import Filter, Rule
from commonweal.schema.model import Role, Table, get_model


def names_nobody(table: Table) -> bool:
    """Whether a clinical row leads to no person, not even through a row it must belong to."""
    clinical = {t.name for t in get_model("release").with_role(Role.CLINICAL)}
    parents = {field.references for field in table.foreign_keys if field.required}
    belongs = any(parent and parent.table in clinical for parent in parents)
    return table.role is Role.CLINICAL and not table.has_person and not belongs


RULE = Rule(
    id="consent.traceable",
    title="Clinical rows that name no person are removed",
    why=(
        "A row that cannot be traced to a person cannot be shown to be authorised, and would "
        "survive a withdrawal."
    ),
    tables=names_nobody,
    bind=lambda _: (Filter("FALSE"),),
)
