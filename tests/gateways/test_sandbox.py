"""The sandbox: the gateway of a site that has no keys yet."""

import json
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from tests.gateways.webhook_requests import get, post, signed
from wagtail_sms_automation.gateways.base import (
    BadPayload,
    BadSignature,
    DeliveryReport,
    Received,
    ReportStatus,
    Submission,
)
from wagtail_sms_automation.gateways.sandbox import SandboxGateway


GATEWAY = SandboxGateway("default", {})
SUBMISSION = Submission(
    reference="ours", originator="Zoe", recipient="+33612345678", body="Hello"
)


def test_delivered_at_once():
    before = timezone.now()
    sent = GATEWAY.send(SUBMISSION)
    [report] = sent.reports

    assert report.status is ReportStatus.DELIVERED
    assert report.provider_status == "delivered"
    assert report.gateway_id == sent.gateway_id != ""
    assert report.reference == "ours"
    assert report.recipient == "+33612345678"
    assert before <= report.reported_at <= timezone.now()
    assert not report.is_opt_out


def test_each_message_has_an_id_of_its_own():
    assert GATEWAY.send(SUBMISSION).gateway_id != GATEWAY.send(SUBMISSION).gateway_id


def test_inbound():
    form = {
        "id": "1",
        "originator": "+33612345678",
        "recipient": "+33937000001",
        "body": "ORDER ça 😀",
        "createdDatetime": "2026-07-01T16:16:51+02:00",
        "mediaUrl": "https://media.example/1.jpg",
    }
    expected = Received(
        gateway_id="1",
        originator="+33612345678",
        recipient="+33937000001",
        body="ORDER ça 😀",
        sent_at=datetime(2026, 7, 1, 14, 16, 51, tzinfo=UTC),
        media_urls=("https://media.example/1.jpg",),
        payload=form,
    )

    assert GATEWAY.parse_inbound(get(form)) == expected
    assert GATEWAY.parse_inbound(post(form)) == expected
    assert GATEWAY.parse_inbound(post(json.dumps(form))) == expected


@pytest.mark.parametrize(
    ("form", "missing"),
    [
        ({"body": "x"}, "originator"),
        ({"originator": " ", "body": "x"}, "originator"),
        ({"originator": "1"}, "body"),
    ],
)
def test_inbound_that_cannot_be_read(form, missing):
    with pytest.raises(BadPayload, match=f"no {missing}"):
        GATEWAY.parse_inbound(post(form))


def test_media_without_a_text():
    form = {"originator": "1", "mediaUrls": "https://media.example/1.jpg"}

    assert GATEWAY.parse_inbound(post(form)).body == ""


@pytest.mark.parametrize("status", ReportStatus)
def test_report(status):
    form = {"id": "1", "reference": "ours", "recipient": "336", "status": status.value}

    assert GATEWAY.parse_report(post(form)) == DeliveryReport(
        status=status,
        provider_status=status.value,
        gateway_id="1",
        reference="ours",
        recipient="336",
        payload=form,
    )


def test_report_of_a_status_we_do_not_know():
    report = GATEWAY.parse_report(post({"reference": "ours", "status": "rejected"}))

    assert report.status is None
    assert report.provider_status == "rejected"


@pytest.mark.parametrize(
    ("form", "missing"),
    [
        ({"id": "1"}, "status"),
        ({"id": "1", "status": " "}, "status"),
        ({"status": "sent"}, "id and no reference"),
        ({"status": "rejected"}, "id and no reference"),
    ],
)
def test_report_that_cannot_be_read(form, missing):
    with pytest.raises(BadPayload, match=f"no {missing}"):
        GATEWAY.parse_report(post(form))


def test_signature_depends_on_the_secret_key(settings):
    request = signed(GATEWAY, post("originator=1&body=x"))
    settings.SECRET_KEY = "another"

    with pytest.raises(BadSignature):
        GATEWAY.verify(request)


def test_signature_depends_on_the_method():
    url = "https://www.example.fr/"

    assert GATEWAY.sign("GET", url, b"") != GATEWAY.sign("POST", url, b"")


def test_has_no_option_to_get_wrong():
    assert GATEWAY.option_errors() == []
