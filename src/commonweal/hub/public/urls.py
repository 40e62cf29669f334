"""Addresses of the public pages, below the language."""

from django.urls import path

from commonweal.hub.public import views

urlpatterns = [
    path("", views.show_home, name="home"),
    path("data/", views.show_browser, name="browser"),
    path("data/concept/<int:concept_id>/", views.show_concept, name="concept"),
    path("data/concept/<int:concept_id>/ages.csv", views.download_concept, name="concept_csv"),
    path("data/<slug:key>/", views.show_domain, name="domain"),
    path("about/", views.show_about, name="about"),
]
