"""What was not sent: the list, the page, and who may see what."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from wagtail_sms_automation import outbound
from wagtail_sms_automation.models import OutboundMessage

from ..factories import (
    AutomationFactory,
    ContactFactory,
    DeliveryReportFactory,
    InboundMessageFactory,
    OutboundMessageFactory,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/unsent/"
HeldBy = OutboundMessage.HeldBy


def page_of(message):
    """Return the URL of a message's page."""
    return reverse("sms_unsent_modeladmin_inspect", args=[message.pk])


def bodies_in(response):
    """Return the bodies listed, in order."""
    return [message.body for message in response.context["object_list"]]


def soup_of(response):
    """Return a page, to look into."""
    return BeautifulSoup(response.content, "html.parser")


def test_it_lists_what_waits_for_a_decision_newest_first(admin_client):
    for state in OutboundMessage.State:
        OutboundMessageFactory(state=state, body=state.value)
    OutboundMessageFactory(state="failed", body="decided", review="left")
    listed = bodies_in(admin_client.get(LIST))
    assert listed == ["expired", "failed", "unknown", "held"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "unknown"}, "The provider’s answer was lost: it may have been sent"),
        ({"state": "expired"}, "It could not be sent in time."),
        ({"state": "failed", "error": "No route <b>."}, "No route <b>."),
        ({"state": "failed"}, "It was refused, or could not be delivered."),
        *(({"state": "held", "held_by": why}, why.label) for why in HeldBy),
    ],
)
def test_each_says_in_words_why(admin_client, fields, words):
    message = OutboundMessageFactory(**fields)
    listed = soup_of(admin_client.get(LIST)).select_one("table.listing")
    page = soup_of(admin_client.get(page_of(message))).main
    for part in (listed, page):
        assert str(words) in part.get_text()


def test_every_reason_to_hold_can_be_told_and_filtered(admin_client):
    for why in HeldBy:
        OutboundMessageFactory(state="held", held_by=why, body=why.value)
    for why in HeldBy:
        assert bodies_in(admin_client.get(LIST, {"held_by": why})) == [why.value]


def test_filters(admin_client):
    old = timezone.now() - timedelta(days=30)
    OutboundMessageFactory(
        state="expired", channel="email", recipient="a@b.fr", body="1", created_at=old
    )
    OutboundMessageFactory(state="held", held_by="loop", body="2")
    OutboundMessageFactory(state="failed", review="left", body="3")
    OutboundMessageFactory(state="delivered", review="sent_again", body="4")
    OutboundMessageFactory(state="delivered", body="5")
    day = timezone.localtime(old).date()
    for parameters, found in (
        ({}, ["2", "1"]),
        ({"state": "expired"}, ["1"]),
        ({"state": "held"}, ["2"]),
        ({"channel": "email"}, ["1"]),
        ({"review": "left"}, ["3"]),
        ({"review": "sent_again"}, ["4"]),
        ({"created_at_to": (day + timedelta(days=1)).isoformat()}, ["1"]),
        ({"created_at_from": (day + timedelta(days=2)).isoformat()}, ["2"]),
        # What nobody offers filters nothing, and shows nothing more either.
        ({"state": "delivered"}, ["2", "1"]),
        ({"review": "x"}, ["2", "1"]),
        ({"created_at_from": "tomorrow"}, ["2", "1"]),
    ):
        assert bodies_in(admin_client.get(LIST, parameters)) == found, parameters


def test_search_finds_texts_and_for_some_numbers(admin_client, client_of):
    contact = ContactFactory(phone_number="+33699900000")
    OutboundMessageFactory(state="failed", contact=contact, body="Wanted")
    OutboundMessageFactory(state="failed", body="Other")
    for query in ("wanted", "06 99 9", "+336999"):
        assert bodies_in(admin_client.get(f"{LIST}results/", {"q": query})) == [
            "Wanted"
        ]
    client = client_of("view_outboundmessage")
    assert bodies_in(client.get(LIST, {"q": "wanted"})) == ["Wanted"]
    assert bodies_in(client.get(LIST, {"q": "+336999"})) == []


def test_an_empty_list_says_that_all_is_well(admin_client):
    html = admin_client.get(LIST).content.decode()
    assert "No message waits for a decision." in html
    html = admin_client.get(LIST, {"state": "held"}).content.decode()
    assert "No message is like that." in html


def test_the_number_of_queries_does_not_grow(admin_client, count_queries):
    OutboundMessageFactory(state="failed", automation=AutomationFactory())
    admin_client.get(LIST)
    few = count_queries(lambda: admin_client.get(LIST))
    for _index in range(30):
        OutboundMessageFactory(
            state="held",
            held_by="loop",
            inbound=InboundMessageFactory(),
            automation=AutomationFactory(),
        )
    assert count_queries(lambda: admin_client.get(LIST)) == few


def test_the_list_goes_by_the_index_made_for_it(admin_client):
    OutboundMessageFactory.create_batch(3, state="sent")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        admin_client.get(LIST)
    asked = [
        query["sql"]
        for query in queries
        if 'FROM "wagtail_sms_automation_outboundmessage"' in query["sql"]
    ]
    assert asked
    with connection.cursor() as cursor:
        for sql in asked:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute(f"EXPLAIN {sql}")
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = str(cursor.fetchall())
            assert "sms_outbound_to_review" in plan, (sql, plan)


def test_someone_who_may_not_see_contacts_sees_no_number(client_of):
    contact = ContactFactory(first_name="", last_name="", phone_number="+33699900000")
    message = OutboundMessageFactory(contact=contact, state="unknown")
    mail = OutboundMessageFactory(
        contact=None, channel="email", recipient="kitchen@example.com", state="failed"
    )
    client = client_of("review_outboundmessage")
    confirm = reverse("sms_unsent_modeladmin_confirm", args=[message.pk])
    bulk = f"/admin/bulk/wagtail_sms_automation/outboundmessage/leave/?id={message.pk}"
    for page in (LIST, page_of(message), confirm, bulk):
        html = client.get(page).content.decode()
        assert "+33699900000" not in html
        assert "+336•••••000" in html
        assert "/admin/sms/contacts/" not in html
    for page in (LIST, page_of(mail)):
        assert "kitchen@example.com" in client.get(page).content.decode()


def test_someone_who_may_see_contacts_sees_the_whole_number(client_of):
    contact = ContactFactory(first_name="Zoé", phone_number="+33699900000")
    message = OutboundMessageFactory(contact=contact, state="failed")
    client = client_of("view_outboundmessage", "view_contact")
    for page in (LIST, page_of(message)):
        assert "+33699900000" in client.get(page).content.decode()
    details = soup_of(client.get(page_of(message))).find(class_="sms-details")
    link = reverse("sms_contacts_modeladmin_inspect", args=[contact.pk])
    assert "Zoé" in details.find("a", href=link).get_text()


def test_the_page_leads_to_what_it_belongs_to(admin_client, client_of):
    stage = AutomationFactory(name="Stage 1")
    inbound = InboundMessageFactory(body="ORDER <i>")
    message = OutboundMessageFactory(
        inbound=inbound,
        automation=stage,
        state="failed",
        attempts=3,
        error="No route <b>.",
        error_code="9",
        gateway_id="abc",
        parts=2,
        body="Which <one>?",
    )
    DeliveryReportFactory(outbound=message, status="failed", reason="absent <u>")
    html = admin_client.get(page_of(message)).content.decode()
    links = [
        reverse("sms_messages_modeladmin_inspect", args=[inbound.pk]),
        reverse("sms_automations_modeladmin_edit", args=[stage.pk]),
        reverse("sms_contacts_modeladmin_inspect", args=[message.contact_id]),
    ]
    for text in (
        *links,
        "ORDER &lt;i&gt;",
        "Which &lt;one&gt;?",
        "No route &lt;b&gt;.",
        "absent &lt;u&gt;",
        "2 parts",
        "Stage 1",
        str(message.reference),
        "abc",
        "Nobody has decided anything yet.",
    ):
        assert text in html
    html = client_of("view_outboundmessage").get(page_of(message)).content.decode()
    for link in links:
        assert link not in html


def test_the_page_shows_who_decided_what(client_of, admin_client, superuser):
    superuser.first_name, superuser.last_name = "Léa", "Petit"
    superuser.save()
    original = OutboundMessageFactory(state="failed")
    copy = outbound.send_again(original, user=superuser)
    copy.state = "failed"
    copy.save()
    outbound.leave(copy, user=None)
    page = soup_of(admin_client.get(page_of(original)))
    decisions = page.find(attrs={"aria-labelledby": "message-decisions"}).get_text()
    assert "Sent again" in decisions
    assert "Léa" in decisions
    assert page.find("a", href=page_of(copy))
    page = soup_of(admin_client.get(page_of(copy)))
    decisions = page.find(attrs={"aria-labelledby": "message-decisions"}).get_text()
    assert "Left unsent" in decisions
    assert page.find("a", href=page_of(original))


@pytest.mark.parametrize("cause", ["again:x", "again:", "again:4711", "again"])
def test_a_strange_cause_breaks_no_page(admin_client, cause):
    message = OutboundMessageFactory(state="failed", cause=cause)
    assert admin_client.get(page_of(message)).status_code == 200


def test_the_page_asks_as_many_queries_for_many_reports(admin_client, count_queries):
    message = DeliveryReportFactory(outbound__state="failed").outbound
    admin_client.get(page_of(message))
    few = count_queries(lambda: admin_client.get(page_of(message)))
    DeliveryReportFactory.create_batch(10, outbound=message)
    assert count_queries(lambda: admin_client.get(page_of(message))) == few


def labels_of(client, url=LIST):
    """Return what can be pressed: in the three dots, or on the page."""
    page = soup_of(client.get(url))
    menu = "table [data-w-dropdown-target=content]"
    # A button without a URL is a link in Wagtail 7.4.
    where = f"{menu} button, {menu} a, .sms-decide button"
    return [button.get_text(strip=True) for button in page.select(where)]


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"state": "failed"}, ["Send again", "Leave"]),
        ({"state": "unknown"}, ["Send again", "Leave"]),
        ({"state": "expired"}, ["Send again", "Leave"]),
        ({"state": "held", "held_by": "loop"}, ["Send again", "Leave"]),
        ({"state": "held", "held_by": "opted_out"}, ["Leave"]),
    ],
)
def test_the_buttons_are_those_that_help(admin_client, client_of, fields, labels):
    message = OutboundMessageFactory(**fields)
    reader = client_of("view_outboundmessage")
    for url in (LIST, page_of(message)):
        assert labels_of(admin_client, url) == labels
        assert labels_of(client_of("review_outboundmessage"), url) == labels
        assert labels_of(reader, url) == []
    assert "bulk-action" not in reader.get(LIST).content.decode()
    message.review = "left"
    message.save()
    assert labels_of(admin_client, page_of(message)) == []


def test_a_message_leads_to_its_unsent_answers(admin_client, client_of):
    inbound = InboundMessageFactory(processed=True)
    failed = OutboundMessageFactory(inbound=inbound, state="failed")
    sent = OutboundMessageFactory(inbound=inbound, state="sent")
    url = reverse("sms_messages_modeladmin_inspect", args=[inbound.pk])
    html = admin_client.get(url).content.decode()
    assert page_of(failed) in html
    assert page_of(sent) not in html
    html = client_of("view_inboundmessage").get(url).content.decode()
    assert page_of(failed) not in html
