"""Registers the app with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts of everyone who signs in."""

    name = "commonweal.hub.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
