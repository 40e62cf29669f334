"""Addresses of the pages for sites."""

from django.urls import path

from commonweal.hub.sites import views

app_name = "sites"
urlpatterns = [
    path("", views.show_home, name="home"),
]
