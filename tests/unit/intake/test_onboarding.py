"""The way of a site to production data, step by step, and the gates on it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ready_sites import open_drop_area

from commonweal.intake import onboarding
from commonweal.intake.onboarding import (
    authorise,
    list_steps,
    read_checklist,
    record_deprovisioned,
    record_drop_area,
    record_isa_executed,
    record_reopened,
    record_step,
    record_test_load_passed,
)
from commonweal.intake.purposes import choose_dialect
from commonweal.intake.recording import LONGEST, check_words
from commonweal.intake.registry import add_event, list_events
from commonweal.intake.sites import (
    Purpose,
    Site,
    check_authorised,
    check_fits_programme,
    get_site,
    list_sites,
    register_site,
)
from commonweal.intake.stewards import record_account_closed, record_account_opened
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()
CLINIC = Site("clinic", "The clinic")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    register_site(tmp_path, CLINIC)
    return tmp_path


def isa(home: Path) -> Site:
    return record_isa_executed(home, "clinic", on=date(2026, 3, 2), by="Cora", now=NOW)


def open_drop(home: Path) -> Site:
    open_drop_area(home, CLINIC)
    return get_site(home, "clinic")


def pass_test(home: Path) -> Site:
    return record_test_load_passed(home, "clinic", submission="clinic-1", by="receive", now=NOW)


def allow_production(home: Path) -> Site:
    return authorise(home, "clinic", purposes=tuple(Purpose), by="Cora", now=NOW)


def ask(site: Site, purpose: Purpose, *, synthetic: bool) -> None:
    """Ask for a submission in the dialect that goes with its purpose."""
    check_authorised(site, purpose, synthetic=synthetic, dialect=choose_dialect(purpose))


def may_send(home: Path, *, synthetic: bool = False) -> bool:
    try:
        ask(get_site(home, "clinic"), Purpose.PRODUCTION, synthetic=synthetic)
    except CommonwealError:
        return False
    return True


def states(home: Path) -> dict[str, bool]:
    return {status.step.name: status.is_done for status in read_checklist(home, "clinic")}


def test_production_waits_for_the_agreement_and_the_test_load(home: Path) -> None:
    for step in (isa, open_drop, pass_test):
        with pytest.raises(CommonwealError, match="not done yet"):
            allow_production(home)
        assert not may_send(home)
        step(home)
    assert not states(home)["production"]
    assert allow_production(home).purposes == tuple(Purpose)
    assert may_send(home)
    assert states(home)["production"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"test_load": "t"}, "no executed information security agreement"),
        ({"isa_date": TODAY}, "test load of the site open has not passed"),
        ({"isa_date": TODAY, "test_load": "t"}, "not authorised to send production"),
    ],
)
def test_each_gate_stands_for_itself(changes: dict[str, object], found: str) -> None:
    site = Site("open", "Open", **changes)  # type: ignore[arg-type]  (one field each)
    with pytest.raises(CommonwealError, match=found):
        ask(site, Purpose.PRODUCTION, synthetic=False)
    ask(site, Purpose.PRODUCTION, synthetic=True)
    ask(site, Purpose.TEST, synthetic=True)


def test_no_file_about_real_people_comes_before_the_agreement() -> None:
    """Not even to try the account out; what was de-identified for a sprint may come."""
    site = Site("open", "Open")
    for purpose in (Purpose.TEST, Purpose.PRODUCTION):
        with pytest.raises(CommonwealError, match="no executed information security agreement"):
            ask(site, purpose, synthetic=False)
        ask(site, purpose, synthetic=True)
    for purpose in (Purpose.SPRINT, Purpose.ALPHA):
        ask(site, purpose, synthetic=False)
    signed = replace(site, isa_date=TODAY)
    ask(signed, Purpose.TEST, synthetic=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": (Purpose.PRODUCTION,)},
        {"purposes": tuple(Purpose)},
        {"isa_date": TODAY},
        {"isa_date": date(2099, 1, 1)},
        {"test_load": "t"},
    ],
)
def test_nobody_is_registered_past_a_gate(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CommonwealError, match="past its onboarding"):
        register_site(tmp_path, replace(CLINIC, **changes))
    assert list_sites(tmp_path) == []


def test_what_is_written_into_a_registration_passes_no_gate(home: Path) -> None:
    """Whoever edits the file, or wrote it when it could hold more."""
    file = home / "registry" / "sites" / "clinic.json"
    told = {"purposes": list(Purpose), "isa_date": "2025-01-01", "test_load": "t"}
    file.write_text(json.dumps(json.loads(file.read_text()) | told))
    assert get_site(home, "clinic") == CLINIC
    assert not any(states(home).values())


def test_production_is_done_by_its_event_alone(home: Path) -> None:
    isa(home)
    open_drop(home)
    pass_test(home)
    assert not states(home)["production"]
    authorise(home, "clinic", purposes=(Purpose.TEST,), by="Cora", now=NOW)
    assert not states(home)["production"]
    allow_production(home)
    assert states(home)["production"]
    authorise(home, "clinic", purposes=(Purpose.TEST,), by="Cora", now=NOW)
    assert not states(home)["production"]
    assert not may_send(home)


def test_the_first_accepted_test_load_is_written_down_once(home: Path) -> None:
    open_drop(home)
    assert pass_test(home).test_load == "clinic-1"
    record_test_load_passed(home, "clinic", submission="clinic-2", by="receive", now=NOW)
    assert get_site(home, "clinic").test_load == "clinic-1"
    assert [event.name for event in list_events(home, "clinic")] == [
        "steward_approved",
        "drop_area_opened",
        "test_load_passed",
    ]


def test_a_closed_site_sends_nothing_and_can_be_taken_back(home: Path) -> None:
    isa(home)
    open_drop(home)
    pass_test(home)
    allow_production(home)
    record_deprovisioned(home, "clinic", on=TODAY, reason="award ended", by="Cora", now=NOW)
    for purpose in Purpose:
        with pytest.raises(CommonwealError, match="was closed on 2026-11-25"):
            ask(get_site(home, "clinic"), purpose, synthetic=True)
    with pytest.raises(CommonwealError, match="is closed"):
        isa(home)
    record_reopened(home, "clinic", by="Cora", now=NOW)
    assert may_send(home)
    with pytest.raises(CommonwealError, match="is not closed"):
        record_reopened(home, "clinic", by="Cora", now=NOW)


def test_an_agreement_is_not_of_tomorrow_nor_of_the_middle_ages(home: Path) -> None:
    for day in (date(2026, 11, 26), date(1026, 11, 25)):
        with pytest.raises(CommonwealError, match="cannot have been done on"):
            record_isa_executed(home, "clinic", on=day, by="Cora", now=NOW)
    assert list_events(home, "clinic") == []


@pytest.mark.parametrize("step", [s.name for s in list_steps()])
def test_steps_with_gates_are_not_ticked_off_by_hand(home: Path, step: str) -> None:
    plain = {"contacts", "sprint", "stewards"}
    if step in plain:
        record_step(home, "clinic", step, on=TODAY, by="Cora", now=NOW)
        assert states(home)[step]
    else:
        with pytest.raises(CommonwealError):
            record_step(home, "clinic", step, on=TODAY, by="Cora", now=NOW)
        assert not states(home)[step]


def test_the_notice_comes_after_the_drop_area(home: Path) -> None:
    with pytest.raises(CommonwealError, match="that has to wait"):
        record_step(home, "clinic", "notice", on=TODAY, by="Cora", now=NOW)
    with pytest.raises(CommonwealError, match="that has to wait"):
        record_drop_area(home, "clinic", url="s3://clinic/ehr", by="Cora", now=NOW)
    record_step(home, "clinic", "stewards", on=TODAY, by="Cora", now=NOW)
    site = record_drop_area(home, "clinic", url="s3://clinic/ehr", by="Cora", now=NOW)
    assert site.drop_url == "s3://clinic/ehr"
    record_step(home, "clinic", "notice", on=TODAY, by="Cora", now=NOW)
    assert states(home)["notice"]


def test_a_drop_area_is_a_place_we_can_reach(home: Path) -> None:
    record_step(home, "clinic", "stewards", on=TODAY, by="Cora", now=NOW)
    with pytest.raises(CommonwealError, match="ftp"):
        record_drop_area(home, "clinic", url="ftp://clinic/ehr", by="Cora", now=NOW)


def test_a_step_nobody_declared_is_refused_with_the_list(home: Path) -> None:
    with pytest.raises(CommonwealError, match="no step called 'dance'"):
        record_step(home, "clinic", "dance", on=TODAY, by="Cora", now=NOW)


def test_a_changed_event_is_noticed(home: Path) -> None:
    isa(home)
    open_drop(home)
    pass_test(home)
    file = home / "registry" / "events" / "clinic" / "000001.json"
    event = json.loads(file.read_text())
    file.write_text(json.dumps(event | {"on": "2020-01-01"}))
    with pytest.raises(CommonwealError, match="not whole: event 1 is"):
        get_site(home, "clinic")


def test_a_missing_event_is_noticed(home: Path) -> None:
    isa(home)
    open_drop(home)
    pass_test(home)
    (home / "registry" / "events" / "clinic" / "000001.json").unlink()
    with pytest.raises(CommonwealError, match="not whole"):
        list_events(home, "clinic")


def test_steps_name_steps_that_come_before_them() -> None:
    names = [step.name for step in list_steps()]
    assert len(set(names)) == len(names)
    for step in list_steps():
        assert all(names.index(before) < names.index(step.name) for before in step.after)


ACTS: dict[str, Callable[[Path], object]] = {
    "isa": isa,
    "drop": open_drop,
    "test": pass_test,
    "production": allow_production,
    "close": lambda home: record_deprovisioned(
        home, "clinic", on=TODAY, reason="over", by="Cora", now=NOW
    ),
    "reopen": lambda home: record_reopened(home, "clinic", by="Cora", now=NOW),
}


@given(acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=9))
@settings(max_examples=60, deadline=None)
def test_no_order_of_acts_opens_production_early(
    acts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is tried in whatever order: real production data only behind every gate."""
    home = tmp_path_factory.mktemp("registry")
    register_site(home, CLINIC)
    done: set[str] = set()
    for act in acts:
        try:
            ACTS[act](home)
        except CommonwealError:
            continue
        done.add(act)
        done -= {"reopen": {"close", "reopen"}}.get(act, set())
    gates = {"isa", "drop", "test", "production"}
    assert may_send(home) == (gates <= done and "close" not in done)


def test_events_of_two_writers_come_one_after_the_other(home: Path) -> None:
    for number in range(3):
        add_event(home, "clinic", "contacts_confirmed", on=TODAY, by=str(number), now=NOW)
    assert [event.number for event in list_events(home, "clinic")] == [1, 2, 3]


def test_every_step_is_described() -> None:
    assert all(step.title and step.text and step.by for step in onboarding.list_steps())


def test_stewards_are_no_step_done_once_the_last_of_them_has_left(home: Path) -> None:
    """And one again as soon as somebody has an account, without being recorded anew."""
    for email in ("a@x.org", "b@x.org"):
        record_account_opened(home, "clinic", email=email, by="Cora", now=NOW)
    record_step(home, "clinic", "stewards", on=TODAY, by="Cora", now=NOW)
    record_account_closed(home, "clinic", email="a@x.org", by="Cora", now=NOW)
    assert states(home)["stewards"]
    record_account_closed(home, "clinic", email="b@x.org", by="Cora", now=NOW)
    assert not states(home)["stewards"]
    with pytest.raises(CommonwealError, match="that has to wait"):
        record_drop_area(home, "clinic", url="", by="Cora", now=NOW)
    record_account_opened(home, "clinic", email="b@x.org", by="Cora", now=NOW)
    assert states(home)["stewards"]


def test_a_site_that_was_closed_is_reopened_without_stewards(home: Path) -> None:
    open_drop(home)
    record_deprovisioned(home, "clinic", on=TODAY, reason="over", by="Cora", now=NOW)
    record_reopened(home, "clinic", by="Cora", now=NOW)
    assert not states(home)["stewards"]
    record_step(home, "clinic", "stewards", on=TODAY, by="Cora", now=NOW)
    assert states(home)["stewards"]


def test_a_step_that_is_lacking_is_not_done_and_others_wait_for_it(home: Path) -> None:
    open_drop(home)
    told = {s.step.name: s for s in read_checklist(home, "clinic", lacking=("stewards",))}
    assert told["stewards"].done_on is None
    assert told["test_load"].waits_for == ("stewards",)
    assert told["drop_area"].is_done


def test_a_site_is_registered_without_the_space_around_its_words(tmp_path: Path) -> None:
    register_site(tmp_path, replace(CLINIC, title=" The clinic ", state=" MA "))
    register_site(tmp_path, replace(CLINIC, title="The clinic", state="MA"))
    assert get_site(tmp_path, "clinic").title == "The clinic"


@given(words=st.text(max_size=600))
def test_words_on_record_are_one_printable_line_or_refused(words: str) -> None:
    said = words.strip()
    if said and said.isprintable() and len(said) <= LONGEST:
        assert check_words("The reason", words) == said
    else:
        with pytest.raises(CommonwealError, match="The reason"):
            check_words("The reason", words)


@pytest.mark.parametrize("only_synthetic", [True, False])
@pytest.mark.parametrize("synthetic", [True, False])
def test_a_synthetic_programme_takes_nobody_real(*, only_synthetic: bool, synthetic: bool) -> None:
    if only_synthetic and not synthetic:
        with pytest.raises(CommonwealError, match="synthetic as a whole"):
            check_fits_programme(synthetic=synthetic, only_synthetic=only_synthetic)
    else:
        check_fits_programme(synthetic=synthetic, only_synthetic=only_synthetic)
