"""``commonweal config``: the settings in force, secrets masked."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.engine.settings import read_settings


def config(*, json: JsonOption = False) -> None:
    """Print the settings in force, with secrets shown as asterisks.

    A setting comes from the environment (COMMONWEAL_ENGINE__MEMORY_LIMIT=2GB), else from
    commonweal.toml in this folder, else it is the default.

    Example: commonweal config --json
    """
    settings = read_settings().masked()
    if json:
        print_json(settings)
        return
    for name, value in flatten(settings):
        OUT.print(f"{name} = {'(not set)' if value is None else value}")


def flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as dotted names with their values, in the order of declaration."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(config)
