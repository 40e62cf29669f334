"""What must be declared before anything about real people is taken, by whichever way it comes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.drop_areas import declaration, history_of, make_home, make_receiver, put
from tests.drop_areas import persons_csv as persons
from tests.drop_areas import today as folder_of_today
from tests.intake_folders import check, write_persons

from commonweal.engine.storage import Location
from commonweal.intake.landing import list_submissions, submit_folder
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.purposes import DIALECTS
from commonweal.intake.sites import Purpose, Site, check_authorised, get_site
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model

NEW = Site("new", "A new site")
NOT_DEIDENTIFIED = "Records of real people in the dialect programme are not de-identified"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, NEW)


@pytest.mark.parametrize("purpose", [Purpose.SPRINT, Purpose.ALPHA])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_real_people_take_part_in_a_sprint_only_de_identified(
    home: Path, purpose: Purpose, dialect: str
) -> None:
    site = get_site(home, "new")
    check_authorised(site, purpose, synthetic=True, dialect=dialect)
    if get_model(dialect).deidentified:
        check_authorised(site, purpose, synthetic=False, dialect=dialect)
        return
    with pytest.raises(CommonwealError, match="not de-identified") as refused:
        check_authorised(site, purpose, synthetic=False, dialect=dialect)
    assert "sprint or alpha" in str(refused.value.expected)
    assert "commonweal deidentify" in str(refused.value.fix)


def test_a_declaration_does_not_talk_its_way_round_the_agreement(home: Path) -> None:
    """The purpose sprint with the dialect of production: names of people and all."""
    folder = folder_of_today()
    files = {"person.csv": persons(1), "pii_name.csv": b"person_id,first_name\n1,ANN\n"}
    files[DECLARATION] = declaration(purpose="sprint", synthetic=False, dialect="programme")
    put(Location.of(home / "drop" / "new"), folder, files)
    (outcome,) = receive_site(make_receiver(home), get_site(home, "new"))
    assert outcome.state == "held"
    assert NOT_DEIDENTIFIED in outcome.said
    assert "commonweal deidentify" in outcome.said
    assert "begun" not in events_of_new(home, folder)
    assert list_submissions(home) == []


def events_of_new(home: Path, folder: str) -> list[str]:
    return [event.name for event in history_of(home, folder, "new").events]


def test_nor_does_who_hands_in_at_the_data_centre(home: Path, tmp_path: Path) -> None:
    write_persons(tmp_path / "in", 1)
    with pytest.raises(CommonwealError, match=NOT_DEIDENTIFIED):
        submit_folder(
            tmp_path / "in",
            home=home,
            site="new",
            purpose=Purpose.ALPHA,
            synthetic=False,
            now=datetime.now(tz=UTC),
            report=check(tmp_path / "in"),
        )
    assert list_submissions(home) == []
