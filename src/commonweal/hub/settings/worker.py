"""The worker process: Django's commands and long work, beside the identifiable zone.

It serves no pages; it shares the accounts and tables of the workbench.
"""

from commonweal.hub.settings.workbench import *  # noqa: F403  (how Django's settings are layered)
