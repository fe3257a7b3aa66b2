"""What people decide about messages that were not sent, or may not have been."""

from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import ModelLogEntry

from tests import factories
from wagtail_sms_automation import inbound, outbound, tasks
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import (
    InboundMessage,
    OutboundMessage,
    WrongStatus,
)


pytestmark = pytest.mark.django_db
State = OutboundMessage.State


def log_of(message, action):
    return ModelLogEntry.objects.filter(
        object_id=str(message.pk), action=f"wagtail_sms_automation.{action}"
    )


@pytest.mark.parametrize("state", ["unknown", "failed", "expired", "held"])
def test_what_was_not_sent_can_be_sent_again(state, superuser):
    message = factories.OutboundMessageFactory(
        state=state, held_by="loop" if state == "held" else ""
    )

    copy = outbound.send_again(message, user=superuser)
    tasks.send()

    assert [submission.reference for submission in locmem.outbox] == [
        str(copy.reference)
    ]
    message.refresh_from_db()
    assert (message.state, message.review) == (state, "sent_again")
    assert not OutboundMessage.objects.to_review().exists()
    assert log_of(message, "send_again").get().user == superuser


def test_two_who_send_it_again_at_once_send_one(superuser):
    message = factories.OutboundMessageFactory(state="failed")
    as_the_other_sees_it = OutboundMessage.objects.get(pk=message.pk)
    outbound.send_again(message, user=superuser)

    with pytest.raises(WrongStatus):
        outbound.send_again(as_the_other_sees_it, user=superuser)

    tasks.send()
    assert len(locmem.outbox) == 1


def test_what_was_delivered_meanwhile_is_not_sent_again():
    message = factories.OutboundMessageFactory(state="unknown")
    OutboundMessage.objects.update(state=State.DELIVERED)

    with pytest.raises(WrongStatus):
        outbound.send_again(message)

    assert OutboundMessage.objects.count() == 1


@pytest.mark.parametrize(
    "held_by", ["opted_out", "unanswerable", "own_number", "empty", "too_long"]
)
def test_what_can_never_be_sent_is_only_left(held_by):
    message = factories.OutboundMessageFactory(state="held", held_by=held_by)

    with pytest.raises(WrongStatus):
        outbound.send_again(message)
    outbound.leave(message)

    message.refresh_from_db()
    assert message.review == "left"


@pytest.mark.parametrize(
    ("number", "priority", "is_refused"),
    [
        ("+12025550123", 0, True),
        ("+33612000009", 10, True),
        ("+33612000009", 0, False),
    ],
    ids=["the US", "a broadcast", "an answer in France"],
)
def test_who_has_opted_out_since_is_sent_no_more_than_allowed(
    number, priority, is_refused
):
    contact = factories.ContactFactory(phone_number=number)
    message = factories.OutboundMessageFactory(
        contact=contact, state="failed", priority=priority
    )
    factories.OptOutFactory(contact=contact)

    if is_refused:
        with pytest.raises(WrongStatus):
            outbound.send_again(message)
    else:
        outbound.send_again(message)

    assert OutboundMessage.objects.count() == 2 - is_refused


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered"])
def test_what_needs_no_decision_takes_none(state):
    message = factories.OutboundMessageFactory(state=state)

    for decide in (outbound.send_again, outbound.leave):
        with pytest.raises(WrongStatus):
            decide(message)


def test_what_is_left_is_off_the_list_and_logged(superuser):
    message = factories.OutboundMessageFactory(state="expired")

    outbound.leave(message, user=superuser)

    assert not OutboundMessage.objects.to_review().exists()
    assert log_of(message, "leave").get().user == superuser
    tasks.send()
    assert not locmem.outbox


def test_a_copy_that_fails_is_on_the_list_again():
    message = factories.OutboundMessageFactory(state="failed")
    copy = outbound.send_again(message)
    OutboundMessage.objects.filter(pk=copy.pk).update(state="failed")
    copy.refresh_from_db()

    again = outbound.send_again(copy)

    assert again.cause == f"again:{copy.pk}"


def test_a_parked_message_is_tried_again(text_us, run_tasks, superuser):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    message = text_us("ORDER")
    InboundMessage.objects.update(state="parked", attempts=3, error="Traceback")
    message.refresh_from_db()

    inbound.try_again(message, user=superuser)
    run_tasks()

    message.refresh_from_db()
    assert (message.state, message.error) == ("processed", "")
    assert len(locmem.outbox) == 1
    assert log_of(message, "try_again").get().user == superuser


def test_only_a_parked_message_is_tried_again():
    with pytest.raises(WrongStatus):
        inbound.try_again(factories.InboundMessageFactory())


def test_what_comes_too_late_is_given_up_and_shown():
    factories.OutboundMessageFactory(expires_at=timezone.now() - timedelta(seconds=1))
    on_time = factories.OutboundMessageFactory()

    assert outbound.give_up_old() == 1

    assert OutboundMessage.objects.to_review().get().state == State.EXPIRED
    assert OutboundMessage.objects.get(pk=on_time.pk).state == State.QUEUED
