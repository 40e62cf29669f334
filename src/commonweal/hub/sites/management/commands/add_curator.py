"""``add_curator``: make the account of somebody at the data centre."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from commonweal.hub.accounts.actions import NewAccount, create_account
from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.actions import write_audit


class Command(BaseCommand):
    """The password is generated and shown this once."""

    help = "Make the account of a curator and print its password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare who it is."""
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; an address that has an account is refused."""
        del args
        email = options["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise CommandError(f"There is an account for {email} already.")
        with transaction.atomic():
            password = create_account(NewAccount(email, options["name"], Role.CURATOR))
            write_audit("the operator", "curator_added", email=email)
        self.stdout.write(f"Sign in as {email} with password {password}")
