"""``remove_expired_uploads``: throw away what nobody has gone on with; of the worker alone."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from commonweal.engine.settings import Settings
from commonweal.hub.sites.uploads.drafts import remove_expired


class Command(BaseCommand):
    """Drafts of the browser and unfinished files of SFTP; never anything that is whole."""

    help = "Remove uploads that nobody has gone on with for so long as `drop.keep_days` says."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what went as JSON."""
        del args, options
        configured: Settings = settings.COMMONWEAL
        keep = timedelta(days=configured.drop.keep_days)
        gone = remove_expired(configured.home, keep=keep, now=timezone.now())
        self.stdout.write(json.dumps({"removed": gone}))
