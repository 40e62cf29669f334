"""What the hub's database holds about sites: people, days, notices, issues, and copied rows.

The registry stays beside the data, and submissions in the landing area; rows about submissions
are copies that the worker makes. Nothing here holds anything of a participant.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commonweal.hub.accounts.models import User
from commonweal.intake.lifecycle.history import list_not_counted

SITE_LENGTH = 50


class Position(models.TextChoices):
    """A site has two stewards at most, one of each."""

    PRIMARY = "primary", _("Primary steward")
    BACKUP = "backup", _("Backup steward")


class Steward(models.Model):
    """The account that sends data for a site. ``ended_on`` closes it at once.

    A steward who is added again, with everything signed anew, has the same account.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="steward")
    site = models.CharField(_("site"), max_length=SITE_LENGTH, db_index=True)
    position = models.CharField(_("position"), max_length=10, choices=Position.choices)
    rules_of_behaviour_on = models.DateField(_("rules of behaviour signed on"))
    training_on = models.DateField(_("security training attested on"))
    started_on = models.DateField(_("since"))
    ended_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        """One steward for each position of a site."""

        ordering: ClassVar[list[str]] = ["site", "-position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["site", "position"],
                condition=Q(ended_on=None),
                name="one_steward_for_each_position",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.site}"


class Contact(models.Model):
    """Somebody of a site who is told about submissions."""

    site = models.CharField(_("site"), max_length=SITE_LENGTH, db_index=True)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("email address"))
    duty = models.CharField(_("what they do"), max_length=100, blank=True)
    confirmed_on = models.DateField(_("confirmed on"))

    class Meta:
        """Nobody is told twice."""

        ordering: ClassVar[list[str]] = ["site", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["site", "email"], name="one_contact_for_each_address")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.site}"


class Deadline(models.Model):
    """A day by which every site that may has sent its data."""

    title = models.CharField(_("title"), max_length=200)
    on = models.DateField(_("day"), unique=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        """The next one first."""

        ordering: ClassVar[list[str]] = ["on"]

    def __str__(self) -> str:
        return self.title


class SubmissionRow(models.Model):
    """A submission as the worker found it, under the name of its history.

    ``content_hash`` tells when the row is out of date. ``report``, ``metrics``, ``comparison``
    and ``history`` are the files of the same names, which hold places and counts, no values.
    Report and metrics are those of the newest check, whose number is ``check_number``; ``checks``
    says of every one when and why it was made, and what it came to.
    """

    site = models.CharField(max_length=SITE_LENGTH, db_index=True)
    folder = models.CharField(max_length=200)
    submission = models.CharField(max_length=200, db_index=True)
    purpose = models.CharField(max_length=20)
    synthetic = models.BooleanField()
    dialect = models.CharField(max_length=50)
    state = models.CharField(max_length=30)
    verdict = models.CharField(max_length=20)
    is_complete = models.BooleanField()
    received_at = models.DateTimeField()
    rows = models.BigIntegerField()
    errors = models.PositiveIntegerField()
    warnings = models.PositiveIntegerField()
    check_number = models.PositiveIntegerField(default=1)
    checks = models.JSONField(default=list)
    report = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    comparison = models.JSONField(default=dict)
    history = models.JSONField(default=list)
    content_hash = models.CharField(max_length=64)

    class Meta:
        """The latest first."""

        ordering: ClassVar[list[str]] = ["-received_at", "site", "folder"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["site", "folder"], name="one_row_for_each_folder")
        ]

    def __str__(self) -> str:
        return self.submission

    @property
    def is_accepted(self) -> bool:
        """Whether the check accepted it."""
        return self.verdict == "accepted"

    @property
    def not_counted(self) -> list[str]:
        """What it does not count for although it was accepted, as its history says."""
        return list_not_counted(self.history)


class CreditRow(models.Model):
    """How many eligible participants a site has sent records of, as the worker counted."""

    site = models.CharField(max_length=SITE_LENGTH, unique=True)
    as_of = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.site}, {self.as_of}"


class PersonsRow(models.Model):
    """What the comparison of a submission's persons with participants came to, in counts.

    ``as_of`` is the day of the feeds it was compared with, empty when it was not compared;
    ``facts`` are the report of the comparison, or why there is none. The lists of ids lie in
    the folder ``pickup``.
    """

    submission = models.CharField(max_length=200, unique=True)
    site = models.CharField(max_length=SITE_LENGTH, db_index=True)
    as_of = models.CharField(max_length=10, blank=True)
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.submission}, {self.as_of}"


class RosterRow(models.Model):
    """How many participants the roster of a site lists, and who downloaded it, as the worker saw.

    ``facts`` holds counts and the records of downloads, nobody's id.
    """

    site = models.CharField(max_length=SITE_LENGTH, unique=True)
    as_of = models.CharField(max_length=10)
    facts = models.JSONField(default=dict)
    made_of = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.site}, {self.as_of}"


class RosterStatus(models.TextChoices):
    """How far a roster that somebody asked for has come."""

    WAITING = "waiting", _("Being prepared")
    READY = "ready", _("Ready")
    REFUSED = "refused", _("Could not be prepared")
    GONE = "gone", _("Removed again")


class RosterRequest(models.Model):
    """A steward's wish for the roster; the worker prepares it and records the download.

    ``number`` is that of the record, and ``facts`` says how many are listed and what changed.
    """

    site = models.CharField(max_length=SITE_LENGTH, db_index=True)
    by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    status = models.CharField(
        max_length=10, choices=RosterStatus.choices, default=RosterStatus.WAITING, db_index=True
    )
    ready_at = models.DateTimeField(null=True, blank=True)
    number = models.PositiveIntegerField(null=True, blank=True)
    facts = models.JSONField(default=dict)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        """The latest first; one at a time is prepared for a site."""

        ordering: ClassVar[list[str]] = ["-asked_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(status="waiting"),
                name="one_roster_prepared_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.site}, {self.asked_at}"


class SprintRow(models.Model):
    """How far a site is with a table of the data sprint, as the worker scored it.

    ``position`` is its place on the board; ``made_of`` tells when the board is out of date.
    """

    site = models.CharField(max_length=SITE_LENGTH, db_index=True)
    table = models.CharField(max_length=100)
    position = models.PositiveIntegerField()
    facts = models.JSONField(default=dict)
    made_of = models.CharField(max_length=64, db_index=True)

    class Meta:
        """As on the board."""

        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["site", "table"], name="one_sprint_row_for_each_table")
        ]

    def __str__(self) -> str:
        return f"{self.site}, {self.table}"


class Issue(models.Model):
    """A metric of one table of a site that misses its target, until it meets it again."""

    site = models.CharField(max_length=SITE_LENGTH, db_index=True)
    metric = models.CharField(max_length=100)
    table = models.CharField(max_length=100, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=200)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        """The open ones first; one of them for each site, metric and table."""

        ordering: ClassVar[list[Any]] = [
            models.F("closed_at").desc(nulls_first=True),
            "site",
            "metric",
            "table",
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["site", "metric", "table"],
                condition=Q(closed_at=None),
                name="one_open_issue_for_each_metric",
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.site, self.metric, self.table]))


class IssueNote(models.Model):
    """What a submission or a person had to say about an issue; changed only by an erasure."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    submission = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)
    text = models.TextField(blank=True)

    class Meta:
        """In the order they were written."""

        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.issue}: {self.kind}"


class NoticeStatus(models.TextChoices):
    """How far a notice has come."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    NOBODY = "nobody", _("Nobody to tell")


class Notice(models.Model):
    """A mail to a site. ``key`` says what it is about, so that nothing is told twice.

    ``attach`` names the submission whose report goes with it; the report itself is read when
    the mail is sent, so that nothing of a retracted one leaves the house.
    """

    key = models.CharField(max_length=200, unique=True)
    site = models.CharField(max_length=SITE_LENGTH, db_index=True)
    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    attach = models.CharField(max_length=200, blank=True)
    written_at = models.DateTimeField()
    status = models.CharField(
        max_length=10, choices=NoticeStatus.choices, default=NoticeStatus.WAITING, db_index=True
    )
    recipients = models.JSONField(default=list)
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        """The latest first."""

        ordering: ClassVar[list[str]] = ["-written_at", "-id"]

    def __str__(self) -> str:
        return self.subject


class GuideText(models.Model):
    """One version of the words of a page of the guide; the last one is shown, none is lost."""

    page = models.CharField(max_length=30, db_index=True)
    language = models.CharField(max_length=10)
    text = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    class Meta:
        """The latest first."""

        ordering: ClassVar[list[str]] = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.page} ({self.language})"


class AuditEntry(models.Model):
    """Who changed what, and when; rows are added, never changed."""

    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    action = models.CharField(max_length=50)
    site = models.CharField(max_length=SITE_LENGTH, blank=True, db_index=True)
    facts = models.JSONField(default=dict)

    class Meta:
        """The latest first."""

        ordering: ClassVar[list[str]] = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.action} by {self.by}"
