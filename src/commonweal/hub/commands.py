"""Our own Django commands, each in a process of its own.

Django can be set up once for a process and for one programme; what the rest of the product
wants of it is asked for here. A command answers in JSON.
"""

import json
import subprocess
import sys
from typing import Any

from commonweal.engine.settings import Settings
from commonweal.hub.environment import build_environment
from commonweal.hub.folder import make_hub_folder
from commonweal.schema.errors import CommonwealError

SETTINGS_MODULE = "commonweal.hub.settings.worker"


def run_command(settings: Settings, *words: str) -> Any:
    """Run one of our commands with the worker's settings and read what it prints.

    Raises:
        CommonwealError: it failed; its last words are in the message.
    """
    make_hub_folder(settings.home)
    result = subprocess.run(  # noqa: S603  (our own module, no words of anybody else)
        [sys.executable, "-m", "django", *words],
        env=build_environment(settings, django_settings=SETTINGS_MODULE),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise CommonwealError(
            f"The hub could not do its part ({words[0]}): {result.stderr.strip()[-500:]}",
            fix=f"Check that {settings.home / 'hub'} can be written, and run "
            "`commonweal manage migrate` once.",
        )
    return json.loads(result.stdout)
