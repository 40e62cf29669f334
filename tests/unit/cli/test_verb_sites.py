"""``sites`` as an operator meets it: steps, refusals, and rehearsals that leave nothing."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commonweal.cli.main import main
from commonweal.intake.registry import list_events
from commonweal.intake.sites import get_site, list_sites
from commonweal.intake.stewards import record_account_opened
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]
REGISTER = ["register", "hospital", "--title", "The hospital", "--purpose", "test"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str) -> int:
    """Run a verb of ``sites`` in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["commonweal", "sites", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_the_whole_way_of_a_site(home: Path, capsys: Capture) -> None:
    for arguments in (
        REGISTER,
        ["isa", "hospital", "--on", "2026-03-02"],
        ["step", "hospital", "stewards"],
        ["drop", "hospital"],
        ["step", "hospital", "notice"],
        ["authorise", "hospital", "test", "sprint"],
        ["close", "hospital", "--reason", "the award ended", "--yes"],
        ["reopen", "hospital"],
    ):
        assert run(*arguments) == ExitCode.OK, arguments
    capsys.readouterr()
    assert run("show", "hospital", "--json") == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["isa_date"] == "2026-03-02"
    assert told["purposes"] == ["test", "sprint"]
    done = [step["step"] for step in told["steps"] if step["done_on"]]
    assert done == ["isa", "drop_area", "notice"], "accounts of stewards went with the closing"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["isa", "hospital"], "would be recorded as executed"),
        (["step", "hospital", "contacts"], "Would be recorded"),
        (["step", "hospital", "stewards"], "Would be recorded"),
        (["authorise", "hospital", "sprint"], "hospital might send then: sprint"),
        (["close", "hospital", "--reason", "x", "--yes"], "hospital would be closed."),
        (["close", "hospital", "--reason", "x"], "hospital would be closed."),
        (["edit", "hospital", "--title", "The infirmary"], "Would be changed about hospital"),
        (["register", "clinic", "--title", "The clinic"], "clinic would be registered."),
    ],
)
def test_a_rehearsal_records_nothing(
    home: Path, arguments: list[str], words: str, capsys: Capture
) -> None:
    run(*REGISTER)
    before = get_site(home, "hospital")
    capsys.readouterr()
    assert run(*arguments, "--dry-run") == ExitCode.OK
    told = capsys.readouterr().out
    assert words in told
    assert "Nothing was recorded: this was a dry run." in told
    assert (list_sites(home), list_events(home, "hospital")) == ([before], [])


@pytest.mark.parametrize("rehearsed", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["authorise", "hospital", "production"], "has to wait"),
        (["drop", "hospital"], "has to wait"),
        (["isa", "hospital", "--on", "1026-01-01"], "a day from 2000-01-01"),
        (["isa", "hospital", "--on", "2099-01-01"], "cannot have been done on 2099-01-01"),
        (["step", "hospital", "notice"], "has to wait"),
        (["isa", "clinic"], "There is no site called"),
        (["reopen", "hospital"], "is not closed"),
        (["step", "hospital", "contacts", "--on", "0001-01-01"], "a day from 2000-01-01"),
        (["step", "hospital", "contacts", "--on", "2099-01-01"], "on 2099-01-01"),
        (["close", "hospital", "--reason", "x", "--yes", "--on", "2099-01-01"], "on 2099-01-01"),
        (["close", "hospital", "--reason", " ", "--yes"], "The reason is blank"),
        (["register", "clinic", "--title", ""], "The full name is blank"),
        (["register", "clinic", "--title", "A\nB"], "The full name holds a line break"),
        (["register", "clinic", "--title", "A\x1b[31mB"], "The full name holds a line break"),
        (["register", "clinic", "--title", "C", "--awardee", "A\nB"], "The awardee holds"),
        (["register", "clinic", "--title", "C", "--state", "Massachusetts"], "two capital letters"),
        (["edit", "hospital", "--title", " "], "The full name is blank"),
        (["edit", "hospital", "--state", "ma"], "two capital letters"),
        (["edit", "clinic", "--title", "C"], "There is no site called"),
        (["register", "clinic", "--title", "C", "--purpose", "production"], "past its onboarding"),
        (["register", "clinic", "--title", "C", "--isa-date", "2099-01-01"], "--isa-date"),
    ],
)
def test_a_rehearsal_is_refused_as_the_real_thing(
    home: Path, arguments: list[str], words: str, rehearsed: list[str], capsys: Capture
) -> None:
    run(*REGISTER)
    assert run(*arguments, *rehearsed) == ExitCode.COULD_NOT_RUN
    assert words in capsys.readouterr().err
    assert list_events(home, "hospital") == []


def test_brackets_in_a_title_are_brackets(home: Path, capsys: Capture) -> None:
    title = "[/b] [red]Prairie[/red] :warning:"
    assert run("register", "prairie", "--title", title) == ExitCode.OK
    capsys.readouterr()
    assert run("list") == ExitCode.OK
    assert title in capsys.readouterr().out


def test_nobody_is_asked_where_there_is_no_terminal(home: Path, capsys: Capture) -> None:
    run(*REGISTER)
    assert run("close", "hospital", "--reason", "x") == ExitCode.COULD_NOT_RUN
    assert "Add --yes" in capsys.readouterr().err
    assert get_site(home, "hospital").closed_on is None


def read_step(name: str, capsys: Capture) -> dict[str, object]:
    """What the checklist tells of a step of the hospital."""
    capsys.readouterr()
    assert run("show", "hospital", "--json") == ExitCode.OK
    steps = json.loads(capsys.readouterr().out)["steps"]
    return next(step for step in steps if step["step"] == name)


@pytest.mark.parametrize("step", ["contacts", "stewards", "notice"])
def test_what_nobody_looked_at_is_said_to_be_recorded_by_hand(
    home: Path, step: str, capsys: Capture
) -> None:
    run(*REGISTER)
    if step == "notice":
        run("step", "hospital", "stewards")
        run("drop", "hospital")
    capsys.readouterr()
    assert run("step", "hospital", step) == ExitCode.OK
    assert "Recorded by hand, without a look" in capsys.readouterr().out
    assert list_events(home, "hospital")[-1].details == {"by_hand": True}
    assert read_step(step, capsys)["by_hand"] is True
    assert run("show", "hospital") == ExitCode.OK
    assert "recorded by hand" in capsys.readouterr().out


def test_what_the_registry_shows_is_not_recorded_by_hand(home: Path, capsys: Capture) -> None:
    """That there is an account stands in the registry; an agreement is on paper for everybody."""
    run(*REGISTER)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    record_account_opened(home, "hospital", email="s@x.org", by="Cora", now=now)
    for arguments in (["isa"], ["step", "stewards"], ["drop"]):
        verb, *rest = arguments
        assert run(verb, "hospital", *rest) == ExitCode.OK
    assert "by hand" not in capsys.readouterr().out
    for step in ("isa", "stewards", "drop_area"):
        assert read_step(step, capsys)["by_hand"] is False


def test_a_typo_is_mended_and_what_it_was_is_kept(home: Path, capsys: Capture) -> None:
    run(*REGISTER, "--state", "MA")
    capsys.readouterr()
    assert run("edit", "hospital", "--title", " The Hospital ", "--state", "MA") == ExitCode.OK
    assert "Changed about hospital: title." in capsys.readouterr().out
    site = get_site(home, "hospital")
    assert (site.name, site.title, site.state) == ("hospital", "The Hospital", "MA")
    assert list_events(home, "hospital")[-1].details == {"title": "The Hospital"}
    assert run("edit", "hospital", "--title", "The Hospital") == ExitCode.OK
    assert "Changed about hospital: nothing." in capsys.readouterr().out
    assert len(list_events(home, "hospital")) == 1
    run("close", "hospital", "--reason", "x", "--yes")
    assert run("edit", "hospital", "--state", "") == ExitCode.OK
    assert get_site(home, "hospital").state == ""
