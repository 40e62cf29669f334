"""The sites settings, watched, with a mark on the page where a template asks for too much."""

from watched import watch

watch("sites")  # before anything is read

from commonweal.hub.settings.sites import *  # noqa: E402, F403  (watched first; Django's layers)
from commonweal.hub.settings.sites import TEMPLATES  # noqa: E402  (watched first)

TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "[[missing %s]]"
