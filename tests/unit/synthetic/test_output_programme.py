"""A programme is the same in any batches, whole or not there, and says what it is."""

import errno
import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clean_dirt import Clean
from tests.synthetic_standin import MAKERS

from commonweal.pipeline.feeds import get_latest_feeds
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.dirt.fault import Dirt, Fault
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.output.omop import WORDS
from commonweal.synthetic.output.programme import Summary, write_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import Plan, build_plan
from commonweal.synthetic.sites.profile import Purpose

REPOSITORY = Path(__file__).resolve().parents[3]
PLAN = build_plan(persons=400)


def clean(position: int, purpose: Purpose) -> Dirt:
    del position, purpose
    return Clean()


def write(folder: Path, plan: Plan = PLAN, **options: Any) -> Summary:
    asked = {"makers": MAKERS, "parts": set(Part), "dirt_of": clean, "workers": 2} | options
    return write_programme(plan, folder, **asked)


def digest_all(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "programme"
    write(folder)
    return folder


@given(batch=st.integers(4, 60), workers=st.integers(1, 4), seed=st.integers(0, 2))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bytes_are_the_same_for_any_batches_and_workers(
    tmp_path_factory: pytest.TempPathFactory, batch: int, workers: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("batches")
    plan = build_plan(persons=60, seed=seed)
    write(folder / "whole", plan, batch=60, workers=1, dirt_of=rough)
    write(folder / "pieces", plan, batch=batch, workers=workers, dirt_of=rough)
    assert digest_all(folder / "whole") == digest_all(folder / "pieces")


class Rough(Clean):
    """Sends everybody, and says that every first cell is at fault."""

    def extra_patients(self, people: People) -> Flags:
        return people.ids > 0

    def change_rows(
        self, table: str, rows: pa.Table, people: People
    ) -> tuple[pa.Table, list[Fault]]:
        column = rows.schema.names[0]
        found = [Fault("s", "f", at, column, "r") for at in range(rows.num_rows)]
        return rows, found


def rough(position: int, purpose: Purpose) -> Dirt:
    return Clean() if position % 2 else Rough()


def test_another_seed_gives_another_programme(programme: Path, tmp_path: Path) -> None:
    write(tmp_path / "other", build_plan(persons=400, seed=2))
    one, other = digest_all(programme), digest_all(tmp_path / "other")
    assert one.keys() == other.keys()
    assert one["submissions/prairie/person.csv"] != other["submissions/prairie/person.csv"]


def test_it_says_in_words_that_nobody_is_real(programme: Path) -> None:
    page = (programme / "README.md").read_text(encoding="utf-8")
    assert "Nobody in these files exists" in page
    for name in ("submissions/", "alpha/", "omop/", "feeds/", "truth.csv", "seed 1"):
        assert name in page


def test_it_tells_programs_what_is_where(programme: Path) -> None:
    said = json.loads((programme / "programme.json").read_bytes())
    assert said["synthetic"] is True
    assert said["plan"]["persons"] == 400
    assert said["plan"]["sites"][0]["sent_on"] == "2026-09-11"
    assert said["plan"]["sites"][0]["submissions"] == 31
    found = digest_all(programme)
    found.pop("programme.json")
    assert {name: file["sha256"] for name, file in said["files"].items()} == found
    persons = (programme / "submissions/prairie/person.csv").read_bytes().count(b"\n") - 1
    assert said["files"]["submissions/prairie/person.csv"]["rows"] == persons > 0
    records = {
        name: file["rows"]
        for name, file in said["files"].items()
        if name.startswith("omop/") and Path(name).stem not in WORDS
    }
    assert said["rows"]["omop"] == sum(records.values())


def test_the_omop_folder_is_as_declared_and_has_each_person_once(programme: Path) -> None:
    model = get_model("omop-5.4")
    tables = {path.stem: pq.read_table(path) for path in (programme / "omop").iterdir()}
    for name, table in tables.items():
        assert table.schema.equals(arrow_schema(model.table(name)))
    people = make_people(PLAN, PLAN.batch(0, PLAN.persons))
    shares = people.membership.shares_records & (people.home >= 0)
    assert tables["person"]["person_id"].to_pylist() == people.ids[shares].tolist()
    assert (people.second[shares] >= 0).sum() > 0
    for name in ("observation_period", "death"):
        counts = Counter(tables[name]["person_id"].to_pylist())
        assert set(counts.values()) == {1}, name
    for name, table in tables.items():
        for field in model.table(name).foreign_keys:
            assert field.references
            target = tables.get(field.references.table)
            keys = set(table[field.name].drop_null().to_pylist())
            there = set(target[field.references.field].to_pylist()) if target else set()
            assert keys <= there, f"{name}.{field.name}"
    (source,) = tables["cdm_source"].to_pylist()
    assert "made up" in source["cdm_source_name"]


def test_every_standard_concept_of_the_shipped_facts_has_a_name_in_the_omop_folder(
    tmp_path: Path,
) -> None:
    """Concepts above 2,000,000,000 are the sites' own; 0 stands for none."""
    make_programme(build_plan(persons=60), tmp_path / "made", parts={Part.OMOP})
    named = set(pq.read_table(tmp_path / "made/omop/concept.parquet")["concept_id"].to_pylist())
    for table, column in (
        ("condition_occurrence", "condition_concept_id"),
        ("drug_exposure", "drug_concept_id"),
        ("measurement", "measurement_concept_id"),
        ("measurement", "unit_concept_id"),
        ("procedure_occurrence", "procedure_concept_id"),
        ("observation", "observation_concept_id"),
        ("visit_occurrence", "visit_concept_id"),
    ):
        used = pq.read_table(tmp_path / f"made/omop/{table}.parquet")[column].drop_null()
        assert {c for c in used.to_pylist() if c < 2_000_000_000} <= named, column


def test_eras_are_of_what_is_mapped_and_of_each_person_as_a_whole(programme: Path) -> None:
    conditions = pq.read_table(programme / "omop/condition_occurrence.parquet")
    eras = pq.read_table(programme / "omop/condition_era.parquet")
    of = ("person_id", "condition_concept_id")
    mapped = conditions.filter(pc.not_equal(conditions["condition_concept_id"], 0))
    assert len(mapped) < len(conditions)
    assert pc.sum(eras["condition_occurrence_count"]).as_py() == len(mapped)
    assert len(set(eras["condition_era_id"].to_pylist())) == len(eras)
    keys = [set(zip(*(t[c].to_pylist() for c in of), strict=True)) for t in (mapped, eras)]
    assert keys[0] == keys[1]
    ordered = eras.sort_by(
        [(c, "ascending") for c in (*of, "condition_era_start_date")]
    ).to_pylist()
    for one, other in itertools.pairwise(ordered):
        if all(one[c] == other[c] for c in of):
            gap = other["condition_era_start_date"] - one["condition_era_end_date"]
            assert gap.days > 30


def test_a_period_at_two_sites_goes_from_the_first_day_to_the_last(programme: Path) -> None:
    periods = pq.read_table(programme / "omop/observation_period.parquet").to_pylist()
    people = make_people(PLAN, PLAN.batch(0, PLAN.persons))
    twice = set(people.ids[people.second >= 0].tolist())
    sent = [site.sent_on(PLAN.as_of) for site in PLAN.sites]
    places = dict(
        zip(people.ids.tolist(), zip(people.home, people.second, strict=True), strict=True)
    )
    alive = set(people.ids[people.membership.died != people.membership.died].tolist())
    joined = [p for p in periods if p["person_id"] in twice & alive]
    assert joined
    for period in joined:
        one, other = places[period["person_id"]]
        assert period["observation_period_end_date"] == max(sent[one], sent[other])


def test_the_pipeline_takes_the_feeds(programme: Path) -> None:
    snapshot = get_latest_feeds(programme, synthetic=True)
    assert snapshot is not None
    accounts = pq.read_table(programme / "feeds/2026-10-01/account_registration.parquet")
    joined = accounts["participant_id"].is_valid().to_pylist()
    assert joined == sorted(joined, reverse=True)
    assert joined.count(True) == 400
    assert joined.count(False) == pytest.approx(120, abs=40)


def test_faults_are_in_the_truth_with_site_file_and_line(tmp_path: Path) -> None:
    summary = write(tmp_path / "programme", dirt_of=rough, parts={Part.SUBMISSIONS})
    lines = (tmp_path / "programme/truth.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + (summary.faults or 0)
    rows = [line.split(",") for line in lines[1:]]
    of = [(int(line), column) for site, file, line, column, _ in rows if file == "person.csv"]
    assert of
    assert {column for _, column in of} == {"person_id"}
    assert "alpha/person.csv" in {row[1] for row in rows}


def test_people_who_should_not_be_sent_are_in_no_other_file(tmp_path: Path) -> None:
    write(tmp_path / "programme", dirt_of=rough)
    people = make_people(PLAN, PLAN.batch(0, PLAN.persons))
    unlawful = set(people.ids[~people.membership.shares_records].tolist())
    at = {}
    for position, site in enumerate(PLAN.sites):
        file = tmp_path / "programme/submissions" / site.name / "person.csv"
        ids = {int(line.split(",")[0]) for line in file.read_text().splitlines()[1:]}
        at[position] = ids & unlawful
    assert all(bool(ids) == (position % 2 == 0) for position, ids in at.items())
    omop = pq.read_table(tmp_path / "programme/omop/person.parquet")
    assert not set(omop["person_id"].to_pylist()) & unlawful


@pytest.mark.parametrize(
    ("part", "there"),
    [
        (Part.SUBMISSIONS, {"submissions", "alpha", "truth.csv"}),
        (Part.OMOP, {"omop"}),
        (Part.FEEDS, {"feeds"}),
    ],
)
def test_a_part_alone_is_what_it_is_among_others(
    programme: Path, tmp_path: Path, part: Part, there: set[str]
) -> None:
    write(tmp_path / "programme", parts={part})
    names = {path.name for path in (tmp_path / "programme").iterdir()}
    assert names == there | {"README.md", "programme.json"}
    whole = digest_all(programme)
    for name, digest in digest_all(tmp_path / "programme").items():
        if name not in ("README.md", "programme.json"):
            assert whole[name] == digest, name


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write(
        tmp_path / "programme",
        batch=150,
        parts={Part.FEEDS},
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(150, 400), (300, 400), (400, 400)]


@pytest.mark.parametrize(("persons", "sites"), [(1, 1), (3, 3), (40, 40)])
def test_the_smallest_programmes_are_whole(tmp_path: Path, persons: int, sites: int) -> None:
    plan = build_plan(persons=persons, sites=sites)
    write(tmp_path / "programme", plan)
    folders = list((tmp_path / "programme/submissions").iterdir())
    assert len(folders) == sites
    assert all(len(list(folder.iterdir())) >= 23 for folder in folders)


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "programme").mkdir()
    with pytest.raises(CommonwealError, match="is there already"):
        write(tmp_path / "programme")
    assert list((tmp_path / "programme").iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="exists") as failed:
        write(tmp_path / "file" / "programme")
    assert failed.value.errno == errno.EEXIST


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_closed_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="closed"):
        write(closed / "programme")
    assert list(closed.iterdir()) == []


def fail(plan: Plan, people: People) -> dict[str, pa.Table]:
    del plan
    if people.ids[0] > 100_000_001:
        raise MemoryError
    return dict(MAKERS.feeds(PLAN, people))


def stop(done: int, total: int) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"makers": MAKERS.__class__(**{**vars(MAKERS), "feeds": fail})}, MemoryError),
        ({"progress": stop}, KeyboardInterrupt),
    ],
)
def test_nothing_is_left_of_a_programme_that_failed(
    tmp_path: Path, options: dict[str, Any], error: type[BaseException]
) -> None:
    with pytest.raises(error):
        write(tmp_path / "programme", batch=100, **options)
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from pathlib import Path
from commonweal.synthetic.output.programme import write_programme
from commonweal.synthetic.output.writing import Part
from tests.clean_dirt import Clean
from commonweal.synthetic.plan import build_plan
from tests.synthetic_standin import MAKERS
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    write_programme(
        build_plan(persons=400), Path(sys.argv[1]), makers=MAKERS,
        parts={Part(sys.argv[2])}, dirt_of=lambda *_: Clean(), batch=100,
    )
except OSError as error:
    sys.stdout.write(f"{error.errno} {error.filename}")
"""


@pytest.mark.parametrize(
    ("part", "limit"), [("submissions", 100_000), ("omop", 50_000), ("feeds", 2_000)]
)
def test_no_room_is_an_error_of_the_system_and_leaves_nothing(
    tmp_path: Path, part: str, limit: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "programme", part, str(limit)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY}/src:{REPOSITORY}"},
    )
    assert done.stdout == f"{errno.EFBIG} {tmp_path / 'programme'}", done.stderr
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
