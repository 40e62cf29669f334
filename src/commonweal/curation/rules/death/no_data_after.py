"""Events long after a death."""

from commonweal.curation.choices import days, greatest
from commonweal.curation.rule import Filter, Lookup, Parameter, Rule, Step
from commonweal.engine.functions import Type
from commonweal.schema.meaning import ENDS_WITH_LIFE
from commonweal.schema.model import Table

PRIMARY_DEATH = Lookup(
    "death",
    "SELECT person_id, min(death_date) AS died_on FROM death GROUP BY person_id",
    {"person_id": "person_id"},
)


def bind(table: Table) -> tuple[Step, ...]:
    last = "CAST(death.died_on + to_days($grace_days) AS DATE)"
    return (Filter(f"COALESCE({greatest(days(table))} <= {last}, TRUE)", (PRIMARY_DEATH,)),)


RULE = Rule(
    id="death.no_data_after",
    title="Events long after a death are removed",
    why=(
        "Results and bills arrive for some weeks after a death; what comes later belongs to "
        "somebody else. Of several deaths the earliest counts."
    ),
    tables=lambda table: table.name in ENDS_WITH_LIFE,
    bind=bind,
    parameters=(
        Parameter(
            "grace_days",
            Type.INTEGER,
            "days after the death in which events are kept",
            default=30,
            minimum=0,
            maximum=365,
        ),
    ),
)
