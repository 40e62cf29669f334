"""The sprint board as the worker copies it; scoring reads what has landed."""

from datetime import date

from django.db import transaction

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import Settings
from commonweal.engine.storage import digest_of
from commonweal.hub.sites.models import SprintRow, SubmissionRow
from commonweal.intake.sites import Purpose, list_sites
from commonweal.intake.sprint.board import BoardRow, read_board
from commonweal.intake.submission import list_submissions
from commonweal.pipeline.vocabulary import Vocabulary, get_vocabulary
from commonweal.vocabulary.views import register_vocabulary


def index_sprint(settings: Settings, *, today: date) -> int:
    """Bring the board in line with what was handed in for the sprint; returns how many rows.

    Scores depend on the files, the vocabulary, the sites and the first day of the sprint. As
    long as these are what they were, nothing is scored again and 0 is returned.
    """
    vocabulary = get_vocabulary(settings.home)
    made_of = _describe(settings, vocabulary)
    if SprintRow.objects.filter(made_of=made_of).exists():
        return 0
    with open_engine(settings.engine) as engine:
        rows = read_board(
            engine,
            settings.home,
            register_vocabulary(engine, vocabulary.files),
            sites=[site.name for site in list_sites(settings.home)],
            start=settings.programme.sprint_start,
            today=today,
        )
    _replace(rows, made_of)
    return len(rows)


def _describe(settings: Settings, vocabulary: Vocabulary) -> str:
    """A digest of everything that the scores depend on."""
    start = settings.programme.sprint_start
    return digest_of(
        {
            "sites": [site.name for site in list_sites(settings.home)],
            "vocabulary": vocabulary.digest,
            "start": start.isoformat() if start else None,
            "submissions": [
                [one.id, one.digest]
                for one in list_submissions(settings.home)
                if one.purpose is Purpose.SPRINT
            ],
        }
    )


@transaction.atomic
def _replace(rows: tuple[BoardRow, ...], made_of: str) -> None:
    """Put the rows in place of those before, all at once."""
    known = SubmissionRow.objects.filter(purpose=Purpose.SPRINT)
    folders = dict(known.values_list("submission", "folder"))
    SprintRow.objects.all().delete()
    SprintRow.objects.bulk_create(
        SprintRow(
            site=row.site,
            table=row.table,
            position=position,
            facts=row.to_json() | {"folder": folders.get(row.submission or "", "")},
            made_of=made_of,
        )
        for position, row in enumerate(rows)
    )
