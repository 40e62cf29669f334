"""Every feed of a batch of people, as the programme would know them on the plan's day.

What a person gets depends on the plan and the person alone, and each table is in the order of
participant and then of a key that no row shares, numbers in it compared as numbers. Batches in
the order of their ids, put one after the other, are therefore the feeds of all: only
the accounts of visitors (``accounts.build_visitors``) come after those of all participants.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pyarrow as pa

from commonweal.synthetic.feeds.accounts import build_accounts
from commonweal.synthetic.feeds.biosamples import build_biosamples
from commonweal.synthetic.feeds.consents import build_consents
from commonweal.synthetic.feeds.contacts import build_contacts
from commonweal.synthetic.feeds.measurements import build_measurements
from commonweal.synthetic.feeds.participants import build_participants
from commonweal.synthetic.feeds.surveys import build_surveys
from commonweal.synthetic.feeds.wearables import build_wearables
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

BUILDERS: Mapping[str, Callable[[Plan, People], pa.Table]] = MappingProxyType(
    {
        "account_registration": build_accounts,
        "participant": build_participants,
        "participant_contact": build_contacts,
        "consent_event": build_consents,
        "survey_response": build_surveys,
        "physical_measurement": build_measurements,
        "biosample": build_biosamples,
        "wearable_day": build_wearables,
    }
)


def build_feeds(plan: Plan, people: People) -> dict[str, pa.Table]:
    """Every feed, by name, of these people.

    There are about 240 rows and 35 KB for each of them, and nearly as much room again is
    needed while surveys are put in order.
    """
    return {name: build(plan, people) for name, build in BUILDERS.items()}
