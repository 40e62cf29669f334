"""The tutorial of the data sprint: every command on the page runs, in the order of the page."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from tests.docs.test_command_page import REPOSITORY, find_commands

from commonweal.cli.main import main

PAGE = REPOSITORY / "docs" / "how-to" / "sprint.md"


def run(words: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["commonweal", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_every_command_of_the_tutorial_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    commands = find_commands(PAGE.read_text(encoding="utf-8"))
    assert len(commands) > 12
    codes = {command: run(shlex.split(command)) for command in commands}
    assert {command: code for command, code in codes.items() if code} == {}
    capsys.readouterr()
    assert run(["sprint", "board", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["loaded"] for row in rows if row["site"] == "prairie"} == {True}
    mapped = {row["table"] for row in rows if row["mapped"]}
    assert {"person", "visit_occurrence", "measurement"} <= mapped
    assert (tmp_path / "board.html").is_file()


def test_one_key_serves_all_weeks() -> None:
    """With another key the same patients would have other numbers."""
    commands = find_commands(PAGE.read_text(encoding="utf-8"))
    keys = {
        words[words.index("--key") + 1]
        for command in commands
        if (words := shlex.split(command))[0] == "deidentify"
    }
    assert len(keys) == 1
