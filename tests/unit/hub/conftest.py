"""Django with the public process's settings: enough for presenters, and no database."""

import importlib
from collections.abc import Iterator

import django
import pytest
from django.conf import settings
from django.utils import translation


@pytest.fixture(scope="session", autouse=True)
def public_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Configure Django once; the environment stays as it is for all other tests."""
    if settings.configured:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_HOME", str(tmp_path_factory.mktemp("empty-programme")))
        module = importlib.import_module("commonweal.hub.settings.public")
    values = {name: value for name, value in vars(module).items() if name.isupper()}
    settings.configure(**values)
    django.setup()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Pages in English unless a test says otherwise."""
    with translation.override("en"):
        yield
