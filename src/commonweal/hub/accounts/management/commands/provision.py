"""``provision``: bring the hub's database up to date; what ``hub.provision`` runs."""

import json
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from commonweal.hub.accounts.actions import ensure_demo_accounts
from commonweal.hub.sites.demo import ensure_demo_site


class Command(BaseCommand):
    """Migrations, the cache table, and demo accounts when asked for."""

    help = "Bring the hub's database up to date and print the demo accounts as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the one option."""
        parser.add_argument("--demo-accounts", action="store_true", help="make the demo accounts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; running it again changes nothing."""
        del args
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        made = ensure_demo_accounts() if options["demo_accounts"] else []
        if options["demo_accounts"]:
            ensure_demo_site(settings.COMMONWEAL.home)
        self.stdout.write(json.dumps(made))
