"""Notices to sites: written once for each thing that happened, sent by the worker.

Mail goes through the backend of Django's settings. What cannot be sent is tried again later,
then left for a curator to look at; nothing is lost and nothing is told twice.
"""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction

from commonweal.hub.sites.models import Contact, Notice, NoticeStatus, Steward

MOST_ATTEMPTS = 5
PAUSE = timedelta(minutes=10)
"""After a first failure; it doubles with every further one."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    content: bytes
    kind: str


FindAttachments = Callable[[str], list[Attachment]]
"""The files that go with the notice of a submission, which is given by its id."""


@dataclass(frozen=True)
class Sent:
    """What came of a round of sending."""

    sent: int = 0
    failed: int = 0
    nobody: int = 0


def write_notice(
    key: str, *, site: str, kind: str, subject: str, body: str, now: datetime, attach: str = ""
) -> bool:
    """Put a notice into the outbox; False when it was written before."""
    facts = {"kind": kind, "subject": subject, "body": body, "attach": attach, "written_at": now}
    _, made = Notice.objects.get_or_create(key=key, defaults={"site": site, **facts})
    return made


def list_recipients(site: str) -> list[str]:
    """Addresses of the stewards and the contacts of a site, each once."""
    stewards = Steward.objects.filter(site=site, ended_on=None)
    addresses = [*stewards.values_list("user__email", flat=True)]
    addresses += Contact.objects.filter(site=site).values_list("email", flat=True)
    return sorted(set(addresses))


def send_notices(find_attachments: FindAttachments, *, now: datetime) -> Sent:
    """Send what is due; each notice is claimed first, so that two runs do not send it twice."""
    counted = dict.fromkeys(NoticeStatus, 0)
    for notice in Notice.objects.exclude(status=NoticeStatus.SENT).order_by("written_at", "id"):
        if _is_due(notice, now) and _claim(notice, now):
            counted[_send(notice, find_attachments)] += 1
    return Sent(
        counted[NoticeStatus.SENT], counted[NoticeStatus.FAILED], counted[NoticeStatus.NOBODY]
    )


def _is_due(notice: Notice, now: datetime) -> bool:
    if notice.attempts >= MOST_ATTEMPTS:
        return False
    if notice.tried_at is None or notice.attempts == 0:
        return True
    pause: timedelta = PAUSE * 2 ** (notice.attempts - 1)
    return bool(now >= notice.tried_at + pause)


def _claim(notice: Notice, now: datetime) -> bool:
    """Take a notice for this run; False when another run was faster."""
    with transaction.atomic():
        mine = Notice.objects.filter(pk=notice.pk, attempts=notice.attempts).exclude(
            status=NoticeStatus.SENT
        )
        claimed = mine.update(attempts=notice.attempts + 1, tried_at=now)
    return bool(claimed)


def _send(notice: Notice, find_attachments: FindAttachments) -> NoticeStatus:
    recipients = list_recipients(notice.site)
    status, problem = NoticeStatus.NOBODY, ""
    if recipients:
        mail = EmailMessage(notice.subject, notice.body, to=recipients)
        for attached in find_attachments(notice.attach) if notice.attach else ():
            mail.attach(attached.name, attached.content, attached.kind)
        status, problem = _deliver(mail)
    Notice.objects.filter(pk=notice.pk).update(
        status=status, problem=problem, recipients=recipients
    )
    return status


def _deliver(mail: EmailMessage) -> tuple[NoticeStatus, str]:
    """Hand a mail over; a refusal is told by its kind, as servers repeat addresses."""
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        code = getattr(error, "smtp_code", "")
        return NoticeStatus.FAILED, f"{type(error).__name__} {code}".strip()
    return NoticeStatus.SENT, ""
