"""Issues open and close by what submissions say, each for itself."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings as DjangoSettings
from tests.sites_pages import make_metrics, make_row, make_value

from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.hub.sites.issues import judge_submission
from commonweal.hub.sites.models import Issue, SubmissionRow

pytestmark = pytest.mark.django_db


def poor(table: str | None = None, **facts: object) -> dict[str, object]:
    return make_value("gc_2", 0.5, action=True, table=table, **facts)


def good(table: str | None = None, **facts: object) -> dict[str, object]:
    return make_value("gc_2", 0.95, action=False, table=table, **facts)


def kinds(issue: Issue) -> list[str]:
    return [note.kind for note in issue.notes.all()]


def test_an_issue_opens_stays_and_closes() -> None:
    rows = [
        make_row(number=1, metrics=make_metrics(poor("visit_occurrence"))),
        make_row(number=2, metrics=make_metrics(poor("visit_occurrence"))),
        make_row(number=3, metrics=make_metrics(good("visit_occurrence"))),
    ]
    assert [judge_submission(row) for row in rows] == [(1, 0), (0, 0), (0, 1)]
    issue = Issue.objects.get()
    assert kinds(issue) == ["opened", "still", "closed"]
    assert (issue.opened_by, issue.closed_by) == ("hospital-1", "hospital-3")


def test_judging_again_changes_nothing() -> None:
    rows = [
        make_row(number=1, metrics=make_metrics(poor())),
        make_row(number=2, metrics=make_metrics(good())),
    ]
    for _ in range(3):
        for row in rows:
            judge_submission(row)
    assert kinds(Issue.objects.get()) == ["opened", "closed"]


def test_a_newer_check_of_the_same_submission_judges_again() -> None:
    row = make_row(number=1, metrics=make_metrics(poor()))
    judge_submission(row)
    row.check_number, row.metrics = 2, make_metrics(good())
    assert [judge_submission(row) for _ in range(2)] == [(0, 1), (0, 0)]
    issue = Issue.objects.get()
    assert kinds(issue) == ["opened", "closed"]
    assert [note.facts["check"] for note in issue.notes.all()] == [1, 2]


def test_a_newer_check_of_an_older_submission_leaves_the_later_word() -> None:
    rows = [
        make_row(number=1, metrics=make_metrics(poor())),
        make_row(number=2, metrics=make_metrics(poor())),
    ]
    for row in rows:
        judge_submission(row)
    rows[0].check_number, rows[0].metrics = 2, make_metrics(good())
    assert [judge_submission(row) for row in rows] == [(0, 0), (0, 0)]
    assert Issue.objects.get().closed_at is None


def test_tables_have_issues_of_their_own() -> None:
    """The programme's own tickets mixed them: a later table inherited the tags before it."""
    judge_submission(make_row(number=1, metrics=make_metrics(poor("death"), poor("person"))))
    judge_submission(make_row(number=2, metrics=make_metrics(good("death"), poor("person"))))
    found = {issue.table: issue for issue in Issue.objects.all()}
    assert {table: kinds(issue) for table, issue in found.items()} == {
        "death": ["opened", "closed"],
        "person": ["opened", "still"],
    }
    note = found["person"].notes.last()
    assert note is not None
    assert [value["table"] for value in note.facts["values"]] == ["person"]


def test_parts_of_a_table_are_one_issue_that_closes_with_the_last() -> None:
    judge_submission(
        make_row(number=1, metrics=make_metrics(poor("death", part="a"), poor("death", part="b")))
    )
    judge_submission(
        make_row(number=2, metrics=make_metrics(good("death", part="a"), poor("death", part="b")))
    )
    issue = Issue.objects.get()
    assert issue.closed_at is None
    judge_submission(
        make_row(number=3, metrics=make_metrics(good("death", part="a"), good("death", part="b")))
    )
    issue.refresh_from_db()
    assert issue.closed_by == "hospital-3"


@pytest.mark.parametrize(
    "facts",
    [{"purpose": "test"}, {"purpose": "sprint"}, {"verdict": "rejected"}, {"synthetic": True}],
)
def test_only_accepted_production_is_judged(facts: dict[str, str | bool]) -> None:
    assert judge_submission(make_row(metrics=make_metrics(poor()), **facts)) == (0, 0)


def test_made_up_records_close_no_issue_of_real_ones(home: Path) -> None:
    judge_submission(make_row(number=1, metrics=make_metrics(poor())))
    made_up = make_row(number=2, synthetic=True, metrics=make_metrics(good()))
    assert judge_submission(made_up) == (0, 0)
    assert kinds(Issue.objects.get()) == ["opened"]


def test_in_a_synthetic_programme_made_up_records_are_judged(
    home: Path, settings: DjangoSettings
) -> None:
    settings.COMMONWEAL = Settings(home=home, programme=ProgrammeSettings(synthetic=True))
    row = make_row(synthetic=True, metrics=make_metrics(poor()))
    assert judge_submission(row) == (1, 0)


def test_what_could_not_be_measured_closes_nothing() -> None:
    judge_submission(make_row(number=1, metrics=make_metrics(poor())))
    absent = good(status="not submitted", value=None)
    judge_submission(make_row(number=2, metrics=make_metrics(absent)))
    assert kinds(Issue.objects.get()) == ["opened"]


def test_an_issue_that_comes_back_is_a_new_one() -> None:
    for number, value in enumerate([poor(), good(), poor()], start=1):
        judge_submission(make_row(number=number, metrics=make_metrics(value)))
    assert [issue.closed_at is None for issue in Issue.objects.order_by("opened_at")] == [
        False,
        True,
    ]


def test_an_older_submission_that_is_indexed_late_changes_nothing() -> None:
    judge_submission(make_row(number=5, metrics=make_metrics(poor())))
    judge_submission(make_row(number=4, metrics=make_metrics(good())))
    assert Issue.objects.get().closed_at is None


def retract_row(row: SubmissionRow) -> None:
    """Leave what the worker finds after all of a submission was erased."""
    event = {"event": "retracted", "at": "2026-03-20T12:00:00+00:00", "by": "me", "details": {}}
    row.state, row.verdict, row.metrics, row.history = "retracted", "", {}, [event]
    row.save()


def judge_all() -> tuple[int, int]:
    done = [judge_submission(row) for row in SubmissionRow.objects.order_by("received_at", "id")]
    return sum(opened for opened, _ in done), sum(closed for _, closed in done)


def test_an_issue_of_a_retracted_submission_closes_and_keeps_none_of_its_values() -> None:
    make_row(number=1, metrics=make_metrics(good()))
    wrong = make_row(number=2, metrics=make_metrics(poor(numerator=31337)))
    assert judge_all() == (1, 0)
    retract_row(wrong)
    assert judge_all() == (0, 1)
    issue = Issue.objects.get()
    assert (kinds(issue), issue.closed_by) == (["erased", "closed"], "hospital-1")
    assert issue.closed_at is not None
    assert issue.closed_at > issue.opened_at
    assert not any("31337" in str(note.facts) for note in issue.notes.all())
    assert judge_all() == (0, 0)


def test_what_a_retracted_submission_had_mended_is_missed_again() -> None:
    make_row(number=1, metrics=make_metrics(poor()))
    mended = make_row(number=2, metrics=make_metrics(good()))
    assert judge_all() == (1, 1)
    retract_row(mended)
    assert judge_all() == (1, 0)
    assert [i.opened_by for i in Issue.objects.filter(closed_at=None)] == ["hospital-1"]
    assert judge_all() == (0, 0)
    make_row(number=25, metrics=make_metrics(good()))
    assert judge_all() == (0, 1)


def test_the_only_submission_retracted_leaves_no_open_issue() -> None:
    only = make_row(number=1, metrics=make_metrics(poor()))
    judge_all()
    retract_row(only)
    assert judge_all() == (0, 1)
    assert judge_all() == (0, 0)


def test_where_persons_were_retracted_the_notes_say_what_is_measured_without_them() -> None:
    row = make_row(number=1, metrics=make_metrics(poor(numerator=31337), poor("death")))
    assert judge_all() == (2, 0)
    event = {"event": "persons_retracted", "at": "2026-03-20T12:00:00+00:00", "by": "me"}
    row.submission, row.history = "hospital-1-r1", [event]
    row.metrics = make_metrics(poor(numerator=7), good("death"))
    row.save()
    assert judge_all() == (0, 1)
    still = Issue.objects.get(closed_at=None)
    (note,) = still.notes.all()
    assert (note.submission, note.facts["values"][0]["numerator"]) == ("hospital-1-r1", 7)
    assert judge_all() == (0, 0)


def test_a_retraction_touches_no_other_sites_issues() -> None:
    judge_submission(make_row(site="clinic", metrics=make_metrics(poor())))
    judge_submission(row := make_row(metrics=make_metrics(poor())))
    retract_row(row)
    judge_all()
    assert [issue.site for issue in Issue.objects.filter(closed_at=None)] == ["clinic"]
