"""The workbench process: the hub's database, the publishing store and sealed releases."""

from commonweal.hub.settings.members import *  # noqa: F403  (how Django's settings are layered)
from commonweal.hub.settings.members import INSTALLED_APPS as MEMBERS_APPS

ROOT_URLCONF = "commonweal.hub.urls.workbench"
INSTALLED_APPS = ["commonweal.hub.workbench", *MEMBERS_APPS]
HUB_FRAME = "workbench/base.html"
HUB_ROLES = ("researcher",)
"""Whose accounts these pages open to."""
