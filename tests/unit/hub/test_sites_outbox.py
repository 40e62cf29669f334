"""Notices: written once, sent once, tried again, never lost."""

import smtplib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django.fixtures import Settings as DjangoSettings
from tests.sites_pages import NOW, make_steward, make_user

from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.actions import retry_notice
from commonweal.hub.sites.models import Contact, Notice
from commonweal.hub.sites.outbox import MOST_ATTEMPTS, Attachment, Sent, send_notices, write_notice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class DeadServer(BaseEmailBackend):
    """A server that refuses, and says whom it refuses."""

    def send_messages(self, email_messages: list[object]) -> int:
        raise smtplib.SMTPRecipientsRefused({"secret@example.org": (550, b"who is that")})


def write(key: str = "k", site: str = "hospital", **facts: str) -> bool:
    wanted = {"kind": "verdict", "subject": "Accepted", "body": "Well done.", **facts}
    return write_notice(key, site=site, now=NOW, **wanted)


def attach(submission: str) -> list[Attachment]:
    return [Attachment(f"{submission}.html", b"<p>report</p>", "text/html")]


def test_a_notice_is_written_once() -> None:
    assert [write(), write(), write("other")] == [True, False, True]


def test_stewards_and_contacts_get_the_report_once() -> None:
    make_steward("own", "hospital")
    make_steward("other", "clinic")
    for email in ("c@example.org", "own@example.org"):
        Contact.objects.create(site="hospital", name="C", email=email, confirmed_on=NOW)
    write(attach="hospital-1")
    assert send_notices(attach, now=NOW) == Sent(sent=1)
    assert send_notices(attach, now=NOW + DAY) == Sent()
    (message,) = mail.outbox
    assert message.to == ["c@example.org", "own@example.org"]
    assert message.attachments == [("hospital-1.html", "<p>report</p>", "text/html")]


def test_a_steward_who_was_let_go_is_told_nothing() -> None:
    make_steward("own", "hospital", ended_on=NOW.date())
    write()
    assert send_notices(attach, now=NOW) == Sent(nobody=1)
    assert mail.outbox == []


def test_a_refusal_is_tried_again_later_and_no_address_is_kept(settings: DjangoSettings) -> None:
    make_steward("own", "hospital")
    settings.EMAIL_BACKEND = f"{__name__}.DeadServer"
    write()
    assert send_notices(attach, now=NOW) == Sent(failed=1)
    notice = Notice.objects.get()
    assert (notice.status, notice.problem) == ("failed", "SMTPRecipientsRefused")
    assert send_notices(attach, now=NOW + timedelta(minutes=1)) == Sent()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_notices(attach, now=NOW + timedelta(minutes=10)) == Sent(sent=1)


def test_after_enough_attempts_a_curator_decides(settings: DjangoSettings) -> None:
    make_steward("own", "hospital")
    settings.EMAIL_BACKEND = f"{__name__}.DeadServer"
    write()
    for day in range(MOST_ATTEMPTS):
        assert send_notices(attach, now=NOW + DAY * day) == Sent(failed=1)
    assert send_notices(attach, now=NOW + DAY * 99) == Sent()
    retry_notice(make_user("curator", Role.CURATOR), Notice.objects.get())
    assert send_notices(attach, now=NOW + DAY * 99) == Sent(failed=1)


def test_a_sent_notice_is_not_sent_again_by_hand() -> None:
    make_steward("own", "hospital")
    write()
    send_notices(attach, now=NOW)
    retry_notice(make_user("curator", Role.CURATOR), Notice.objects.get())
    assert send_notices(attach, now=NOW + DAY) == Sent()
    assert len(mail.outbox) == 1


def test_without_a_server_mail_is_a_file(tmp_path: Path, settings: DjangoSettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    make_steward("own", "hospital")
    write()
    assert send_notices(attach, now=NOW) == Sent(sent=1)
    (file,) = tmp_path.iterdir()
    assert "Subject: Accepted" in file.read_text()
