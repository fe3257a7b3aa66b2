"""The delivery report webhook: states move forward, whatever comes in what order."""

import itertools
import uuid
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests import factories
from wagtail_sms_automation import gateways
from wagtail_sms_automation.gateways.base import DeliveryReport as Report
from wagtail_sms_automation.gateways.base import ReportStatus
from wagtail_sms_automation.models import DeliveryReport, OptOut, OutboundMessage
from wagtail_sms_automation.outbound import record_report


pytestmark = pytest.mark.django_db
URL = "/sms/default/delivery-report/"
State = OutboundMessage.State


def report_on(message, status, **changed):
    fields = {
        "id": message.gateway_id or "provider-id",
        "reference": str(message.reference),
        "recipient": message.recipient.lstrip("+"),
        "status": status,
        "statusDatetime": "2026-11-22T18:00:05+00:00",
    } | changed
    target = f"{URL}?{urlencode(fields)}"
    headers = gateways.get_gateway().sign("GET", "http://testserver" + target, b"")
    return Client().get(target, headers=headers)


def state_of(message):
    message.refresh_from_db()
    return message.state


def test_delivered_settles_the_message():
    message = factories.OutboundMessageFactory(state=State.SENT)

    assert report_on(message, "delivered").status_code == 200

    assert state_of(message) == State.DELIVERED
    assert message.settled_at is not None
    assert message.gateway_id == "provider-id"
    assert message.delivery_reports.get().status == "delivered"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["sent", "buffered", "expired", "delivered"]))
)
def test_in_any_order_delivered_stands(order):
    message = factories.OutboundMessageFactory(state=State.SENT)

    for status in order:
        report_on(message, status)

    assert state_of(message) == State.DELIVERED
    assert message.delivery_reports.count() == 4


def test_failed_is_not_undone_by_a_late_sent():
    message = factories.OutboundMessageFactory(state=State.SENT)

    report_on(message, "failed")
    report_on(message, "sent")

    assert state_of(message) == State.FAILED


@pytest.mark.parametrize("state", [State.UNKNOWN, State.SENDING, State.QUEUED])
def test_a_report_settles_what_was_in_doubt(state):
    message = factories.OutboundMessageFactory(state=state)

    report_on(message, "sent")

    assert state_of(message) == State.SENT


def test_a_held_message_is_never_moved():
    message = factories.OutboundMessageFactory(state=State.HELD, held_by="loop")

    report_on(message, "delivered")

    assert state_of(message) == State.HELD


def test_a_report_for_another_recipient_moves_nothing():
    message = factories.OutboundMessageFactory(state=State.SENT)

    assert report_on(message, "delivered", recipient="33699999999").status_code == 200

    assert state_of(message) == State.SENT
    assert DeliveryReport.objects.get().outbound is None


def test_an_unknown_reference_is_kept_and_answered_ok():
    message = factories.OutboundMessageFactory.build(reference=uuid.uuid4())

    assert report_on(message, "delivered").status_code == 200

    assert DeliveryReport.objects.get().outbound is None


def test_without_a_reference_the_gateways_id_finds_it():
    message = factories.OutboundMessageFactory(state=State.SENT, gateway_id="abc")

    report_on(message, "delivered", reference="")

    assert state_of(message) == State.DELIVERED


def test_a_forged_report_is_401_and_changes_nothing():
    message = factories.OutboundMessageFactory(state=State.SENT)

    answer = Client().get(URL, {"reference": message.reference, "status": "delivered"})

    assert answer.status_code == 401
    assert state_of(message) == State.SENT
    assert not DeliveryReport.objects.exists()


def test_a_report_of_an_unknown_status_is_kept_and_moves_nothing():
    message = factories.OutboundMessageFactory(state=State.SENT)

    assert report_on(message, "eaten").status_code == 200
    assert state_of(message) == State.SENT
    assert message.delivery_reports.get().status == "eaten"


def test_a_report_on_nothing_is_400():
    message = factories.OutboundMessageFactory(state=State.SENT)

    assert report_on(message, "delivered", id="", reference="").status_code == 400
    assert not DeliveryReport.objects.exists()


def test_the_gateway_says_the_contact_has_opted_out():
    message = factories.OutboundMessageFactory(state=State.SENT)

    record_report(
        "default",
        Report(
            status=ReportStatus.FAILED,
            reference=str(message.reference),
            error_code="103",
            is_opt_out=True,
        ),
    )

    opt_out = OptOut.objects.open().get(contact=message.contact)
    assert opt_out.cause == OptOut.Cause.GATEWAY
    assert state_of(message) == State.FAILED
    assert message.error_code == "103"
