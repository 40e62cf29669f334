"""The sites process: the hub's database, the site registry and the drop areas.

It never opens the landing area, feeds, stages, releases or the vault. What its pages show of
submissions are rows that the worker wrote into the database.
"""

from commonweal.hub.settings.members import *  # noqa: F403  (how Django's settings are layered)
from commonweal.hub.settings.members import COMMONWEAL, TEMPLATES
from commonweal.hub.settings.members import INSTALLED_APPS as MEMBERS_APPS

ROOT_URLCONF = "commonweal.hub.urls.sites"
INSTALLED_APPS = ["commonweal.hub.sites", *MEMBERS_APPS]
HUB_FRAME = "sites/base.html"
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["commonweal.hub.sites.context.describe_member"]
HUB_ROLES = ("steward", "curator")
"""Whose accounts these pages open to."""
HUB_OPEN_PAGES = ("sites:guide", "sites:guide_page", "uploads:files", "uploads:file")
"""Addresses that answer before sign-in: the guide for sites is public, and upload clients get a
refusal with a status instead of a page to sign in on.
"""
# Ports share cookies: a visit here and one to the workbench are two.
SESSION_COOKIE_NAME = "sites_session"
CSRF_COOKIE_NAME = "sites_csrf"

# Without a mail server, mail is written into the hub's own folder, one file for each.
_MAIL = COMMONWEAL.mail
EMAIL_BACKEND = "django.core.mail.backends." + (
    "smtp.EmailBackend" if _MAIL.host else "filebased.EmailBackend"
)
EMAIL_FILE_PATH = COMMONWEAL.home / "hub" / "mail"
EMAIL_HOST = _MAIL.host or ""
EMAIL_PORT = _MAIL.port
EMAIL_HOST_USER = _MAIL.user
EMAIL_HOST_PASSWORD = _MAIL.password.get_secret_value() if _MAIL.password else ""
EMAIL_USE_TLS = _MAIL.starttls
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = _MAIL.sender
