"""The gateway for tests."""

from datetime import UTC, datetime

import pytest

from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.gateways.base import (
    GatewayError,
    ReportStatus,
    Sent,
    Submission,
    Throttled,
    Unknown,
)
from wagtail_sms_automation.gateways.sandbox import SandboxGateway


GATEWAY = locmem.LocMemGateway("default", {})


def submission(reference):
    return Submission(
        reference=reference, originator="Zoe", recipient="+33612345678", body="Hello"
    )


def test_keeps_what_it_is_given():
    first, second = submission("1"), submission("2")
    sent = [GATEWAY.send(first), GATEWAY.send(second)]

    assert locmem.outbox == [first, second]
    assert sent[0].gateway_id != sent[1].gateway_id
    assert sent[0] == Sent(gateway_id=sent[0].gateway_id, reports=())


def test_fails_as_told_and_recovers():
    locmem.failures.extend([Throttled("Slow down.", retry_after=3), Unknown("Lost.")])
    with pytest.raises(Throttled) as caught:
        GATEWAY.send(submission("1"))
    with pytest.raises(Unknown):
        GATEWAY.send(submission("2"))
    GATEWAY.send(submission("3"))

    assert caught.value.retry_after == 3
    assert [taken.reference for taken in locmem.outbox] == ["3"]


def test_looks_in_the_outbox():
    GATEWAY.send(submission("1"))
    now = datetime.now(UTC)
    report = GATEWAY.look_up("1", "+33612345678", now, now)

    assert (report.status, report.reference) == (ReportStatus.SENT, "1")
    assert report.recipient == "+33612345678"
    assert GATEWAY.look_up("2", "+33612345678", now, now) is None
    assert GATEWAY.look_up("1", "+33600000000", now, now) is None


def test_the_sandbox_keeps_nothing_to_look_in():
    sandbox = SandboxGateway("default", {})

    now = datetime.now(UTC)

    with pytest.raises(GatewayError, match="SandboxGateway cannot look messages up"):
        sandbox.look_up("1", "+33612345678", now, now)


def test_clear():
    GATEWAY.send(submission("1"))
    locmem.failures.append(Unknown("Lost."))
    locmem.clear()

    assert locmem.outbox == locmem.failures == []


def test_webhooks_are_those_of_the_sandbox():
    url = "https://www.example.fr/"

    assert GATEWAY.sign("GET", url, b"") == SandboxGateway("x", {}).sign(
        "GET", url, b""
    )
