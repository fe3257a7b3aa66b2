"""Messages, to read: what came, what was answered, and why."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.engine.outcome import (
    Decision,
    NearMiss,
    Place,
    Silence,
)

from ..factories import (
    AutomationFactory,
    ContactFactory,
    ContactGroupFactory,
    DeliveryReportFactory,
    InboundMessageFactory,
    MatchFactory,
    OutboundMessageFactory,
    block,
    content,
    in_group,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/messages/"


def page_of(message):
    """Return the URL of a message's page."""
    return reverse("sms_messages_modeladmin_inspect", args=[message.pk])


def bodies_in(response):
    """Return the bodies listed, in order."""
    return [message.body for message in response.context["object_list"]]


def test_it_shows_what_came_and_what_fired_newest_first(admin_client):
    message = InboundMessageFactory(body="ORDER please")
    MatchFactory(inbound=message, automation=AutomationFactory(name="Stage 1"))
    InboundMessageFactory(body="", state="parked")
    response = admin_client.get(LIST)
    assert bodies_in(response) == ["", "ORDER please"]
    html = response.content.decode()
    for text in ("Stage 1", "Pending", "Parked", "(no text)", page_of(message)):
        assert text in html


def test_long_and_hostile_bodies(admin_client):
    InboundMessageFactory(body="<script>alert(1)</script>" + "x" * 5000)
    html = admin_client.get(LIST).content.decode()
    assert "<script>alert(1)" not in html
    assert "x" * 100 not in html


def test_the_number_of_queries_does_not_grow(admin_client, count_queries):
    MatchFactory.create_batch(2)
    admin_client.get(LIST)
    few = count_queries(lambda: admin_client.get(LIST))
    MatchFactory.create_batch(40)
    assert count_queries(lambda: admin_client.get(LIST)) == few


@pytest.mark.parametrize("state", ["held", "failed", "unknown", "expired"])
def test_a_tag_warns_of_an_answer_that_was_not_sent(admin_client, state):
    answered, other = InboundMessageFactory.create_batch(2, processed=True)
    OutboundMessageFactory(inbound=answered, state="delivered")
    OutboundMessageFactory(inbound=other, state="sent")
    assert "Check the answers" not in admin_client.get(LIST).content.decode()
    OutboundMessageFactory(inbound=answered, state=state)
    response = admin_client.get(LIST)
    assert response.content.decode().count("Check the answers") == 1
    flags = {row.pk: row.has_troubled_answers for row in response.context["page_obj"]}
    assert flags == {answered.pk: True, other.pk: False}
    answered.outbound_messages.update(review="left")
    assert "Check the answers" not in admin_client.get(LIST).content.decode()


def test_the_warnings_are_one_subquery(admin_client, count_queries):
    OutboundMessageFactory(inbound=InboundMessageFactory(), state="failed")
    admin_client.get(LIST)
    few = count_queries(lambda: admin_client.get(LIST))
    for _index in range(20):
        OutboundMessageFactory(inbound=InboundMessageFactory(), state="held")
    assert count_queries(lambda: admin_client.get(LIST)) == few


@pytest.mark.parametrize("query", ["wanted", "WANTED", "+336999", "06 99 9"])
def test_search_finds_bodies_and_numbers(admin_client, query):
    contact = ContactFactory(phone_number="+33699900000")
    InboundMessageFactory(contact=contact, body="This is Wanted")
    InboundMessageFactory(body="Another")
    response = admin_client.get(f"{LIST}results/", {"q": query})
    assert bodies_in(response) == ["This is Wanted"]


def test_filters(admin_client):
    old = timezone.now() - timedelta(days=30)
    contact = ContactFactory(first_name="Zoé", phone_number="+33699900000")
    InboundMessageFactory(
        contact=contact, body="wanted", received_at=old, state="parked"
    )
    InboundMessageFactory(body="other")
    day = timezone.localtime(old).date()
    for parameters in (
        {"state": "parked"},
        {"received_at_to": (day + timedelta(days=1)).isoformat()},
        {"received_at_from": day.isoformat(), "received_at_to": day.isoformat()},
        {"contact": "+33699900000"},
        {"contact": "zo"},
    ):
        assert bodies_in(admin_client.get(LIST, parameters)) == ["wanted"], parameters


def test_the_date_filter_needs_no_script(admin_client):
    html = admin_client.get(LIST).content.decode()
    assert 'type="date"' in html


def test_someone_who_may_not_see_contacts_sees_no_number(client_of):
    contact = ContactFactory(first_name="", last_name="", phone_number="+33699900000")
    message = InboundMessageFactory(contact=contact, body="hello")
    OutboundMessageFactory(inbound=message)
    client = client_of("view_inboundmessage")
    for page in (LIST, page_of(message)):
        html = client.get(page).content.decode()
        assert "+33699900000" not in html
        assert "/admin/sms/contacts/" not in html
        assert "+336•••••000" in html
    assert "contact" not in client.get(LIST).context["filters"].form.fields
    assert not bodies_in(client.get(LIST, {"q": "+336999"}))
    assert bodies_in(client.get(LIST, {"contact": "nobody"})) == ["hello"]


def test_someone_who_may_see_contacts_sees_the_whole_number(admin_client):
    contact = ContactFactory(first_name="", last_name="", phone_number="+33699900000")
    message = InboundMessageFactory(contact=contact)
    unknown = InboundMessageFactory(contact=None, originator="12345")
    html = admin_client.get(LIST).content.decode()
    assert "+33699900000" in html
    assert "12345" in html
    assert "•" not in html
    for page in map(page_of, (message, unknown)):
        html = admin_client.get(page).content.decode()
        assert "•" not in html
    page = BeautifulSoup(admin_client.get(page_of(message)).content, "html.parser")
    assert page.find(class_="sms-details").get_text().count("+33699900000") == 1


def test_a_name_stands_beside_its_number(admin_client):
    contact = ContactFactory(
        first_name="Zoé", last_name="", phone_number="+33699900000"
    )
    page = admin_client.get(page_of(InboundMessageFactory(contact=contact)))
    details = BeautifulSoup(page.content, "html.parser").find(class_="sms-details")
    assert "Zoé" in details.get_text()
    assert "+33699900000" in details.get_text()


def decided_message():
    """Return a message with a decision record of every kind."""
    stage = AutomationFactory(name="Stage 1")
    body = "Hi, ORDER <b>two</b>"
    decisions = [
        Decision(
            automation=999,
            name="Gone",
            fired=False,
            silence=Silence.CONTENT,
            near_miss=NearMiss(keyword="Order", found="ORDER", difference="case"),
        ),
        Decision(
            automation=stage.pk,
            name="Stage 1",
            fired=True,
            places=(Place(keyword="ORDER", start=4, end=9),),
        ),
    ]
    message = InboundMessageFactory(
        body=body,
        processed=True,
        decisions=[decision.as_json() for decision in decisions],
    )
    return message, stage


def test_the_page_marks_the_keyword_and_says_why(admin_client):
    message, stage = decided_message()
    message.refresh_from_db()
    html = admin_client.get(page_of(message)).content.decode()
    assert "Hi, <mark>ORDER</mark> &lt;b&gt;two&lt;/b&gt;" in html
    assert "Fired by “ORDER” (at character 5)." in html
    assert "The message does not contain what it listens to." in html
    assert "“ORDER” differs from Order only in case." in html
    assert f"/admin/sms/automations/edit/{stage.pk}/" in html
    assert "/admin/sms/automations/edit/999/" not in html
    assert html.index("Stage 1") < html.index("Gone")


def test_the_page_shows_the_answers_and_what_became_of_them(admin_client):
    message, stage = decided_message()
    sent = OutboundMessageFactory(
        inbound=message, automation=stage, state="delivered", body="For how <many>?"
    )
    DeliveryReportFactory(outbound=sent, status="sent")
    DeliveryReportFactory(outbound=sent, status="delivered", reason="handset")
    OutboundMessageFactory(inbound=message, state="held", held_by="loop")
    OutboundMessageFactory(
        inbound=message,
        channel="email",
        recipient="kitchen@example.com",
        state="failed",
        error="Mailbox full.",
        parts=7,
    )
    html = admin_client.get(page_of(message)).content.decode()
    for text in (
        "For how &lt;many&gt;?",
        "Delivered",
        "handset",
        "Too many automatic texts in a short time.",
        "kitchen@example.com",
        "Mailbox full.",
        "1 part",
        '<h2 id="message-answers">Answers</h2>',
    ):
        assert text in html
    assert "7 parts" not in html


def test_the_page_asks_as_many_queries_for_many_answers(admin_client, count_queries):
    message, stage = decided_message()
    DeliveryReportFactory(
        outbound=OutboundMessageFactory(inbound=message, automation=stage)
    )
    admin_client.get(page_of(message))
    few = count_queries(lambda: admin_client.get(page_of(message)))
    for _index in range(10):
        answer = OutboundMessageFactory(inbound=message, automation=AutomationFactory())
        DeliveryReportFactory.create_batch(2, outbound=answer)
    assert count_queries(lambda: admin_client.get(page_of(message))) == few


NONE_LISTED = "Paused automations are not listed."


def paused_in(client, message):
    """Return the names of the paused automations that a message's page shows."""
    response = client.get(page_of(message))
    shown = [name for name, _url in response.context["paused"]]
    html = response.content.decode()
    assert (NONE_LISTED in html) == (not shown)
    assert ("Paused now" in html) == bool(shown)
    return shown


@pytest.mark.parametrize(
    ("conditions", "listens"),
    [
        ([content("PICKUP")], True),
        ([content("pickup", ignore_case=True)], True),
        ([content("pickup")], False),
        ([content("PICK", anywhere=True)], True),
        ([content("PICK")], False),
        ([content("PICKUP", "NOON", operator="all")], True),
        ([content("PICKUP", operator="exact")], False),
        ([content("PICKUP"), content("NOON", operator="none")], False),
        ([content("PICKUP"), content("CANCEL", operator="none")], True),
        ([content("CANCEL", operator="none")], False),
        ([block("opening_hours", when="open")], False),
        ([], False),
    ],
)
def test_a_paused_automation_with_such_keywords_is_named(
    admin_client, conditions, listens
):
    automation = AutomationFactory(name="Evening", conditions=conditions)
    message = InboundMessageFactory(body="PICKUP at NOON", processed=True)
    assert paused_in(admin_client, message) == ["Evening"] * listens
    automation.resume()
    assert paused_in(admin_client, message) == []


def test_paused_automations_of_another_type_of_message_are_not_named(admin_client):
    AutomationFactory(keywords=("PICKUP",), message_type="mms")
    message = InboundMessageFactory(body="PICKUP")
    assert paused_in(admin_client, message) == []
    assert paused_in(admin_client, InboundMessageFactory(body="")) == []


def test_a_paused_automation_is_a_link_for_those_who_may_change_it(client_of):
    automation = AutomationFactory(name="Evening <b>", keywords=("PICKUP",))
    message = InboundMessageFactory(body="PICKUP")
    editor = f"/admin/sms/automations/edit/{automation.pk}/"
    reader = client_of("view_inboundmessage")
    html = reader.get(page_of(message)).content.decode()
    assert "Evening &lt;b&gt;" in html
    assert editor not in html
    client = client_of("view_inboundmessage", "change_automation")
    assert editor in client.get(page_of(message)).content.decode()


def test_paused_automations_cost_one_query(admin_client, count_queries):
    AutomationFactory(keywords=("PICKUP",))
    message = InboundMessageFactory(body="PICKUP")
    admin_client.get(page_of(message))
    few = count_queries(lambda: admin_client.get(page_of(message)))
    group = ContactGroupFactory()
    for _index in range(10):
        AutomationFactory(conditions=[content("PICKUP"), in_group(group)])
    assert count_queries(lambda: admin_client.get(page_of(message))) == few


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "pending"}, "has not been handled yet"),
        ({"processed": True}, "No automation was active"),
        ({"state": "parked", "attempts": 3}, "failed, 3 times"),
        ({"intent": "opt_out"}, "A request to stop (STOP)"),
        ({"was_opted_out": True}, "was opted out when it came"),
        ({"contact": None, "originator": "12345"}, "12345"),
    ],
)
def test_the_page_says_where_it_stands(admin_client, fields, words):
    message = InboundMessageFactory(**fields)
    assert words in admin_client.get(page_of(message)).content.decode()


def try_again(message):
    """Return the URL that tries a message again."""
    return reverse("sms_messages_modeladmin_try_again", args=[message.pk])


@pytest.fixture
def parked():
    """A message that could not be handled."""
    return InboundMessageFactory(
        state="parked", attempts=3, body="ORDER 1", error="Traceback: <x>/srv/secret.py"
    )


def test_a_parked_message_is_tried_again_once(client_of, parked):
    client = client_of("retry_inboundmessage")
    for url in (LIST, page_of(parked)):
        assert try_again(parked) in client.get(url).content.decode()
    response = client.post(try_again(parked), follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "The message is handled once more" in response.content.decode()
    parked.refresh_from_db()
    assert (parked.state, parked.attempts) == ("pending", 0)
    response = client.post(try_again(parked), follow=True)
    assert "This message does not stand aside" in response.content.decode()
    (entry,) = ModelLogEntry.objects.all()
    assert entry.action == "wagtail_sms_automation.try_again"
    for url in (LIST, page_of(parked)):
        assert try_again(parked) not in client.get(url).content.decode()


def test_what_is_tried_again_is_answered(admin_client, parked, run_tasks):
    AutomationFactory(active=True, keywords=("ORDER",))
    admin_client.post(try_again(parked))
    run_tasks()
    parked.refresh_from_db()
    assert parked.state == "processed"
    assert parked.outbound_messages.get().body == "Thank you."


def test_the_traceback_is_for_those_who_may_try_again(admin_client, client_of, parked):
    for client in (admin_client, client_of("retry_inboundmessage")):
        html = client.get(page_of(parked)).content.decode()
        assert "Traceback: &lt;x&gt;/srv/secret.py" in html
    html = client_of("view_inboundmessage").get(page_of(parked)).content.decode()
    assert "secret.py" not in html
    assert try_again(parked) not in html
    assert "Handling this message failed, 3 times" in html
    assert "Once the fault is mended, it can be tried again." in html


def test_an_old_traceback_is_not_shown_once_all_went_well(admin_client, parked):
    parked.state = "processed"
    parked.save()
    assert "secret.py" not in admin_client.get(page_of(parked)).content.decode()


BULK = "/admin/bulk/wagtail_sms_automation/inboundmessage/try_again/?next=" + LIST


def test_many_are_tried_again(admin_client, parked):
    other = InboundMessageFactory(processed=True, body="Fine")
    ids = f"&id={parked.pk}&id={other.pk}&id=x&id={'9' * 30}"
    html = admin_client.get(BULK + ids).content.decode()
    assert html.index("ORDER 1") < html.index("These are left out")
    assert html.index("These are left out") < html.index("Fine")
    response = admin_client.post(BULK + ids, follow=True)
    assert "1 message is handled once more." in response.content.decode()
    parked.refresh_from_db()
    other.refresh_from_db()
    assert (parked.state, other.state) == ("pending", "processed")
    admin_client.post(BULK + ids)
    assert ModelLogEntry.objects.count() == 1


def test_a_reader_cannot_try_many_again(client_of, parked):
    client = client_of("view_inboundmessage")
    assert "bulk-action" not in client.get(LIST).content.decode()
    assert client.get(f"{BULK}&id={parked.pk}").url == "/admin/"
    assert client.post(f"{BULK}&id={parked.pk}").url == "/admin/"
    parked.refresh_from_db()
    assert parked.state == "parked"


def test_messages_that_were_read_together_lead_to_each_other(admin_client):
    contact = ContactFactory()
    last = InboundMessageFactory(contact=contact, body="and a salad", processed=True)
    first, second = (
        InboundMessageFactory(
            contact=contact, body=body, processed=True, read_with=last
        )
        for body in ("two pizzas <b>", "one large")
    )
    page = admin_client.get(page_of(last)).content.decode()
    assert page.index("two pizzas &lt;b&gt;") < page.index("one large")
    for message in (first, second):
        assert page_of(message) in page
        html = admin_client.get(page_of(message)).content.decode()
        assert page_of(last) in html
        assert "under which the answers stand" in html
    alone = InboundMessageFactory(processed=True)
    assert "Read together" not in admin_client.get(page_of(alone)).content.decode()


def test_messages_read_together_cost_one_query(admin_client, count_queries):
    last = InboundMessageFactory(processed=True)
    InboundMessageFactory(read_with=last)
    admin_client.get(page_of(last))
    few = count_queries(lambda: admin_client.get(page_of(last)))
    InboundMessageFactory.create_batch(10, read_with=last)
    assert count_queries(lambda: admin_client.get(page_of(last))) == few


def test_nothing_can_be_changed_here(admin_client):
    message = InboundMessageFactory()
    for path in ("create/", f"edit/{message.pk}/", f"delete/{message.pk}/"):
        assert admin_client.get(LIST + path).status_code == 404
