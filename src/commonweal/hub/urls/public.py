"""Addresses of the public process: every page under its language."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from commonweal.hub.common.views import answer_healthz

urlpatterns = [
    path("healthz", answer_healthz, name="healthz"),
    *i18n_patterns(path("", include("commonweal.hub.public.urls"))),
]
handler400 = "commonweal.hub.common.views.answer_bad_request"
handler403 = "commonweal.hub.common.views.answer_forbidden"
handler404 = "commonweal.hub.common.views.answer_not_found"
handler500 = "commonweal.hub.common.views.answer_failure"
