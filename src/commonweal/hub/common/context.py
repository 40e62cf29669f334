"""What the frame of every page needs, whatever the page is about."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language

from commonweal.engine.settings import Settings


def describe_site(request: HttpRequest) -> dict[str, Any]:
    """Names and addresses for the header and the footer."""
    configured: Settings = settings.COMMONWEAL
    return {
        "frame": settings.HUB_FRAME,
        "audience": settings.HUB_FRAME.partition("/")[0],
        "is_synthetic": configured.programme.synthetic,
        "programme_name": configured.programme.name,
        "public_address": find_address(configured, "public"),
        "workbench_address": find_address(configured, "workbench"),
        "sites_address": find_address(configured, "sites"),
        "language": get_language() or settings.LANGUAGE_CODE,
        "other_languages": [
            (code, _find_translation(request.get_full_path(), code))
            for code, _ in settings.LANGUAGES
            if code != get_language()
        ],
    }


def _find_translation(address: str, language: str) -> str:
    """The same page in another language; its first page when there is no such page."""
    translated = translate_url(address, language)
    return translated if translated != address else f"/{language}/"


def find_address(configured: Settings, process: str) -> str:
    """Where visitors reach a process: the configured address, else host and port."""
    hub = configured.hub
    given, port = {
        "public": (hub.public_address, hub.public_port),
        "workbench": (hub.workbench_address, hub.workbench_port),
        "sites": (hub.sites_address, hub.sites_port),
    }[process]
    return (given or f"http://{hub.host}:{port}").rstrip("/") + "/"
