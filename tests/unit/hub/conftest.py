"""Django as the tests of the hub see it: every app, a database in memory, the public addresses.

Django can be configured once in a process, so it is done when the tests are collected, in time
for pytest-django. Tests of the pages for sites choose their addresses by a fixture.
"""

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings as django_settings
from django.utils import translation
from pytest_django.fixtures import Settings as DjangoSettings

from commonweal.engine.settings import Settings

_HOME = tempfile.TemporaryDirectory(prefix="commonweal-hub-tests-")


def _configure() -> None:
    if django_settings.configured:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_HOME", _HOME.name)
        patch.chdir(_HOME.name)
        (Path(_HOME.name) / "hub").mkdir()
        worker = importlib.import_module("commonweal.hub.settings.worker")
    values = {name: value for name, value in vars(worker).items() if name.isupper()}
    values["INSTALLED_APPS"] = ["commonweal.hub.public", *values["INSTALLED_APPS"]]
    values["ROOT_URLCONF"] = "commonweal.hub.urls.public"
    values["PASSWORD_HASHERS"] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.configure(**values)
    django.setup()


_configure()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Pages in English unless a test says otherwise."""
    with translation.override("en"):
        yield


@pytest.fixture
def home(tmp_path: Path, settings: DjangoSettings) -> Path:
    """The folder of a programme that the pages for sites work on."""
    settings.ROOT_URLCONF = "commonweal.hub.urls.sites"
    settings.COMMONWEAL = Settings(home=tmp_path)
    return tmp_path
