"""``prepare_rosters``: make the rosters that stewards asked for; of the worker alone."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from commonweal.hub.sites.roster_indexing import prepare_rosters


class Command(BaseCommand):
    """Each as one recorded download; counts of every site are brought up to date as well."""

    help = "Prepare the rosters that stewards asked for on the pages."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done as JSON."""
        del args, options
        done = prepare_rosters(settings.COMMONWEAL, now=timezone.now())
        self.stdout.write(json.dumps(vars(done)))
