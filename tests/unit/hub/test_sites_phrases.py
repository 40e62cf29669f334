"""The sentences of data and intake in Spanish, and numbers as each language writes them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from string import Formatter

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from tests.ready_sites import open_drop_area
from tests.sites_pages import (
    HOSPITAL,
    NOW,
    make_metrics,
    make_row,
    make_steward,
    make_user,
    make_value,
    register_both,
)

from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.phrases import (
    find_template,
    list_texts,
    say,
    say_counts,
    say_detail,
    say_filled,
    say_kinds,
    say_sentence,
)
from commonweal.hub.sites.refusals import explain_refusal
from commonweal.hub.sites.sentences import REFUSALS
from commonweal.intake.drop_area import area_of, check_file_name
from commonweal.intake.findings import all_kinds, build_finding
from commonweal.intake.onboarding import (
    authorise,
    get_step,
    record_deprovisioned,
    record_isa_executed,
    record_reopened,
    record_step,
)
from commonweal.intake.sites import (
    Purpose,
    Site,
    check_authorised,
    check_fits_programme,
    get_site,
    register_site,
)
from commonweal.schema.errors import CommonwealError

COUNTED = {"cells", "rows", "lines"}


def gaps(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("text", sorted({text for _, text in list_texts()}))
def test_a_translation_has_the_gaps_of_its_template(text: str) -> None:
    with translation.override("es"):
        assert gaps(say(text)) == gaps(text)


@pytest.mark.parametrize("code", all_kinds())
@given(count=st.integers(1, 10**7), name=st.sampled_from(["person.csv", "a of b, about c.csv"]))
def test_english_stays_as_the_check_wrote_it(code: str, count: int, name: str) -> None:
    finding = build_finding(
        code, file=name, table="person", column="person_id", count=count, detail="1900"
    )
    kind = all_kinds()[code]
    assert say_filled(kind.message, finding.message, **say_counts(count)) == finding.message
    assert say_filled(kind.fix, finding.fix, **say_counts(count)) == finding.fix


def test_a_message_is_filled_in_anew() -> None:
    finding = build_finding("concept.unknown", column="race_concept_id", count=4285)
    template = all_kinds()[finding.code].message
    filled = template.format(
        detail="the abridged vocabulary", cells="4,285 cells", column="race_concept_id"
    )
    with translation.override("es"):
        said = say_filled(template, filled, **say_counts(4285))
    assert (
        said == "el vocabulario abreviado no tiene el concepto: 4\xa0285 celdas de race_concept_id."
    )


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("97.5%", "97,5 %"),
        ("1,234", "1\xa0234"),
        ("1900", "1900"),
        ("sprint", "sprint"),
        ("v5.0 29-FEB-24", "v5.0 29-FEB-24"),
        (
            "it has no row; it is not declared as made up",
            "no tiene filas; no está declarado como inventado",
        ),
        ("person.csv", "person.csv"),
    ],
)
def test_what_fills_gaps(english: str, spanish: str) -> None:
    with translation.override("es"):
        assert say_detail(english) == spanish


def test_purposes_and_steps_are_named_in_words() -> None:
    refused = "The site hill is not authorised to send production data."
    waits = "Production authorised: that has to wait, as something is not done yet."
    with translation.override("es"):
        assert "con el propósito producción" in say_sentence(refused)
        assert say_sentence(waits).startswith("Producción autorizada: tiene que esperar")


def test_a_sentence_that_nobody_knows_stays_as_it_is() -> None:
    with translation.override("es"):
        assert say_sentence("The moon is a balloon.") == "The moon is a balloon."
        assert say_filled("{a} is b.", "nothing of the kind") == "nothing of the kind"


def refuse_authorisation(purpose: Purpose, site: Site, dialect: str = "programme") -> None:
    check_authorised(site, purpose, synthetic=False, dialect=dialect)


READY = Site("hospital", "T", isa_date=date(2026, 1, 1), purposes=())
REFUSED: dict[str, Callable[[Path], object]] = {
    "no agreement": lambda _: refuse_authorisation(Purpose.TEST, HOSPITAL),
    "no test load": lambda _: refuse_authorisation(Purpose.PRODUCTION, READY),
    "not authorised": lambda _: refuse_authorisation(Purpose.SPRINT, READY, "sprint"),
    "not de-identified": lambda _: refuse_authorisation(Purpose.SPRINT, READY),
    "closed": lambda _: area_of(Path(), Site("hospital", "T", closed_on=date(2026, 1, 1))),
    "bucket": lambda _: area_of(Path(), Site("hospital", "T", drop_url="s3://a/b")),
    "name": lambda home: register_site(home, Site("No Name", "T")),
    "taken": lambda home: register_site(home, Site("hospital", "Other")),
    "unknown": lambda home: get_site(home, "nowhere"),
    "no step": lambda _: get_step("dance"),
    "early": lambda home: record_isa_executed(
        home, "hospital", on=date(1999, 1, 1), by="", now=NOW
    ),
    "by hand": lambda home: record_step(home, "hospital", "isa", on=NOW.date(), by="", now=NOW),
    "test load": lambda home: record_step(
        home, "hospital", "test_load", on=NOW.date(), by="", now=NOW
    ),
    "not its turn": lambda home: authorise(
        home, "hospital", purposes=tuple(Purpose), by="", now=NOW
    ),
    "not closed": lambda home: record_reopened(home, "hospital", by="", now=NOW),
    "closed for steps": lambda home: record_deprovisioned(
        home, "clinic", on=NOW.date(), reason="over", by="", now=NOW
    ),
    "no reason": lambda home: record_deprovisioned(
        home, "hospital", on=NOW.date(), reason=" ", by="", now=NOW
    ),
    "long": lambda home: register_site(home, Site("hill", "x" * 1000)),
    "unreadable": lambda home: register_site(home, Site("hill", "a\nb")),
    "state": lambda home: register_site(home, Site("hill", "Hill", "Ohio")),
    "real people": lambda _: check_fits_programme(synthetic=False, only_synthetic=True),
    "file": lambda _: check_file_name("patients.csv"),
    "odd file": lambda _: check_file_name("a b"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_pages_know_what_the_intake_refuses(case: str, tmp_path: Path) -> None:
    register_both(tmp_path)
    record_deprovisioned(tmp_path, "clinic", on=NOW.date(), reason="over", by="", now=NOW)
    with pytest.raises(CommonwealError) as refused:
        REFUSED[case](tmp_path)
    assert find_template(refused.value.found, REFUSALS) is not None
    told = explain_refusal(refused.value)
    with translation.override("es"):
        assert explain_refusal(refused.value) != told
    assert "--" not in told.replace("--out", "")


@pytest.mark.django_db
def test_metrics_are_said_and_written_in_spanish(home: Path) -> None:
    register_both(home)
    value = make_value("gc_1_standard", 0.975, action=False, concerned=4285, numerator=217015)
    poor = make_value("visit_id_failure", 0.01, action=True, table="condition_occurrence")
    make_row(metrics=make_metrics(value, poor))
    client = Client(headers={"accept-language": "es"})
    client.force_login(make_steward("own", "hospital").user)
    page = client.get(reverse("sites:metrics", args=["hospital"])).text
    for words in (
        "97,5 %",
        "217\xa0015 de 100",
        "4\xa0285 filas por revisar",
        "Conceptos estándar (GC-1)",
        "¿Cuántos registros llevan un concepto estándar del dominio correcto?",
        "no alcanza el objetivo",
        "al menos 90 % en cada tabla y en total",
    ):
        assert words in page
    assert 'lang="en"' not in page.partition("<main")[2].partition("<footer")[0]
    shown = client.get(reverse("sites:submission", args=["hospital", "hospital-1"])).text
    assert "97,5 %" in shown


@pytest.mark.django_db
def test_a_report_is_read_in_spanish(home: Path) -> None:
    register_both(home)
    finding = build_finding("type.integer", file="person.csv", column="person_id", count=3)
    file = {"file": "person.csv", "table": "person", "verdict": "rejected", "rows": 3}
    report = {"files": [{**file, "findings": [finding.to_json()]}], "findings": [], "missing": []}
    history = [
        {"event": "held", "at": NOW.isoformat(), "by": "x", "details": {"reason": "not authorised"}}
    ]
    make_row(report=report, errors=1, verdict="rejected", state="rejected", history=history)
    client = Client(headers={"accept-language": "es"})
    client.force_login(make_steward("own", "hospital").user)
    page = client.get(reverse("sites:submission", args=["hospital", "hospital-1"])).text
    assert "No es un número entero: 3 celdas de person_id." in page
    assert "Escriba números enteros como 42" in page
    assert "sin autorización" in page
    assert "Retenido" in page or "Held" not in page


@pytest.mark.django_db
def test_the_steps_of_the_onboarding_are_said_in_spanish(home: Path) -> None:
    register_both(home)
    open_drop_area(home, get_site(home, "hospital"))
    client = Client(headers={"accept-language": "es"})
    client.force_login(make_user("curator", Role.CURATOR))
    page = client.get(reverse("sites:onboarding", args=["hospital"])).text
    assert "Carga de prueba superada" in page
    assert "Test load passed" not in page
    answer = client.post(
        reverse("sites:record_step", args=["hospital", "production"]), {"on": "2026-02-01"}
    )
    assert "Producción autorizada: tiene que esperar, porque aún falta algo." in answer.text
    assert "Carga de prueba" in client.get(reverse("sites:guide_page", args=["timeline"])).text


def test_one_kind_of_finding_is_one_in_both_languages() -> None:
    assert dict(say_kinds(1, 2)) == {"errors": "1 kind of error", "warnings": "2 kinds of warning"}
    with translation.override("es"):
        assert dict(say_kinds(0, 1)) == {
            "errors": "0 tipos de error",
            "warnings": "1 tipo de advertencia",
        }
