"""The stages of curation: which rules, in which order, and why the order holds."""

from collections.abc import Mapping
from types import MappingProxyType

from commonweal.curation.binding import columns_of
from commonweal.curation.rule import Rule
from commonweal.curation.rules.conformance import (
    event_links,
    exact_duplicates,
    fk_valid,
    person_exists,
    person_from_programme,
    pk_unique,
    required_not_null,
    types_cast,
)
from commonweal.curation.rules.consent import ehr, enrolled, traceable
from commonweal.curation.rules.death import no_data_after
from commonweal.curation.rules.time import (
    before_birth,
    cutoff,
    date_datetime,
    end_after_start,
    plausible_year,
)
from commonweal.curation.stage import Stage
from commonweal.engine.functions import Type
from commonweal.schema.model import get_model

UNCAST = "_uncast"
"""Number of cells of a submitted row that could not be read as their type."""

SITE = Stage(
    name="site",
    title="Each site's submission, made to conform",
    rules=(
        types_cast.RULE,
        required_not_null.RULE,
        pk_unique.RULE,
        person_exists.RULE,
        fk_valid.RULE,
        traceable.RULE,
    ),
    extra=MappingProxyType({UNCAST: Type.INTEGER}),
)

UNION = Stage(
    name="union",
    title="All sites' rows together",
    rules=(
        event_links.RULE,
        exact_duplicates.RULE,
        cutoff.RULE,
        plausible_year.RULE,
        date_datetime.RULE,
        fk_valid.RULE,
    ),
)

COMBINED = Stage(
    name="combined",
    title="Participants with what they authorised",
    rules=(
        person_from_programme.RULE,
        enrolled.RULE,
        ehr.RULE,
        traceable.RULE,
        end_after_start.RULE,
        before_birth.RULE,
        no_data_after.RULE,
        fk_valid.RULE,
    ),
    waivers=MappingProxyType(
        {
            end_after_start.RULE.id: (
                "A visit's end is read from rows that belong to it as they came in. What this "
                "stage removes of them belongs to persons whose visits leave too, or lies "
                "before birth or long after death, which no visit outlasts."
            )
        }
    ),
    relations=MappingProxyType(
        {
            name: columns_of(get_model("feeds").table(name))
            for name in ("participant", "consent_event")
        }
    ),
)

STAGES: Mapping[str, Stage] = MappingProxyType({s.name: s for s in (SITE, UNION, COMBINED)})


def list_rules() -> list[Rule]:
    """Every rule of the stages once, in the order of first use."""
    return list({rule.id: rule for stage in STAGES.values() for rule in stage.rules}.values())
