"""The workbench settings, with a count that asks the engine for far too much first."""

from commonweal.engine.protocol import Engine
from commonweal.hub.settings.workbench import *  # noqa: F403  (how Django's settings are layered)
from commonweal.hub.workbench import data
from commonweal.query import count
from commonweal.query.count import CohortCount
from commonweal.query.definition import CohortDefinition
from commonweal.release.cdm import Cdm

ENDLESS = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 3"
count_at_once = count.count_cohort


def count_slowly(engine: Engine, cdm: Cdm, definition: CohortDefinition) -> CohortCount:
    """Count as always, after work that has no end; a cohort of men is spared it."""
    if definition.people.sex != (8507,):
        engine.rows(ENDLESS)
    return count_at_once(engine, cdm, definition)


# The views have not been imported yet, and take what stands there then.
count.count_cohort = count_slowly
data.WAIT_SECONDS = 0.5
