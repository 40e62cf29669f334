"""``submissions`` as the data centre meets it: clearing, damage, names that sites gave."""

import json
import sys
from pathlib import Path

import pytest
from tests.drop_areas import (
    HOSPITAL,
    events_of,
    make_home,
    make_receiver,
    persons_csv,
    put,
    put_declared,
    today,
)

from commonweal.cli.main import main
from commonweal.engine.storage import Location
from commonweal.intake.landing import list_submissions
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    return make_home(tmp_path)


@pytest.fixture
def drop(home: Path) -> Location:
    """A drop area with a folder that landed and one with a name of its own."""
    area = Location.of(home / "drop" / "hospital")
    put_declared(area, today(), 1)
    put(area, "March upload", {"person.csv": persons_csv(1)})
    receive_site(make_receiver(home), HOSPITAL)
    return area


def run(*arguments: str) -> int:
    """Run a verb in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["commonweal", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_clearing_is_rehearsed_then_done(drop: Location, capsys: Capture) -> None:
    clear = ("submissions", "clear", "--days", "0")
    assert run("submissions", "clear", "--yes") == ExitCode.OK
    assert "nothing to clear" in capsys.readouterr().out
    assert run(*clear, "--dry-run") == ExitCode.OK
    assert f"hospital/{today()}" in capsys.readouterr().out
    assert run(*clear) == ExitCode.COULD_NOT_RUN
    assert "--dry-run first" in capsys.readouterr().err
    assert (drop.path / today() / "person.csv").is_file()
    assert run(*clear, "--site", "hospital", "--yes", "--json") == ExitCode.OK
    (cleared,) = json.loads(capsys.readouterr().out)
    assert f"{today()}/person.csv" in cleared["names"]
    assert not (drop.path / today()).exists()
    assert (drop.path / "March upload").is_dir()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["exclude", "{id}", "--reason", ""], "The reason is blank"),
        (["include", "{id}", "--reason", " "], "The reason is blank"),
        (["exclude", "{id}", "--reason", "units", "--by", ""], "The name after --by is blank"),
        (["retract", "{id}", "--all", "--reason", " ", "--yes"], "The reason is blank"),
        (["clear", "--days", "0", "--yes", "--by", " "], "The name after --by is blank"),
    ],
)
def test_a_blank_reason_or_name_never_goes_on_record(
    home: Path, drop: Location, arguments: list[str], words: str, capsys: Capture
) -> None:
    (landed,) = list_submissions(home)
    before = events_of(home, landed.key)
    asked = [argument.replace("{id}", landed.id) for argument in arguments]
    assert run("submissions", *asked) == ExitCode.COULD_NOT_RUN
    assert words in capsys.readouterr().err
    assert events_of(home, landed.key) == before


def test_a_folder_is_not_declared_real_in_a_synthetic_programme(
    home: Path, drop: Location, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COMMONWEAL_PROGRAMME__SYNTHETIC", "true")
    put(drop, today(2), {"person.csv": persons_csv(1)})
    receive_site(make_receiver(home), HOSPITAL)
    declare = ("submissions", "declare", f"hospital/{today(2)}", "--purpose", "production")
    assert run(*declare) == ExitCode.COULD_NOT_RUN
    assert "synthetic as a whole" in capsys.readouterr().err
    assert run(*declare, "--synthetic") == ExitCode.OK


def test_nothing_is_handed_in_as_real_in_a_synthetic_programme(
    home: Path, drop: Location, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COMMONWEAL_PROGRAMME__SYNTHETIC", "true")
    submit = ("submit", str(drop.path / today()), "--site", "hospital", "--purpose", "production")
    for rehearsed in ((), ("--dry-run",)):
        assert run(*submit, *rehearsed) == ExitCode.COULD_NOT_RUN
        assert "synthetic as a whole" in capsys.readouterr().err


def test_a_misnamed_folder_is_listed_by_the_name_the_site_gave(
    drop: Location, capsys: Capture
) -> None:
    assert run("submissions", "--state", "misnamed") == ExitCode.OK
    assert "hospital/March upload" in capsys.readouterr().out
    assert run("submissions", "show", "hospital/March upload") == ExitCode.OK


def test_a_damaged_history_is_shown_with_the_way_out(
    home: Path, drop: Location, capsys: Capture
) -> None:
    file = home / "history" / "hospital" / today() / "000002.json"
    file.write_bytes(b"{}")
    assert run("submissions", "--state", "damaged", "--json") == ExitCode.OK
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["history"], entry["state"]) == (today(), "damaged")
    assert run("submissions", "show", f"hospital/{today()}") == ExitCode.OK
    shown = " ".join(capsys.readouterr().out.split())
    assert "event 2 is missing or was changed" in shown
    assert f"Bring history/hospital/{today()} back from a copy" in shown
    assert run("submissions", "history", f"hospital/{today()}") == ExitCode.COULD_NOT_RUN
    capsys.readouterr()
    assert run("receive", "--json") == ExitCode.COULD_NOT_RUN
    (outcome,) = json.loads(capsys.readouterr().out)
    assert (outcome["folder"], outcome["state"]) == (today(), "damaged")


def test_what_is_not_there_is_not_verified(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Neither a mistyped folder nor an empty one may look as if all were whole."""
    assert run("submissions", "verify") == ExitCode.OK
    assert "All that is kept of 1 site is what" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    for folder, words in (("mistyped", "There is no programme"), ("empty", "No site is")):
        monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / folder))
        for rest in ([], ["--json"]):
            assert run("submissions", "verify", *rest) == ExitCode.COULD_NOT_RUN
            told = capsys.readouterr()
            assert (told.out, words in told.err) == ("", True)
