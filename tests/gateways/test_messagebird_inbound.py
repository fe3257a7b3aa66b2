"""MessageBird's inbound messages, in every shape it has been seen to send."""

import json
import traceback
from datetime import UTC, datetime

import pytest

from tests.gateways.webhook_requests import FORM, get, percent, post, replaced
from wagtail_sms_automation.gateways.base import BadPayload, Received
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


GATEWAY = MessageBirdGateway("default", {})


def read(request):
    """What the gateway reads; its payload can be stored anywhere."""
    received = GATEWAY.parse_inbound(request)
    stored = json.dumps(received.payload, ensure_ascii=False, allow_nan=False)
    assert "\x00" not in stored
    assert "\\u0000" not in stored
    assert json.loads(stored.encode()) == received.payload
    return received


def refused(request):
    with pytest.raises(BadPayload) as caught:
        GATEWAY.parse_inbound(request)
    return str(caught.value)


# The shapes

FLOW = {
    "id": "f91908b7e1c94b6b8d9f0a1b2c3d4e5f",
    "message_id": "7a76afeaf0e14b3a9c8d7e6f5a4b3c2d",
    "reference": "47749346971",
    "originator": "16132093477",
    "sender": "16132093477",
    "recipient": "14708000894",
    "receiver": "14708000894",
    "body": "ORDER 2 pizzas",
    "message": "ORDER 2 pizzas",
    "payload": "ORDER 2 pizzas",
    "createdDatetime": "2018-09-24T08:30:59+00:00",
    "date": "1537806659",
    "date_utc": "1537777859",
}
FLOW_RECEIVED = Received(
    gateway_id="f91908b7e1c94b6b8d9f0a1b2c3d4e5f",
    originator="16132093477",
    recipient="14708000894",
    body="ORDER 2 pizzas",
    sent_at=datetime(2018, 9, 24, 8, 30, 59, tzinfo=UTC),
    payload=FLOW,
)


def test_flow_forward_by_post():
    assert read(post(FLOW)) == FLOW_RECEIVED


def test_flow_forward_by_get():
    assert read(get(FLOW)) == FLOW_RECEIVED


def test_repeated_keys_and_other_case():
    request = post(
        "receiver=447700900001&body=Test+again&date=1700000000&date_utc=1700000000"
        "&reference=1&id=A&id=B&recipient=447700900002&originator=447700900003"
        "&body=Test+3&CreatedDatetime=2023-11-14T22%3A13%3A20%2B00%3A00"
    )
    received = read(request)

    assert received.gateway_id == "B"
    assert received.body == "Test 3"
    assert received.originator == "447700900003"
    assert received.recipient == "447700900002"
    assert received.sent_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert received.payload["id"] == ["A", "B"]
    assert received.payload["body"] == ["Test again", "Test 3"]
    assert received.payload["CreatedDatetime"] == "2023-11-14T22:13:20+00:00"


def test_virtual_number_by_get():
    """The documented example; the "+" of its time comes raw."""
    request = get(
        "id=e8077d803532c0b5937c639b60216938&recipient=31642500190"
        "&originator=31612345678&body=This+is+an+incoming+message"
        "&createdDatetime=2016-05-03T14:26:57+00:00"
    )
    received = read(request)

    assert received.gateway_id == "e8077d803532c0b5937c639b60216938"
    assert received.originator == "31612345678"
    assert received.recipient == "31642500190"
    assert received.body == "This is an incoming message"
    assert received.sent_at == datetime(2016, 5, 3, 14, 26, 57, tzinfo=UTC)


SHORT_CODE = {
    "mid": "123456789",
    "shortcode": "1008",
    "keyword": "MESSAGEBIRD",
    "originator": "31612345678",
    "operator": "20401",
    "message": "MESSAGEBIRD this is an incoming message",
    "receive_datetime": "20160503142657",
}


@pytest.mark.parametrize("send", [get, post])
def test_short_code(send):
    assert read(send(SHORT_CODE)) == Received(
        gateway_id="123456789",
        originator="31612345678",
        recipient="1008",
        body="MESSAGEBIRD this is an incoming message",
        sent_at=datetime(2016, 5, 3, 14, 26, 57, tzinfo=UTC),
        payload=SHORT_CODE,
    )


def test_short_code_with_values_of_something_else():
    others = {
        "id": "other",
        "body": "other",
        "recipient": "other",
        "createdDatetime": "2001-01-01T00:00:00+00:00",
    }
    received = read(post({**others, **SHORT_CODE}))

    assert received.gateway_id == "123456789"
    assert received.body == "MESSAGEBIRD this is an incoming message"
    assert received.recipient == "1008"
    assert received.sent_at == datetime(2016, 5, 3, 14, 26, 57, tzinfo=UTC)


@pytest.mark.parametrize("name", ["mediaURLs", "mediaUrls", "mediaurl"])
def test_mms(name):
    urls = ["https://media.example/1.jpg", "https://media.example/2.jpg?a=1&b=2"]
    received = read(
        post(
            {
                "id": "1",
                "originator": "16132093477",
                "recipient": "14708000894",
                "message": "Look",
                name: urls,
            }
        )
    )

    assert received.body == "Look"
    assert received.media_urls == tuple(urls)
    assert received.payload[name] == urls


def test_mms_without_a_text():
    request = post("originator=16132093477&mediaUrls=https://media.example/1.jpg")
    received = read(request)

    assert received.body == ""
    assert received.media_urls == ("https://media.example/1.jpg",)


def test_media_address_that_is_no_web_address():
    """It would become a link in the admin; it stays in the payload."""
    request = post(
        [
            ("originator", "16132093477"),
            ("mediaUrls", "javascript:alert(1)"),
            ("mediaUrls", "https://media.example/1.jpg"),
            ("mediaUrls", "file:///etc/passwd"),
            ("mediaUrls", ""),
        ]
    )
    received = read(request)

    assert received.media_urls == ("https://media.example/1.jpg",)
    assert received.payload["mediaUrls"][0] == "javascript:alert(1)"


MESSAGE = {
    "id": "e8077d803532c0b5937c639b60216938",
    "direction": "mo",
    "originator": 31612345678,
    "body": "Ça va 😀",
    "createdDatetime": "2022-07-01T16:16:51+00:00",
    "scheduledDatetime": None,
    "recipients": {"totalCount": 1, "items": [{"recipient": 31642500190}]},
}


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", FORM, ""]
)
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_json(content_type, ensure_ascii):
    body = json.dumps(MESSAGE, ensure_ascii=ensure_ascii)

    assert read(post(body, content_type)) == Received(
        gateway_id="e8077d803532c0b5937c639b60216938",
        originator="31612345678",
        recipient="31642500190",
        body="Ça va 😀",
        sent_at=datetime(2022, 7, 1, 16, 16, 51, tzinfo=UTC),
        payload=MESSAGE,
    )


def test_json_with_a_byte_order_mark_and_raw_line_breaks():
    body = '\ufeff\r\n {"originator": "1", "body": "two\nlines"}'

    assert read(post(body, "text/plain")).body == "two\nlines"


def test_json_media():
    document = {"originator": "1", "mediaUrls": ["https://a.example", "no", 5, None]}

    assert read(post(json.dumps(document))).media_urls == ("https://a.example",)


# Which field


@pytest.mark.parametrize("name", ["body", "payload", "message", "BODY", "Message"])
def test_each_name_of_the_body(name):
    assert read(post({"originator": "1", name: "text"})).body == "text"


@pytest.mark.parametrize("name", ["originator", "sender", "ORIGINATOR"])
def test_each_name_of_the_originator(name):
    assert read(post({name: "31612345678", "body": ""})).originator == "31612345678"


@pytest.mark.parametrize("name", ["recipient", "receiver", "shortcode"])
def test_each_name_of_the_recipient(name):
    request = post({"originator": "1", "body": "", name: "3008"})

    assert read(request).recipient == "3008"


@pytest.mark.parametrize("name", ["id", "message_id", "mid"])
def test_each_name_of_the_id(name):
    assert read(post({"originator": "1", "body": "", name: "7"})).gateway_id == "7"


def test_no_id_no_recipient_no_time():
    received = read(post({"originator": "1", "body": "x"}))

    assert received.gateway_id == received.recipient == ""
    assert received.sent_at is None


def test_empty_body():
    assert read(post("originator=31612345678&body=&id=1")).body == ""


@pytest.mark.parametrize(
    "originator", ["+31612345678", "%2B31612345678", "31612345678%20"]
)
def test_raw_plus_before_a_number(originator):
    """A raw "+" is read as a space; only the digits count."""
    received = read(get(f"originator={originator}&body=x"))

    assert received.originator.lstrip("+") == "31612345678"


def test_named_originator():
    assert read(post({"originator": "ING Bank", "body": "x"})).originator == "ING Bank"


def test_post_with_everything_in_its_query():
    request = replaced(get(FLOW), method="POST")

    assert read(request) == FLOW_RECEIVED


def test_query_of_a_post_does_not_mix_with_its_form():
    request = replaced(post("originator=1&body=form"), query="body=query&id=7")

    assert read(request).body == "form"
    assert read(request).gateway_id == ""


# Text of any kind

TEXTS = [
    "ORDER",
    "Žluťoučký kůň",
    "😀👨‍👩‍👧",
    "مرحبا",
    "a & b = c + d % e ; f # g ? h",
    "two\r\nlines\ttab",
    "  spaces  ",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "{{ contact.first_name }}",
    '{"originator": "2"}',
    "é",
    "x" * 5000,
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
@pytest.mark.parametrize("send", [get, post])
def test_text_arrives_as_it_was_sent(send, text):
    received = read(send({"originator": "1", "body": text}))

    assert received.body == text
    assert received.payload == {"originator": "1", "body": text}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
def test_text_arrives_in_json_as_it_was_sent(text):
    assert read(post(json.dumps({"originator": "1", "body": text}))).body == text


def test_raw_bytes_that_are_no_utf_8():
    request = post(b"originator=1&body=caf\xe9 \xff&id=1")

    assert read(request).body == "caf\ufffd \ufffd"


def test_encoded_bytes_that_are_no_utf_8():
    body = percent("café", "latin-1")

    assert read(get(f"originator=1&body={body}")).body == "caf\ufffd"
    assert read(post(f"originator=1&body={body}")).body == "caf\ufffd"


def test_raw_utf_8():
    assert read(post("originator=1&body=ça 😀".encode())).body == "ça 😀"


def test_json_that_is_no_utf_8():
    body = b'{"originator": "1", "body": "caf\xe9"}'

    assert read(post(body)).body == "caf\ufffd"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(get("originator=%001&body=a%00b&i%00d=%007"), id="GET"),
        pytest.param(post("originator=%001&body=a%00b&i%00d=%007"), id="encoded"),
        pytest.param(post(b"originator=\x001&body=a\x00b&i\x00d=\x007"), id="raw"),
        pytest.param(
            post(
                json.dumps({"originator": "\x001", "body": "a\x00b", "i\x00d": "\x007"})
            ),
            id="JSON",
        ),
    ],
)
def test_nul_is_taken_out(request_):
    received = read(request_)

    assert received.originator == "1"
    assert received.body == "ab"
    assert received.gateway_id == "7"
    assert received.payload == {"originator": "1", "body": "ab", "id": "7"}


def test_half_a_surrogate_pair_is_taken_out():
    body = rb'{"originator": "1", "body": "a\ud83db \ud83d\ude00", "x": ["\udc00"]}'
    received = read(post(body))

    assert received.body == "ab 😀"
    assert received.payload["x"] == [""]


def test_nested_values_can_be_stored():
    body = rb"""{"originator": "1", "body": "", "nested": {"a\u0000": ["\u0000b"]},
                 "numbers": [NaN, Infinity, 1e999, 1.5, null, true]}"""

    assert read(post(body)).payload == {
        "originator": "1",
        "body": "",
        "nested": {"a": ["b"]},
        "numbers": ["nan", "inf", "inf", 1.5, None, True],
    }


# Times


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-01-11T09:17:11+00:00", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        ("2019-01-11T09:17:11 00:00", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        ("2019-01-11T09:17:11 02:00", datetime(2019, 1, 11, 7, 17, 11, tzinfo=UTC)),
        ("2019-01-11T09:17:11 0200", datetime(2019, 1, 11, 7, 17, 11, tzinfo=UTC)),
        ("2019-01-11T09:17:11-05:00", datetime(2019, 1, 11, 14, 17, 11, tzinfo=UTC)),
        ("2019-01-11T09:17:11Z", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        ("2019-01-11 09:17:11 00:00", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        ("2019-01-11 09:17:11", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        (" 2019-01-11T09:17:11Z ", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        ("1547198231", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
        ("20190111091711", datetime(2019, 1, 11, 9, 17, 11, tzinfo=UTC)),
    ],
)
def test_time(text, moment):
    request = post({"originator": "1", "body": "", "createdDatetime": text})

    assert read(request).sent_at == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2019-13-45T99:99:99+00:00",
        "20191399999999",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2019-01-11T09:17:11+99:99",
        "9999-12-31T23:59:59Z",
        "1999-12-31T23:59:59Z",
        "2000-01-01T23:59:59Z",
        "2100-12-31T00:00:00Z",
        "2101-01-01T00:00:00Z",
        "99991231235959",
        "100000000",
        "9" * 400,
    ],
)
def test_time_that_is_none_does_not_cost_the_message(text):
    received = read(post({"originator": "1", "body": "x", "createdDatetime": text}))

    assert received.body == "x"
    assert received.sent_at is None


@pytest.mark.parametrize("text", ["2000-01-02T00:00:00Z", "2100-12-30T23:59:59Z"])
def test_the_first_and_the_last_time(text):
    request = post({"originator": "1", "body": "", "createdDatetime": text})

    assert read(request).sent_at == datetime.fromisoformat(text)


def test_the_next_time_is_read_where_the_first_is_none():
    form = {"createdDatetime": "soon", "date_utc": "1537777859"}
    received = read(post({"originator": "1", "body": "x", **form}))

    assert received.sent_at == datetime(2018, 9, 24, 8, 30, 59, tzinfo=UTC)


# What cannot be read


def test_no_originator():
    text = refused(post({"msisdn": "31612345678", "text": "hello"}))

    assert text == (
        "The request has no originator; its fields: 2 unknown. "
        'In Flow Builder, use the step "Forward to URL" with the method POST.'
    )


def test_no_body():
    text = refused(post({"originator": "31612345678", "text": "hello"}))

    assert text.startswith(
        "The request has no body; its fields: originator, 1 unknown. "
    )
    assert "Forward to URL" in text


def test_no_field():
    assert "its fields: none." in refused(get(""))


BODY = "my allergy is nuts, call 33612345678"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(post(BODY, "text/plain"), id="plain text"),
        pytest.param(post(f"{BODY}=1&2={BODY}"), id="form"),
        pytest.param(get({BODY: BODY, "body": BODY}), id="query"),
        pytest.param(get({"BODY": BODY, f"originator{BODY}": "1"}), id="known in part"),
        pytest.param(post({"originator": "33612345678", BODY: BODY}), id="no body"),
        pytest.param(post(json.dumps({BODY: {BODY: BODY}})), id="JSON"),
        pytest.param(post(json.dumps([BODY]), "application/json"), id="JSON list"),
        pytest.param(post(BODY, "application/json"), id="JSON that is none"),
        pytest.param(post(f'{{"{BODY}": {BODY}}}'), id="JSON cut"),
        pytest.param(post('{"a": "\\' + BODY), id="JSON with a bad escape"),
        pytest.param(post('{"a": ' + "33612345678" * 500 + "}"), id="JSON number"),
        pytest.param(post("&".join([BODY] * 1001)), id="too many fields"),
        pytest.param(post(f"<xml>{BODY}</xml>", "text/xml"), id="XML"),
        pytest.param(post(f"a\r\n{BODY}"), id="line break"),
    ],
)
@pytest.mark.parametrize("read_", [GATEWAY.parse_inbound, GATEWAY.parse_report])
def test_error_repeats_nothing_of_the_request(request_, read_):
    with pytest.raises(BadPayload) as caught:
        read_(request_)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error.args)

    assert not any(word in shown for word in ("allergy", "nuts", "33612345678"))
    assert str(error).isprintable()
    assert len(str(error)) < 500


def test_error_names_each_known_field_once_and_in_our_spelling():
    text = refused(post([("BODY", "1"), ("body", "2"), ("Reference", "3"), ("x", "4")]))

    assert "its fields: reference, body, 1 unknown." in text


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(get(""), id="nothing"),
        pytest.param(post(""), id="empty body"),
        pytest.param(post(" \n"), id="blank body"),
        pytest.param(post("originator=&sender=&body=x"), id="empty originator"),
        pytest.param(post("originator=+&body=x"), id="blank originator"),
        pytest.param(post("originator=%00&body=x"), id="originator of NUL"),
        pytest.param(post('{"originator": {"number": 1}, "body": "x"}'), id="object"),
        pytest.param(post('{"originator": null, "body": "x"}'), id="null"),
        pytest.param(post('{"originator": [], "body": "x"}'), id="empty list"),
        pytest.param(post('{"originator": true, "body": "x"}'), id="true"),
        pytest.param(post("<xml/>", "text/xml"), id="XML"),
        pytest.param(
            post("--x\r\nContent-Disposition: form-data", "multipart/form-data"),
            id="multipart",
        ),
    ],
)
def test_no_originator_of_any_kind(request_):
    assert "no originator" in refused(request_)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{", id="cut"),
        pytest.param("", id="whitespace only"),
        pytest.param("[]", id="list"),
        pytest.param('"text"', id="text"),
        pytest.param("null", id="null"),
        pytest.param("originator=1&body=x", id="form"),
        pytest.param('{"a":' * 100_000, id="nested without end"),
        pytest.param('{"a":' * 40 + "1" + "}" * 40, id="nested deeply"),
        pytest.param('{"a": ' + "9" * 5000 + "}", id="number without end"),
    ],
)
def test_json_that_cannot_be_read(body):
    assert "JSON" in refused(post(body or " ", "application/json"))


def test_too_many_fields():
    assert "form" in refused(post("&".join(["a=1"] * 1001)))


def test_many_fields():
    request = post("originator=1&body=x&" + "&".join(["a=1"] * 900))

    assert len(read(request).payload["a"]) == 900
