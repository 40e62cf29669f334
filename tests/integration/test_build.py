"""The whole pipeline on a small programme: same in, same out; nothing lost when killed."""

import csv
import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.drop_areas import HOSPITAL
from tests.ready_sites import register_as
from tests.small_programme import (
    NOW,
    PERSONS,
    copy_programme,
    hash_tree,
    make_small_programme,
    small_settings,
)

from commonweal.cli.summary import print_curation
from commonweal.curation.evidence import RuleCount
from commonweal.engine.settings import Settings
from commonweal.intake.check import check_folder
from commonweal.intake.landing import get_accepted, submit_folder
from commonweal.intake.sites import Purpose
from commonweal.pipeline.build import Built, run_build, run_curation
from commonweal.pipeline.feeds import get_latest_feeds
from commonweal.pipeline.lock import only_one
from commonweal.pipeline.progress import Silent
from commonweal.pipeline.summary import summarize_build, summarize_curation
from commonweal.pipeline.vocabulary import read_abridged
from commonweal.publish.pointer import find_current
from commonweal.publish.reader import PublishingStore
from commonweal.release.catalogue import list_releases
from commonweal.release.verify import verify_release
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model

REPOSITORY = Path(__file__).resolve().parents[2]
WRITTEN_IN_TURN = (
    "stages/landed/clinic",
    "stages/loaded/clinic",
    "stages/site",
    "stages/joined",
    "stages/union",
    "stages/programme",
    "stages/combined",
    "stages/registered-selected",
    "stages/registered-unkept",
    "stages/registered",
    "stages/controlled-selected",
    "stages/controlled-unkept",
    "stages/controlled",
    "releases/objects",
    "publishing",
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A programme that was not built yet."""
    home = tmp_path_factory.mktemp("inputs") / "home"
    make_small_programme(home)
    return home


@pytest.fixture(scope="module")
def built(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Built]:
    """The same programme, built without a fault."""
    settings = small_settings(copy_programme(inputs, tmp_path_factory.mktemp("built") / "home"))
    return settings, run_build(settings, Silent(), now=NOW)


def _objects(home: Path) -> dict[str, str]:
    return hash_tree(home / "releases" / "objects", without=frozenset({"signature.json"}))


def test_two_tiers_are_released_sealed_and_marked_synthetic(
    built: tuple[Settings, Built],
) -> None:
    settings, _ = built
    found = list_releases(settings.home)
    assert sorted(release.id for release in found) == ["C2026Q4R1", "R2026Q4R1"]
    for release in found:
        assert verify_release(settings.home, release.id) == []
        assert release.manifest.synthetic
        assert release.content_hash == release.folder.name


def test_every_row_the_site_sent_is_accounted_for(built: tuple[Settings, Built]) -> None:
    """In − dropped + added = out, from the file that landed to the combined table."""
    settings, made = built
    submission = get_accepted(settings.home, "clinic")
    assert submission
    sent = {file.table: file.rows for file in submission.files}
    counts = [c for stage in made.curated.stages for c in stage.counts]
    for table in ("condition_occurrence", "measurement", "drug_exposure"):
        dropped = sum(c.dropped for c in counts if c.table == table)
        assert made.curated.combined.rows[table] == sent[table] - dropped
        evidence = sum(_drops(stage.evidence(table)) for stage in made.curated.stages)
        assert evidence == dropped


def _drops(evidence: Path) -> int:
    return pq.read_table(evidence).column("action").to_pylist().count("drop")


def test_the_counts_balance_from_what_landed_to_the_combined_dataset(
    built: tuple[Settings, Built],
) -> None:
    """Nothing is left out: tables that no release holds and the sites' persons count as well."""
    settings, made = built
    curated = made.curated
    submission = get_accepted(settings.home, "clinic")
    assert submission
    assert curated.rows_in == sum(file.rows for file in submission.files if file.table)
    rules = [count for _, count in curated.counts]
    dropped, added = sum(c.dropped for c in rules), sum(c.added for c in rules)
    rows = sum(curated.combined.rows.values())
    assert curated.rows_in + curated.rows_programme - dropped + added == rows
    where = {(stage, count.rule) for stage, count in curated.counts if count.dropped}
    assert where >= {
        ("loaded:clinic", "conf.allowed_tables"),
        ("combined", "conf.person_from_programme"),
    }
    assert {stage for stage, _ in curated.counts} >= {"site:clinic", "union"}


def test_the_manifest_says_what_every_rule_did(built: tuple[Settings, Built]) -> None:
    _, made = built
    for tier, release in made.releases.items():
        listed = [
            RuleCount(**{k: v for k, v in entry.items() if k != "stage"})
            for entry in release.manifest.counts["rules"]
        ]
        assert {c.rule for c in listed} >= {"consent.ehr", "deid.remap_person_and_ids"}
        assert release.manifest.parameters["union"]["cutoff"] == "2026-10-01"
        assert release.manifest.parameters[tier]["as_of"] == "2026-10-01"
        assert release.manifest.parameters[tier]["date_shift"] is (tier == "registered")
        explained = {rule["id"] for rule in release.manifest.rules if rule["why"]}
        assert explained >= {count.rule for count in listed}
        assert set(release.manifest.inputs) == {"submissions", "feeds", "vocabulary", "stage"}
        rows = {t.name: t.rows for t in release.manifest.tables}
        assert rows == made.tiers[tier].rows
        expected = {
            (count.table, count.rule): count
            for count in (*made.curated.sites["clinic"].counts, *made.tiers[tier].counts)
            if count.dropped or count.changed
        }
        said = {
            (entry["table"], entry["rule"]): entry["rows_out"]
            for entry in release.manifest.counts["rules"]
            if entry["stage"] in ("site", tier)
        }
        assert said == {key: count.rows_out for key, count in expected.items()}


def test_a_release_does_not_name_the_sites(built: tuple[Settings, Built]) -> None:
    for release in built[1].releases.values():
        for file in release.folder.glob("*.json"):
            assert "clinic" not in file.read_text(encoding="utf-8")


def test_same_bytes_for_any_threads_and_memory(
    inputs: Path, built: tuple[Settings, Built], tmp_path: Path
) -> None:
    settings, _ = built
    home = copy_programme(inputs, tmp_path / "home")
    run_build(small_settings(home, threads=1, memory="200MB"), Silent(), now=NOW)
    assert _objects(home) == _objects(settings.home)
    store, other = find_current(home), find_current(settings.home)
    assert store
    assert other
    assert store.read_bytes() == other.read_bytes()


def test_building_again_changes_nothing(built: tuple[Settings, Built]) -> None:
    settings, _ = built
    before = hash_tree(settings.home)
    times = {f: f.stat().st_mtime_ns for f in (settings.home / "stages").rglob("*.parquet")}
    again = run_build(settings, Silent(), now=NOW.replace(year=2027))
    assert hash_tree(settings.home) == before
    assert {f: f.stat().st_mtime_ns for f in times} == times
    assert [release.id for release in again.releases.values()] == ["R2026Q4R1", "C2026Q4R1"]


def test_only_what_is_released_may_be_read_by_others(
    built: tuple[Settings, Built], tmp_path: Path
) -> None:
    """Also in a programme whose folders were made open."""
    home = copy_programme(built[0].home, tmp_path / "home")
    opened = 0o777 & ~_get_umask()
    for name in ("landing", "feeds", "stages", "vault", "keys"):
        (home / name).chmod(opened)
    run_build(small_settings(home), Silent(), now=NOW)
    for place in (built[0].home, home):
        private = ("landing", "feeds", "stages", "spill", "vault", "keys")
        assert {_mode(place / name) for name in private} == {0o700}
        assert {_mode(place / name) for name in ("releases", "publishing")} == {opened}


def _mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def _get_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_killed_in_every_stage_the_next_run_ends_with_the_same_release(
    inputs: Path, built: tuple[Settings, Built], tmp_path: Path
) -> None:
    """One programme is killed in each stage in turn; each run goes on from where it ends."""
    settings, _ = built
    home = copy_programme(inputs, tmp_path / "home")
    for folder in WRITTEN_IN_TURN:
        assert _build_and_be_killed(home, home / folder) == -signal.SIGKILL, folder
        assert not (home / "publishing" / "current.json").exists()
    run_build(small_settings(home), Silent(), now=NOW)
    assert _objects(home) == _objects(settings.home)
    assert [r.id for r in list_releases(home)] == [r.id for r in list_releases(settings.home)]
    left_over = list(home.rglob(".partial-*"))
    assert left_over == []


def _build_and_be_killed(home: Path, folder: Path) -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.killed_build", str(home), str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}"},
        check=False,
        timeout=120,
    ).returncode


def test_a_new_submission_makes_a_new_revision_and_leaves_the_old_one(
    built: tuple[Settings, Built], tmp_path: Path
) -> None:
    settings, _ = built
    home = copy_programme(settings.home, tmp_path / "home")
    later = small_settings(home)
    later = later.model_copy(
        update={"programme": later.programme.model_copy(update={"cutoff": NOW.date()})}
    )
    made = run_build(later, Silent(), now=NOW)
    assert made.releases["registered"].id == "R2026Q4R2"
    assert {r.id for r in list_releases(home)} >= {"R2026Q4R1", "R2026Q4R2"}
    assert verify_release(home, "R2026Q4R1") == []
    current = find_current(home)
    assert current
    assert PublishingStore(current).release().id == "R2026Q4R2"


def test_a_lost_vault_is_not_replaced_once_its_ids_are_out(
    built: tuple[Settings, Built], tmp_path: Path
) -> None:
    settings, _ = built
    home = copy_programme(settings.home, tmp_path / "home")
    (home / "vault" / "vault.sqlite").unlink()
    with pytest.raises(CommonwealError, match="vault"):
        run_build(small_settings(home), Silent(), now=NOW)


def test_two_builds_at_once_are_refused(built: tuple[Settings, Built]) -> None:
    settings, _ = built
    with only_one(settings.home), pytest.raises(CommonwealError, match="Another process"):
        run_build(settings, Silent(), now=NOW)


def test_the_summary_is_plain_data(built: tuple[Settings, Built]) -> None:
    _, made = built
    summary = json.loads(json.dumps(summarize_build(made)))
    gained = summary["rows_sites"] + summary["rows_programme"] + summary["rows_added"]
    assert gained - summary["rows_dropped"] == summary["rows_combined"]
    assert all(Path(folder).is_dir() for folder in summary["evidence"])
    persons = {entry["tier"]: entry["persons"] for entry in summary["releases"]}
    assert 0 < persons["registered"] <= persons["controlled"] <= PERSONS


def test_real_data_are_not_curated_with_synthetic_settings_reversed(
    inputs: Path, tmp_path: Path
) -> None:
    home = copy_programme(inputs, tmp_path / "home")
    with pytest.raises(CommonwealError, match="holds synthetic data"):
        run_curation(small_settings(home, synthetic=False), Silent())


def test_a_site_that_sent_made_up_data_only_stops_nobody(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is left out of what is curated of real data, and that is said."""
    home = copy_programme(inputs, tmp_path / "home")
    manifest = home / "feeds" / "2026-10-01" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"synthetic": False}))
    settings = small_settings(home, synthetic=False)
    register_as(home, replace(HOSPITAL, name="real"))
    report = check_folder(home / "outbox", dialect="programme", settings=settings.engine)
    real = submit_folder(
        home / "outbox",
        home=home,
        site="real",
        purpose=Purpose.PRODUCTION,
        synthetic=False,
        now=NOW,
        report=report,
    )
    curated = run_curation(settings, Silent())
    assert curated.submissions == (real,)
    summary = summarize_curation(curated)
    print_curation(summary)
    (left,) = summary["left_out"]
    said = f"clinic is left out: its current submission {left['submission']} is synthetic"
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_site_that_sent_real_records_stops_no_synthetic_programme(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They were taken before that was refused; the others are curated, and it is said."""
    home = copy_programme(inputs, tmp_path / "home")
    settings = small_settings(home)
    register_as(home, replace(HOSPITAL, name="real"))
    report = check_folder(home / "outbox", dialect="programme", settings=settings.engine)
    real = submit_folder(
        home / "outbox",
        home=home,
        site="real",
        purpose=Purpose.PRODUCTION,
        synthetic=False,
        now=NOW,
        report=report,
    )
    curated = run_curation(settings, Silent())
    assert real not in curated.submissions
    assert curated.left_out == (real,)
    print_curation(summarize_curation(curated))
    said = f"real is left out: its current submission {real.id} is not synthetic, and this"
    assert said in " ".join(capsys.readouterr().out.split())


def test_altered_feeds_are_not_curated(inputs: Path, tmp_path: Path) -> None:
    """Nobody's consent changes between the programme's side and the pipeline."""
    home = copy_programme(inputs, tmp_path / "home")
    file = home / "feeds" / "2026-10-01" / "consent_event.parquet"
    consents = pq.read_table(file)
    status = consents.schema.get_field_index("status")
    everybody = pa.array(["yes"] * consents.num_rows)
    pq.write_table(consents.set_column(status, "status", everybody), file)
    with pytest.raises(CommonwealError, match=r"not what was written: consent_event\.parquet"):
        run_curation(small_settings(home), Silent())


def test_made_up_feeds_do_not_enter_a_real_programme(inputs: Path, tmp_path: Path) -> None:
    home = copy_programme(inputs, tmp_path / "home")
    with pytest.raises(CommonwealError, match="are about made-up people"):
        get_latest_feeds(home, synthetic=False)


def test_feeds_are_taken_by_the_day_they_say(inputs: Path, tmp_path: Path) -> None:
    home = copy_programme(inputs, tmp_path / "home")
    (home / "feeds" / "2026-10-01").rename(home / "feeds" / "2026-12-31")
    with pytest.raises(CommonwealError, match="were taken on 2026-10-01"):
        get_latest_feeds(home, synthetic=True)
    (home / "feeds" / "2026-12-31" / "manifest.json").write_text("{}")
    with pytest.raises(CommonwealError, match="no manifest that can be read"):
        get_latest_feeds(home, synthetic=True)


def test_an_altered_submission_is_not_curated(inputs: Path, tmp_path: Path) -> None:
    home = copy_programme(inputs, tmp_path / "home")
    submission = get_accepted(home, "clinic")
    assert submission
    with (submission.folder / "person.csv").open("a") as file:
        file.write("1\n")
    with pytest.raises(CommonwealError, match=r"not what was handed in: person\.csv"):
        run_curation(small_settings(home), Silent())


def test_notes_and_odd_headers_are_curated_as_they_were_checked(
    inputs: Path, tmp_path: Path
) -> None:
    """JSON Lines, a byte order mark, upper-case headers and another order of columns."""
    settings = small_settings(copy_programme(inputs, tmp_path / "home"))
    outbox = settings.home / "outbox"
    notes = _rows_of(outbox / "note.csv")
    (outbox / "note.csv").unlink()
    (outbox / "note.jsonl").write_text("".join(json.dumps(row) + "\n" for row in notes))
    persons = _rows_of(outbox / "person.csv")
    columns = [name.upper() for name in reversed(persons[0])]
    with (outbox / "person.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([columns, *(list(reversed(row.values())) for row in persons)])
    report = check_folder(outbox, dialect="programme", settings=settings.engine)
    assert report.is_accepted
    submit_folder(
        outbox,
        home=settings.home,
        site="clinic",
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        now=NOW.replace(day=3),
        report=report,
    )
    loaded = run_curation(settings, Silent()).loaded["clinic"]
    assert loaded.rows["note"] == len(notes) > 0
    born = pq.read_table(loaded.file("person")).column("year_of_birth").to_pylist()
    assert born == [int(row["year_of_birth"]) for row in persons]


def _rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        ("landing", "nothing to curate"),
        ("feeds", "no snapshot of the programme's feeds"),
    ],
)
def test_what_is_missing_is_named(inputs: Path, tmp_path: Path, removed: str, said: str) -> None:
    home = copy_programme(inputs, tmp_path / "home")
    (home / removed).rename(tmp_path / removed)
    with pytest.raises(CommonwealError, match=said):
        run_build(small_settings(home), Silent(), now=NOW)


def test_until_a_vocabulary_is_loaded_releases_carry_the_abridged_one(
    inputs: Path, tmp_path: Path
) -> None:
    home = copy_programme(inputs, tmp_path / "home")
    (home / "vocabulary").rename(tmp_path / "vocabulary")
    release = run_build(small_settings(home), Silent(), now=NOW).releases["registered"]
    abridged = read_abridged()
    assert release.manifest.inputs["vocabulary"] == abridged.digest
    for name, files in abridged.files.items():
        written = pq.read_table(release.folder / f"{name}.parquet")
        assert written.column_names == list(get_model("release").table(name).columns)
        assert written.num_rows == sum(pq.read_metadata(file).num_rows for file in files)


def test_an_older_cutoff_built_later_does_not_take_the_public_pages_back(
    built: tuple[Settings, Built], tmp_path: Path
) -> None:
    settings, _ = built
    home = copy_programme(settings.home, tmp_path / "home")
    older = small_settings(home)
    older = older.model_copy(
        update={"programme": older.programme.model_copy(update={"cutoff": date(2026, 6, 30)})}
    )
    assert run_build(older, Silent(), now=NOW).releases["registered"].id == "R2026Q2R1"
    current = find_current(home)
    assert current
    assert PublishingStore(current).release().id == "R2026Q4R1"
