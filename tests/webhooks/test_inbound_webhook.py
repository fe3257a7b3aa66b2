"""The inbound webhook: what is stored, and what is refused, over real requests."""

import logging
import re
from unittest import mock
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from wagtail_sms_automation import gateways
from wagtail_sms_automation.models import Contact, Doorbell, InboundMessage


BASE = "http://testserver"
URL = "/sms/default/inbound/"
FORM = "application/x-www-form-urlencoded"


def fields(**changed):
    """A form as MessageBird's "Forward to URL" sends it, in the sandbox's words."""
    return {
        "id": "a" * 32,
        "originator": "33612000001",
        "recipient": "33939000001",
        "body": "ORDER",
        "createdDatetime": "2026-11-22T18:00:00+00:00",
    } | changed


def post(body, *, url=URL, signed_url=None, content_type=FORM, **extra):
    """Post raw bytes, signed for the public URL."""
    body = body if isinstance(body, bytes) else urlencode(body).encode()
    headers = gateways.get_gateway().sign("POST", signed_url or BASE + url, body)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.generic("POST", url, body, content_type, headers=headers, **extra)


@pytest.mark.django_db
def test_a_signed_message_is_stored_once_and_answered_ok():
    answer = post(fields())

    assert (answer.status_code, answer.content) == (200, b"OK")
    assert answer["Content-Type"].startswith("text/plain")
    message = InboundMessage.objects.get()
    assert message.body == "ORDER"
    assert message.originator == "+33612000001"
    assert message.recipient == "+33939000001"
    assert message.contact is None
    assert message.state == InboundMessage.State.PENDING
    assert message.payload["id"] == "a" * 32


@pytest.mark.django_db
def test_the_same_message_again_is_ok_and_not_stored():
    assert post(fields()).status_code == 200
    assert post(fields()).status_code == 200

    assert InboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_without_an_id_the_same_content_is_stored_once():
    assert post(fields(id="")).status_code == 200
    assert post(fields(id="")).status_code == 200
    assert post(fields(id="", body="MENU")).status_code == 200

    assert InboundMessage.objects.count() == 2


@pytest.mark.django_db
def test_without_id_and_date_a_repetition_in_the_next_minute_is_one():
    changed = {"id": "", "createdDatetime": ""}
    with time_machine.travel("2026-11-22 18:00:59+00:00", tick=False):
        assert post(fields(**changed)).status_code == 200
    with time_machine.travel("2026-11-22 18:01:01+00:00", tick=False):
        assert post(fields(**changed)).status_code == 200
    assert InboundMessage.objects.count() == 1

    with time_machine.travel("2026-11-22 18:05:00+00:00", tick=False):
        assert post(fields(**changed)).status_code == 200
    assert InboundMessage.objects.count() == 2


@pytest.mark.django_db
def test_two_long_ids_that_begin_alike_are_two_messages():
    for ending in ("1", "2"):
        assert post(fields(id="a" * 200 + ending)).status_code == 200

    assert InboundMessage.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/sms/default/inbound", URL])
def test_both_spellings_of_the_url_answer_without_a_redirect(url):
    assert post(fields(), url=url).status_code == 200
    assert InboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_a_get_request_is_a_message_too():
    query = urlencode(fields())
    headers = gateways.get_gateway().sign("GET", f"{BASE}{URL}?{query}", b"")

    answer = Client().get(f"{URL}?{query}", headers=headers)

    assert answer.status_code == 200
    assert InboundMessage.objects.get().body == "ORDER"


@pytest.mark.django_db
def test_a_query_with_raw_bytes_is_read_as_utf8():
    query = "id=1&originator=33612000001&body=" + "Léa".encode().decode("latin-1")
    headers = gateways.get_gateway().sign("GET", f"{BASE}{URL}?{query}", b"")

    answer = Client().get(URL, headers=headers, QUERY_STRING=query)

    assert answer.status_code == 200
    assert InboundMessage.objects.get().body == "Léa"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "signed_url",
    ["http://evil.example" + URL, BASE + "/sms/default/delivery-report/"],
    ids=["another host", "another path"],
)
def test_a_signature_for_another_url_is_refused(signed_url):
    assert post(fields(), signed_url=signed_url).status_code == 401
    assert not InboundMessage.objects.exists()


@pytest.mark.django_db
def test_the_host_header_has_no_say():
    answer = post(
        fields(), signed_url="http://evil.example" + URL, HTTP_HOST="evil.example"
    )

    assert answer.status_code == 401
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_behind_a_proxy_the_configured_url_counts():
    assert post(fields(), HTTP_HOST="10.0.0.7:8000").status_code == 200


@pytest.mark.django_db
def test_no_signature_is_401_and_stores_nothing():
    answer = Client().post(URL, urlencode(fields()), content_type=FORM)

    assert answer.status_code == 401
    assert not InboundMessage.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_without_a_configured_public_url_nothing_is_accepted(settings):
    settings.WAGTAIL_SMS_AUTOMATION = settings.WAGTAIL_SMS_AUTOMATION | {
        "WEBHOOK_BASE_URL": ""
    }

    assert post(fields()).status_code == 401


@pytest.mark.django_db
def test_an_unknown_alias_is_404():
    answer = post(fields(), url="/sms/nobody/inbound/")

    assert answer.status_code == 404
    assert not InboundMessage.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["head", "options"])
def test_probes_are_answered_without_the_database(method, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert getattr(Client(), method)(URL).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_405(method):
    assert getattr(Client(), method)(URL).status_code == 405


@pytest.mark.django_db
def test_a_body_above_64_kilobytes_is_413():
    answer = post(fields(body="A" * 100_000))

    assert answer.status_code == 413
    assert not InboundMessage.objects.exists()


@pytest.mark.django_db
def test_a_body_above_djangos_own_limit_is_413_too(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert post(fields(body="A" * 2000)).status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        (b"OR%00DER", "ORDER"),
        (b"caf%E9", "caf�"),
        (b"", ""),
        (b"ORDER %F0%9F%8D%95", "ORDER 🍕"),
        (b"%EF%BB%BFORDER", "﻿ORDER"),
    ],
    ids=["NUL", "invalid UTF-8", "empty", "emoji", "byte order mark"],
)
def test_hostile_text_survives(raw, stored):
    body = b"id=1&originator=33612000001&recipient=33939000001&body=" + raw

    assert post(body).status_code == 200
    assert InboundMessage.objects.get().body == stored


@pytest.mark.django_db
def test_a_lone_surrogate_in_json_survives():
    body = (
        b'{"id": "1", "originator": "33612000001", "recipient": "33939000001",'
        b' "body": "OR\\ud800DER\\u0000 \\ud83c\\udf55"}'
    )

    assert post(body, content_type="application/json").status_code == 200
    assert InboundMessage.objects.get().body == "ORDER 🍕"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"not a form", FORM),
        (b"{not json", "application/json"),
        (b"[1, 2]", "application/json"),
        (b"body=ORDER", FORM),
        (b"", FORM),
        (b"\xff\xfe\x00", "application/json; charset=iso-8859-1"),
        (b"--x--", "multipart/form-data; boundary=x"),
    ],
    ids=["words", "cut JSON", "a list", "no originator", "nothing", "bytes", "parts"],
)
def test_a_signed_but_unreadable_request_is_400_with_a_reason(
    body, content_type, caplog
):
    with caplog.at_level(logging.WARNING):
        answer = post(body, content_type=content_type)

    assert answer.status_code == 400
    assert answer.content
    assert "unreadable" in caplog.text
    assert not InboundMessage.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("originator", ["36180", "AMAZON", "Chez Lea", "1" * 60])
def test_an_originator_that_is_no_phone_has_no_contact(originator):
    assert post(fields(originator=originator)).status_code == 200

    message = InboundMessage.objects.get()
    assert message.originator == originator[:50]
    assert message.contact is None


@pytest.mark.django_db
def test_our_own_fault_is_503_so_that_the_provider_calls_again():
    with mock.patch.object(
        InboundMessage.objects, "store_once", side_effect=DatabaseError
    ):
        answer = post(fields())

    assert answer.status_code == 503
    assert not InboundMessage.objects.exists()
    assert post(fields()).status_code == 200
    assert InboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_two_pictures_without_an_id_are_two():
    for number in range(2):
        picture = f"https://media.example/{number}.jpg"
        post(fields(id="", body="", mediaUrl=picture, createdDatetime=""))

    assert InboundMessage.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_stored_is_answered_ok_though_nobody_can_be_woken():
    with mock.patch.object(Doorbell.objects, "arm", side_effect=DatabaseError):
        assert post(fields()).status_code == 200

    assert InboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_no_session_is_touched():
    with CaptureQueriesContext(connection) as queries:
        answer = post(fields())

    assert not answer.cookies
    tables = re.findall(r'(?:FROM|INTO|UPDATE) "(\w+)"', str(queries.captured_queries))
    assert tables
    assert all(table.startswith("wagtail_sms_automation_") for table in tables)


@pytest.mark.django_db
def test_a_known_contact_is_kept(run_tasks):
    contact = factories.ContactFactory(phone_number="+33612000001", first_name="Zoé")

    post(fields())
    run_tasks()

    assert InboundMessage.objects.get().contact == contact
    contact.refresh_from_db()
    assert contact.first_name == "Zoé"
    assert contact.last_inbound_at is not None


@pytest.mark.django_db
def test_the_log_holds_neither_the_number_nor_the_text(caplog):
    with caplog.at_level(logging.DEBUG):
        post(fields(body="my secret order"))
        post(b"originator=33612000001")
        Client().post(URL, urlencode(fields(body="my secret order")), FORM)

    ours = [r for r in caplog.records if r.name.startswith("wagtail_sms_automation")]
    text = "\n".join(record.getMessage() for record in ours)
    assert text
    assert "33612000001" not in text
    assert "my secret order" not in text


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_waits_in_the_queue_with_the_message():
    from django_q.models import OrmQ

    post(fields())
    post(fields(id="b" * 32))

    assert [task.func() for task in OrmQ.objects.all()] == [
        "wagtail_sms_automation.tasks.process"
    ]
