"""The workbench settings, with a mark on the page where a template asks for what is not there."""

from commonweal.hub.settings.workbench import *  # noqa: F403  (how Django's settings are layered)
from commonweal.hub.settings.workbench import TEMPLATES

TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "[[missing %s]]"
