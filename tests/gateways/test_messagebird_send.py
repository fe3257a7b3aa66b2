"""Sending through MessageBird: what goes out, and each outcome."""

import os
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import urllib3.util.connection

from tests.gateways import fake_messagebird as answers
from tests.gateways.tls import serve_tls_once
from wagtail_sms_automation.gateways import messagebird_http
from wagtail_sms_automation.gateways.base import (
    NotSent,
    Rejected,
    Sent,
    Submission,
    Throttled,
    Unknown,
)
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


REFERENCE = "5f0c9f0e-4f1c-4a36-8d1e-3a54a4b8a001"
#: Surely long enough to notice that nobody waited for it.
LONG = 30


class ImpatientGateway(MessageBirdGateway):
    timeout = (0.5, 0.3)


@pytest.fixture
def gateway(fake):
    return MessageBirdGateway("default", fake.options())


def submission(**changes):
    values = {
        "reference": REFERENCE,
        "originator": "+33937000001",
        "recipient": "+33612345678",
        "body": "Žluťoučký 😀 “q”\n€",
        "report_url": "https://example.com/sms/default/delivery-report/?a=1",
    }
    return Submission(**{**values, **changes})


def outcome(gateway, kind, **changes):
    """What send() raises, having made sure of its kind."""
    with pytest.raises(kind) as caught:
        gateway.send(submission(**changes))
    assert type(caught.value) is kind
    assert "test_key" not in str(caught.value)
    return caught.value


# What goes out


def test_request(fake, gateway):
    gateway.send(submission())

    [request] = fake.requests
    assert (request.method, request.path) == ("POST", "/messages")
    assert request.headers["authorization"] == "AccessKey test_key"
    assert request.headers["content-type"] == "application/json; charset=UTF-8"
    assert request.headers["user-agent"].startswith("MessageBird/ApiClient/")
    assert request.json == {
        "originator": "33937000001",
        "recipients": "33612345678",
        "body": "Žluťoučký 😀 “q”\n€",
        "datacoding": "auto",
        "reference": REFERENCE,
        "reportUrl": "https://example.com/sms/default/delivery-report/?a=1",
    }


def test_no_report_url_where_none_is_asked_for(fake, gateway):
    gateway.send(submission(report_url=""))

    assert "reportUrl" not in fake.requests[0].json


@pytest.mark.parametrize("originator", ["Chez Zoé", "36180", "+Pizza"])
def test_names_and_short_codes_stay_as_they_are(fake, gateway, originator):
    gateway.send(submission(originator=originator))

    assert fake.requests[0].json["originator"] == originator


def test_nothing_of_one_message_is_left_in_the_next(fake, gateway):
    gateway.send(submission())
    gateway.send(submission(reference="second", report_url="", body="2"))

    assert fake.requests[1].json == {
        "originator": "33937000001",
        "recipients": "33612345678",
        "body": "2",
        "datacoding": "auto",
        "reference": "second",
    }


def test_text_that_has_no_utf_8_form_is_sent_without_it(fake, gateway):
    gateway.send(submission(body="a\ud83db\x00c"))

    assert fake.requests[0].json["body"] == "abc"


def test_endpoint_with_a_path(fake):
    endpoint = fake.url + "proxy/messagebird"
    gateway = MessageBirdGateway("default", fake.options(ENDPOINT=endpoint))
    gateway.send(submission())

    assert fake.requests[0].path == "/proxy/messagebird/messages"


def test_netrc_does_not_replace_the_access_key(fake, gateway, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    gateway.send(submission())

    assert fake.requests[0].headers["authorization"] == "AccessKey test_key"


def test_proxies_of_the_environment_are_not_used(fake, gateway, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    gateway.send(submission())

    assert len(fake.requests) == 1


# Sent


def test_sent(fake, gateway):
    fake.will(answers.accepted_but(id="e8077d803532c0b5937c639b60216938"))

    assert gateway.send(submission()) == Sent(
        gateway_id="e8077d803532c0b5937c639b60216938"
    )


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(
            answers.as_json(201, {"id": "abc", "recipients": {}}), id="no items"
        ),
        pytest.param(
            answers.as_json(201, {"id": "abc", "recipients": None}), id="no recipients"
        ),
        pytest.param(answers.as_json(200, {"id": "abc"}), id="id alone"),
        pytest.param(
            answers.as_json(201, {"id": "abc", "createdDatetime": "yesterday-ish"}),
            id="a date that is none",
        ),
        pytest.param(
            answers.as_json(201, {"id": "abc", "errors": []}), id="an empty error list"
        ),
        pytest.param(
            answers.as_json(201, {"id": "abc", "errors": None}), id="errors null"
        ),
        pytest.param(answers.as_json(202, {"id": "abc"}), id="202"),
        pytest.param(answers.as_json(201, {"id": "a\x00bc"}), id="NUL in the id"),
    ],
)
def test_an_answer_with_an_id_is_sent_whatever_the_sdk_makes_of_it(
    fake, gateway, behaviour
):
    fake.will(behaviour)

    assert gateway.send(submission()) == Sent(gateway_id="abc")


def test_a_number_as_id(fake, gateway):
    fake.will(answers.accepted_but(id=12345))

    assert gateway.send(submission()) == Sent(gateway_id="12345")


def test_slow_answer(fake):
    """The timeout bounds each piece of the answer, not all of them together."""
    fake.will(answers.drip(0.02))

    assert ImpatientGateway("default", fake.options()).send(submission()) == Sent(
        gateway_id="slow"
    )


# Rejected


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 422, 451])
def test_refused(fake, gateway, status):
    fake.will(answers.error(status, 21, "Bad request"))
    error = outcome(gateway, Rejected)

    assert str(error) == f"MessageBird answered {status}: 21 Bad request"
    assert error.code == "21"
    assert not error.is_retryable
    assert not error.is_account_fault
    assert not error.is_opt_out
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [400, 403, 422])
def test_refused_because_the_recipient_has_sent_stop(fake, gateway, status):
    fake.will(answers.error(status, 103, "recipient has opted out"))
    error = outcome(gateway, Rejected)

    assert error.is_opt_out
    assert error.code == "103"


@pytest.mark.parametrize("code", [0, 10, 1030, -103])
def test_refused_for_another_reason_than_stop(fake, gateway, code):
    fake.will(answers.error(422, code, "103"))

    assert not outcome(gateway, Rejected).is_opt_out


@pytest.mark.parametrize("status", [400, 401, 402, 403, 422])
def test_a_trial_account_is_refused_this_number_only(fake, gateway, status):
    text = "during your test period you can only send messages to your own number"
    fake.will(answers.error(status, 9, text))

    assert outcome(gateway, Rejected).code == "9"


def test_refused_with_the_parameter_at_fault(fake, gateway):
    document = {
        "errors": [
            {"code": 9, "description": "no (correct) recipients found"}
            | {"parameter": "recipients"}
        ]
    }
    fake.will(answers.as_json(422, document))
    error = outcome(gateway, Rejected)

    assert "9 no (correct) recipients found (recipients)" in str(error)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(answers.html(404), id="HTML"),
        pytest.param(answers.Answer(404), id="empty"),
        pytest.param(answers.as_json(404, ["no"]), id="a list"),
        pytest.param(answers.as_json(404, {"errors": {}}), id="errors not a list"),
        pytest.param(answers.as_json(404, {"errors": []}), id="no error"),
        pytest.param(answers.Answer(404, b"[" * 100_000), id="deep"),
    ],
)
def test_refused_without_a_reason(fake, gateway, behaviour):
    fake.will(behaviour)
    error = outcome(gateway, Rejected)

    assert str(error) == "MessageBird answered 404: it gave no reason"
    assert error.code == ""


def test_reason_that_is_a_text(fake, gateway):
    fake.will(answers.as_json(404, {"errors": ["not\x00 yours"]}))

    assert str(outcome(gateway, Rejected)).endswith("404: not yours")


def test_long_reason_is_cut(fake, gateway):
    fake.will(answers.error(422, 10, "x" * 5000))

    assert len(str(outcome(gateway, Rejected))) < 600


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(fake, gateway, status):
    fake.will(answers.redirect(status, fake.url + "elsewhere"))
    error = outcome(gateway, Rejected)

    assert str(error) == f"MessageBird answered {status}: ENDPOINT is a redirect."
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [200, 201])
def test_errors_in_a_good_answer(fake, gateway, status):
    fake.will(answers.error(status, 10, "originator is invalid"))
    error = outcome(gateway, Rejected)

    assert str(error) == "MessageBird refused: 10 originator is invalid"
    assert error.code == "10"


def test_stop_in_a_good_answer(fake, gateway):
    fake.will(answers.error(200, 103, "recipient has opted out"))

    assert outcome(gateway, Rejected).is_opt_out


# The account is at fault


@pytest.mark.parametrize("status", [401, 402, 403])
@pytest.mark.parametrize("code", [0, 2, 20, 25, 99])
def test_account_at_fault(fake, gateway, status, code):
    fake.will(answers.error(status, code, "no"))
    error = outcome(gateway, NotSent)

    assert error.is_account_fault
    assert error.is_retryable
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 400, 404, 405, 422])
@pytest.mark.parametrize(
    ("code", "words"),
    [(2, "Request not allowed (incorrect access_key)"), (25, "Not enough balance")],
)
def test_account_at_fault_by_its_code(fake, gateway, status, code, words):
    fake.will(answers.error(status, code, words))
    error = outcome(gateway, NotSent)

    assert error.is_account_fault
    assert error.code == str(code)
    assert str(error).endswith(f": {code} {words}")


@pytest.mark.parametrize("answer", [answers.html(403), answers.Answer(401)])
def test_account_at_fault_without_a_reason(fake, gateway, answer):
    fake.will(answer)
    error = outcome(gateway, NotSent)

    assert error.is_account_fault
    assert str(error) == f"MessageBird answered {answer.status}: it gave no reason"


@pytest.mark.parametrize("code", [2, 25])
def test_a_server_fault_is_no_fault_of_the_account(fake, gateway, code):
    """It may have taken the message."""
    fake.will(answers.error(503, code, "no"))

    assert not outcome(gateway, Unknown).is_account_fault


# Throttled


def test_throttled_for_some_seconds(fake, gateway):
    fake.will(answers.error(429, 99, "Slow down", retry_after="17"))
    error = outcome(gateway, Throttled)

    assert error.retry_after == 17
    assert error.code == "99"
    assert error.is_retryable
    assert len(fake.requests) == 1


def test_throttled_until_a_date(fake, gateway):
    until = datetime.now(UTC) + timedelta(seconds=90)
    moment = format_datetime(until, usegmt=True)
    fake.will(answers.error(429, 99, "Slow down", retry_after=moment))

    assert 85 < outcome(gateway, Throttled).retry_after <= 90


def test_throttled_until_a_date_that_has_passed(fake, gateway):
    moment = "Wed, 21 Oct 2015 07:28:00 GMT"
    fake.will(answers.error(429, 99, "Slow down", retry_after=moment))

    assert outcome(gateway, Throttled).retry_after == 0


@pytest.mark.parametrize("retry_after", [None, "", "soon", "-5", "1e9", "nan", "²"])
def test_throttled_without_a_time(fake, gateway, retry_after):
    fake.will(answers.error(429, 99, "Slow down", retry_after=retry_after))

    assert outcome(gateway, Throttled).retry_after is None


# Not sent


def test_connection_refused(fake):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{reserved.getsockname()[1]}/"
        gateway = MessageBirdGateway("default", fake.options(ENDPOINT=endpoint))
        error = outcome(gateway, NotSent)

    assert "Connection refused" in str(error)
    assert error.is_retryable
    assert not error.is_account_fault


def fail_to_connect(monkeypatch, *faults):
    """Make the next attempts to connect fail; returns what is left of them."""
    left, connect = list(faults), urllib3.util.connection.create_connection

    def create_connection(*args, **kwargs):
        if left:
            raise left.pop(0)
        return connect(*args, **kwargs)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", create_connection)
    return left


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(socket.gaierror(-2, "Name or service not known"), id="DNS"),
        pytest.param(ConnectionRefusedError(111, "Connection refused"), id="refused"),
        pytest.param(TimeoutError("timed out"), id="connect timeout"),
        pytest.param(OSError(101, "Network is unreachable"), id="unreachable"),
        pytest.param(BrokenPipeError(32, "Broken pipe"), id="reset in the handshake"),
    ],
)
def test_not_connected(fake, gateway, monkeypatch, fault):
    left = fail_to_connect(monkeypatch, fault, fault, fault)
    outcome(gateway, NotSent)

    assert left == []
    assert fake.requests == []


def test_connecting_is_tried_three_times(fake, gateway, monkeypatch):
    fault = ConnectionRefusedError(111, "Connection refused")
    fail_to_connect(monkeypatch, fault, fault)

    assert gateway.send(submission()).gateway_id
    assert len(fake.requests) == 1


@pytest.mark.parametrize("endpoint", ["rest.messagebird.com", "ftp://x/", "http:///"])
def test_endpoint_that_is_none(fake, endpoint):
    gateway = MessageBirdGateway("default", fake.options(ENDPOINT=endpoint))

    outcome(gateway, NotSent)


@pytest.mark.parametrize("access_key", ["", None, "test_key\n", "test key", "clé"])
def test_access_key_that_is_none(fake, access_key):
    gateway = MessageBirdGateway("default", fake.options(ACCESS_KEY=access_key))

    error = outcome(gateway, NotSent)

    assert "ACCESS_KEY" in str(error)
    assert error.is_account_fault
    assert fake.requests == []


def test_the_server_is_not_who_it_says(fake, tmp_path):
    """A certificate nobody vouches for ends the talk before the key is shown."""
    endpoint = f"https://127.0.0.1:{serve_tls_once(tmp_path)}/"
    gateway = MessageBirdGateway("default", fake.options(ENDPOINT=endpoint))

    assert "CERTIFICATE_VERIFY_FAILED" in str(outcome(gateway, NotSent))


# Unknown


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_server_fault(fake, gateway, status):
    fake.will(answers.error(status, 99, "Internal error", retry_after="5"))
    error = outcome(gateway, Unknown)

    assert str(error) == f"MessageBird answered {status}: 99 Internal error"
    assert not error.is_retryable
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(answers.html(), id="HTML"),
        pytest.param(answers.Answer(201), id="empty"),
        pytest.param(answers.Answer(204), id="204"),
        pytest.param(answers.Answer(201, b"\xff\xfe\x00"), id="no text"),
        pytest.param(answers.Answer(201, b"[" * 100_000), id="deep"),
        pytest.param(answers.as_json(201, "OK"), id="a text"),
        pytest.param(answers.as_json(201, []), id="a list"),
        pytest.param(answers.as_json(201, None), id="null"),
        pytest.param(answers.as_json(201, 5), id="a number"),
        pytest.param(answers.as_json(201, {}), id="an empty object"),
        pytest.param(answers.as_json(201, {"id": None}), id="id null"),
        pytest.param(answers.as_json(201, {"id": ""}), id="id empty"),
        pytest.param(answers.as_json(201, {"id": "\x00"}), id="id NUL"),
        pytest.param(answers.as_json(201, {"id": True}), id="id true"),
        pytest.param(answers.as_json(201, {"id": {}}), id="id an object"),
        pytest.param(answers.as_json(201, {"errors": []}), id="no error"),
        pytest.param(answers.as_json(201, {"recipients": {}}), id="no items, no id"),
        pytest.param(answers.accepted_without("id"), id="no id"),
        pytest.param(answers.cut_json, id="cut JSON"),
        pytest.param(answers.cut_off, id="cut off"),
        pytest.param(answers.reset, id="reset"),
    ],
)
def test_answer_that_cannot_be_read(fake, gateway, behaviour):
    fake.will(behaviour)
    error = outcome(gateway, Unknown)

    assert not error.is_retryable
    assert len(fake.requests) == 1


def test_reset_before_the_request_is_read(fake, gateway):
    fake.resets = 1
    outcome(gateway, Unknown)

    assert fake.requests == []


def test_no_answer(fake):
    fake.will(answers.hang)
    error = outcome(ImpatientGateway("default", fake.options()), Unknown)

    assert "Read timed out" in str(error)
    assert len(fake.requests) == 1


def test_the_next_message_goes_out_after_any_fault(fake):
    gateway = ImpatientGateway("default", fake.options())
    faults = [answers.hang, answers.reset, answers.cut_off, answers.html(500)]
    fake.will(*faults)
    for _ in faults:
        outcome(gateway, Unknown)

    assert gateway.send(submission()).gateway_id
    assert len(fake.requests) == len(faults) + 1


def test_timeouts():
    assert MessageBirdGateway.timeout == (3.05, 15.0)


# Connections


def test_one_connection_carries_many_messages(fake, gateway):
    for _ in range(20):
        gateway.send(submission())

    assert fake.connections == 1


def test_refusals_keep_the_connection(fake, gateway):
    fake.will(answers.error(422, 9, "no"), answers.error(429, 99, "slow"))
    outcome(gateway, Rejected)
    outcome(gateway, Throttled)
    gateway.send(submission())

    assert fake.connections == 1


def test_a_connection_that_has_rested_too_long_is_not_used_again(
    fake, gateway, monkeypatch
):
    now = [1000.0]
    monkeypatch.setattr(messagebird_http.time, "monotonic", lambda: now[0])
    gateway.send(submission())
    now[0] += 19
    gateway.send(submission())
    connections_within_the_limit = fake.connections
    now[0] += 21
    gateway.send(submission())
    gateway.send(submission())

    assert connections_within_the_limit == 1
    assert fake.connections == 2


def test_each_thread_has_its_own_connection(fake, gateway):
    ids, barrier = [], threading.Barrier(4)

    def send():
        barrier.wait()
        for _ in range(5):
            ids.append(gateway.send(submission()).gateway_id)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)

    assert len(set(ids)) == 20
    by_connection = [request.connection for request in fake.requests]
    assert sorted(by_connection) == [1] * 5 + [2] * 5 + [3] * 5 + [4] * 5


FORKING = """
import os, sys
from wagtail_sms_automation.gateways.base import Submission
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway

gateway = MessageBirdGateway(
    "default", {"ACCESS_KEY": "test_key", "ENDPOINT": sys.argv[1]}
)

def send(name):
    gateway.send(
        Submission(
            reference=name,
            originator="Zoe",
            recipient="+33612345678",
            body=f"{name} {os.getpid()}",
        )
    )

send("parent")
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        for _ in range(10):
            send(f"child-{number}")
        os._exit(0)
    children.append(child)
for _ in range(10):
    send("parent")
failed = [os.waitpid(child, 0)[1] for child in children]
send("parent")
sys.exit(any(failed))
"""


def test_a_forked_process_opens_a_connection_of_its_own(fake):
    """As django-q2 and gunicorn do: the parent sends, forks, and all send at once."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    subprocess.run(
        [sys.executable, "-c", FORKING, fake.url],
        check=True,
        env={**os.environ, "PYTHONPATH": root},
        timeout=LONG,
    )

    assert len(fake.requests) == 32
    processes = {
        (request.connection, request.json["body"].split()[1])
        for request in fake.requests
    }
    assert len(processes) == fake.connections == 3
