"""Finding one message in MessageBird's list, which cannot be asked by reference."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from wagtail_sms_automation.gateways.base import GatewayError
from wagtail_sms_automation.gateways.messagebird_http import PooledHttpClient


#: MessageBird's own page length.
PAGE = 20
#: Two thousand messages: a busy kitchen gets as many within a few hours.
MOST_PAGES = 100
#: Seconds to read in; as for so many pages, what is not read is not known.
READ_FOR = 15.0
#: By so much MessageBird's clock, or the moment it noted, may differ from ours.
MARGIN = timedelta(hours=1)

Json = dict[str, Any]


def find(
    http: PooledHttpClient,
    reference: str,
    recipient: str,
    since: datetime,
    until: datetime,
) -> tuple[Json, Json] | None:
    """A message and, of its recipients, this one; None if it is surely not there.

    Surely: every page was read. Anything less raises GatewayError.
    """
    digits = _digits(recipient)
    query = {
        "recipient": digits,
        "from": _moment(since - MARGIN),
        "until": _moment(until + MARGIN),
        "limit": PAGE,
    }
    for message in _messages(http, query):
        if str(message.get("reference")).lower() == reference.lower():
            return message, _item(message, digits)
    return None


def _messages(http: PooledHttpClient, query: dict[str, Any]) -> Iterator[Json]:
    offset, stop_at = 0, time.monotonic() + READ_FOR
    for _page in range(MOST_PAGES):
        path = "messages?" + urlencode({**query, "offset": offset})
        messages, total = _read(http.request(path))
        yield from messages
        offset += len(messages)
        if offset >= total:
            return
        if not messages:
            raise GatewayError("MessageBird's list ends before it is complete.")
        if time.monotonic() > stop_at:
            raise GatewayError("MessageBird's list takes too long to be read.")
    raise GatewayError("MessageBird's list has too many pages to be read.")


def _read(answer: str) -> tuple[list[Json], int]:
    """The messages of one page, and how many all pages have."""
    try:
        page = json.loads(answer)
        messages, total = page["items"] or [], page["totalCount"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise GatewayError("MessageBird's list cannot be read.") from None
    is_list = isinstance(messages, list) and all(isinstance(m, dict) for m in messages)
    if not is_list or type(total) is not int:
        raise GatewayError("MessageBird's list is not one of messages.")
    return messages, total


def _item(message: Json, digits: str) -> Json:
    recipients = message.get("recipients")
    items = recipients.get("items") if isinstance(recipients, dict) else None
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and _digits(str(item.get("recipient"))) == digits:
            return item
    raise GatewayError("MessageBird's list has the message, but not its recipient.")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdigit())
