"""The worker process: Django's commands and long work, beside the identifiable zone.

It serves no pages; it has the accounts and tables of every process with a database, and it
alone reads the landing area.
"""

from commonweal.hub.settings.sites import *  # noqa: F403  (how Django's settings are layered)
from commonweal.hub.settings.sites import INSTALLED_APPS as SITES_APPS

INSTALLED_APPS = ["commonweal.hub.workbench", *SITES_APPS]
