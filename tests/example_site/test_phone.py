"""The phone page texts the real webhook and shows what comes back."""

import re

import pytest
import requests

from .conftest import FORWARD_MOBILE
from .site_processes import ExampleSite, free_port, wait_for


pytestmark = pytest.mark.processes

NUMBER = "+33612345678"
OTHER = "+33687654321"

#: The phone page in the test client, without a web server behind the webhook.
SEND = """
from django.test import Client
client = Client(headers={"host": "127.0.0.1"})
response = client.post(
    "/phone/", {"originator": %r, "body": "ORDER"}, headers={"accept": %r}
)
answer = [response.status_code, response.content.decode()]
"""


@pytest.fixture(scope="module")
def demo(copy_database, tmp_path_factory):
    """The site, running."""
    site = ExampleSite(copy_database(), SMS_FORWARD_MOBILE=FORWARD_MOBILE)
    with site.demo(tmp_path_factory.mktemp("demo") / "log") as demo:
        demo.wait_until_open()
        yield demo


def texts(demo, number):
    """The texts in a conversation."""
    query = {"number": number}
    messages = demo.get("/phone/conversation/", params=query).json()["messages"]
    return [message["body"] for message in messages]


def post(demo, **fields):
    """Send the form of the page as the browser does."""
    with requests.Session() as session:
        page = session.get(f"{demo.url}/phone/", timeout=20).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        return session.post(
            f"{demo.url}/phone/",
            {"csrfmiddlewaretoken": token, **fields},
            headers={"Accept": "application/json"},
            timeout=20,
        )


def test_a_text_is_answered_on_the_page(demo):
    response = post(demo, originator="06 12 34 56 78", body="ORDER")

    assert response.json() == {"error": "", "number": NUMBER}
    asked, answered = wait_for(
        lambda: len(found := texts(demo, NUMBER)) == 2 and found, 20
    )
    assert asked == "ORDER"
    assert "Reply MENU" in answered
    assert "Reply MENU" in demo.get("/phone/", params={"number": NUMBER}).text
    assert texts(demo, "+33612345679") == []


def test_the_kitchen_is_a_phone_too(demo):
    assert FORWARD_MOBILE in demo.get("/phone/").text

    post(demo, originator=OTHER, body="FOOD 2x1 <b>")

    (forwarded,) = wait_for(lambda: texts(demo, FORWARD_MOBILE), 20)
    assert OTHER in forwarded
    assert "FOOD 2x1 <b>" in forwarded
    page = demo.get("/phone/", params={"number": OTHER}).text
    assert "FOOD 2x1 &lt;b&gt;" in page


def test_a_webhook_that_is_not_there_is_a_clear_error(make_site):
    address = f"http://127.0.0.1:{free_port()}"
    site = make_site(SMS_WEBHOOK_BASE_URL=address)

    status, body = site.ask(SEND % (NUMBER, "application/json"))

    assert status == 502
    assert f"The webhook {address}/sms/default/inbound/ cannot be reached." in body


def test_the_error_stands_on_the_page_without_javascript(make_site):
    site = make_site(SMS_WEBHOOK_BASE_URL=f"http://127.0.0.1:{free_port()}")

    status, page = site.ask(SEND % (NUMBER, "text/html"))

    assert status == 502
    assert "cannot be reached." in page
    assert 'value="ORDER"' in page


def test_a_bad_number_is_refused(site):
    status, body = site.ask(SEND % ("pizza", "application/json"))

    assert status == 400
    assert "A phone number has no letters." in body


def test_there_is_no_phone_page_on_a_public_site(make_site):
    site = make_site(DEBUG="0")

    status, _ = site.ask(SEND % (NUMBER, "application/json"))

    assert status in (404, 405)
