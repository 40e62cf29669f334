"""Addresses of the workbench's pages."""

from django.urls import path

from commonweal.hub.workbench import views

app_name = "workbench"
urlpatterns = [
    path("", views.show_cohorts, name="cohorts"),
    path("concepts/", views.search_concepts, name="concepts"),
    path("definition/", views.count_definition, name="definition"),
]
