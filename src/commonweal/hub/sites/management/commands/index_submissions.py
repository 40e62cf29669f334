"""``index_submissions``: copy what has landed into the hub's database; of the worker alone."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from commonweal.hub.sites.credit import index_credit
from commonweal.hub.sites.indexing import index_submissions
from commonweal.hub.sites.sprint_indexing import index_sprint


class Command(BaseCommand):
    """Rows, notices, issues, credit and the sprint board; running it again changes nothing."""

    help = "Bring the pages for sites in line with what has landed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what changed as JSON."""
        del args, options
        done = index_submissions(settings.COMMONWEAL.home, now=timezone.now())
        credited = index_credit(settings.COMMONWEAL)
        scored = index_sprint(settings.COMMONWEAL, today=timezone.now().date())
        self.stdout.write(json.dumps(vars(done) | {"credited": credited, "sprint_rows": scored}))
