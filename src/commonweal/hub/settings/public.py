"""The public process: it opens the publishing store and nothing else.

No database, no sessions, no accounts, no cookies, and no key of the programme's in its
environment: there is nothing in it to steal.
"""

import secrets

from commonweal.hub.settings.base import *  # noqa: F403  (how Django's settings are layered)
from commonweal.hub.settings.base import INSTALLED_APPS as COMMON_APPS
from commonweal.hub.settings.base import TEMPLATES

# Nothing is signed here; Django asks for a key all the same, so each process draws its own.
SECRET_KEY = secrets.token_urlsafe(48)
ROOT_URLCONF = "commonweal.hub.urls.public"
INSTALLED_APPS = [*COMMON_APPS, "commonweal.hub.public"]
DATABASES: dict[str, dict[str, object]] = {}
MIDDLEWARE = [
    "commonweal.hub.public.cache.WholeAnswerCache",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "commonweal.hub.common.middleware.PageForEveryAnswer",
]
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["commonweal.hub.public.context.describe_release"]
HUB_FRAME = "public/base.html"
