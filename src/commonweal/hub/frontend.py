"""The files the pages take from npm packages; ``scripts/build_frontend.py`` brings them."""

from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
FILES = (
    "vendor/uswds/css/uswds.min.css",
    "vendor/uswds/img/sprite.svg",
    "vendor/htmx/htmx.min.js",
    "vendor/tus/tus.min.js",
)


def find_missing_files() -> list[str]:
    """Names of the front-end files that have not been built."""
    return [name for name in FILES if not (STATIC / name).is_file()]
