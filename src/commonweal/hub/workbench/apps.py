"""Registers the app with Django."""

from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    """Pages of signed-in researchers."""

    name = "commonweal.hub.workbench"
    label = "workbench"
