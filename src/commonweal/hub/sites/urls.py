"""Addresses of the pages for sites; those without a site come first."""

from django.urls import path, re_path

from commonweal.hub.sites.views import curator, guide, home, people, pickup, registry, site

app_name = "sites"
urlpatterns = [
    path("", home.show_home, name="home"),
    path("board/", curator.show_board, name="board"),
    path("sprint/", curator.show_sprint, name="sprint"),
    path("register/", registry.register, name="register"),
    path("deadlines/", curator.edit_deadlines, name="edit_deadlines"),
    path("deadlines/<int:deadline_id>/remove/", curator.take_deadline_back, name="remove_deadline"),
    path("outbox/", curator.show_outbox, name="outbox"),
    path("outbox/<int:notice_id>/", curator.show_notice, name="notice"),
    path("outbox/<int:notice_id>/again/", curator.send_again, name="send_again"),
    path("audit/", curator.show_audit, name="audit"),
    path("guide/", guide.show_guide, name="guide"),
    path("guide/<slug:page>/", guide.show_guide_page, name="guide_page"),
    path("guide/<slug:page>/edit/", guide.edit_guide, name="edit_guide"),
    path("of/<slug:site>/", site.show_site, name="site"),
    path("of/<slug:site>/submissions/", site.list_submissions, name="submissions"),
    path("of/<slug:site>/submissions/<str:folder>/", site.show_submission, name="submission"),
    re_path(
        r"^of/(?P<site>[-a-zA-Z0-9_]+)/submissions/(?P<folder>[^/]+)/report\.(?P<kind>json|csv)$",
        site.download_report,
        name="report",
    ),
    re_path(
        r"^of/(?P<site>[-a-zA-Z0-9_]+)/submissions/(?P<folder>[^/]+)"
        r"/persons/(?P<kind>without-consent|matches)\.csv$",
        pickup.download_persons,
        name="persons_list",
    ),
    path("of/<slug:site>/roster/", pickup.show_roster, name="roster"),
    path("of/<slug:site>/roster/prepare/", pickup.prepare_roster, name="prepare_roster"),
    re_path(
        r"^of/(?P<site>[-a-zA-Z0-9_]+)/roster/(?P<request_id>[0-9]{1,12})"
        r"/(?P<kind>roster|changes)\.csv$",
        pickup.download_roster,
        name="roster_file",
    ),
    path("of/<slug:site>/metrics/", site.show_metrics, name="metrics"),
    path("of/<slug:site>/issues/", site.list_issues, name="issues"),
    path("of/<slug:site>/issues/<int:issue_id>/", site.show_issue, name="issue"),
    path("of/<slug:site>/sprint/", site.show_sprint, name="site_sprint"),
    path("of/<slug:site>/deadlines/", site.show_deadlines, name="deadlines"),
    path("of/<slug:site>/people/", people.show_people, name="people"),
    path("of/<slug:site>/people/confirm/", people.confirm_people, name="confirm_people"),
    path("of/<slug:site>/people/<int:contact_id>/edit/", people.edit_person, name="edit_person"),
    path(
        "of/<slug:site>/people/<int:contact_id>/remove/", people.remove_person, name="remove_person"
    ),
    path("of/<slug:site>/people/steward/", curator.show_new_steward, name="new_steward"),
    path(
        "of/<slug:site>/people/steward/<int:steward_id>/end/",
        curator.remove_steward,
        name="remove_steward",
    ),
    path("of/<slug:site>/onboarding/", site.show_onboarding, name="onboarding"),
    path("of/<slug:site>/onboarding/<slug:step>/", registry.record_step, name="record_step"),
    path("of/<slug:site>/edit/", registry.edit, name="edit_site"),
    path("of/<slug:site>/close/", registry.close, name="close"),
    path("of/<slug:site>/reopen/", registry.reopen, name="reopen"),
]
