"""Django's own commands, run with the worker's settings."""

import subprocess
import sys
from collections.abc import Sequence

from commonweal.engine.settings import Settings
from commonweal.hub.commands import SETTINGS_MODULE
from commonweal.hub.environment import build_environment
from commonweal.hub.folder import make_hub_folder


def run_manage(settings: Settings, arguments: Sequence[str]) -> int:
    """Run a Django command in the foreground and return its exit code."""
    make_hub_folder(settings.home)
    environment = build_environment(settings, django_settings=SETTINGS_MODULE)
    command = [sys.executable, "-m", "django", *(arguments or ["help"])]
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  (what the operator typed, run as the operator)
