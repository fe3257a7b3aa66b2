"""What MessageBird would post: signed, and ready to be written to a socket."""

import itertools
import uuid
from urllib.parse import urlencode

from wagtail_sms_automation.gateways.messagebird_signatures import sign_jwt

from .site import BASE_URL, CONTACTS, KEYWORDS, ORIGINATOR, SIGNING_KEY, phone_number


_numbers = itertools.count()


def signed_requests(path: str, count: int) -> list[bytes]:
    """Make so many requests, each a message of its own, from a round of contacts."""
    return [_request(path, next(_numbers)) for _number in range(count)]


def _request(path: str, number: int) -> bytes:
    body = urlencode(
        {
            "id": uuid.uuid4().hex,
            "originator": phone_number(number % CONTACTS).lstrip("+"),
            "recipient": ORIGINATOR.lstrip("+"),
            "body": f"{KEYWORDS[number % len(KEYWORDS)]} for two at noon, please",
            "createdDatetime": "2026-11-22T12:00:00+00:00",
        }
    ).encode()
    headers = {
        "Host": "127.0.0.1",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        **sign_jwt(SIGNING_KEY, BASE_URL + path, body),
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
