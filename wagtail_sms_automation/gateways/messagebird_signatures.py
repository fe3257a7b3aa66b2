"""How MessageBird signs its webhook requests: by JWT, and in the older way."""

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt

from wagtail_sms_automation.gateways.base import BadSignature, RawRequest


JWT_HEADER = "messagebird-signature-jwt"
LEGACY_HEADER = "messagebird-signature"
LEGACY_TIMESTAMP_HEADER = "messagebird-request-timestamp"

ALGORITHMS = ["HS256", "HS384", "HS512"]
ISSUER = "MessageBird"
#: How long a token lasts, in seconds, as MessageBird's own do.
LIFETIME = 60


def sign_jwt(key: str, url: str, body: bytes) -> dict[str, str]:
    """The header MessageBird would send with a request to this URL."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "nbf": now,
        "exp": now + LIFETIME,
        "jti": str(uuid.uuid4()),
        "url_hash": _url_hash(url),
    }
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    return {JWT_HEADER: jwt.encode(claims, key, algorithm="HS256")}


def verify_jwt(request: RawRequest, keys: Sequence[str], leeway: float) -> None:
    """Raise BadSignature unless one of the keys signed this URL and this body."""
    try:
        claims = _claims(request.headers[JWT_HEADER], keys, leeway)
        _verify_url(claims.get("url_hash"), request.urls)
        _verify_body(claims.get("payload_hash"), request.body)
    except BadSignature:
        raise
    # A forger chooses what is decoded here, so any fault is theirs.
    except Exception as error:
        raise BadSignature(f"The token cannot be read: {error}") from error


def verify_legacy(request: RawRequest, keys: Sequence[str], leeway: float) -> None:
    """Raise BadSignature unless one of the keys signed this query and this body."""
    timestamp = request.headers.get(LEGACY_TIMESTAMP_HEADER, "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature(f"{LEGACY_TIMESTAMP_HEADER} is no number of seconds.")
    if abs(time.time() - int(timestamp)) > leeway:
        raise BadSignature(f"{LEGACY_TIMESTAMP_HEADER} is too far from our clock.")
    try:
        given = base64.b64decode(request.headers[LEGACY_HEADER], validate=True)
    except (KeyError, ValueError) as error:
        raise BadSignature(f"{LEGACY_HEADER} is no base64 text.") from error
    body_hash = hashlib.sha256(request.body).digest()
    for key in keys:
        for query in _sorted_queries(request.query):
            signed = b"\n".join((timestamp.encode(), query.encode(), body_hash))
            if hmac.compare_digest(hmac.digest(key.encode(), signed, "sha256"), given):
                return
    raise BadSignature(f"No signing key fits {LEGACY_HEADER}.")


def _claims(token: str, keys: Sequence[str], leeway: float) -> dict[str, Any]:
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=ISSUER,
                leeway=leeway,
                options={"require": ["iss", "nbf", "exp"], "verify_iat": False},
            )
        except jwt.InvalidSignatureError:
            continue
        if not all(type(claims[name]) in (int, float) for name in ("nbf", "exp")):
            raise BadSignature("nbf or exp is not a number.")
        return claims
    raise BadSignature("No signing key fits the token.")


def _verify_url(url_hash: object, urls: Sequence[str]) -> None:
    if not any(_is_equal(url_hash, _url_hash(url)) for url in urls):
        raise BadSignature(
            "The token was made for another URL. Check WEBHOOK_BASE_URL: it must be "
            "the address that MessageBird calls."
        )


def _verify_body(payload_hash: object, body: bytes) -> None:
    if not body and payload_hash is None:
        return
    if not body or not _is_equal(payload_hash, hashlib.sha256(body).hexdigest()):
        raise BadSignature("The token was made for another body.")


def _url_hash(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()


def _is_equal(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(), expected.encode()
    )


def _sorted_queries(query: str) -> Iterator[str]:
    """The query as it may have been signed: sorted, its values encoded anew.

    MessageBird may send the "+" of a time raw, and signs it as a "+".
    """
    pairs = sorted(parse_qsl(query, keep_blank_values=True), key=lambda pair: pair[0])
    yield urlencode(pairs)
    repaired = [
        (name, value.replace(" ", "+") if name.lower().endswith("datetime") else value)
        for name, value in pairs
    ]
    if repaired != pairs:
        yield urlencode(repaired)
