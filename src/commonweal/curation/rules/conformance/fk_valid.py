"""References to rows that are not there."""

from collections.abc import Iterable

from commonweal.curation.rule import Change, Filter, Lookup, Map, Rule, Step
from commonweal.schema.model import Field, Reference, Role, Table, get_model

CARE_ROLES = (Role.CLINICAL, Role.HEALTH_SYSTEM)
TARGETS = frozenset(t.name for t in get_model("release").with_role(*CARE_ROLES)) - {"person"}
"""Tables whose rows may be referred to; persons have rules of their own."""


def references(table: Table) -> list[tuple[Field, Reference]]:
    """The table's references into ``TARGETS``, with the field that holds each."""
    pairs = ((field, field.references) for field in table.foreign_keys)
    return [(field, ref) for field, ref in pairs if ref and ref.table in TARGETS]


def bind(table: Table) -> tuple[Step, ...]:
    """Drop for required references, then empty optional ones; the table's own rows last.

    A reference to the same table is judged when no row of it can leave any more.
    """
    required = [pair for pair in references(table) if pair[0].required]
    optional = [pair for pair in references(table) if not pair[0].required]
    inner = [pair for pair in optional if pair[1].table == table.name]
    outer = [pair for pair in optional if pair[1].table != table.name]
    keep = " AND ".join(f"{_found(field)} IS NOT NULL" for field, _ in required)
    filters = [Filter(keep, _lookups(required))] if required else []
    return (*filters, *(_emptied(pairs) for pairs in (outer, inner) if pairs))


def _emptied(pairs: list[tuple[Field, Reference]]) -> Map:
    changes = (Change(field.name, "NULL", f"{_found(field)} IS NULL") for field, _ in pairs)
    return Map(tuple(changes), _lookups(pairs))


def _found(field: Field) -> str:
    return f"of_{field.name}.found"


def _lookups(pairs: Iterable[tuple[Field, Reference]]) -> tuple[Lookup, ...]:
    return tuple(
        Lookup(
            f"of_{field.name}",
            f"SELECT DISTINCT {ref.field} AS found FROM {ref.table} WHERE {ref.field} <> 0",
            {"found": field.name},
        )
        for field, ref in pairs
    )


RULE = Rule(
    id="conf.fk_valid",
    title="References to rows that are not there are emptied, or the row is removed",
    why=(
        "A reference must lead somewhere. Where the model can do without it, it is emptied; where "
        "it cannot, the row is removed. Zero means no reference."
    ),
    tables=lambda table: bool(references(table)),
    bind=bind,
)
