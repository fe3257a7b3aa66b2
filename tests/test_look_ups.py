"""What is in doubt is asked for at the provider, when no report settles it."""

from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from tests import factories
from wagtail_sms_automation import look_ups, outbound, tasks
from wagtail_sms_automation.gateways import base, locmem, sandbox
from wagtail_sms_automation.models import Circuit, OutboundMessage


pytestmark = pytest.mark.django_db
State = OutboundMessage.State


def in_doubt(accepted):
    """Send a message whose answer is lost; was it accepted all the same?"""
    message = factories.OutboundMessageFactory()
    locmem.failures.append(base.Unknown("Read timeout."))
    tasks.send()
    if accepted:
        locmem.outbox.append(
            base.Submission(
                reference=str(message.reference),
                originator=message.originator,
                recipient=message.recipient,
                body=message.body,
            )
        )
    return message


def look_up_after(message, **later):
    with time_machine.travel(timezone.now() + timedelta(**later)):
        tasks.look_up()
    message.refresh_from_db()
    return message


def test_a_message_the_provider_knows_is_settled():
    message = look_up_after(in_doubt(accepted=True), seconds=40)

    assert message.state == State.SENT
    assert not OutboundMessage.objects.to_review().exists()


def test_a_report_is_waited_for_first():
    message = in_doubt(accepted=True)
    with mock.patch.object(locmem.LocMemGateway, "look_up") as look_up:
        tasks.look_up()

    look_up.assert_not_called()
    assert look_ups.next_look_up_at() > timezone.now() + timedelta(seconds=20)
    message.refresh_from_db()
    assert message.state == State.UNKNOWN


def test_a_message_the_provider_does_not_know_yet_stays_in_doubt():
    message = look_up_after(in_doubt(accepted=False), seconds=40)

    assert message.state == State.UNKNOWN
    assert message.due_at > timezone.now() + timedelta(seconds=60)


def test_a_message_the_provider_never_knew_failed_and_is_not_sent():
    message = look_up_after(in_doubt(accepted=False), minutes=11)

    assert message.state == State.FAILED
    assert "does not know" in message.error
    tasks.send()
    assert not locmem.outbox
    assert OutboundMessage.objects.to_review().get() == message


def test_a_provider_that_cannot_be_asked_settles_nothing(caplog):
    message = in_doubt(accepted=False)
    with mock.patch.object(
        locmem.LocMemGateway, "look_up", side_effect=base.NotSent("Refused.")
    ):
        look_up_after(message, minutes=11)

    assert message.state == State.UNKNOWN
    assert message.recipient not in caplog.text


def test_a_fault_about_one_message_keeps_no_other_in_doubt(caplog):
    messages = [in_doubt(accepted=True) for _number in range(3)]
    look_up = locmem.LocMemGateway.look_up

    def faulty(self, reference, *args):
        if reference == str(messages[0].reference):
            raise TypeError("Of an older kind.")
        return look_up(self, reference, *args)

    with mock.patch.object(locmem.LocMemGateway, "look_up", faulty):
        look_up_after(messages[0], seconds=40)

    states = [OutboundMessage.objects.get(pk=one.pk).state for one in messages]
    assert states == [State.UNKNOWN, State.SENT, State.SENT]
    assert "Of an older kind." in caplog.text


@pytest.mark.parametrize("gateway", ["sandbox", "gone"])
def test_a_gateway_that_cannot_say_leaves_it_in_doubt(gateway, settings):
    settings.WAGTAIL_SMS_AUTOMATION = {
        "GATEWAYS": {"sandbox": {"BACKEND": f"{sandbox.__name__}.SandboxGateway"}}
    }
    message = factories.OutboundMessageFactory(
        gateway=gateway, state=State.UNKNOWN, due_at=timezone.now()
    )

    tasks.look_up()

    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    assert not look_ups.has_work()


def test_after_two_days_people_decide():
    message = look_up_after(in_doubt(accepted=False), hours=50)

    assert message.state == State.UNKNOWN


@pytest.mark.parametrize("status", ["sent", "delivered"])
def test_a_provider_that_knew_it_after_all_is_believed(status):
    message = look_up_after(in_doubt(accepted=False), minutes=11)

    outbound.record_report(
        "default",
        base.DeliveryReport(
            status=base.ReportStatus(status), reference=str(message.reference)
        ),
    )

    message.refresh_from_db()
    assert message.state == status


def test_a_provider_that_takes_its_time_keeps_no_worker_for_long(monkeypatch):
    monkeypatch.setattr(look_ups, "BATCH_FOR", -1)
    in_doubt(accepted=True)

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert look_ups.look_up_batch() == 0
        assert look_ups.has_work()


def test_a_gateway_left_alone_is_not_asked():
    in_doubt(accepted=True)
    Circuit.objects.update_or_create(
        gateway="default",
        defaults={"open_until": timezone.now() + timedelta(hours=1)},
    )

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert not look_ups.has_work()
