"""``synth`` as somebody meets it: what it makes, what it says, and what it refuses."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.small_programme import hash_tree

from commonweal import __version__
from commonweal.cli import synth as verb
from commonweal.cli.main import main
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def synth(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the verb in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["commonweal", "synth", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_it_makes_every_part_and_says_where_to_begin(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert synth(monkeypatch, "--persons", 150, "--out", "made") == ExitCode.OK
    said = capsys.readouterr().out
    assert "150 made-up people" in said
    assert "README.md" in said
    assert "commonweal check made/submissions/prairie" in said
    made = folder / "made"
    described = json.loads((made / "programme.json").read_text())
    assert described["synthetic"] is True
    with (made / "truth.csv").open(newline="") as stream:
        faults = list(csv.DictReader(stream))
    assert faults
    assert {path.name for path in (made / "submissions").iterdir()} == {
        site["name"] for site in described["plan"]["sites"]
    }
    assert pq.read_metadata(made / "feeds" / "2026-10-01" / "participant.parquet").num_rows == 150
    for name, entry in described["files"].items():
        assert hash_tree(made)[name] == entry["sha256"], name


def test_json_says_the_same(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    options = ("--persons", 40, "--sites", 2, "--make", "omop", "--out", "made", "--json")
    assert synth(monkeypatch, *options) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["persons"], told["synthetic"], told["faults"]) == (40, True, None)
    assert told["sites"] == ["prairie", "harborview"]
    assert set(told["rows"]) == {"omop"}


def test_same_options_same_bytes_whatever_the_batch_and_the_cores(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--persons", 130, "--seed", 4)
    synth(monkeypatch, *options, "--out", "one", "--batch", 17, "--workers", 1)
    synth(monkeypatch, *options, "--out", "two", "--batch", 500, "--workers", 3)
    synth(monkeypatch, "--persons", 130, "--seed", 5, "--out", "other")
    assert hash_tree(folder / "one") == hash_tree(folder / "two")
    assert hash_tree(folder / "one") != hash_tree(folder / "other")


def test_a_dry_run_says_how_large_it_would_be_and_makes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    options = ("--persons", 4_000, "--make", "omop", "--out", "made")
    assert synth(monkeypatch, *options, "--dry-run", "--json") == ExitCode.OK
    expected = json.loads(capsys.readouterr().out)["estimate"]["omop"]
    assert not list(folder.iterdir())
    synth(monkeypatch, *options, "--json")
    made = json.loads(capsys.readouterr().out)["rows"]["omop"]
    assert expected["rows"] == pytest.approx(made, rel=0.15)
    size = sum(file.stat().st_size for file in (folder / "made" / "omop").iterdir())
    assert expected["bytes"] == pytest.approx(size, rel=0.6)


def test_a_disk_without_room_is_told_before_the_work_begins(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(verb, "PRECHECKED_FROM", 100)
    usage = shutil.disk_usage(folder)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert synth(monkeypatch, "--persons", 200, "--out", "made") == ExitCode.COULD_NOT_RUN
    assert "are needed, and 0.0 GB are free" in capsys.readouterr().err
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--persons", 0), "0 persons"),
        (("--persons", 3, "--sites", 4), "4 sites"),
        (("--persons", 5, "--as-of", "2016-01-01"), "as of 2016-01-01"),
        (("--persons", 5, "--dirt", "key.duplicat"), "no recipe"),
        (("--persons", 5, "--dirt", "key.duplicate=2"), "no rate"),
        (("--persons", 5, "--dirt", "key.duplicate", "--make", "feeds"), "none are to be made"),
        (("--persons", 5, "--mended", "--make", "omop"), "none are to be made"),
        (("--persons", 5, "--demographics", "absent.csv"), "There is no table"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_left(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    options: tuple[object, ...],
    found: str,
) -> None:
    assert synth(monkeypatch, *options, "--out", "made") == ExitCode.COULD_NOT_RUN
    said = capsys.readouterr().err
    assert found in said
    assert "What to do:" in said
    assert not list(folder.iterdir())


def test_a_folder_that_is_there_is_left_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("keep")
    assert synth(monkeypatch, "--persons", 5, "--out", "mine") == ExitCode.COULD_NOT_RUN
    assert "is there already" in capsys.readouterr().err
    assert hash_tree(folder).keys() == {"mine/notes.txt"}


def test_mended_files_are_those_without_what_they_were_rejected_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--persons", 200, "--dirt", "type.bad_date=0.2", "--dirt", "key.duplicate=0.1")
    synth(monkeypatch, *options, "--out", "first")
    synth(monkeypatch, *options, "--mended", "--out", "again")

    def recipes(made: str) -> set[str]:
        with (folder / made / "truth.csv").open(newline="") as stream:
            return {row["recipe"] for row in csv.DictReader(stream)}

    said = json.loads((folder / "again" / "programme.json").read_text())
    assert said["options"] == {
        "parts": ["feeds", "omop", "submissions"],
        "dirt": {"type.bad_date": {"elsewhere": 0.2}, "key.duplicate": {"elsewhere": 0.1}},
        "mended": True,
    }
    assert said["version"] == __version__
    assert recipes("first") == {"type.bad_date", "key.duplicate"}
    assert recipes("again") == {"key.duplicate"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_who_stops_it_finds_nothing_half_written(folder: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", "from commonweal.cli.main import main; main()", "synth"]
    with subprocess.Popen(
        [*command, "--persons", "500000", "--make", "omop", "--out", "made", "--dirt", "none"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        while not list(folder.glob(".partial-made/omop/*.parquet")):
            assert child.poll() is None
            time.sleep(0.05)
        child.send_signal(how)
        assert child.wait(timeout=60) == 128 + how
    assert not list(folder.iterdir())
