"""The feed ``consent_event``: every answer to a consent, its expiry, and withdrawals.

The last answer on health records agrees with ``Membership.shares_records``: whoever it says
authorised them does so by a signed form that was checked, whatever happened before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.feeds.wearables import draw_sharing
from commonweal.synthetic.frames import (
    Moments,
    at_daytime,
    build_table,
    join_text,
    some_day_between,
)
from commonweal.synthetic.people.membership import ehr_position
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

CONSENT_HOUR, WITHDRAWAL_HOUR = 8, 21
FORMS = {
    "primary": (("1.0", "2017-06-01"), ("2.1", "2018-04-24"), ("3.1", "2020-04-21")),
    "ehr": (("1.0", "2017-06-01"), ("2.0", "2019-03-01")),
    "genomic_results": (("1.0", "2019-03-01"), ("1.2", "2021-01-15")),
    "wearable": (("1.0", "2019-02-01"),),
}
"""Versions of every form, each with the first day on which it was shown."""
RECONSENT_SHARES = (0.6, 0.1, 0.0)
"""Who consents again, by the version of the first form."""
RECONSENTS_FROM, RECONSENTS_TO = np.datetime64("2020-04-21"), np.datetime64("2022-04-21")
FIRST_ANSWERS = (("not_sure", 0.02), ("no", 0.01))
"""What some said before they authorised health records."""
RENEWED_SHARE = 0.03
"""Of the authorisations in force: those that had expired and were given again."""
REVOKED_SHARE, UNSURE_SHARE = 0.3, 0.2
"""Of those who do not authorise: who did at first, and who is not sure."""
INVALID_SHARE = 0.2
"""Of the forms in bad order: those found invalid, not only unchecked."""
GENOMIC_SHARES = {"yes": 60, "no": 8, "not_sure": 7, "": 25}
GENOMIC_DECIDED_SHARE = 0.4
"""Of those not sure about genomic results: who says yes later."""


@dataclass(frozen=True)
class Event:
    """One kind of event that befalls a person once at most."""

    label: str
    """Ends the event's id; alphabetical order is the order of events at one moment."""
    module: str
    status: str
    moments: Moments
    """One for each person; NaT where it did not happen."""
    validation: str = "submitted"


def consent_moments(people: People) -> Moments:
    """When each person gave the primary consent."""
    enrolled = people.membership.enrolled.astype("datetime64[us]")
    return np.asarray(enrolled + np.timedelta64(CONSENT_HOUR, "h"))


def build_consents(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of participant, time and id."""
    kinds = (_primary, _ehr, _genomic, _wearable)
    listed = [event for kind in kinds for event in kind(plan, people)]
    events = sorted(listed, key=lambda event: event.label)
    moments = np.stack([event.moments for event in events], axis=1)
    known = moments.astype("datetime64[D]") <= people.membership.last_day[:, np.newaxis]
    who, which = np.nonzero(known)
    when = moments[who, which]
    order = np.lexsort((which, when, who))
    who, which, when = who[order], which[order], when[order]

    def name(attribute: str) -> pa.Array:
        texts = [getattr(event, attribute) for event in events]
        return pc.take(pa.array(texts, pa.string()), pa.array(which))

    table = get_model("feeds").table("consent_event")
    columns = {
        "consent_event_id": join_text(people.ids[who], name("label")),
        "participant_id": people.ids[who],
        "module": name("module"),
        "status": name("status"),
        "authored_at": when,
        "form_version": _name_forms(np.array([event.module for event in events])[which], when),
        "language": people.language.take(pa.array(who)),
        "validation": name("validation"),
    }
    return build_table(table, [columns])


def _name_forms(modules: NDArray[np.str_], when: Moments) -> pa.Array:
    """The version that was in use when the form was shown."""
    versions = np.full(len(modules), "", dtype=object)
    for module, forms in FORMS.items():
        for version, first in forms:
            versions[(modules == module) & (when >= np.datetime64(first))] = version
    return pa.array(versions, pa.string())


def _only(whom: Flags, moments: Moments) -> Moments:
    return np.where(whom, moments, np.datetime64("NaT", "us"))


def _primary(plan: Plan, people: People) -> Iterator[Event]:
    """The consent, another one to a newer form, and the withdrawal."""
    draws, ids, enrolled = plan.draws, people.ids, people.membership.enrolled
    yield Event("primary-yes", "primary", "yes", consent_moments(people))
    firsts = np.array([first for _, first in FORMS["primary"]], dtype="datetime64[D]")
    shares = np.array(RECONSENT_SHARES)[np.searchsorted(firsts, enrolled, side="right") - 1]
    first = np.maximum(enrolled + 1, RECONSENTS_FROM)
    days = some_day_between(draws, "reconsent/day", ids, first, np.full(len(ids), RECONSENTS_TO))
    again = at_daytime(draws, "reconsent", ids, days)
    agrees = draws.chance("reconsent", ids, shares)
    yield Event("primary-yes-again", "primary", "yes", _only(agrees, again))
    withdrawn = people.membership.withdrawn.astype("datetime64[us]")
    withdrawn += np.timedelta64(WITHDRAWAL_HOUR, "h")
    yield Event("primary-no", "primary", "no", withdrawn)


def _ehr(plan: Plan, people: People) -> Iterator[Event]:
    """Answers on health records that end as ``people.membership`` says."""
    draws, ids, membership = plan.draws, people.ids, people.membership
    outcome, answered = membership.ehr, membership.ehr_answered
    of = {name: outcome == ehr_position(name) for name in ("yes", "no", "expired", "not_validated")}
    yield from _hesitate(plan, people, of["yes"])
    luck = draws.uniform("ehr/no", ids)
    revoked = of["no"] & (luck < REVOKED_SHARE)
    unsure = of["no"] & ~revoked & (luck < REVOKED_SHARE + UNSURE_SHARE)
    ended = membership.ehr_expired
    expired = of["expired"] & (ended.astype("datetime64[D]") <= membership.last_day)
    given = of["yes"] | revoked | expired
    yield Event("ehr-yes", "ehr", "yes", _only(given, answered))
    yield Event("ehr-expired", "ehr", "expired", _only(expired, ended))
    later = at_daytime(draws, "ehr/revoked", ids, answered.astype("datetime64[D]"))
    later += np.timedelta64(1, "D")
    refused = np.where(revoked, later, answered)
    yield Event("ehr-no", "ehr", "no", _only(of["no"] & ~unsure, refused))
    yield Event("ehr-not_sure", "ehr", "not_sure", _only(unsure, answered))
    invalid = draws.chance("ehr/invalid", ids, INVALID_SHARE)
    for label, whom in (("invalid", invalid), ("not_validated", ~invalid)):
        signed = _only(of["not_validated"] & whom, answered)
        yield Event(f"ehr-yes-{label}", "ehr", "yes", signed, label)


def _hesitate(plan: Plan, people: People, authorised: Flags) -> Iterator[Event]:
    """Answers before an authorisation that is in force, and its expiry and renewal."""
    draws, ids, membership = plan.draws, people.ids, people.membership
    first = consent_moments(people) + np.timedelta64(5, "m")
    later = membership.ehr_answered.astype("datetime64[D]") > membership.enrolled
    luck, from_share = draws.uniform("ehr/first", ids), 0.0
    for status, share in FIRST_ANSWERS:
        says = authorised & later & (from_share <= luck) & (luck < from_share + share)
        yield Event(f"ehr-{status}-first", "ehr", status, _only(says, first))
        from_share += share
    ended = membership.ehr_answered + np.timedelta64(3 * 365, "D")
    renewed = ended + draws.integers("ehr/renewed", ids, 1, 90).astype("timedelta64[D]")
    in_time = renewed.astype("datetime64[D]") <= membership.last_day
    renews = authorised & in_time & draws.chance("ehr/renews", ids, RENEWED_SHARE)
    yield Event("ehr-expired-renewed", "ehr", "expired", _only(renews, ended))
    yield Event("ehr-yes-renewed", "ehr", "yes", _only(renews, renewed))


def _genomic(plan: Plan, people: People) -> Iterator[Event]:
    """Whether results on genes are wanted; some who were not sure decide later."""
    draws, ids, module = plan.draws, people.ids, "genomic_results"
    group = draws.choice(module, ids, list(GENOMIC_SHARES.values()))
    first = np.datetime64(FORMS[module][0][1], "D")
    wait = draws.integers(f"{module}/day", ids, 1, 60).astype("timedelta64[D]")
    moments = at_daytime(draws, module, ids, np.maximum(people.membership.enrolled, first) + wait)
    for place, status in enumerate(GENOMIC_SHARES):
        if status:
            yield Event(f"{module}-{status}", module, status, _only(group == place, moments))
    decides = draws.chance(f"{module}/decides", ids, GENOMIC_DECIDED_SHARE)
    decides &= group == list(GENOMIC_SHARES).index("not_sure")
    later = moments + draws.integers(f"{module}/later", ids, 30, 400).astype("timedelta64[D]")
    yield Event(f"{module}-yes-later", module, "yes", _only(decides, later))


def _wearable(plan: Plan, people: People) -> Iterator[Event]:
    """Start of sharing a device's data, and its end where it was stopped."""
    sharing = draw_sharing(plan, people)
    start = at_daytime(plan.draws, "sharing", people.ids, sharing.first)
    yield Event("wearable-yes", "wearable", "yes", start)
    stop = sharing.stopped.astype("datetime64[us]") + np.timedelta64(WITHDRAWAL_HOUR, "h")
    yield Event("wearable-no", "wearable", "no", stop)
