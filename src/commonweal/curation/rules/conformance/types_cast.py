"""Rows with a cell that cannot be read as its type."""

from commonweal.curation.rule import Filter, Rule

RULE = Rule(
    id="conf.types_cast",
    title="Rows with a value of the wrong type are removed",
    why=(
        "A cell that cannot be read as the type of its column would become empty, and an empty "
        "cell says something else than an unreadable one."
    ),
    tables=lambda _: True,
    bind=lambda _: (Filter("_uncast = 0"),),
)
