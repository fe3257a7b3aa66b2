"""Asking MessageBird what became of a message whose answer was lost."""

import socket
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.gateways import fake_messagebird as answers
from wagtail_sms_automation.gateways import messagebird_list
from wagtail_sms_automation.gateways.base import (
    DeliveryReport,
    GatewayError,
    ReportStatus,
    Throttled,
)
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


REFERENCE = "5f0c9f0e-4f1c-4a36-8d1e-3a54a4b8a001"
RECIPIENT = "+33612345678"
SINCE = datetime(2026, 7, 1, 16, 16, tzinfo=UTC)
UNTIL = datetime(2026, 7, 1, 16, 36, tzinfo=UTC)


class ImpatientGateway(MessageBirdGateway):
    timeout = (0.5, 0.3)


@pytest.fixture
def gateway(fake):
    return ImpatientGateway("default", fake.options())


def message(reference=REFERENCE, *, gateway_id="abc", recipient=33612345678, **item):
    item = {"recipient": recipient, "status": "delivered", **item}
    item.setdefault("statusDatetime", "2026-07-01T16:17:00+00:00")
    return {
        "id": gateway_id,
        "direction": "mt",
        "reference": reference,
        "body": "Thank you.",
        "recipients": {"totalCount": 1, "items": [item]},
    }


def others(count):
    """Messages of somebody else, one without a reference."""
    return [message(None), *(message(f"other-{n}") for n in range(count - 1))]


def page(*messages, total=None):
    total = len(messages) if total is None else total
    document = {"offset": 0, "limit": 20, "count": len(messages), "totalCount": total}
    return answers.as_json(200, {**document, "items": list(messages)})


def look_up(gateway, recipient=RECIPIENT, since=SINCE):
    return gateway.look_up(REFERENCE, recipient, since, UNTIL)


def fault(gateway, kind=GatewayError):
    with pytest.raises(kind) as caught:
        look_up(gateway)
    assert "test_key" not in str(caught.value)
    return caught.value


def test_request(fake, gateway):
    fake.will(page())
    look_up(gateway, since=SINCE.astimezone(timezone(timedelta(hours=2))))

    [request] = fake.requests
    address = urlsplit(request.path)
    assert (request.method, address.path, request.body) == ("GET", "/messages", b"")
    assert request.headers["authorization"] == "AccessKey test_key"
    assert parse_qs(address.query) == {
        "recipient": ["33612345678"],
        # Its clock may differ from ours.
        "from": ["2026-07-01T15:16:00+00:00"],
        "until": ["2026-07-01T17:36:00+00:00"],
        "limit": ["20"],
        "offset": ["0"],
    }


def test_found(fake, gateway):
    fake.will(page(*others(3), message(gateway_id="e80"), *others(2)))

    assert look_up(gateway) == DeliveryReport(
        status=ReportStatus.DELIVERED,
        provider_status="delivered",
        gateway_id="e80",
        reference=REFERENCE,
        recipient="33612345678",
        reported_at=datetime(2026, 7, 1, 16, 17, tzinfo=UTC),
        payload={
            "recipient": 33612345678,
            "status": "delivered",
            "statusDatetime": "2026-07-01T16:17:00+00:00",
        },
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("scheduled", ReportStatus.SCHEDULED),
        ("sent", ReportStatus.SENT),
        ("buffered", ReportStatus.BUFFERED),
        ("delivered", ReportStatus.DELIVERED),
        ("expired", ReportStatus.EXPIRED),
        ("delivery_failed", ReportStatus.FAILED),
        ("teleported", None),
    ],
)
def test_statuses(fake, gateway, word, status):
    fake.will(page(message(status=word)))
    report = look_up(gateway)

    assert (report.status, report.provider_status) == (status, word)


def test_found_but_failed(fake, gateway):
    fake.will(
        page(
            message(
                status="delivery_failed",
                statusReason="opted\0 out",
                statusErrorCode=103,
                statusDatetime="yesterday-ish",
            )
        )
    )
    report = look_up(gateway)

    assert (report.error_code, report.reason) == ("103", "opted out")
    assert report.is_opt_out
    assert report.reported_at is None


def test_the_body_is_not_kept(fake, gateway):
    fake.will(page(message()))

    assert "Thank you." not in str(look_up(gateway))


def test_the_recipient_among_others(fake, gateway):
    listed = message(status="sent")
    listed["recipients"]["items"].insert(0, {"recipient": 33600000000})
    fake.will(page(listed))

    assert look_up(gateway).recipient == "33612345678"


@pytest.mark.parametrize("recipient", ["33612345678", "+33612345678"])
def test_a_recipient_is_written_in_several_ways(fake, gateway, recipient):
    fake.will(page(message(recipient=recipient)))

    assert look_up(gateway).status is ReportStatus.DELIVERED


# Pages


def test_found_on_a_later_page(fake, gateway):
    fake.will(
        page(*others(20), total=43),
        page(*others(20), total=43),
        page(*others(2), message(), total=43),
    )

    assert look_up(gateway).gateway_id == "abc"
    offsets = [
        parse_qs(urlsplit(request.path).query)["offset"] for request in fake.requests
    ]
    assert offsets == [["0"], ["20"], ["40"]]


def test_no_page_is_read_after_it_is_found(fake, gateway):
    fake.will(page(message(), *others(19), total=400))
    look_up(gateway)

    assert len(fake.requests) == 1


def test_on_none_of_the_pages(fake, gateway):
    fake.will(page(*others(20), total=25), page(*others(5), total=25))

    assert look_up(gateway) is None
    assert len(fake.requests) == 2


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list(fake, gateway, items):
    fake.will(answers.as_json(200, {"items": items, "totalCount": 0}))

    assert look_up(gateway) is None


def test_too_many_pages(fake, gateway, monkeypatch):
    monkeypatch.setattr(messagebird_list, "MOST_PAGES", 3)
    fake.will(*[page(*others(20), total=61)] * 3)

    assert "too many pages" in str(fault(gateway))
    assert len(fake.requests) == 3


def test_a_list_that_is_read_too_slowly(fake, gateway, monkeypatch):
    monkeypatch.setattr(messagebird_list, "READ_FOR", 0)
    fake.will(page(*others(20), total=25))

    assert "too long" in str(fault(gateway))
    assert len(fake.requests) == 1


def test_a_list_that_ends_early(fake, gateway):
    fake.will(page(*others(20), total=25), page(total=25))

    assert "before it is complete" in str(fault(gateway))


def test_a_fault_on_a_later_page(fake, gateway):
    fake.will(page(*others(20), total=25), answers.error(500, 99, "Internal error"))

    fault(gateway)


# It cannot be told


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422, 500, 503])
def test_refused(fake, gateway, status):
    """A 404 may come of a wrong address: it never means that there is no message."""
    fake.will(answers.error(status, 20, "not found"))

    assert str(fault(gateway)) == f"MessageBird answered {status}: 20 not found"


def test_too_many_questions(fake, gateway):
    fake.will(answers.error(429, 99, "Slow down", retry_after="17"))

    assert fault(gateway, Throttled).retry_after == 17


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(answers.html(), id="HTML"),
        pytest.param(answers.Answer(200), id="empty"),
        pytest.param(answers.Answer(200, b'{"items": [{"id"'), id="cut JSON"),
        pytest.param(answers.Answer(200, b"[" * 100_000), id="deep"),
        pytest.param(answers.as_json(200, []), id="a list"),
        pytest.param(answers.as_json(200, None), id="null"),
        pytest.param(answers.as_json(200, {}), id="an empty object"),
        pytest.param(answers.as_json(200, {"totalCount": 0}), id="no items"),
        pytest.param(answers.as_json(200, {"items": []}), id="no total"),
        pytest.param(
            answers.as_json(200, {"items": [], "totalCount": "0"}), id="total a text"
        ),
        pytest.param(
            answers.as_json(200, {"items": [], "totalCount": True}), id="total true"
        ),
        pytest.param(
            answers.as_json(200, {"items": None, "totalCount": 3}), id="items null"
        ),
        pytest.param(
            answers.as_json(200, {"items": {"a": 1}, "totalCount": 1}), id="an object"
        ),
        pytest.param(
            answers.as_json(200, {"items": ["a"], "totalCount": 1}), id="a text in it"
        ),
        pytest.param(answers.error(200, 10, "no"), id="an error"),
        pytest.param(answers.redirect(302, "/elsewhere"), id="redirect"),
        pytest.param(answers.reset, id="reset"),
        pytest.param(answers.hang, id="no answer"),
    ],
)
def test_an_answer_that_cannot_be_read(fake, gateway, answer):
    fake.will(answer)

    fault(gateway)


@pytest.mark.parametrize(
    "recipients",
    [
        None,
        [],
        {},
        {"items": None},
        {"items": ["33612345678"]},
        {"items": [{"recipient": 33600000000, "status": "sent"}]},
        {"items": [{"status": "sent"}]},
    ],
)
def test_found_without_its_recipient(fake, gateway, recipients):
    fake.will(page({**message(), "recipients": recipients}))

    assert "not its recipient" in str(fault(gateway))


def test_found_but_nested_too_deeply(fake, gateway):
    deep = 0
    for _level in range(50):
        deep = [deep]
    fake.will(page(message(statusReason=deep)))

    assert "too deeply" in str(fault(gateway))


def test_nobody_is_there(fake):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{reserved.getsockname()[1]}/"
        fault(MessageBirdGateway("default", fake.options(ENDPOINT=endpoint)))


def test_without_a_key(fake):
    gateway = MessageBirdGateway("default", fake.options(ACCESS_KEY=""))

    assert fault(gateway).is_account_fault
    assert fake.requests == []
