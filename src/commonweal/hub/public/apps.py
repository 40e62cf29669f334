"""Registers the app with Django."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """Pages that anyone may read."""

    name = "commonweal.hub.public"
    label = "public"
