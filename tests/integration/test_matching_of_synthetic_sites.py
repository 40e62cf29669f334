"""The roster, the matching and the credit on a synthetic programme, as its people run them."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from commonweal.cli.main import build_app
from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.engine.storage import sha256_of
from commonweal.intake.check import check_folder
from commonweal.intake.matching.credit import measure_credit
from commonweal.intake.matching.eligible import list_eligible
from commonweal.intake.matching.matched import match_sent
from commonweal.intake.matching.sent import open_folder
from commonweal.pipeline.feeds import find_latest_folder, read_feeds
from commonweal.pipeline.matching import Programme, read_programme
from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=900, sites=3)
SITE = PLAN.sites[1].name
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clean submissions and feeds."""
    folder = tmp_path_factory.mktemp("synthetic") / "programme"
    make_programme(PLAN, folder, parts={Part.SUBMISSIONS, Part.FEEDS}, mixture={})
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A programme of made-up people in the present folder, with feeds and nothing else."""
    (tmp_path / "commonweal.toml").write_text(
        'home = "."\n[programme]\nname = "Small"\nsynthetic = true\ncutoff = 2026-10-01\n'
    )
    (tmp_path / "feeds").symlink_to(made / "feeds")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Run a verb; the exit code, what it printed, and what it said beside."""

    def invoke(*words: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(build_app(), [str(word) for word in words])
        if isinstance(done.exception, CommonwealError):
            return int(done.exception.exit_code), done.stdout, str(done.exception)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return invoke


def side_of(made: Path) -> Programme:
    settings = Settings(home=made, programme=ProgrammeSettings(synthetic=True))
    return read_programme(settings)


def submission_of(made: Path, site: str = SITE) -> Path:
    return made / "submissions" / site


@pytest.mark.parametrize("site", [profile.name for profile in PLAN.sites])
def test_of_a_clean_site_nothing_is_told(made: Path, site: str) -> None:
    folder = submission_of(made, site)
    report = check_folder(folder, dialect="programme", settings=Settings().engine)
    matched = match_sent(open_folder(folder, report), side_of(made).side)
    assert matched.findings == ()
    told = matched.to_json()
    assert told["persons"] == told["compared"] > 100
    assert told["results"]["stays"] == told["persons"]
    for field in ("first_name", "last_name", "birth_date"):
        assert told["fields"][field]["match"] > 0.97 * told["persons"]
    phones = told["fields"]["phone_number"]
    alike = told["evidence"].get("phone_number", {}).get("digits", 0)
    assert phones["match"] + alike > 0.85 * told["persons"]


def test_from_roster_to_credit(made: Path, home: Path, run: Run) -> None:
    """A site downloads its roster, hands in, is compared and is credited."""
    folder = submission_of(made)
    assert run("sites", "register", SITE, "--title", "A site")[0] == 0
    code, said, _ = run("roster", "downloads", "--site", SITE)
    assert (code, "Nobody has downloaded" in said) == (0, True)
    dry = run("roster", "download", "--site", SITE, "--out", "r.csv", "--dry-run", "--json")
    assert not (home / "r.csv").exists()
    assert not (home / "rosters").exists()
    code, said, _ = run("roster", "download", "--site", SITE, "--out", "r.csv", "--json")
    assert said == dry[1]
    eligible = list_eligible(side_of(made).side.standing).filter(pl.col("site") == SITE)
    with (home / "r.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["participant_id"]) for row in rows] == eligible["participant_id"].to_list()
    assert json.loads(said)["changes"]["added"] == len(rows)
    changes = json.loads(run("roster", "changes", "--site", SITE, "--json")[1])
    assert set(changes["changes"].values()) == {0}
    (download,) = json.loads(run("roster", "downloads", "--site", SITE, "--json")[1])
    assert download["sha256"] == sha256_of(home / "r.csv")

    hand_in = ("submit", folder, "--site", SITE, "--purpose", "production", "--synthetic")
    code, said, _ = run(*hand_in, "--json")
    assert (code, json.loads(said)["matching"]["files"]) == (0, [])
    submission = json.loads(said)["submission"]["id"]
    kept = home / "matching" / SITE / submission / "2026-10-01"
    assert {file.name for file in kept.iterdir()} == {
        "match.json",
        "persons_without_consent.csv",
        "identity_match.csv",
        "identity_evidence.csv",
    }
    before = {file.name: sha256_of(file) for file in kept.iterdir()}
    code, said, _ = run("match", submission, "--json")
    report = json.loads((kept / "match.json").read_text())
    assert report.pop("feeds_digest")
    assert json.loads(said) == report
    assert before == {file.name: sha256_of(file) for file in kept.iterdir()}
    stale = kept / "match.json"
    stale.write_text(json.dumps(report | {"feeds_digest": "of feeds that were written anew"}))
    (kept / "persons_without_consent.csv").write_text("person_id,reason,file,rows\n")
    assert run("match", submission, "--json")[0] == code
    assert before == {file.name: sha256_of(file) for file in kept.iterdir()}

    credit = {one["site"]: one for one in json.loads(run("credit", "--json")[1])}
    assert credit[SITE]["eligible"] == len(rows)
    assert credit[SITE]["with_records"] > 0.9 * len(rows)
    assert credit[SITE]["dtr_a"]["band"] == "meets"
    others = [one for site, one in credit.items() if site != SITE]
    assert others
    assert all((one["with_records"], one["submission"]) == (0, None) for one in others)
    assert SITE in run("credit")[1]


def test_what_is_declared_synthetic_earns_nothing_in_a_real_programme(
    made: Path, home: Path, run: Run
) -> None:
    run("sites", "register", SITE, "--title", "A site")
    run("submit", submission_of(made), "--site", SITE, "--purpose", "production", "--synthetic")
    feeds = read_feeds(find_latest_folder(home), synthetic=True).files
    real = {one.site: one for one in measure_credit(home, feeds, synthetic=False)}
    assert (real[SITE].submission, real[SITE].dtr_a.numerator) == (None, 0)
    made_up = {one.site: one for one in measure_credit(home, feeds, synthetic=True)}
    assert made_up[SITE].dtr_a.numerator > 0


def test_a_folder_is_compared_and_the_lists_go_where_they_are_wanted(
    made: Path, home: Path, run: Run
) -> None:
    feeds = made / "feeds" / "2026-10-01"
    code, said, _ = run("match", submission_of(made), "--feeds", feeds, "--out", "lists")
    assert code == 0
    assert "Nothing is to be told" in said
    assert (home / "lists" / "identity_match.csv").exists()
    assert not (home / "matching").exists()


def test_what_cannot_be_compared_is_said(made: Path, home: Path, run: Run) -> None:
    code, _, said = run("match", "nothing-of-the-kind")
    assert (code, "no submission and no folder" in said) == (2, True)
    code, _, said = run("match", submission_of(made), "--real")
    assert (code, "are about made-up people" in said) == (2, True)
    (home / "feeds").unlink()
    code, _, said = run("roster", "changes", "--site", SITE)
    assert (code, "There is no site" in said) == (2, True)
    run("sites", "register", SITE, "--title", "A site")
    code, _, said = run("roster", "changes", "--site", SITE)
    assert (code, "no snapshot of the programme's feeds" in said) == (2, True)


def test_without_feeds_a_site_hands_in_all_the_same(made: Path, home: Path, run: Run) -> None:
    (home / "feeds").unlink()
    run("sites", "register", SITE, "--title", "A site")
    hand_in = ("submit", submission_of(made), "--site", SITE, "--purpose", "test", "--synthetic")
    code, said, _ = run(*hand_in)
    assert code == 0
    assert "Not compared with the programme's participants: There is no snapshot" in said


def test_files_of_a_sprint_name_nobody_and_are_not_compared(
    made: Path, home: Path, run: Run
) -> None:
    run("sites", "register", SITE, "--title", "A site")
    hand_in = ("submit", submission_of(made), "--site", SITE, "--purpose", "sprint", "--synthetic")
    code, said, _ = run(*hand_in, "--dialect", "programme", "--json")
    assert (code, json.loads(said)["matching"]) == (0, None)
    code, _, said = run("match", json.loads(said)["submission"]["id"])
    assert (code, "are de-identified" in said) == (2, True)
    kept = [file.name for file in (home / "matching").rglob("*.*")]
    assert kept == ["not_compared.json"], "why, and nothing else"


def test_nothing_that_is_printed_names_anybody(made: Path, tmp_path: Path, run: Run) -> None:
    """Neither an id nor a name of those without consent or with another name."""
    folder = tmp_path / "in"
    folder.mkdir()
    for file in submission_of(made).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    persons = pl.read_csv(folder / "person.csv", infer_schema=False)
    names = pl.read_csv(folder / "pii_name.csv", infer_schema=False)
    marked = "Zyzzyva"
    names.with_columns(pl.lit(marked).alias("last_name")).write_csv(folder / "pii_name.csv")
    matches = pl.read_csv(folder / "participant_match.csv", infer_schema=False)
    no = [pl.lit("no").alias(f"{who}_validation") for who in ("algorithm", "manual")]
    matches.with_columns(no).write_csv(folder / "participant_match.csv")
    feeds = tmp_path / "feeds" / "2026-10-01"
    feeds.mkdir(parents=True)
    copy_feeds(made / "feeds" / "2026-10-01", feeds)
    words = ("match", folder, "--feeds", feeds, "--synthetic", "--out", tmp_path / "lists")
    shown, printed = run(*words), run(*words, "--json")
    told = json.loads(printed[1])
    assert told["persons_without_consent"] == {"withdrawn": persons.height}
    listed = pl.read_csv(tmp_path / "lists" / "persons_without_consent.csv", infer_schema=False)
    assert set(persons["person_id"]) <= set(listed["person_id"])
    for text in (*shown[1:], *printed[1:]):
        assert marked not in text
        assert not [person for person in persons["person_id"] if person in text]


def copy_feeds(source: Path, target: Path) -> None:
    """The feeds with everybody withdrawn."""
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    file = target / "participant.parquet"
    table = pq.read_table(file)
    left = pl.Series("withdrawn_on", [date(2026, 9, 1)] * table.num_rows, pl.Date).to_arrow()
    place = table.schema.get_field_index("withdrawn_on")
    pq.write_table(table.set_column(place, "withdrawn_on", left), file)
    manifest = json.loads((target / "manifest.json").read_text())
    for feed in manifest["feeds"]:
        feed["sha256"] = sha256_of(target / feed["file"])
    (target / "manifest.json").write_text(json.dumps(manifest))


def test_the_order_of_rows_in_files_and_feeds_changes_nothing(made: Path, tmp_path: Path) -> None:
    folder = submission_of(made)
    report = check_folder(folder, dialect="programme", settings=Settings().engine)
    sent, side = open_folder(folder, report), side_of(made).side
    turned = {}
    for table, file in sent.files.items():
        turned[table] = file
        if file.suffix == ".csv" and (table.startswith("pii_") or table in ("person", "location")):
            rows = pl.read_csv(file, infer_schema=False)
            turned[table] = tmp_path / file.name
            rows.sample(fraction=1, shuffle=True, seed=1).write_csv(turned[table])
    contacts = side.contacts.sample(fraction=1, shuffle=True, seed=2)
    standing = side.standing.sample(fraction=1, shuffle=True, seed=3)
    one = match_sent(sent, side)
    other = match_sent(
        replace(sent, files=turned), replace(side, contacts=contacts, standing=standing)
    )
    assert other.identities.equals(one.identities)
    assert other.evidence.equals(one.evidence)
