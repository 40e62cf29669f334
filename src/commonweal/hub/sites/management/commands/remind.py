"""``remind``: write the reminders that are due into the outbox; of the worker alone."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from commonweal.hub.sites.reminders import remind


class Command(BaseCommand):
    """Deadlines, contacts and training; each reminder once."""

    help = "Write the reminders that are due."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how many are new as JSON."""
        del args, options
        written = remind(settings.COMMONWEAL.home, now=timezone.now())
        self.stdout.write(json.dumps({"reminders": written}))
