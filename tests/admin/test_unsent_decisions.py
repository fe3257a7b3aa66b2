"""Send again and leave: once, by those who may, with an answer to everything."""

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import outbound
from wagtail_sms_automation.models import OutboundMessage

from ..factories import ContactFactory, OutboundMessageFactory


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/unsent/"
BULK = "/admin/bulk/wagtail_sms_automation/outboundmessage/{}/?next=/admin/sms/unsent/"
UNRELEASABLE = [
    why for why in OutboundMessage.HeldBy if why not in OutboundMessage.RELEASABLE
]


def url(action, message):
    """Return the URL of an action."""
    return reverse(f"sms_unsent_modeladmin_{action}", args=[message.pk])


def bulk(action, *messages):
    """Return the URL of a bulk action on some messages."""
    return BULK.format(action) + "".join(
        f"&id={getattr(message, 'pk', message)}" for message in messages
    )


def told(response):
    """Return what the user is told, and how."""
    return [(one.level_tag, str(one).strip()) for one in response.context["messages"]]


def queued():
    """Return what waits to be sent."""
    return OutboundMessage.objects.filter(state="queued")


def logged():
    """Return the actions of ours in the log, oldest first."""
    entries = ModelLogEntry.objects.filter(action__startswith="wagtail_sms_automation.")
    return [entry.action.partition(".")[2] for entry in entries.order_by("pk")]


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_send_again(admin_client, superuser, state):
    message = OutboundMessageFactory(state=state, body="Which one?")
    response = admin_client.post(url("send_again", message), follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert told(response) == [
        ("success", "The message is sent once more, in a moment.")
    ]
    (copy,) = queued()
    assert (copy.body, copy.recipient) == ("Which one?", message.recipient)
    message.refresh_from_db()
    assert (message.state, message.review) == (state, "sent_again")
    (entry,) = ModelLogEntry.objects.filter(action="wagtail_sms_automation.send_again")
    assert entry.user == superuser
    assert entry.object_id == str(message.pk)


def test_leave(admin_client, superuser):
    message = OutboundMessageFactory(state="held", held_by="opted_out")
    response = admin_client.post(url("leave", message), follow=True)
    assert told(response) == [("success", "The message is left as it is.")]
    message.refresh_from_db()
    assert message.review == "left"
    assert not queued()
    assert ModelLogEntry.objects.get().user == superuser
    assert not response.context["object_list"]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("send_again", "send_again", "Somebody has sent this message again already."),
        ("send_again", "leave", "Somebody has sent this message again already."),
        ("leave", "leave", "Somebody has decided already to leave this message."),
        ("leave", "send_again", "Somebody has decided already to leave this message."),
    ],
)
def test_the_second_who_decides_is_told_so(admin_client, first, second, words):
    message = OutboundMessageFactory(state="failed")
    admin_client.post(url(first, message))
    response = admin_client.post(url(second, message), follow=True)
    assert ("error", words) in told(response)
    assert queued().count() == (first == "send_again")
    assert logged() == [first]


def test_two_at_the_same_moment_send_one(admin_client, monkeypatch):
    """Both have loaded the row before either decides."""
    message = OutboundMessageFactory(state="failed")
    send_again = outbound.send_again

    def quicker(loaded, *, user=None):
        monkeypatch.setattr(outbound, "send_again", send_again)
        send_again(OutboundMessage.objects.get(pk=loaded.pk))
        return send_again(loaded, user=user)

    monkeypatch.setattr(outbound, "send_again", quicker)
    response = admin_client.post(url("send_again", message), follow=True)
    assert told(response) == [
        ("error", "Somebody has sent this message again already.")
    ]
    assert queued().count() == 1
    assert logged() == ["send_again"]


@pytest.mark.parametrize("why", UNRELEASABLE)
def test_what_a_rule_forbids_cannot_be_sent_again(admin_client, why):
    message = OutboundMessageFactory(state="held", held_by=why)
    for response in (
        admin_client.post(url("send_again", message), follow=True),
        admin_client.post(url("send_again", message), {"confirmed": "1"}, follow=True),
    ):
        assert told(response) == [
            ("error", f"This message cannot be sent again: {why.label}")
        ]
    page = admin_client.get(url("confirm", message)).content.decode()
    assert f"This message cannot be sent again: {why.label}" in page
    assert "Yes, send again" not in page
    assert not queued()
    assert logged() == []


@pytest.mark.parametrize("why", OutboundMessage.RELEASABLE)
def test_what_a_limit_held_can_be_sent_again(admin_client, why):
    message = OutboundMessageFactory(state="held", held_by=why)
    admin_client.post(url("send_again", message))
    assert queued().count() == 1


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered"])
@pytest.mark.parametrize("action", ["send_again", "leave"])
def test_what_is_on_its_way_needs_no_decision(admin_client, state, action):
    message = OutboundMessageFactory(state=state)
    response = admin_client.post(url(action, message), follow=True)
    label = message.get_state_display()
    assert told(response) == [
        ("error", f"There is nothing to decide any more: the message is “{label}”.")
    ]
    assert OutboundMessage.objects.count() == 1
    message.refresh_from_db()
    assert (message.state, message.review) == (state, "")


def test_where_it_may_arrive_twice_it_asks_first(admin_client):
    message = OutboundMessageFactory(state="unknown", body="Which one?")
    target = f"{LIST}?state=unknown"
    response = admin_client.post(url("send_again", message), {"next": target})
    assert response.url.startswith(url("confirm", message))
    assert not queued()
    page = admin_client.get(response.url)
    assert page.context["next_url"] == target
    html = page.content.decode()
    for text in ("may get the same text twice", "Which one?", "Yes, send again"):
        assert text in html
    response = admin_client.post(
        url("send_again", message), {"next": target, "confirmed": "1"}
    )
    assert response.url == target
    assert queued().count() == 1


def test_a_report_that_comes_while_it_asks(admin_client):
    message = OutboundMessageFactory(state="unknown")
    OutboundMessage.objects.update(state="delivered")
    response = admin_client.post(
        url("send_again", message), {"confirmed": "1"}, follow=True
    )
    assert "nothing to decide any more" in told(response)[0][1]
    html = admin_client.get(url("confirm", message)).content.decode()
    assert "nothing to decide any more" in html
    assert "Yes, send again" not in html
    assert not queued()


@pytest.mark.parametrize("action", ["send_again", "leave"])
def test_it_never_leaves_the_site(admin_client, action):
    message = OutboundMessageFactory(state="failed")
    response = admin_client.post(url(action, message), {"next": "//evil.example/"})
    assert response.url == LIST
    page = admin_client.get(url("confirm", message), {"next": "https://evil.example/"})
    assert page.context["next_url"] == LIST


def test_someone_who_may_only_decide_can(client_of):
    client = client_of("review_outboundmessage")
    message = OutboundMessageFactory(state="failed")
    response = client.post(url("send_again", message), follow=True)
    assert response.status_code == 200
    assert queued().count() == 1


def test_many_at_once(admin_client, superuser):
    one = OutboundMessageFactory(state="failed", body="First")
    two = OutboundMessageFactory(state="unknown", body="Second")
    held = OutboundMessageFactory(state="held", held_by="opted_out", body="Third")
    sent = OutboundMessageFactory(state="sent", body="Fourth")
    target = bulk("send_again", one, two, held, sent)
    html = admin_client.get(target).content.decode()
    for text in (
        "First",
        "Second",
        "answer to 1 of them was lost: the customer may get",
        "These are left out",
        "The contact has opted out.",
    ):
        assert text in html
    assert not queued()
    response = admin_client.post(target, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert told(response) == [("success", "2 messages are sent once more.")]
    assert sorted(queued().values_list("body", flat=True)) == ["First", "Second"]
    assert logged() == ["send_again", "send_again"]
    response = admin_client.post(bulk("leave", one, held), follow=True)
    assert told(response) == [("success", "1 message is left as it is.")]
    held.refresh_from_db()
    assert held.review == "left"


def test_many_at_once_twice_sends_once(admin_client):
    messages = OutboundMessageFactory.create_batch(3, state="failed")
    admin_client.post(bulk("send_again", *messages))
    admin_client.post(bulk("send_again", *messages))
    assert queued().count() == 3


def test_who_is_slower_with_many_is_told_how_many(admin_client, monkeypatch):
    messages = OutboundMessageFactory.create_batch(2, state="failed")
    leave = outbound.leave

    def quicker(loaded, *, user=None):
        if loaded == messages[0]:
            leave(OutboundMessage.objects.get(pk=loaded.pk))
        leave(loaded, user=user)

    monkeypatch.setattr(outbound, "leave", quicker)
    response = admin_client.post(bulk("leave", *messages), follow=True)
    assert told(response) == [
        ("warning", "1 message was left out: somebody else was quicker."),
        ("success", "1 message is left as it is."),
    ]


@pytest.mark.parametrize("action", ["send_again", "leave"])
def test_a_failure_halfway_decides_nothing(admin_client, monkeypatch, action):
    messages = OutboundMessageFactory.create_batch(2, state="failed")
    decide = getattr(outbound, action)

    def fail_at_the_second(message, *, user=None):
        if message == messages[1]:
            raise RuntimeError("No more.")
        decide(message, user=user)

    monkeypatch.setattr(outbound, action, fail_at_the_second)
    with pytest.raises(RuntimeError):
        admin_client.post(bulk(action, *messages))
    assert not OutboundMessage.objects.exclude(review="").exists()
    assert not queued()
    assert logged() == []


@pytest.mark.parametrize("action", ["send_again", "leave"])
@pytest.mark.parametrize("ids", [["x", "1 OR 1"], ["4711"], ["9" * 30], ["²"], ["all"]])
def test_ids_that_are_none_are_left_out(admin_client, action, ids):
    OutboundMessageFactory(state="failed")
    html = admin_client.get(bulk(action, *ids)).content.decode()
    assert "No message is ticked that this can be done to." in html
    admin_client.post(bulk(action, *ids))
    assert not OutboundMessage.objects.exclude(review="").exists()


@pytest.mark.parametrize("permissions", [(), ("view_outboundmessage", "view_contact")])
@pytest.mark.parametrize("action", ["send_again", "leave"])
def test_nobody_else_can(client_of, permissions, action):
    message = OutboundMessageFactory(state="failed")
    client = client_of(*permissions)
    for target in (url(action, message), bulk(action, message)):
        assert client.post(target).url == "/admin/"
    assert client.get(bulk(action, message)).url == "/admin/"
    message.refresh_from_db()
    assert message.review == ""


def test_site_history_names_what_was_done(admin_client):
    contact = ContactFactory(phone_number="+33699900000")
    message = OutboundMessageFactory(state="failed", contact=contact)
    admin_client.post(url("send_again", message))
    html = admin_client.get("/admin/reports/site-history/").content.decode()
    assert "Sent again" in html
    assert "+336•••••000" in html
    assert "+33699900000" not in html
