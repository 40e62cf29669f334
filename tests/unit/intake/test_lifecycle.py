"""States, histories and the choice of folders: declared, append-only, and without gaps."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.engine.storage import StoredFile
from commonweal.intake.lifecycle.current import find_current_id, list_switches, switch_current
from commonweal.intake.lifecycle.declaration import (
    DECLARATION,
    build_declaration,
    parse_declaration,
)
from commonweal.intake.lifecycle.drop import (
    EXPIRY,
    QUIET,
    Arrival,
    DropFolder,
    Version,
    choose,
    is_ignored,
    judge,
    parse_version,
    required_tables,
    survey_drop,
)
from commonweal.intake.lifecycle.history import (
    History,
    read_history,
    record_event,
)
from commonweal.intake.lifecycle.states import START, build_states_page, get_states
from commonweal.intake.lifecycle.verify import verify_site
from commonweal.intake.sites import Purpose
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
EVENTS = sorted(get_states().transitions)
DAY = date(2026, 3, 1)


def test_every_state_can_be_reached_and_every_name_is_declared() -> None:
    machine = get_states()
    reached = {START}
    for _ in machine.states:
        reached |= {t.to for t in machine.transitions.values() if t.to and reached & set(t.origins)}
    assert reached == set(machine.states)
    named = {o for t in machine.transitions.values() for o in t.origins}
    assert named <= set(machine.states)


def test_only_the_states_that_are_meant_to_be_final_are() -> None:
    machine = get_states()
    moving = {
        origin
        for t in machine.transitions.values()
        for origin in t.origins
        if t.to and t.to != origin
    }
    assert set(machine.states) - moving == {"repeated", "misnamed", "retracted"}


@settings(deadline=None)
@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_no_order_of_events_gives_a_state_that_is_not_declared(events: list[str]) -> None:
    """The machine agrees, event by event, with a table that is read in another way."""
    machine = get_states()
    table = {
        (origin, t.event): t.to or origin
        for t in machine.transitions.values()
        for origin in t.origins
    }
    state, taken = START, []
    for event in events:
        if (state, event) in table:
            state = table[state, event]
            taken.append(event)
            assert machine.fold(taken) == state
        else:
            with pytest.raises(CommonwealError, match=f"that is {state} cannot be"):
                machine.fold([*taken, event])
        assert state in machine.states


def test_the_page_shows_every_state_and_event() -> None:
    page = build_states_page()
    assert all(f"| **{name}** |" in page for name in get_states().states)
    assert all(f"| `{name}` |" in page for name in get_states().transitions)
    assert "    checking --> accepted: accepted" in page


def record(home: Path, *names: str) -> History:
    history = read_history(home, "hospital", "2026-03-01-v1")
    for name in names:
        history = record_event(home, history, name, now=NOW, by="test", details={"n": name})
    return history


def test_a_history_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = record(tmp_path, "seen", "ready", "begun", "copied", "rejected")
    assert read_history(tmp_path, "hospital", "2026-03-01-v1") == written
    assert (written.state, len(written.events)) == ("rejected", 5)
    assert verify_site(tmp_path, "hospital") == []


def test_an_event_that_cannot_happen_is_not_recorded(tmp_path: Path) -> None:
    record(tmp_path, "seen")
    with pytest.raises(CommonwealError, match="that is uploading cannot be accepted"):
        record(tmp_path, "accepted")
    assert read_history(tmp_path, "hospital", "2026-03-01-v1").state == "uploading"


def test_of_two_who_append_one_is_told(tmp_path: Path) -> None:
    history = record(tmp_path, "seen")
    record_event(tmp_path, history, "held", now=NOW, by="one")
    with pytest.raises(CommonwealError, match="Somebody else"):
        record_event(tmp_path, history, "ready", now=NOW, by="other")


@pytest.mark.parametrize("damage", ["change", "remove", "replace", "garbage"])
def test_a_history_that_was_tampered_with_is_refused(tmp_path: Path, damage: str) -> None:
    record(tmp_path, "seen", "held", "ready")
    folder = tmp_path / "history" / "hospital" / "2026-03-01-v1"
    second = folder / "000002.json"
    if damage == "remove":
        second.unlink()
    elif damage == "garbage":
        second.write_bytes(b"[1]")
    else:
        content = json.loads(second.read_text())
        content["by"] = "nobody"
        if damage == "replace":
            del content["digest"]
        second.write_text(json.dumps(content))
    (damage,) = verify_site(tmp_path, "hospital")
    assert damage.place == "history of hospital/2026-03-01-v1"
    assert "Event 2 is missing, was changed" in damage.said
    with pytest.raises(CommonwealError, match="event 2 is missing or was changed"):
        read_history(tmp_path, "hospital", "2026-03-01-v1")


def test_the_pointer_moves_in_one_step_and_forgets_nothing(tmp_path: Path) -> None:
    assert find_current_id(tmp_path, "hospital") is None
    for submission in ("a", "a", "b", "", "a"):
        switch_current(tmp_path, "hospital", submission, now=NOW, by="test")
    assert find_current_id(tmp_path, "hospital") == "a"
    assert [s.submission for s in list_switches(tmp_path, "hospital")] == ["a", "b", "", "a"]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("2026-03-01-v1", Version(DAY, 1)),
        ("2026-03-01-v12", Version(DAY, 12)),
        ("2026-02-30-v1", None),
        ("2026-03-01-v0", None),
        ("2026-03-01-v01", None),
        ("2026-03-01", None),
        ("2026-03-01-v1 copy", None),
        ("2026-03-01-V1", None),
        ("../2026-03-01-v1", None),
        ("2026-03-01-v1\n", None),
        ("٢٠٢٦-03-01-v1", None),
        ("2026-03-01-v٣", None),
        ("2026-03-01-v1٣", None),
    ],
)
def test_names_of_folders(name: str, version: Version | None) -> None:
    assert parse_version(name) == version
    if version:
        assert version.name == name


def stored(name: str, *, age: timedelta = timedelta(), size: int = 10) -> StoredFile:
    return StoredFile(name, size, NOW - age)


def folder(*names: str, age: timedelta = timedelta(), day: date = DAY) -> DropFolder:
    return DropFolder(Version(day, 1), {name: stored(name, age=age) for name in names})


def test_an_area_is_sorted_without_a_rest() -> None:
    area = survey_drop(
        map(
            stored,
            [
                "2026-03-01-v2/person.csv",
                "2026-03-01-v10/person.csv",
                "2026-03-01-v2/results.html",
                "2026-03-01-v2/Curation_Report/index.html",
                "2026-03-01-v2/.part-death.csv",
                "2026-03-01-v2/sub/death.csv",
                "DRC-validations-20200101/x.csv",
                "Participant/x.csv",
                "validation_20200101/x.csv",
                "old/person.csv",
                "person.csv",
                "processed.txt",
            ],
        )
    )
    assert [f.name for f in area.folders] == ["2026-03-01-v2", "2026-03-01-v10"]
    assert (list(area.folders[0].files), tuple(area.folders[0].nested)) == (
        ["person.csv"],
        ("sub/death.csv",),
    )
    assert (area.misnamed, area.root_files) == (("old",), ("person.csv",))
    assert area.ignored == ("DRC-validations-20200101", "Participant", "validation_20200101")


def test_empty_objects_that_stand_for_folders_are_no_files() -> None:
    area = survey_drop([stored("2026-03-01-v1", size=0), stored("2026-03-02-v1", size=3)])
    assert area.root_files == ("2026-03-02-v1",)


@pytest.mark.parametrize("name", ["a.csv", "_SUBMISSION.json", "processed.txt.csv"])
def test_what_is_not_ignored(name: str) -> None:
    assert not is_ignored(name)


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(), "uploading"),
        (QUIET, "uploading"),
        (QUIET + timedelta(seconds=1), "held"),
        (EXPIRY - timedelta(seconds=1), "held"),
        (EXPIRY, "expired"),
    ],
)
def test_undeclared_folders_by_age(age: timedelta, state: str) -> None:
    old = folder("person.csv", age=age, day=date(2026, 1, 1))
    assert judge(old, None, now=NOW).state == state


def test_the_oldest_file_tells_of_expiry_and_the_newest_of_quiet() -> None:
    files = {
        "person.csv": stored("person.csv", age=EXPIRY),
        "death.csv": stored("death.csv", age=timedelta(hours=1)),
    }
    assert judge(DropFolder(Version(DAY, 1), files), None, now=NOW).state == "expired"


def test_a_declaration_made_for_a_folder_keeps_the_old_rules() -> None:
    """It says what the data are, not that all of them are there."""
    made = build_declaration("production", synthetic=False)
    some = folder("person.csv")
    assert judge(some, made, now=NOW).state == "uploading"
    assert judge(some, made, now=NOW + QUIET + timedelta(seconds=1)).state == "ready"
    every = folder(*(f"{table}.CSV" for table in required_tables("programme")))
    assert judge(every, made, now=NOW).state == "ready"


def test_a_declaration_in_the_folder_says_that_it_is_ready() -> None:
    declared = folder("person.csv", DECLARATION)
    said = build_declaration("test", synthetic=True)
    assert judge(declared, said, now=NOW).state == "ready"
    assert judge(folder(DECLARATION), said, now=NOW).state == "uploading"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"purpose": ["test"], "synthetic": true}',
        b'{"purpose": "test", "synthetic": 1}',
        b'{"purpose": "test", "synthetic": true, "dialect": "feeds"}',
        b'{"purpose": "test", "synthetic": true, "more": 1}',
        b'{"purpose": "test", "synthetic": true, "files": {}}',
        b'{"purpose": "test", "synthetic": true, "files": [{"name": "../x", "bytes": 1}]}',
        b'{"purpose": "test", "synthetic": true, "files": [{"name": "x", "bytes": true}]}',
        b'{"purpose": "test", "synthetic": true, "files": [{"name": "x", "bytes": 1}]}',
    ],
)
def test_declarations_that_are_refused(content: bytes) -> None:
    with pytest.raises(CommonwealError, match=r"The declaration _SUBMISSION\.json"):
        parse_declaration(content)


def test_the_purpose_decides_the_dialect() -> None:
    chosen = {p: build_declaration(str(p), synthetic=True).dialect for p in Purpose}
    assert chosen == {
        Purpose.TEST: "programme",
        Purpose.SPRINT: "sprint",
        Purpose.ALPHA: "alpha",
        Purpose.PRODUCTION: "programme",
    }
    assert build_declaration("test", synthetic=True, dialect="omop-5.4").dialect == "omop-5.4"


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_declaration_or_an_error(content: bytes) -> None:
    try:
        declared = parse_declaration(content)
    except CommonwealError:
        return
    assert parse_declaration(json.dumps(declared.to_json()).encode()) == declared


VERSIONS = st.builds(
    Version,
    st.dates(date(2026, 1, 1), date(2026, 1, 9)),
    st.integers(1, 12),
)
PURPOSES = st.sampled_from(list(Purpose))


ROUNDS = st.integers(0, 2).map(lambda number: NOW + timedelta(minutes=number))
ARRIVALS = st.dictionaries(
    VERSIONS, st.tuples(PURPOSES, ROUNDS, ROUNDS, st.booleans()), max_size=12
).map(
    lambda known: [
        (Arrival(version, purpose, ready_at, newest), is_ready)
        for version, (purpose, ready_at, newest, is_ready) in known.items()
    ]
)


@settings(deadline=None)
@given(ARRIVALS)
def test_the_latest_is_taken_and_nothing_gives_way_to_what_came_before(
    known: list[tuple[Arrival, bool]],
) -> None:
    ready = [one for one, is_ready in known if is_ready]
    waiting = [one for one, is_ready in known if not is_ready]
    found = {one.version: one for one, _ in known}
    taken, superseded = choose(ready, waiting)
    for one in ready:
        assert (one.version in taken) != (one.version in superseded)
    for version, by in superseded.items():
        earlier, later = found[version], found[by]
        assert earlier.purpose is later.purpose is Purpose.PRODUCTION
        assert later in ready
        assert earlier.newest <= later.newest
        if earlier in ready:
            assert (earlier.ready_at, version) < (later.ready_at, by)
        else:
            assert version < by
    ordered = [found[version] for version in taken]
    assert ordered == sorted(
        ordered, key=lambda one: (list(Purpose).index(one.purpose), one.ready_at, one.version)
    )
    production = [one for one in ready if one.purpose is Purpose.PRODUCTION]
    if production:
        assert taken[-1] == max(production, key=lambda one: (one.ready_at, one.version)).version


@settings(deadline=None)
@given(ARRIVALS, st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_listing(
    known: list[tuple[Arrival, bool]], random: object
) -> None:
    ready = [one for one, _ in known]
    shuffled = ready.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a Random
    assert choose(ready, []) == choose(shuffled, [])
