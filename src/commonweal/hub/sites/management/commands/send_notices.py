"""``send_notices``: send the mail that waits in the outbox; of the worker alone."""

import json
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from commonweal.hub.sites.indexing import find_attachments
from commonweal.hub.sites.outbox import send_notices


class Command(BaseCommand):
    """Every notice once; what fails is tried again by later runs."""

    help = "Send the notices that wait in the outbox."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how many were sent as JSON."""
        del args, options
        home = settings.COMMONWEAL.home
        sent = send_notices(partial(find_attachments, home), now=timezone.now())
        self.stdout.write(json.dumps(vars(sent)))
