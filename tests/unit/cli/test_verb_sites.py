"""``sites`` as an operator meets it: steps, refusals, and rehearsals that leave nothing."""

import json
import sys
from pathlib import Path

import pytest

from commonweal.cli.main import main
from commonweal.intake.registry import list_events
from commonweal.intake.sites import get_site, list_sites
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
    assert done == ["isa", "stewards", "drop_area", "notice"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["isa", "hospital"],
        ["step", "hospital", "contacts"],
        ["step", "hospital", "stewards"],
        ["authorise", "hospital", "sprint"],
        ["close", "hospital", "--reason", "x", "--yes"],
        ["register", "clinic", "--title", "The clinic"],
    ],
)
def test_a_rehearsal_records_nothing(home: Path, arguments: list[str], capsys: Capture) -> None:
    run(*REGISTER)
    before = get_site(home, "hospital")
    assert run(*arguments, "--dry-run") == ExitCode.OK
    assert "Nothing was recorded: this was a dry run." in capsys.readouterr().out
    assert (list_sites(home), list_events(home, "hospital")) == ([before], [])


@pytest.mark.parametrize("rehearsed", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["authorise", "hospital", "production"], "has to wait"),
        (["drop", "hospital"], "has to wait"),
        (["isa", "hospital", "--on", "1026-01-01"], "a day from 2000-01-01"),
        (["isa", "hospital", "--on", "2099-01-01"], "cannot have been executed on 2099-01-01"),
        (["step", "hospital", "notice"], "has to wait"),
        (["isa", "clinic"], "There is no site called"),
        (["reopen", "hospital"], "is not closed"),
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
