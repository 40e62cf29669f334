"""Addresses of the upload pages, and those that an upload client talks to."""

from django.urls import path

from commonweal.hub.sites.uploads import pages, views

app_name = "uploads"
urlpatterns = [
    path("", pages.show_uploads, name="index"),
    path("received/<str:folder>/", pages.show_received, name="received"),
    path("<str:draft_id>/", pages.show_draft, name="draft"),
    path("<str:draft_id>/finish/", pages.finish, name="finish"),
    path("<str:draft_id>/discard/", pages.discard, name="discard"),
    path("<str:draft_id>/send/", pages.send_small, name="send"),
    path("<str:draft_id>/files/", views.create_file, name="files"),
    path("<str:draft_id>/files/<str:upload_id>", views.serve_file, name="file"),
]
