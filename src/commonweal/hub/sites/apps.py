"""Registers the app with Django."""

from django.apps import AppConfig


class SitesConfig(AppConfig):
    """Pages of the sites' data stewards and of the data centre's curators."""

    name = "commonweal.hub.sites"
    label = "sites"
    default_auto_field = "django.db.models.BigAutoField"
