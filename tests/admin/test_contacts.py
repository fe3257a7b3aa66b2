"""Contacts, to read: the list, how a search reads a number, the page."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.admin.views.contacts import status_of

from ..factories import (
    AutomationFactory,
    ContactFactory,
    ContactGroupFactory,
    InboundMessageFactory,
    MembershipFactory,
    OptOutFactory,
    OutboundMessageFactory,
    UserFactory,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/contacts/"


def page_of(contact):
    """Return the URL of a contact's page."""
    return reverse("sms_contacts_modeladmin_inspect", args=[contact.pk])


def names_in(response):
    """Return the first names listed, in order."""
    return [contact.first_name for contact in response.context["object_list"]]


def test_it_shows_groups_and_opt_outs_newest_first(admin_client):
    ana = ContactFactory(first_name="Ana")
    MembershipFactory(contact=ana, group=ContactGroupFactory(name="Delivery"))
    bruno = OptOutFactory(contact=ContactFactory(first_name="Bruno")).contact
    response = admin_client.get(LIST)
    assert names_in(response) == ["Bruno", "Ana"]
    html = response.content.decode()
    for text in ("Delivery", "Opted out", ana.phone_number, bruno.phone_number):
        assert text in html
    assert page_of(ana) in html


def test_an_opt_out_that_ended_is_none(admin_client):
    OptOutFactory(ended_at=timezone.now())
    response = admin_client.get(LIST)
    assert not response.context["object_list"][0].is_opted_out


SOON = timedelta(hours=2)


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, None),
        ({"is_flagged": True}, None),
        ({"is_flagged": True, "silent_until": -SOON}, None),
        ({"silent_until": -SOON}, None),
        ({"silent_until": timedelta(0)}, None),
        ({"is_flagged": True, "silent_until": SOON}, "Loop stopped"),
        ({"silent_until": SOON}, "Handed to a person"),
    ],
)
def test_the_status_is_that_of_now(fields, label):
    now = timezone.now()
    contact = ContactFactory.build(is_flagged=fields.get("is_flagged", False))
    contact.is_opted_out = False
    if "silent_until" in fields:
        contact.silent_until = now + fields["silent_until"]
    status = status_of(contact, now)
    assert (status and status.label) == label
    if status:
        assert status.until == contact.silent_until
    contact.is_opted_out = True
    assert status_of(contact, now).label == "Opted out"


@pytest.mark.parametrize(
    ("is_flagged", "label"), [(True, "Loop stopped"), (False, "Handed to a person")]
)
def test_the_list_and_the_page_show_the_same_status(admin_client, is_flagged, label):
    until = timezone.now() + SOON
    contact = ContactFactory(is_flagged=is_flagged, silent_until=until)
    moment = date_format(timezone.localtime(until), "SHORT_DATETIME_FORMAT")
    for url in (LIST, page_of(contact)):
        html = admin_client.get(url).content.decode()
        assert label in html
        assert f"until {moment}<" in html
        assert "Automations answer this contact." not in html
    contact.silent_until = timezone.now() - SOON
    contact.save()
    assert label not in admin_client.get(LIST).content.decode()
    html = admin_client.get(page_of(contact)).content.decode()
    assert label not in html
    assert "Automations answer this contact." in html


def tags_in(response):
    """Return the status tags of a list or a page."""
    page = BeautifulSoup(response.content, "html.parser")
    return [tag.get_text() for tag in page.select("table .sms-status, dl .sms-status")]


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({}, []),
        ({"is_flagged": True}, ["Flagged"]),
        ({"is_flagged": True, "silent_until": SOON}, ["Loop stopped", "Flagged"]),
        ({"silent_until": SOON}, ["Handed to a person"]),
    ],
)
def test_a_flag_can_be_seen_until_it_is_cleared(admin_client, fields, labels):
    if "silent_until" in fields:
        fields = fields | {"silent_until": timezone.now() + SOON}
    contact = ContactFactory(**fields)
    assert tags_in(admin_client.get(LIST)) == labels
    assert tags_in(admin_client.get(page_of(contact))) == labels


@pytest.mark.parametrize(
    ("value", "expected"), [("yes", ["Robot"]), ("no", ["Ana"]), ("", ["Robot", "Ana"])]
)
def test_filter_by_flag(admin_client, value, expected):
    ContactFactory(first_name="Ana")
    ContactFactory(first_name="Robot", is_flagged=True)
    assert names_in(admin_client.get(LIST, {"flagged": value})) == expected


def clear(contact):
    """Return the URL that clears a contact's flag."""
    return reverse("sms_contacts_modeladmin_clear_flag", args=[contact.pk])


def test_a_flag_is_cleared_once(client_of):
    client = client_of("change_contact")
    contact = ContactFactory(
        first_name="Zoé",
        last_name="",
        is_flagged=True,
        silent_until=timezone.now() + SOON,
    )
    for url in (LIST, page_of(contact)):
        assert clear(contact) in client.get(url).content.decode()
    response = client.post(clear(contact), follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "Zoé is no longer flagged" in response.content.decode()
    contact.refresh_from_db()
    assert not contact.is_flagged
    assert contact.silent_until is None
    response = client.post(clear(contact), follow=True)
    assert "Zoé was not flagged." in response.content.decode()
    (entry,) = ModelLogEntry.objects.all()
    assert entry.action == "wagtail_sms_automation.clear_flag"
    assert entry.user.username in response.content.decode()
    for url in (LIST, page_of(contact)):
        assert clear(contact) not in client.get(url).content.decode()


def test_a_person_who_took_over_is_not_undone_by_it(admin_client):
    until = timezone.now() + SOON
    contact = ContactFactory(silent_until=until)
    admin_client.post(clear(contact))
    contact.refresh_from_db()
    assert contact.silent_until == until


def test_a_reader_is_not_offered_to_clear_a_flag(client_of):
    contact = ContactFactory(is_flagged=True)
    client = client_of("view_contact")
    for url in (LIST, page_of(contact)):
        assert clear(contact) not in client.get(url).content.decode()
    assert client.post(clear(contact)).url == "/admin/"
    contact.refresh_from_db()
    assert contact.is_flagged


def test_a_contact_without_a_name_goes_by_its_whole_number(admin_client):
    contact = ContactFactory(first_name="", last_name="", phone_number="+33612000099")
    response = admin_client.get(page_of(contact))
    assert response.context["page_subtitle"] == "+33612000099"
    listed = BeautifulSoup(admin_client.get(LIST).content, "html.parser")
    title = listed.find(id=f"contact_{contact.pk}_title")
    assert title.get_text(strip=True) == "+33612000099"
    assert "•" not in listed.find("table").get_text()
    assert "•" not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("+33612345", True),
        ("33612345", True),
        ("0033 6 12 34", True),
        ("06 12 34 56", True),
        ("06.12.34", True),
        ("612345", False),
        ("bla", True),
        ("élo", True),
        ("éloïse bla", True),
        ("lanc", False),
        ("ana", False),
        ("+", False),
        ("%", False),
        ("(", False),
    ],
)
def test_search_reads_the_beginning(admin_client, query, found):
    ContactFactory(first_name="éloïse", last_name="Blanc", phone_number="+33612345678")
    ContactFactory(first_name="Zoé", last_name="Zola", phone_number="+33799999999")
    response = admin_client.get(f"{LIST}results/", {"q": query})
    expected = ["éloïse"] if found else []
    assert names_in(response) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("yes", ["Out"]), ("no", ["In"]), ("", ["Out", "In"])]
)
def test_filter_by_opt_out(admin_client, value, expected):
    ContactFactory(first_name="In")
    OptOutFactory(contact=ContactFactory(first_name="Out"))
    assert names_in(admin_client.get(LIST, {"opted_out": value})) == expected


def test_filter_by_group(admin_client):
    membership = MembershipFactory(contact=ContactFactory(first_name="Member"))
    ContactFactory(first_name="Other")
    response = admin_client.get(LIST, {"groups": membership.group.pk})
    assert names_in(response) == ["Member"]


def test_the_number_of_queries_does_not_grow(admin_client, count_queries):
    def add(count):
        for _index in range(count):
            membership = MembershipFactory()
            MembershipFactory(contact=membership.contact)
            OptOutFactory(contact=membership.contact)

    add(2)
    admin_client.get(LIST)
    few = count_queries(lambda: admin_client.get(LIST))
    add(30)
    assert count_queries(lambda: admin_client.get(LIST)) == few


@pytest.mark.parametrize("ordering", ["phone_number", "-last_inbound_at", "nonsense"])
def test_it_sorts(admin_client, ordering):
    ContactFactory.create_batch(2)
    response = admin_client.get(LIST, {"ordering": ordering})
    assert len(response.context["object_list"]) == 2


def test_the_page_shows_groups_opt_outs_and_messages_in_order(admin_client):
    contact = ContactFactory(first_name="Ana", attributes={"table": "7 <b>"})
    now = timezone.now()
    MembershipFactory(contact=contact, automation=AutomationFactory(name="Stage 1"))
    MembershipFactory(contact=contact, user=UserFactory(username="lea"))
    OptOutFactory(contact=contact, started_at=now - timedelta(days=2), ended_at=now)
    message = InboundMessageFactory(
        contact=contact, body="ORDER <i>", received_at=now - timedelta(minutes=2)
    )
    OutboundMessageFactory(
        contact=contact, body="Which one?", created_at=now - timedelta(minutes=1)
    )
    InboundMessageFactory(contact=contact, body="The first", received_at=now)
    OutboundMessageFactory(contact=contact, state="held", held_by="loop")
    html = admin_client.get(page_of(contact)).content.decode()
    assert "Held · Too many automatic texts in a short time." in html
    for text in ("Stage 1", "lea", "A word such as STOP", "7 &lt;b&gt;", "table"):
        assert text in html
    places = [html.index(t) for t in ("ORDER &lt;i&gt;", "Which one?", "The first")]
    assert places == sorted(places)
    assert reverse("sms_messages_modeladmin_inspect", args=[message.pk]) in html


def test_the_page_has_the_latest_messages_only(admin_client):
    contact = ContactFactory()
    for index in range(30):
        InboundMessageFactory(contact=contact, body=f"message {index}.")
    conversation = admin_client.get(page_of(contact)).context["conversation"]
    bodies = [entry["inbound"].body for entry in conversation]
    assert bodies == [f"message {index}." for index in range(10, 30)]


def test_the_messages_are_for_those_who_may_read_them(client_of):
    contact = InboundMessageFactory(body="My secret").contact
    html = client_of("view_contact").get(page_of(contact)).content.decode()
    assert contact.phone_number in html
    assert "My secret" not in html
    client = client_of("view_contact", "view_inboundmessage")
    assert "My secret" in client.get(page_of(contact)).content.decode()


def test_nothing_can_be_changed_here(admin_client):
    contact = ContactFactory()
    for path in ("create/", f"edit/{contact.pk}/", f"delete/{contact.pk}/"):
        assert admin_client.get(LIST + path).status_code == 404


def test_saving_a_contact_asks_no_reference_index(count_queries):
    contact = ContactFactory()
    assert count_queries(contact.save) == 1
