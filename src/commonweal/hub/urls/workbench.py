"""Addresses of the workbench process."""

from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from commonweal.hub.common.views import answer_healthz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="workbench:cohorts"), name="home"),
    path("healthz", answer_healthz, name="healthz"),
    path("language/", set_language, name="set_language"),
    path("accounts/", include("commonweal.hub.accounts.urls")),
    path("cohorts/", include("commonweal.hub.workbench.urls")),
]
handler400 = "commonweal.hub.common.views.answer_bad_request"
handler403 = "commonweal.hub.common.views.answer_forbidden"
handler404 = "commonweal.hub.common.views.answer_not_found"
handler500 = "commonweal.hub.common.views.answer_failure"
