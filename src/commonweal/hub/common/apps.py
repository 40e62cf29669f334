"""Registers the app with Django."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """The frame of every page."""

    name = "commonweal.hub.common"
    label = "common"
