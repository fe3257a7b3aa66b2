"""The article's conversation for real: signed webhooks, a cluster, a provider.

The stand-in for MessageBird is the only thing here that is not what a restaurant runs.
"""

import hashlib
import time
import uuid
from urllib.parse import urlencode

import jwt
import pytest
import requests

from ..gateways.fake_messagebird import FakeMessageBird
from .conftest import FORWARD_EMAIL, FORWARD_MOBILE, POSTGRES
from .site_processes import wait_for
from .test_load_restaurant import order_flow


pytestmark = pytest.mark.processes

SIGNING_KEY = "journey-signing-key-of-32-characters"
ORIGINATOR = "+33937000037"
CUSTOMER = "+33612345678"
OTHER = "+33687654321"
#: A piece of our own example: who copies it must be answered.
ORDER = "FOOD 2x1, 1x5, 12 Port Street"

GROUPS = """
answer = {
    group.name: sorted(
        group.contacts.filter(first_name="").values_list("phone_number", flat=True)
    )
    for group in ContactGroup.objects.all()
}
"""

OPT_OUT_TEXT = "Chez Lea: we will not text you again. Reply START to change your mind."


def reply(stage):
    """The text that a stage of the flow answers with."""
    return order_flow()["automations"][stage - 1]["reply"]


def signature(url, body=b"", key=SIGNING_KEY):
    """Sign a request as the provider's documentation says."""
    now = int(time.time())
    claims = {
        "iss": "MessageBird",
        "nbf": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
    }
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    token = jwt.encode(claims, key, algorithm="HS256")
    return {"MessageBird-Signature-JWT": token}


class Journey:
    """A customer's side of the conversation, and the provider's."""

    def __init__(self, demo, provider):
        self.demo, self.provider = demo, provider

    def text(self, body, *, originator=CUSTOMER, gateway_id=None, key=SIGNING_KEY):
        """Text the restaurant; return the answer to the webhook."""
        url = f"{self.demo.url}/sms/default/inbound/"
        form = {
            "id": gateway_id or uuid.uuid4().hex,
            "originator": originator.lstrip("+"),
            "recipient": ORIGINATOR.lstrip("+"),
            "body": body,
            "createdDatetime": "2026-07-01T18:30:00+00:00",
        }
        content = urlencode(form).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            **signature(url, content, key),
        }
        return requests.post(url, content, headers=headers, timeout=20)

    def report(self, submission, status):
        """Report what became of a text, as the provider does: a signed GET."""
        query = {
            "id": uuid.uuid4().hex,
            "reference": submission["reference"],
            "recipient": submission["recipients"],
            "status": status,
            "statusDatetime": "2026-07-01T18:30:05+00:00",
        }
        url = f"{submission['reportUrl']}?{urlencode(query)}"
        return requests.get(url, headers=signature(url), timeout=20)

    def received_by(self, number):
        """The bodies that the provider was given for a number."""
        return [
            s["body"] for s in self.submissions() if f"+{s['recipients']}" == number
        ]

    def submissions(self):
        """All that the provider was given."""
        return [request.json for request in list(self.provider.requests)]

    def wait_for_texts(self, number, count):
        """Wait until a number has been sent so many texts, and return them."""
        wait_for(lambda: len(self.received_by(number)) >= count, 30)
        return self.received_by(number)


@pytest.fixture
def journey(make_site, tmp_path, broker):
    """The site, its cluster and the provider, all running."""
    with FakeMessageBird() as provider:
        site = make_site(
            MESSAGEBIRD_ENDPOINT=provider.url,
            MESSAGEBIRD_ACCESS_KEY="live_key",
            MESSAGEBIRD_SIGNING_KEY=SIGNING_KEY,
            SMS_ORIGINATOR=ORIGINATOR,
            EMAIL_FILE_PATH=str(tmp_path / "mails"),
            **broker,
        )
        with site.demo(tmp_path / "log") as demo:
            demo.wait_until_open()
            yield Journey(demo, provider)


@pytest.fixture(params=["orm", "redis"])
def broker(request):
    """The environment that chooses the broker."""
    if request.param == "orm":
        return {}
    import redis

    # Two runs of the tests, one on PostgreSQL, may go side by side.
    url = f"redis://127.0.0.1:6379/{14 if POSTGRES else 15}"
    try:
        redis.Redis.from_url(url).delete("django_q:chez_lea:q")
    except redis.ConnectionError:
        pytest.skip("NO REDIS at 127.0.0.1:6379: the Redis broker is not tested.")
    return {"REDIS_URL": url}


def test_the_article_s_conversation(journey, tmp_path):
    site = journey.demo.site
    conversation = [
        ("ORDER", reply(1)),
        ("MENU", reply(2)),
        ("DELIVERY", reply(3)),
        (ORDER, reply(5)),
    ]
    for count, (body, _) in enumerate(conversation, start=1):
        answer = journey.text(body)
        assert (answer.status_code, answer.text) == (200, "OK")
        journey.wait_for_texts(CUSTOMER, count)
    journey.text("PICKUP", originator=OTHER)
    journey.wait_for_texts(OTHER, 1)
    (forwarded,) = journey.wait_for_texts(FORWARD_MOBILE, 1)
    (mail,) = wait_for(lambda: list((tmp_path / "mails").glob("*.log")), 20)
    mail = wait_for(lambda: ORDER in mail.read_text() and mail.read_text(), 20)

    assert journey.received_by(CUSTOMER) == [reply for _, reply in conversation]
    assert journey.received_by(OTHER) == [reply(4)]
    assert ORDER in forwarded
    assert CUSTOMER in forwarded
    assert f"To: {FORWARD_EMAIL}" in mail
    assert CUSTOMER in mail
    assert len(journey.submissions()) == 6
    for submission in journey.submissions():
        assert submission["originator"] == ORIGINATOR.lstrip("+")
        assert submission["reportUrl"] == (
            f"{journey.demo.url}/sms/default/delivery-report/"
        )
    assert site.ask(GROUPS) == {
        "Delivery customers": [CUSTOMER],
        "Pickup customers": [OTHER],
        "SMS orders": [CUSTOMER],
    }

    first = journey.submissions()[0]
    assert journey.report(first, "delivered").status_code == 200
    # A late one moves nothing back.
    assert journey.report(first, "sent").status_code == 200
    states = dict(
        site.ask("""
answer = list(OutboundMessage.objects.values_list("reference", "state"))
""")
    )
    assert states.pop(first["reference"]) == "delivered"
    assert set(states.values()) == {"sent"}


@pytest.mark.parametrize("broker", ["orm"], indirect=True)
def test_repeated_forged_and_opting_out_texts(journey):
    gateway_id = uuid.uuid4().hex
    for _ in range(3):
        assert journey.text("ORDER", gateway_id=gateway_id).status_code == 200
    journey.wait_for_texts(CUSTOMER, 1)
    assert journey.text("MENU", key="x" * 32).status_code == 401
    assert journey.text("STOP").status_code == 200
    assert journey.text("Stop").status_code == 200
    # Who asks is answered, opted out or not.
    assert journey.text("ORDER").status_code == 200
    journey.wait_for_texts(CUSTOMER, 3)
    journey.text("ORDER", originator=OTHER)
    journey.wait_for_texts(OTHER, 1)

    assert journey.received_by(CUSTOMER) == [reply(1), OPT_OUT_TEXT, reply(1)]
    opted_out, bodies = journey.demo.site.ask("""
answer = [
    list(Contact.objects.opted_out().values_list("phone_number", flat=True)),
    list(InboundMessage.objects.order_by("pk").values_list("body", flat=True)),
]
""")
    assert opted_out == [CUSTOMER]
    assert bodies == ["ORDER", "STOP", "Stop", "ORDER", "ORDER"]
