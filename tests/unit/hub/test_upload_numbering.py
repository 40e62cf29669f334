"""An upload by browser is taken, and counts, whatever lies or lay in the drop area."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tests.drop_areas import HOSPITAL, make_receiver, persons_csv, put_declared, today
from tests.ready_sites import register_as
from tests.sites_pages import make_row, make_steward

from commonweal.engine.settings import DropSettings
from commonweal.engine.storage import Location
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.uploads.drafts import add_upload, start_draft
from commonweal.hub.sites.uploads.protocol import Creation
from commonweal.hub.sites.uploads.storage import fill
from commonweal.intake.drop_area import make_area
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.sites import Purpose

pytestmark = pytest.mark.django_db


def upload(home: Path, client: Client, steward: str) -> str:
    """Send a person table by the page; the name of the folder it became."""
    now = datetime.now(tz=UTC)
    area = make_area(home, HOSPITAL)
    draft = start_draft(
        area,
        steward=steward,
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        dialect="programme",
        now=now,
    )
    content = persons_csv(7, 8)
    creation = Creation(len(content), {"filename": "person.csv"})
    free = DropSettings(reserve=0)
    fill(add_upload(draft, creation, settings=free, home=home, now=now), [content])
    before = set(area.iterdir())
    answer = client.post(reverse("uploads:finish", args=[draft.id]))
    assert answer.status_code == 302
    (folder,) = set(area.iterdir()) - before
    return folder.name


@pytest.mark.parametrize("together", [True, False])
def test_an_upload_comes_after_what_came_before(home: Path, *, together: bool) -> None:
    register_as(home, HOSPITAL)
    steward = make_steward("anna", "hospital").user
    client = Client()
    client.force_login(steward)
    make_row()
    SubmissionRow.objects.update(folder=today(7))  # it was cleared from the drop area
    put_declared(Location.of(home / "drop" / "hospital"), today(5), 1, 2)
    if not together:
        receive_site(make_receiver(home), HOSPITAL)
    folder = upload(home, client, str(steward.pk))
    assert folder == today(8)
    outcomes = {o.folder: o.state for o in receive_site(make_receiver(home), HOSPITAL)}
    assert outcomes == {today(5): "superseded", folder: "current"}
