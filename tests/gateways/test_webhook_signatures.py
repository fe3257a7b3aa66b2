"""What every gateway accepts and refuses, whatever its signature looks like."""

import pytest

from tests.gateways.webhook_requests import ADDRESS, get, post, replaced, signed
from wagtail_sms_automation.gateways.base import BadSignature, Gateway
from wagtail_sms_automation.gateways.locmem import LocMemGateway
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway
from wagtail_sms_automation.gateways.sandbox import SandboxGateway


REQUESTS = {
    "GET": get({"originator": "33612345678", "body": "ORDER ça", "id": "1"}),
    "POST": post({"originator": "33612345678", "body": "ORDER ça", "id": "1"}),
    "JSON": post('{"originator": "33612345678", "body": "ça"}', "application/json"),
    "empty POST": post(""),
}


@pytest.fixture(params=["messagebird", "sandbox", "locmem"])
def gateway(request):
    options = {"ACCESS_KEY": "key", "SIGNING_KEYS": ["k" * 32]}
    return {
        "messagebird": lambda: MessageBirdGateway("default", options),
        "sandbox": lambda: SandboxGateway("default", {}),
        "locmem": lambda: LocMemGateway("default", {}),
    }[request.param]()


@pytest.fixture(params=REQUESTS)
def request_(request):
    return REQUESTS[request.param]


def refused(gateway, request):
    with pytest.raises(BadSignature) as caught:
        gateway.verify(request)
    return str(caught.value)


def test_signed(gateway, request_):
    assert gateway.verify(signed(gateway, request_)) is None


def test_signed_twice_is_accepted_twice(gateway, request_):
    """A provider that repeats a webhook may repeat its signature."""
    request = signed(gateway, request_)
    gateway.verify(request)

    assert gateway.verify(request) is None


def test_signed_for_any_of_our_addresses(gateway, request_):
    request = signed(gateway, request_)
    urls = ("https://elsewhere.example/sms/default/inbound/", *request.urls)

    assert gateway.verify(replaced(request, urls=urls)) is None


def test_header_names_in_lower_case(gateway):
    headers = gateway.sign("POST", ADDRESS, b"body=1")

    assert headers
    assert all(name == name.lower() for name in headers)


def test_no_signature(gateway, request_):
    assert refused(gateway, request_)


@pytest.mark.parametrize(
    "value", ["", " ", "x", "a.b.c", "..", "é", "\x00", "=" * 9000]
)
def test_bad_signature(gateway, request_, value):
    name = next(iter(gateway.sign("GET", ADDRESS, b"")))

    assert refused(gateway, replaced(request_, headers={name: value}))


def test_signature_with_its_last_character_gone(gateway, request_):
    headers = gateway.sign(request_.method, request_.urls[0], request_.body)
    cut = {name: value[:-1] for name, value in headers.items()}

    assert refused(gateway, replaced(request_, headers=cut))


def test_altered_body(gateway):
    request = signed(gateway, REQUESTS["POST"])
    altered = request.body.replace(b"ORDER", b"OTHER")

    assert refused(gateway, replaced(request, body=altered))


def test_body_taken_away(gateway):
    request = signed(gateway, REQUESTS["POST"])

    assert refused(gateway, replaced(request, body=b""))


def test_body_added(gateway):
    request = signed(gateway, REQUESTS["GET"])

    assert refused(gateway, replaced(request, body=b"originator=33600000000&body=x"))


def test_altered_query(gateway):
    request = signed(gateway, REQUESTS["GET"])
    altered = request.query.replace("ORDER", "OTHER")

    assert refused(gateway, replaced(request, query=altered))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.fr/sms/default/delivery-report/",
        "http://www.example.fr/sms/default/inbound/",
        "https://www.example.fr:443/sms/default/inbound/",
        "https://example.fr/sms/default/inbound/",
        "https://www.example.fr/sms/default/inbound",
        "https://www.example.fr/sms/default/inbound/?",
        "",
    ],
)
def test_altered_url(gateway, url):
    request = signed(gateway, REQUESTS["POST"])

    assert refused(gateway, replaced(request, urls=(url,)))


def test_no_url(gateway):
    assert refused(gateway, replaced(signed(gateway, REQUESTS["POST"]), urls=()))


def test_a_gateway_that_says_nothing_of_webhooks_accepts_none():
    assert refused(Gateway("default", {}), REQUESTS["POST"])
