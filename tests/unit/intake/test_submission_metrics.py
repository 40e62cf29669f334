"""Metrics of a submission: measured from its files, stored beside it, shown in its report."""

import json
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from shutil import copytree

import pytest
from rich.console import Console
from tests.intake_folders import check, valid_row, write_persons, write_table
from tests.ready_sites import register_as

from commonweal.intake.check.concepts import Terms
from commonweal.intake.html import render_html
from commonweal.intake.landing import Delivery, Submission, find_metrics, submit_folder
from commonweal.intake.metric_report import render_metrics_html, render_metrics_terminal
from commonweal.intake.metrics import Surroundings, measure_submission
from commonweal.intake.sites import Purpose, Site
from commonweal.intake.submission import METRICS
from commonweal.quality.metrics.value import Metrics, Status

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
MARKER = "QQMARKERQQ"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sent") / "in"
    write_persons(folder, 1, 2)
    moments = ["2020-01-31T08:15:00+0500", "2020-02-01 23:59:59 EST", "2020-02-02 00:00Z", ""]
    rows = [
        valid_row(
            "measurement",
            measurement_id=str(key),
            measurement_datetime=moment,
            measurement_concept_id="3004501",
            measurement_source_value=MARKER,
            value_source_value="<5",
        )
        for key, moment in enumerate(moments, start=1)
    ]
    write_table(folder, "measurement", rows)
    return folder


@pytest.fixture(scope="module")
def metrics(sent: Path) -> Metrics:
    return measure(sent)


@pytest.fixture
def folder(sent: Path, tmp_path: Path) -> Path:
    """A folder that may be changed."""
    return copytree(sent, tmp_path / "in")


def measure(folder: Path) -> Metrics:
    report = check(folder)
    assert report.is_accepted
    return measure_submission(folder, report, Surroundings(Terms.shipped())).metrics


def test_local_times_are_compared_whatever_their_zone(metrics: Metrics) -> None:
    """The day is 2020-01-31 in every row; one of three moments is two days later."""
    value = metrics.get("dc_4", "measurement")
    assert (value.numerator, value.denominator) == (2, 3)


def test_tables_that_were_not_sent_have_no_value(metrics: Metrics) -> None:
    assert metrics.get("gc_1_standard", "measurement").value == 1.0
    assert metrics.get("gc_1_standard", "drug_exposure").status is Status.NOT_SUBMITTED
    assert metrics.get("unit_failure", "measurement").value == 1.0
    assert metrics.get("completeness", "person", "person_id").value == 1.0
    assert metrics.get("consent_light").status is Status.NOT_MEASURED


def test_a_table_with_a_header_alone_is_empty(folder: Path) -> None:
    write_table(folder, "drug_exposure", [])
    metrics = measure(folder)
    for name in ("gc_1_standard", "route_failure", "drug_classes", "duplicates"):
        assert metrics.get(name, "drug_exposure").status is Status.EMPTY
    assert metrics.get("completeness", "drug_exposure").status is Status.EMPTY


def test_rows_lie_where_they_may_and_are_gone_afterwards(folder: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    around = Surroundings(Terms.shipped(), scratch=scratch)
    with pytest.raises(FileNotFoundError):
        measure_submission(folder, check(folder), around)
    scratch.mkdir()
    measure_submission(folder, check(folder), around)
    assert list(scratch.iterdir()) == []


def hand_in(folder: Path, home: Path, around: Surroundings | None) -> Submission:
    register_as(home, Site("hospital", "The hospital", "MA", date(2025, 1, 31)))
    return submit_folder(
        folder,
        home=home,
        site="hospital",
        purpose=Purpose.TEST,
        synthetic=False,
        now=NOW,
        report=check(folder),
        delivery=Delivery(around=around),
    )


def test_metrics_are_stored_beside_the_submission(
    folder: Path, metrics: Metrics, tmp_path: Path
) -> None:
    submission = hand_in(folder, tmp_path / "home", Surroundings(Terms.shipped()))
    assert find_metrics(submission) == metrics
    stored = json.loads((submission.folder / METRICS).read_bytes())
    assert stored["vocabulary"]["abridged"]
    page = (submission.folder / "report.html").read_text(encoding="utf-8")
    assert "Standard concepts (GC-1)" in page
    assert "does not meet the target" in page
    assert MARKER not in page
    assert MARKER not in json.dumps(stored)


def test_without_a_vocabulary_there_are_no_metrics(folder: Path, tmp_path: Path) -> None:
    submission = hand_in(folder, tmp_path / "home", None)
    assert find_metrics(submission) is None
    assert "<h2>Metrics</h2>" not in render_html(check(folder), "x")


def test_a_rejected_submission_has_no_metrics(folder: Path, tmp_path: Path) -> None:
    write_table(folder, "person", [valid_row("person", person_id="x")])
    submission = hand_in(folder, tmp_path / "home", Surroundings(Terms.shipped()))
    assert not submission.is_accepted
    assert find_metrics(submission) is None


def test_a_colour_never_stands_without_its_words(metrics: Metrics) -> None:
    page = render_metrics_html(metrics)
    marks = page.split('<span class="mark ')[1:]
    assert len(marks) > 50
    for mark in marks:
        tone, _, rest = mark.partition('">')
        assert tone in ("good", "fair", "poor", "plain")
        assert rest.partition("</span>")[0]


def test_every_metric_of_the_page_explains_itself(metrics: Metrics) -> None:
    page = render_metrics_html(metrics)
    details = page.count("<details")
    assert details > 20
    for said in ("Counted:", "Of:", "What to do:"):
        assert page.count(said) == details
    assert "4 rows" in page  # the units that are concerned


def test_the_terminal_shows_what_has_a_target(metrics: Metrics) -> None:
    out = StringIO()
    Console(file=out, width=160).print(render_metrics_terminal(metrics))
    text = out.getvalue()
    assert "Standard concepts (GC-1)" in text
    assert "not submitted" in text
    assert "Exposures of each drug class" not in text
    assert "The abridged vocabulary" in text


def test_a_table_that_asks_for_action_stands_in_front(folder: Path) -> None:
    """Four measurements are mapped; the one drug is not."""
    rows = [valid_row("drug_exposure", drug_concept_id="0")]
    write_table(folder, "drug_exposure", rows)
    metrics = measure(folder)
    assert metrics.get("gc_1_standard").band == "approaching"
    overview = render_metrics_html(metrics).partition("<details")[0]
    assert "Standard concepts (GC-1): drug_exposure" in overview
    assert "Standard concepts (GC-1): measurement" not in overview
