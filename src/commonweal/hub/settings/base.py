"""What every process has in common: look, language, safety headers. No data, no accounts."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from commonweal.engine.settings import read_settings

COMMONWEAL = read_settings()
HUB = Path(__file__).resolve().parents[1]

DEBUG = False
ALLOWED_HOSTS = [*COMMONWEAL.hub.allowed_hosts, "localhost", "127.0.0.1", "[::1]"]
WSGI_APPLICATION = "commonweal.hub.wsgi.application"

INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "csp", "commonweal.hub.common"]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HUB / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "commonweal.hub.common.context.describe_site",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [HUB / "locale"]
FORMAT_MODULE_PATH = "commonweal.hub.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [HUB / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Only sent in answers that travelled over https, by Django's own rule.
SECURE_HSTS_SECONDS = 31_536_000 if COMMONWEAL.hub.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if COMMONWEAL.hub.https else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"one_line": {"()": "commonweal.hub.common.logs.WithoutTrace"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        "brief": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["one_line"],
        },
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A page that is not there is the visitor's news, not the operator's.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"handlers": ["brief"], "propagate": False},
    },
}
