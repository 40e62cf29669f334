"""Writes of people on these pages. Each of them leaves a row that says who did what."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.access import get_home
from commonweal.hub.sites.models import (
    AuditEntry,
    Contact,
    Deadline,
    GuideText,
    Issue,
    IssueNote,
    Notice,
    NoticeStatus,
    Steward,
)
from commonweal.intake.stewards import record_account_closed, record_account_opened
from commonweal.schema.errors import CommonwealError


def write_audit(by: str, action: str, *, site: str = "", **facts: Any) -> None:
    """Write down an act."""
    AuditEntry.objects.create(at=timezone.now(), by=by, action=action, site=site, facts=facts)


@transaction.atomic
def add_contact(by: User, site: str, *, name: str, email: str, duty: str) -> Contact:
    """Add somebody who is told.

    Raises:
        CommonwealError: the address is on the list; the message says whose it is.
    """
    email = email.strip().lower()
    _check_is_new(site, email)
    contact = Contact.objects.create(
        site=site, email=email, name=name, duty=duty, confirmed_on=timezone.now().date()
    )
    write_audit(by.email, "contact_added", site=site, email=email)
    return contact


@transaction.atomic
def edit_contact(by: User, contact: Contact, *, name: str, email: str, duty: str) -> None:
    """Change the details of somebody on the list.

    Raises:
        CommonwealError: the address is that of another one; the message says whose it is.
    """
    email = email.strip().lower()
    if email != contact.email:
        _check_is_new(contact.site, email)
    contact.name, contact.email, contact.duty = name, email, duty
    contact.confirmed_on = timezone.now().date()
    contact.save()
    write_audit(by.email, "contact_changed", site=contact.site, email=email)


def _check_is_new(site: str, email: str) -> None:
    for known in Contact.objects.filter(site=site, email=email):
        raise CommonwealError(
            _("This address is on the list already, as that of %(name)s.") % {"name": known.name},
            fix=_("Change the details of that contact, or use another address."),
        )


@transaction.atomic
def remove_contact(by: User, site: str, contact_id: int) -> None:
    """Take somebody off the list; nothing happens when they are not on it."""
    for contact in Contact.objects.filter(site=site, pk=contact_id):
        write_audit(by.email, "contact_removed", site=site, email=contact.email)
        contact.delete()


@transaction.atomic
def confirm_contacts(by: User, site: str) -> int:
    """Say that the list is right as it stands today; return how many are on it."""
    confirmed = Contact.objects.filter(site=site).update(confirmed_on=timezone.now().date())
    write_audit(by.email, "contacts_confirmed", site=site, contacts=confirmed)
    return confirmed


@transaction.atomic
def add_steward(by: User, site: str, *, email: str, name: str, password: str, **facts: Any) -> User:
    """Make a steward's account, and write down beside the data that there is one.

    Whoever was a steward of the site before gets the same account again, with the password,
    the rules of behaviour and the training of today.

    Raises:
        CommonwealError: the position is filled, the address has another account, or the
            registry has no room for another steward of the site.
    """
    email = email.strip().lower()
    user = User.objects.filter(email=email).first()
    returns = user is not None
    if user is None:
        user = User(email=email, role=Role.STEWARD)
    elif not Steward.objects.filter(user=user, site=site).exclude(ended_on=None).exists():
        raise CommonwealError(
            _("There is an account with this email address already."),
            fix=_("Use another address: an account belongs to one site."),
        )
    _open_account(user, site, name=name, password=password, facts=facts)
    act = {"site": site, "email": email, "position": facts["position"]}
    write_audit(by.email, "steward_returned" if returns else "steward_added", **act)
    # Last, since it cannot be undone: what fails before it leaves no account anywhere.
    record_account_opened(get_home(), site, email=email, by=by.email, now=timezone.now())
    return user


def _open_account(
    user: User, site: str, *, name: str, password: str, facts: Mapping[str, Any]
) -> None:
    """Let somebody sign in, from today on, as a steward of a site."""
    user.name, user.is_active = name, True
    user.set_password(password)
    user.save()
    today = timezone.now().date()
    open_now = {"site": site, "started_on": today, "ended_on": None, **facts}
    try:
        with transaction.atomic():
            Steward.objects.update_or_create(user=user, defaults=open_now)
    except IntegrityError as error:
        raise CommonwealError(
            _("The site has a steward in this position already."),
            fix=_("End the account of the other one first; a site has two stewards at most."),
        ) from error


@transaction.atomic
def end_steward(by: User, site: str, steward_id: int) -> None:
    """Close a steward's account at once: nobody signs in to it, and its keys open nothing."""
    for steward in Steward.objects.filter(site=site, pk=steward_id, ended_on=None):
        now, email = timezone.now(), steward.user.email
        record_account_closed(get_home(), site, email=email, by=by.email, now=now)
        close_account(steward, now.date())
        write_audit(by.email, "steward_ended", site=site, email=email)


def close_account(steward: Steward, on: date) -> None:
    """Close the account of a steward."""
    steward.ended_on = on
    steward.save()
    steward.user.is_active = False
    steward.user.save()


@transaction.atomic
def post_deadline(by: User, *, title: str, on: date, note: str = "") -> Deadline:
    """Post a day, or change what is said of it."""
    deadline, _made = Deadline.objects.update_or_create(
        on=on, defaults={"title": title, "note": note}
    )
    write_audit(by.email, "deadline_posted", on=on.isoformat(), title=title)
    return deadline


@transaction.atomic
def remove_deadline(by: User, deadline_id: int) -> None:
    """Take a day back."""
    for deadline in Deadline.objects.filter(pk=deadline_id):
        write_audit(by.email, "deadline_removed", on=deadline.on.isoformat(), title=deadline.title)
        deadline.delete()


@transaction.atomic
def add_note(by: User, issue: Issue, text: str) -> None:
    """Say something about an issue."""
    IssueNote.objects.create(
        issue=issue, at=timezone.now(), by=by.name, kind="comment", text=text.strip()
    )
    write_audit(by.email, "issue_note", site=issue.site, issue=issue.pk)


@transaction.atomic
def retry_notice(by: User, notice: Notice) -> None:
    """Let the next round of sending try a notice again."""
    Notice.objects.filter(pk=notice.pk).exclude(status=NoticeStatus.SENT).update(
        status=NoticeStatus.WAITING, attempts=0, problem=""
    )
    write_audit(by.email, "notice_retried", site=notice.site, notice=notice.key)


@transaction.atomic
def save_guide(
    by: User, page: str, language: str, text: str, *, over: int | None, now: datetime
) -> None:
    """Add a version of a page of the guide, unless it is the one that is shown.

    ``over`` is the version that the writer began with, None for the words the page came with.

    Raises:
        CommonwealError: somebody else published a version since then.
    """
    latest = GuideText.objects.filter(page=page, language=language).first()
    if (latest.pk if latest else None) != over:
        raise CommonwealError(_("A newer version was published while you were writing."))
    if latest is None or latest.text != text:
        GuideText.objects.create(page=page, language=language, text=text, at=now, by=by.name)
        write_audit(by.email, "guide_changed", page=page, language=language)
