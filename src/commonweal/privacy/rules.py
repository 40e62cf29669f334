"""The rule that leaves out persons or rows of a tier, in curation's own form."""

from collections.abc import Iterator

from commonweal.curation.rule import Change, Filter, Lookup, Map, Parameter, Rule, Step, Version
from commonweal.curation.stage import Stage
from commonweal.engine.functions import Type
from commonweal.privacy.tiers import Tier
from commonweal.privacy.treatment import RuleId, is_kept
from commonweal.schema.model import DataType, Table

AS_OF = Parameter("as_of", Type.DATE, "The day ages are counted at.")

_BORN = Lookup(
    "born",
    "SELECT person_id, year_of_birth, month_of_birth, day_of_birth FROM person",
    key={"person_id": "person_id"},
    version=Version.INPUT,
)

_STRANGER = "born.person_id IS NULL"
"""Rows of nobody stay here: they stop the tier later, instead of leaving under this rule."""


def build_stage(tier: Tier) -> Stage:
    """The rule that leaves out what would tell a birth date or a very high age."""
    rule = Rule(
        id=RuleId.BIRTH,
        title="; ".join(_titles(tier)),
        why=(
            "Few people live very long, so a high age can single a person out; and with real "
            "dates the first events of a life tell the date of birth. Where month or day of "
            "birth is unknown, the earliest that is possible counts. Spans of observation and "
            "insurance are cut to start later instead of being left out."
        ),
        tables=lambda table: bool(_bind(table, tier)),
        bind=lambda table: _bind(table, tier),
        parameters=(AS_OF,),
    )
    return Stage(
        name=f"{tier.name}-selected",
        title=f"{tier.title}: persons and rows left out",
        rules=(rule,),
        waivers={rule.id: "A person that is left out was born on the day that is looked up."},
    )


def _titles(tier: Tier) -> Iterator[str]:
    if tier.oldest_age is not None:
        yield f"Persons older than {tier.oldest_age} are left out"
    if tier.first_year_of_age is not None:
        years = tier.first_year_of_age
        yield f"Rows before 1 January of the year of birth plus {years} are left out"


def _bind(table: Table, tier: Tier) -> tuple[Step, ...]:
    if not (is_kept(table, tier) and table.has_person):
        return ()
    steps: tuple[Step, ...] = ()
    if tier.oldest_age is not None:
        steps += (_keep_up_to(tier.oldest_age, table),)
    if tier.first_year_of_age is not None and _is_dated(table):
        steps += _bind_early_life(table, tier, tier.first_year_of_age)
    return steps


def _keep_up_to(oldest_age: int, table: Table) -> Filter:
    own = table.name == "person"
    born = "" if own else "born."
    day_of_birth = (
        f"({born}year_of_birth * 10000 + coalesce({born}month_of_birth, 1) * 100 "
        f"+ coalesce({born}day_of_birth, 1))"
    )
    today = "(year($as_of) * 10000 + month($as_of) * 100 + day($as_of))"
    young_enough = f"({today} - {day_of_birth}) // 10000 <= {oldest_age}"
    return Filter(young_enough) if own else Filter(f"{_STRANGER} OR {young_enough}", (_BORN,))


def _is_dated(table: Table) -> bool:
    return bool(table.fields_of(DataType.DATE, DataType.TIMESTAMP)) and table.name != "person"


def _bind_early_life(table: Table, tier: Tier, years: int) -> tuple[Step, ...]:
    bound = f"make_date(born.year_of_birth + {years}, 1, 1)"
    days = [field.name for field in table.fields_of(DataType.DATE)]
    times = [f"CAST({field.name} AS DATE)" for field in table.fields_of(DataType.TIMESTAMP)]
    first = f"least({', '.join([*days, *times])})"
    keep = Filter(f"{_STRANGER} OR {first} IS NULL OR {first} >= {bound}", (_BORN,))
    if table.name not in tier.clip_tables:
        return (keep,)
    changes = tuple(
        Change(start, to=bound, when=f"{start} < {bound} AND {end} >= {bound}")
        for start in days
        if (end := start.replace("_start_", "_end_")) in days and end != start
    )
    return (Map(changes, (_BORN,)), keep)
