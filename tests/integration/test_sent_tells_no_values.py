"""What goes to a site, and what is kept beside its files, holds no value of them.

Marker values are planted in every column of every table. Mails are read with what is attached
to them, as whoever gets them would.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import polars as pl
import pytest
from tests.command_line import Run
from tests.drop_areas import make_home
from tests.intake_folders import SETTINGS, check
from tests.marked_folder import NUMBER, WORD, find_traces, write_accepted, write_marked
from tests.small_programme import make_small_programme, mark_contacts

from commonweal.engine.settings import Settings
from commonweal.hub.commands import SETTINGS_MODULE
from commonweal.hub.environment import build_environment
from commonweal.hub.provision import prepare_hub
from commonweal.intake.check import check_folder
from commonweal.intake.landing import submit_folder
from commonweal.intake.sites import Purpose
from commonweal.schema.model import get_model

FOLDER = "2026-11-25-v1"
WORKER = [sys.executable, "-c", "from commonweal.cli.main import main; main()", "worker", "--once"]
MAKE_CONTACT = """
from datetime import date
from commonweal.hub.sites.models import Contact
Contact.objects.create(site="hospital", name="C", email="c@hospital.example",
    confirmed_on=date.today())
"""
STRANGER = f"{NUMBER}00001"
PAPERS = ("report.json", "report.html", "manifest.json", "submission.json", "completeness.json")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A programme of one site, somebody of which is told by mail."""
    made = make_home(tmp_path)
    settings = Settings(home=made)
    prepare_hub(settings, demo_accounts=False)
    environment = build_environment(settings, django_settings=SETTINGS_MODULE)
    command = [sys.executable, "-m", "django", "shell", "-v0", "-c", MAKE_CONTACT]
    subprocess.run(command, env=environment, check=True)
    return made


def work(home: Path, *options: str) -> str:
    """One round of the worker; all that it says."""
    environment = os.environ | {
        "COMMONWEAL_HOME": str(home),
        "COLUMNS": "400",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [*WORKER, *options], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def read_mails(home: Path) -> list[str]:
    """Each mail that was sent: its headers and every part of it, attachments as they open.

    The id is made of random digits, in which any year is found sooner or later.
    """
    told = []
    for file in sorted((home / "hub" / "mail").iterdir()):
        for raw in file.read_bytes().split(b"-" * 79):
            mail = message_from_bytes(raw.strip(), policy=policy.default)
            del mail["Message-ID"]
            if mail["Subject"]:
                parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
                told.append("\n".join([*map(str, mail.values()), *parts]))
    return told


def read_records(home: Path) -> dict[str, str]:
    """What is kept of a submission beside the files themselves, by path."""
    kept = [*(home / "history").rglob("*.json"), *(home / "registry").rglob("*.json")]
    kept += [file for name in PAPERS for file in (home / "landing").rglob(name)]
    kept += (home / "drop").rglob("_RE*")
    return {str(file.relative_to(home)): file.read_text("utf-8") for file in kept}


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_mails_receipts_records_and_logs_hold_no_marker(home: Path, verdict: str) -> None:
    folder = home / "drop" / "hospital" / FOLDER
    if verdict == "accepted":
        write_accepted(folder, get_model("programme"))
    else:
        folder.mkdir(parents=True)
        write_marked(folder, get_model("programme"))
    declared = {"purpose": "test", "synthetic": True}
    (folder / "_SUBMISSION.json").write_text(json.dumps(declared))
    logs = work(home) + work(home, "--json")
    assert find_traces(logs) == []
    assert verdict in logs
    mails = read_mails(home)
    assert any("<!doctype html>" in mail.lower() and verdict in mail for mail in mails)
    assert [trace for mail in mails for trace in find_traces(mail)] == []
    records = read_records(home)
    assert {Path(name).name for name in records} >= {*PAPERS[:4], "_RECEIPT.json", "_REPORT.html"}
    assert {name: find_traces(said) for name, said in records.items() if find_traces(said)} == {}


def test_values_that_were_asked_for_stay_on_the_screen(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "marked"
    folder.mkdir()
    write_marked(folder, get_model("programme"))
    report = check_folder(folder, dialect="programme", settings=SETTINGS, show_values=True)
    assert find_traces(json.dumps(report.to_json()))
    assert report.without_values() == check(folder)
    submit_folder(
        folder,
        home=home,
        site="hospital",
        purpose=Purpose.TEST,
        synthetic=True,
        now=datetime.now(tz=UTC),
        report=report,
    )
    assert find_traces(work(home)) == []
    mails = read_mails(home)
    assert any("<!doctype html>" in mail.lower() for mail in mails)
    assert [trace for mail in mails for trace in find_traces(mail)] == []
    assert [name for name, said in read_records(home).items() if find_traces(said)] == []


def plant(folder: Path) -> set[str]:
    """Markers in all that says who somebody is, and a stranger; the ids of all who are there."""
    for file in folder.glob("pii_*.csv"):
        cells = pl.read_csv(file, infer_schema=False)
        texts = [n for n in cells.columns if n != "person_id" and not n.endswith("_id")]
        cells.with_columns(pl.lit(WORD).alias(name) for name in texts).write_csv(file)
    person = pl.read_csv(folder / "person.csv", infer_schema=False)
    stranger = person.head(1).with_columns(pl.lit(STRANGER).alias("person_id"))
    pl.concat([person, stranger]).write_csv(folder / "person.csv")
    return {STRANGER, *person["person_id"]}


def test_a_comparison_with_participants_tells_counts_and_lists_ids_of_the_site(
    run: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    make_small_programme(home)
    mark_contacts(home, f"{WORD}other")
    sent = plant(home / "outbox")
    told = run("match", home / "outbox", "--synthetic", "--out", "lists", "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert report["persons_without_consent"]["not_enrolled"] == 1
    words = run("match", home / "outbox", "--synthetic")
    said = [told.stdout, told.stderr, words.stdout, words.stderr]
    assert [trace for text in said for trace in find_traces(text)] == []
    assert not any(person in text for person in sent for text in said)
    lists = {file.name: file.read_text() for file in (tmp_path / "lists").iterdir()}
    assert not any(WORD.lower() in text.lower() for text in lists.values())
    kept = lists.pop("match.json")
    assert not any(person in kept for person in sent)
    assert STRANGER in lists["persons_without_consent.csv"]
    for text in lists.values():
        ids = {line.split(",")[0] for line in text.splitlines()[1:]}
        assert ids <= sent
