"""The people of a site: its contacts, whom stewards and curators keep, and its stewards."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.hub.sites.access import for_site, get_home
from commonweal.hub.sites.actions import (
    add_contact,
    confirm_contacts,
    edit_contact,
    remove_contact,
)
from commonweal.hub.sites.checklist import has_contacts
from commonweal.hub.sites.forms import ContactForm
from commonweal.hub.sites.models import Contact
from commonweal.hub.sites.presenters import list_stewards
from commonweal.hub.sites.registry_acts import record
from commonweal.hub.sites.reminders import are_contacts_stale
from commonweal.hub.sites.views.site import UNREADABLE, frame, get_user
from commonweal.intake.sites import Site
from commonweal.schema.errors import CommonwealError


@require_http_methods(["GET", "HEAD", "POST"])
@for_site
def show_people(request: HttpRequest, site: Site) -> HttpResponse:
    """Contacts and stewards, and the form that adds a contact."""
    form = ContactForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            add_contact(get_user(request), site.name, **form.cleaned_data)
            return redirect("sites:people", site=site.name)
        except CommonwealError as error:
            form.add_error("email", f"{error.found} {error.fix}")
    page = frame(request, site, "people", form=form, **build_people(site))
    return render(request, "sites/people.html", page, status=UNREADABLE if form.errors else 200)


def build_people(site: Site) -> dict[str, Any]:
    """Contacts and stewards of a site."""
    contacts = list(Contact.objects.filter(site=site.name))
    return {
        "contacts": contacts,
        "stewards": list_stewards(site.name),
        "confirmed_on": min((contact.confirmed_on for contact in contacts), default=None),
        "is_stale": are_contacts_stale(site.name, timezone.now().date()),
    }


@require_POST
@for_site
def confirm_people(request: HttpRequest, site: Site) -> HttpResponse:
    """Say that the contacts are right as they are, in the registry as well."""
    if site.closed_on is None and has_contacts(site.name):
        confirm_contacts(get_user(request), site.name)
        record(get_home(), get_user(request), site, "contacts", on=timezone.now().date())
    return redirect("sites:people", site=site.name)


@require_http_methods(["GET", "HEAD", "POST"])
@for_site
def edit_person(request: HttpRequest, site: Site, contact_id: int) -> HttpResponse:
    """Change the details of a contact."""
    contact = get_object_or_404(Contact, site=site.name, pk=contact_id)
    known = {"name": contact.name, "email": contact.email, "duty": contact.duty}
    form = ContactForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_bound and form.is_valid():
        try:
            edit_contact(get_user(request), contact, **form.cleaned_data)
            return redirect("sites:people", site=site.name)
        except CommonwealError as error:
            form.add_error("email", f"{error.found} {error.fix}")
    page = frame(request, site, "people", form=form, contact=contact)
    status = UNREADABLE if form.errors else 200
    return render(request, "sites/edit_person.html", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_site
def remove_person(request: HttpRequest, site: Site, contact_id: int) -> HttpResponse:
    """Ask whether to take a contact off the list, and do it."""
    if request.method == "POST":
        remove_contact(get_user(request), site.name, contact_id)
        return redirect("sites:people", site=site.name)
    contact = get_object_or_404(Contact, site=site.name, pk=contact_id)
    is_last = Contact.objects.filter(site=site.name).count() == 1
    page = frame(request, site, "people", contact=contact, is_last=is_last)
    return render(request, "sites/remove_person.html", page)
