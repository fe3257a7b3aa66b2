"""Webhooks: verify, parse, hand over; answer 200.

Anything that is our own fault is a 503: the provider then calls again, and nothing
is lost.
"""

import logging
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from . import gateways, inbound, outbound
from .conf import settings as sms_settings
from .gateways.base import BadPayload, BadSignature, RawRequest


logger = logging.getLogger(__name__)

#: A text of nine parts is far below; a larger body is nobody's SMS.
LARGEST_BODY = 64 * 1024


class TooLarge(Exception):
    """A request above LARGEST_BODY."""


def webhook(view):
    """Wrap view(gateway, raw_request) in what both webhooks have in common."""

    @csrf_exempt
    @login_not_required
    @transaction.non_atomic_requests
    @wraps(view)
    def handle(request, alias):
        if request.method == "HEAD" or request.method == "OPTIONS":
            return _answer(200)
        if request.method not in ("GET", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        try:
            gateway = gateways.get_gateway(alias)
            raw_request = _raw_request(request)
            gateway.verify(raw_request)
            view(gateway, raw_request)
        except gateways.UnknownGateway:
            return _answer(404, "There is no such gateway.")
        except TooLarge:
            logger.warning("A webhook request to %s is too large.", alias)
            return _answer(413, "The request is too large.")
        except BadSignature as error:
            logger.warning("A webhook request to %s is not signed: %s", alias, error)
            return _answer(401, "The signature is not valid.")
        except BadPayload as error:
            logger.warning("A webhook request to %s is unreadable: %s", alias, error)
            return _answer(400, str(error))
        except Exception:
            logger.exception("A webhook request to %s could not be kept.", alias)
            return _answer(503, "Please call again.")
        return _answer(200)

    return handle


@webhook
def inbound_webhook(gateway, request):
    """Take an inbound message."""
    inbound.receive(gateway.alias, gateway.parse_inbound(request))


@webhook
def delivery_report_webhook(gateway, request):
    """Take a delivery report."""
    outbound.record_report(gateway.alias, gateway.parse_report(request))


def _answer(status, text="OK"):
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _raw_request(request):
    """Read the raw body before anything parses it."""
    return RawRequest(
        method=request.method,
        urls=_public_urls(request),
        query=_query(request),
        headers=_headers(request),
        body=_body(request),
    )


def _headers(request):
    """The headers by name; request.headers would cost as much as the signature."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in request.META.items()
        if name.startswith("HTTP_")
    }
    return {**headers, "content-type": request.META.get("CONTENT_TYPE", "")}


def _query(request):
    """The query string; WSGI hands over its bytes as Latin-1."""
    query = request.META.get("QUERY_STRING", "")
    try:
        return query.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return query


def _body(request):
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if max(length, len(request.META.get("QUERY_STRING", ""))) > LARGEST_BODY:
        raise TooLarge
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise TooLarge from error
    if len(body) > LARGEST_BODY:
        raise TooLarge
    return body


def _public_urls(request):
    """The configured public URLs of this request; the Host header has no say.

    Servers keep the target as it came under names of their own; Django's path is
    the same for all that our URLs consist of.
    """
    target = request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or ""
    query = request.META.get("QUERY_STRING", "")
    rebuilt = f"{request.path}?{query}" if query else request.path
    targets = dict.fromkeys([target, rebuilt] if target.startswith("/") else [rebuilt])
    return tuple(
        base + target for base in sms_settings.WEBHOOK_BASE_URLS for target in targets
    )
