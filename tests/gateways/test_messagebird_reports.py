"""MessageBird's delivery reports."""

import json
from datetime import UTC, datetime

import pytest

from tests.gateways.webhook_requests import get, post
from wagtail_sms_automation.gateways.base import (
    BadPayload,
    DeliveryReport,
    ReportStatus,
)
from wagtail_sms_automation.gateways.messagebird import STATUSES, MessageBirdGateway


GATEWAY = MessageBirdGateway("default", {})

REPORT = {
    "id": "eef0ab57a9e049be946f3821568c2b2e",
    "reference": "5f0c9f0e-4f1c-4a36-8d1e-3a54a4b8a001",
    "recipient": "31612345678",
    "status": "delivered",
    "statusReason": "successfully delivered",
    "statusDatetime": "2019-01-11T09:17:11+00:00",
    "statusErrorCode": "0",
    "mccmnc": "20408",
    "ported": "1",
    "messageLength": "26",
    "messagePartCount": "1",
    "datacoding": "plain",
    "price[amount]": "0.07",
    "price[currency]": "EUR",
}
READ = DeliveryReport(
    status=ReportStatus.DELIVERED,
    provider_status="delivered",
    gateway_id="eef0ab57a9e049be946f3821568c2b2e",
    reference="5f0c9f0e-4f1c-4a36-8d1e-3a54a4b8a001",
    recipient="31612345678",
    is_opt_out=False,
    error_code="0",
    reason="successfully delivered",
    reported_at=datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC),
    payload=REPORT,
)


def read(**changes):
    return GATEWAY.parse_report(get({**REPORT, **changes}))


def refused(request):
    with pytest.raises(BadPayload) as caught:
        GATEWAY.parse_report(request)
    return str(caught.value)


def test_get():
    assert GATEWAY.parse_report(get(REPORT)) == READ


def test_post():
    assert GATEWAY.parse_report(post(REPORT)) == READ


def test_json():
    assert GATEWAY.parse_report(post(json.dumps(REPORT), "application/json")) == READ


def test_json_with_numbers_and_nulls():
    document = {
        "id": "1",
        "recipient": 31612345678,
        "status": "delivery_failed",
        "statusErrorCode": 103,
        "statusReason": None,
        "price": {"amount": 0.07, "currency": "EUR"},
    }
    report = GATEWAY.parse_report(post(json.dumps(document)))

    assert report.recipient == "31612345678"
    assert report.error_code == "103"
    assert report.is_opt_out
    assert report.reason == ""
    assert report.reported_at is None
    assert report.payload == document


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("scheduled", ReportStatus.SCHEDULED),
        ("sent", ReportStatus.SENT),
        ("buffered", ReportStatus.BUFFERED),
        ("delivered", ReportStatus.DELIVERED),
        ("expired", ReportStatus.EXPIRED),
        ("delivery_failed", ReportStatus.FAILED),
        ("DELIVERED", ReportStatus.DELIVERED),
        (" delivered ", ReportStatus.DELIVERED),
    ],
)
def test_status(word, status):
    report = read(status=word)

    assert report.status is status
    assert report.provider_status == word.strip()


def test_every_status_has_a_word():
    assert set(STATUSES.values()) == set(ReportStatus)


@pytest.mark.parametrize("word", ["rejected", "Failed", "delivered?", "x" * 5000])
def test_a_status_we_do_not_know_is_kept_as_it_came(word):
    report = read(status=word, statusErrorCode="103")

    assert report.status is None
    assert report.provider_status == word
    assert report.gateway_id == REPORT["id"]
    assert report.is_opt_out
    assert report.payload["status"] == word


def test_a_status_we_do_not_know_still_needs_a_message():
    assert "no id and no reference" in refused(get({"status": "rejected"}))


@pytest.mark.parametrize("status", ["delivery_failed", "expired", "delivered"])
def test_stop(status):
    report = read(status=status, statusErrorCode="103")

    assert report.is_opt_out
    assert report.error_code == "103"
    assert report.status is not None


@pytest.mark.parametrize("code", ["", "0", "1", "27", "1030", "0103", "-103", "103x"])
def test_no_stop(code):
    report = read(statusErrorCode=code)

    assert not report.is_opt_out
    assert report.error_code == code


def test_no_error_code():
    report = GATEWAY.parse_report(get({"id": "1", "status": "sent"}))

    assert report == DeliveryReport(
        status=ReportStatus.SENT,
        provider_status="sent",
        gateway_id="1",
        payload={"id": "1", "status": "sent"},
    )


@pytest.mark.parametrize("plus", ["+", "%2B", "%20"])
def test_the_plus_of_the_time_in_each_spelling(plus):
    query = f"id=1&status=sent&statusDatetime=2019-01-11T09:17:11{plus}00:00"

    assert GATEWAY.parse_report(get(query)).reported_at == READ.reported_at


def test_reference_without_an_id():
    """A report may come before the answer that tells us the id."""
    report = GATEWAY.parse_report(get({"reference": "ours", "status": "sent"}))

    assert (report.reference, report.gateway_id) == ("ours", "")


def test_nothing_to_find_the_message_by():
    assert "no id and no reference" in refused(get({"status": "sent"}))


def test_no_status():
    assert "no status" in refused(get({"id": "1", "reference": "ours"}))


def test_reason_that_databases_refuse():
    report = GATEWAY.parse_report(get("id=1&status=sent&statusReason=a%00b%FF"))

    assert report.reason == "ab\ufffd"
    assert report.payload["statusReason"] == "ab\ufffd"


def test_a_time_that_no_page_can_show():
    report = read(statusDatetime="9999-12-31T23:59:59Z")

    assert report.reported_at is None
    assert report.payload["statusDatetime"] == "9999-12-31T23:59:59Z"


def test_error_names_what_is_known_and_counts_the_rest():
    request = get({"status": "sent", "mccmnc": "1", "nuts": "1", "zoe": "2"})

    assert refused(request) == (
        "The request has no id and no reference; its fields: status, mccmnc, 2 unknown."
    )


def test_report_that_cannot_be_read():
    assert "JSON" in refused(post("{"))
