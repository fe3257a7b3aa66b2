"""Claim, send, record: the four outcomes, leases and late answers."""

import threading
import uuid
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from tests import factories
from wagtail_sms_automation import claims, outbound, sending, tasks
from wagtail_sms_automation.gateways import base, locmem, sandbox
from wagtail_sms_automation.models import (
    Circuit,
    OptOut,
    OutboundMessage,
    SmsSettings,
)
from wagtail_sms_automation.outbound_querysets import EMAIL


pytestmark = pytest.mark.django_db
State = OutboundMessage.State


def claim():
    """Claim what one worker would."""
    return claims.claim(uuid.uuid4(), sending.SLOTS)


def record(message, answer):
    """Record one answer, as the worker that claimed the message does."""
    sending.record([(message, answer)], message.owner)


def send_after(error):
    """Send one queued message while the gateway answers with this error."""
    message = factories.OutboundMessageFactory()
    locmem.failures.append(error)
    sending.deliver_batch()
    message.refresh_from_db()
    return message


def test_what_the_gateway_is_given():
    message = factories.OutboundMessageFactory(body="Hello", recipient="+33612000001")

    sending.deliver_batch()

    [submission] = locmem.outbox
    assert submission.reference == str(message.reference)
    assert (submission.originator, submission.recipient) == (
        "+33939000001",
        "+33612000001",
    )
    assert submission.report_url == "http://testserver/sms/default/delivery-report/"
    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.gateway_id
    assert message.sent_at
    assert (message.owner, message.leased_until, message.attempts) == (None, None, 1)


def test_rejected_is_final():
    message = send_after(base.Rejected("Not enough balance (25).", code="25"))

    assert message.state == State.FAILED
    assert (message.error, message.error_code) == ("Not enough balance (25).", "25")
    tasks.send()
    assert not locmem.outbox


def test_rejected_for_a_stop_opts_out():
    error = base.Rejected("The recipient has sent STOP.", code="103")
    error.is_opt_out = True

    message = send_after(error)

    assert OptOut.objects.open().get(contact=message.contact).cause == "gateway"


def test_throttled_waits_as_long_as_it_is_told():
    message = send_after(base.Throttled("Too much.", retry_after=40))

    assert message.state == State.QUEUED
    wait = message.due_at - timezone.now()
    assert timedelta(seconds=35) < wait <= timedelta(seconds=40)
    assert sending.deliver_batch() == 0


def test_not_sent_is_tried_again():
    message = send_after(base.NotSent("Connection refused."))
    assert message.state == State.QUEUED

    OutboundMessage.objects.update(due_at=timezone.now())
    sending.deliver_batch()

    message.refresh_from_db()
    assert (message.state, message.attempts, message.error) == (State.SENT, 2, "")


@pytest.mark.parametrize(
    "error",
    [base.Unknown("Read timeout."), KeyError("items"), RuntimeError("odd")],
    ids=["unknown", "a fault of the SDK", "any other exception"],
)
def test_unknown_is_never_sent_again(error):
    message = send_after(error)

    assert message.state == State.UNKNOWN
    assert message.error
    tasks.send()
    tasks.sweep()
    tasks.send()
    assert not locmem.outbox


def test_waits_grow_with_jitter_and_have_a_limit():
    error = base.NotSent("Connection refused.")
    waits = [sending._wait(attempts, error) for attempts in range(1, 40)]

    assert all(0 <= wait <= sending.LONGEST_WAIT for wait in waits)
    assert all(w <= 2**n for n, w in enumerate(waits[:8], start=1))
    assert len({round(wait, 6) for wait in waits}) > 30


def test_a_reply_is_given_up_after_its_time():
    late = factories.OutboundMessageFactory(expires_at=timezone.now())

    tasks.send()
    tasks.sweep()

    late.refresh_from_db()
    assert late.state == State.EXPIRED
    assert not locmem.outbox


def test_a_retry_that_would_come_too_late_gives_up_at_once():
    message = factories.OutboundMessageFactory(
        expires_at=timezone.now() + timedelta(seconds=30)
    )
    locmem.failures.append(base.Throttled("Too much.", retry_after=60))

    sending.deliver_batch()

    message.refresh_from_db()
    assert message.state == State.EXPIRED


def test_a_held_message_is_not_sent():
    factories.OutboundMessageFactory(state=State.HELD, held_by="loop")

    tasks.send()

    assert not locmem.outbox


def test_one_recipient_is_sent_to_in_order():
    contact = factories.ContactFactory()
    for number in range(4):
        factories.OutboundMessageFactory(contact=contact, body=str(number))
    other = factories.OutboundMessageFactory(body="other")

    assert sending.deliver_batch() == 5

    to_contact = [s.body for s in locmem.outbox if s.recipient != other.recipient]
    assert to_contact == ["0", "1", "2", "3"]


def test_a_message_that_waits_keeps_the_next_one_behind_it():
    contact = factories.ContactFactory()
    factories.OutboundMessageFactory(
        contact=contact, due_at=timezone.now() + timedelta(minutes=1)
    )
    factories.OutboundMessageFactory(contact=contact)

    assert sending.deliver_batch() == 0


def test_a_dead_lease_becomes_unknown():
    message = factories.OutboundMessageFactory(
        state=State.SENDING, leased_until=timezone.now() - timedelta(seconds=1)
    )
    alive = factories.OutboundMessageFactory(
        state=State.SENDING, leased_until=timezone.now() + timedelta(seconds=30)
    )

    tasks.sweep()

    message.refresh_from_db()
    alive.refresh_from_db()
    assert (message.state, alive.state) == (State.UNKNOWN, State.SENDING)


def test_a_late_worker_does_not_record_over_a_settled_message():
    message = factories.OutboundMessageFactory()
    [claimed] = claim()
    OutboundMessage.objects.update(state=State.UNKNOWN, owner=None)

    record(claimed, base.NotSent("Connection refused."))

    message.refresh_from_db()
    assert message.state == State.UNKNOWN


def test_a_worker_that_comes_back_late_is_believed():
    message = factories.OutboundMessageFactory()
    [claimed] = claim()
    OutboundMessage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    claims.settle_dead_leases()

    record(claimed, base.Sent(gateway_id="abc"))

    message.refresh_from_db()
    assert (message.state, message.gateway_id) == (State.SENT, "abc")


def test_one_odd_answer_leaves_the_others_recorded():
    odd, fine = factories.OutboundMessageFactory.create_batch(2)
    claimed = claim()

    record(claimed[0], base.Sent(gateway_id="x" * 500))
    record(claimed[1], base.Unknown("Bad status line: \0\x01."))

    odd.refresh_from_db()
    fine.refresh_from_db()
    assert (odd.state, odd.gateway_id) == (State.SENT, "x" * 128)
    assert (fine.state, fine.error) == (State.UNKNOWN, "Bad status line: \x01.")


def test_an_answer_that_cannot_be_kept_is_in_doubt_later(caplog):
    message = factories.OutboundMessageFactory()
    with mock.patch.object(
        OutboundMessage.objects, "record_sent", side_effect=ValueError
    ):
        assert sending.deliver_batch() == 1

    assert "was not kept" in caplog.text
    message.refresh_from_db()
    assert message.state == State.SENDING
    with time_machine.travel(timezone.now() + claims.LEASE * 1.1):
        tasks.sweep()
    message.refresh_from_db()
    assert message.state == State.UNKNOWN


@pytest.mark.parametrize("fault", ["gone", "urls"], ids=["no gateway", "no webhooks"])
def test_a_fault_of_the_settings_is_no_doubt(fault, settings):
    message = factories.OutboundMessageFactory(
        gateway="gone" if fault == "gone" else "default"
    )
    if fault == "urls":
        settings.ROOT_URLCONF = "wagtail.admin.urls"

    sending.deliver_batch()

    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert message.error


def test_a_report_after_a_failure_keeps_its_reason():
    message = factories.OutboundMessageFactory()
    [claimed] = claim()
    outbound.record_report(
        "default",
        base.DeliveryReport(
            status=base.ReportStatus.FAILED,
            reference=str(message.reference),
            reason="unknown subscriber",
        ),
    )

    record(claimed, base.Sent(gateway_id="abc"))

    message.refresh_from_db()
    assert (message.state, message.error) == (State.FAILED, "unknown subscriber")
    assert message.sent_at is not None


def test_a_status_we_do_not_know_is_kept_and_moves_nothing():
    message = factories.OutboundMessageFactory(state=State.SENT)

    outbound.record_report(
        "default",
        base.DeliveryReport(
            status=None, provider_status="rejected", reference=str(message.reference)
        ),
    )

    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.delivery_reports.get().status == "rejected"


def test_claiming_reads_no_more_than_it_claims(django_assert_max_num_queries):
    factories.OutboundMessageFactory.create_batch(3, state=State.SENT)

    with django_assert_max_num_queries(6):
        assert sending.deliver_batch() == 0


def test_a_report_that_comes_before_the_answer_stands():
    message = factories.OutboundMessageFactory()
    [claimed] = claim()
    outbound.record_report(
        "default",
        base.DeliveryReport(
            status=base.ReportStatus.DELIVERED, reference=str(message.reference)
        ),
    )

    record(claimed, base.Sent(gateway_id="abc"))

    message.refresh_from_db()
    assert (message.state, message.gateway_id) == (State.DELIVERED, "abc")


def test_the_sandbox_reports_delivery_by_itself(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {"default": {"BACKEND": f"{sandbox.__name__}.SandboxGateway"}}
    }
    message = factories.OutboundMessageFactory()

    tasks.send()

    message.refresh_from_db()
    assert message.state == State.DELIVERED


def test_a_header_cannot_be_injected(mailoutbox):
    message = factories.OutboundMessageFactory(
        channel="email",
        recipient="kitchen@example.com",
        subject="SMS\nBcc: x@evil.example",
        contact=None,
    )

    sending.deliver_batch()

    message.refresh_from_db()
    assert message.state == State.FAILED
    assert not mailoutbox


def test_no_full_number_is_logged(caplog):
    message = send_after(base.Unknown("Read timeout."))

    assert "unknown" in caplog.text
    assert message.recipient not in caplog.text


def test_a_slow_answer_does_not_hold_up_the_others(monkeypatch):
    """The other slots go on while one call hangs."""
    slow, released = factories.OutboundMessageFactory(body="slow"), threading.Event()
    factories.OutboundMessageFactory.create_batch(sending.SLOTS * 2, body="fast")
    take = locmem.LocMemGateway.send

    def send(self, submission):
        if submission.body == "slow":
            assert released.wait(10)
        elif len(locmem.outbox) == sending.SLOTS * 2 - 1:
            released.set()
        return take(self, submission)

    monkeypatch.setattr(locmem.LocMemGateway, "send", send)

    assert sending.deliver_batch() == sending.SLOTS * 2 + 1

    assert locmem.outbox[-1].body == "slow"
    slow.refresh_from_db()
    assert slow.state == State.SENT


def test_a_worker_that_still_sends_renews_its_leases(monkeypatch):
    monkeypatch.setattr(sending, "RENEW_EVERY", 0)
    message = factories.OutboundMessageFactory()
    leases, answered = [], threading.Event()
    renew = sending._Batch.renew_leases

    def watch(self):
        OutboundMessage.objects.update(leased_until=timezone.now())
        renew(self)
        leases.append(OutboundMessage.objects.get(pk=message.pk).leased_until)
        answered.set()

    def send(self, submission):
        assert answered.wait(10)
        return base.Sent(gateway_id="abc")

    monkeypatch.setattr(sending._Batch, "renew_leases", watch)
    monkeypatch.setattr(locmem.LocMemGateway, "send", send)

    sending.deliver_batch()

    assert leases[0] > timezone.now() + timedelta(seconds=10)


def test_replies_go_before_broadcasts():
    for _number in range(3):
        factories.OutboundMessageFactory(priority=10, body="broadcast")
    factories.OutboundMessageFactory(body="reply")

    assert [message.body for message in claims.claim(uuid.uuid4(), 1)] == ["reply"]


def test_a_broadcast_that_waits_does_not_hold_up_a_reply_to_the_same_contact():
    contact = factories.ContactFactory()
    later = timezone.now() + timedelta(hours=1)
    factories.OutboundMessageFactory(contact=contact, priority=10, due_at=later)
    reply = factories.OutboundMessageFactory(contact=contact)

    assert claim() == [reply]


def test_a_broadcast_to_who_has_opted_out_since_is_held():
    message = factories.OutboundMessageFactory(priority=10)
    reply = factories.OutboundMessageFactory()
    factories.OptOutFactory(contact=message.contact)
    factories.OptOutFactory(contact=reply.contact)

    assert claim() == [reply]

    message.refresh_from_db()
    assert (message.state, message.held_by) == (State.HELD, "opted_out")


def fail_in_a_row(error, count=5):
    factories.OutboundMessageFactory.create_batch(count)
    locmem.failures.extend([error] * count)
    sending.deliver_batch()


def test_an_open_circuit_uses_up_no_attempts():
    fail_in_a_row(base.NotSent("Connection refused."))
    waiting = factories.OutboundMessageFactory()

    assert claim() == []
    assert not claims.has_work()

    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == (State.QUEUED, 0)


def test_one_message_tries_whether_the_gateway_works_again():
    fail_in_a_row(base.NotSent("Connection refused."))
    factories.OutboundMessageFactory.create_batch(4)

    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert claims.has_work()
        assert len(claim()) == 1
        assert claim() == []


def test_when_it_works_again_all_is_sent():
    fail_in_a_row(base.NotSent("Connection refused."))
    factories.OutboundMessageFactory.create_batch(4)

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        OutboundMessage.objects.update(due_at=timezone.now())
        sending.deliver_batch()

    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {"sent"}


def test_a_wrong_key_keeps_messages_queued():
    fail_in_a_row(base.NotSent("Wrong key.", is_account_fault=True), count=1)

    assert OutboundMessage.objects.get().state == State.QUEUED
    assert Circuit.objects.get().open_until > timezone.now() + timedelta(minutes=4)


def test_an_open_circuit_of_one_gateway_leaves_the_others_alone(mailoutbox):
    fail_in_a_row(base.NotSent("Connection refused."))
    factories.OutboundMessageFactory(
        channel="email", recipient="kitchen@example.com", contact=None
    )

    sending.deliver_batch()

    assert len(mailoutbox) == 1


def test_a_number_sends_no_more_than_it_may(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {
            "default": {
                "BACKEND": f"{locmem.__name__}.LocMemGateway",
                "MESSAGES_PER_SECOND": 2,
            }
        }
    }
    factories.OutboundMessageFactory.create_batch(5)
    other = factories.OutboundMessageFactory(originator="+33939000002")
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        assert len(claim()) == 3
        assert claim() == []
        assert claims.next_due_at() <= now + timedelta(seconds=0.5)
    with time_machine.travel(now + timedelta(seconds=1), tick=False):
        assert len(claim()) == 2
    other.refresh_from_db()
    assert other.state == State.SENDING


def test_a_day_has_its_limit():
    SmsSettings.objects.create(parts_per_day=3)
    factories.OutboundMessageFactory.create_batch(5)

    sending.deliver_batch()

    assert len(locmem.outbox) == 3
    held = OutboundMessage.objects.filter(state=State.HELD)
    assert [message.held_by for message in held] == ["site_limit"] * 2


def test_a_contact_whose_limit_is_reached_is_flagged():
    SmsSettings.objects.create(parts_per_day_of_contact=1)
    contact = factories.ContactFactory()
    factories.OutboundMessageFactory.create_batch(2, contact=contact)

    sending.deliver_batch()

    contact.refresh_from_db()
    assert contact.is_flagged
    assert len(locmem.outbox) == 1


@pytest.mark.parametrize("decide", [outbound.send_again, outbound.leave])
def test_what_people_decided_meanwhile_stands(decide):
    """The worker was slow: its lease ran out, and now it says that nothing was sent."""
    message = factories.OutboundMessageFactory()
    [claimed] = claim()
    OutboundMessage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    claims.settle_dead_leases()
    message.refresh_from_db()
    decide(message)

    record(claimed, base.NotSent("Connection refused."))

    message.refresh_from_db()
    assert message.state == State.FAILED
    tasks.send()
    assert len(locmem.outbox) == (decide is outbound.send_again)


def test_a_claim_that_fails_costs_no_answer(monkeypatch):
    """What is being sent meanwhile is recorded all the same."""
    factories.OutboundMessageFactory.create_batch(2)
    take, taken, has_failed = claims.claim, [], threading.Event()

    def claim_once(owner, wanted):
        if taken:
            has_failed.set()
            raise ValueError("Negative indexing is not supported.")
        taken.extend(take(owner, 1))
        return taken

    def send(self, submission):
        assert has_failed.wait(10)
        return base.Sent(gateway_id="abc")

    monkeypatch.setattr(claims, "claim", claim_once)
    monkeypatch.setattr(locmem.LocMemGateway, "send", send)

    sending.deliver_batch()

    taken[0].refresh_from_db()
    assert taken[0].state == State.SENT
    assert OutboundMessage.objects.filter(state=State.QUEUED).count() == 1


def test_leases_that_cannot_be_renewed_cost_no_answer(monkeypatch, caplog):
    message = factories.OutboundMessageFactory()
    monkeypatch.setattr(sending, "RENEW_EVERY", 0)
    find = OutboundMessage.objects.filter

    def find_unless_renewing(*args, **kwargs):
        if {"pk__in", "owner"} <= kwargs.keys():
            raise OperationalError("the connection is closed")
        return find(*args, **kwargs)

    monkeypatch.setattr(OutboundMessage.objects, "filter", find_unless_renewing)

    sending.deliver_batch()

    assert "could not be renewed" in caplog.text
    message.refresh_from_db()
    assert message.state == State.SENT


def test_a_deadlock_while_recording_is_tried_again():
    message = factories.OutboundMessageFactory()
    keep = OutboundMessage.objects.record_sent
    with mock.patch.object(
        OutboundMessage.objects,
        "record_sent",
        side_effect=[OperationalError("deadlock detected"), mock.DEFAULT],
        wraps=keep,
    ) as record_sent:
        sending.deliver_batch()

    assert record_sent.call_count == 2
    message.refresh_from_db()
    assert message.state == State.SENT


def test_an_idle_circuit_that_may_be_probed_keeps_no_worker_busy():
    fail_in_a_row(base.NotSent("Connection refused."))
    OutboundMessage.objects.all().delete()

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert claims.next_due_at() is None


def test_what_stands_behind_held_messages_is_sent_at_once(mailoutbox):
    SmsSettings.objects.create(parts_per_day=0)
    factories.OutboundMessageFactory.create_batch(sending.SLOTS + 5)
    factories.OutboundMessageFactory(
        channel="email", recipient="kitchen@example.com", contact=None
    )

    sending.deliver_batch()

    assert len(mailoutbox) == 1
    assert OutboundMessage.objects.filter(state=State.HELD).count() == sending.SLOTS + 5


def test_one_free_slot_and_two_circuits_to_probe(mailoutbox):
    fail_in_a_row(base.NotSent("Connection refused."))
    Circuit.objects.create(gateway=EMAIL, open_until=timezone.now())
    factories.OutboundMessageFactory(
        channel="email", recipient="kitchen@example.com", contact=None
    )

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert len(claims.claim(uuid.uuid4(), 1)) == 1
