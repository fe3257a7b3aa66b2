"""Webhook requests as a gateway sends them."""

from urllib.parse import quote, urlencode

from wagtail_sms_automation.gateways.base import RawRequest


ADDRESS = "https://www.example.fr/sms/default/inbound/"
FORM = "application/x-www-form-urlencoded"


def get(query, **headers):
    """A GET; the query as a dict, a list of pairs or raw text."""
    query = query if isinstance(query, str) else urlencode(query, doseq=True)
    url = f"{ADDRESS}?{query}" if query else ADDRESS
    return RawRequest(method="GET", urls=(url,), query=query, headers=headers)


def post(form, content_type=FORM):
    """A POST; the form as a dict, a list of pairs, raw text or bytes."""
    if not isinstance(form, str | bytes):
        form = urlencode(form, doseq=True)
    return RawRequest(
        method="POST",
        urls=(ADDRESS,),
        headers={"content-type": content_type},
        body=form if isinstance(form, bytes) else form.encode(),
    )


def signed(gateway, request):
    """The same request with the signature of this gateway."""
    headers = gateway.sign(request.method, request.urls[0], request.body)
    return replaced(request, headers={**request.headers, **headers})


def replaced(request, **changes):
    """The same request with something changed; a new query changes the URL too."""
    if "query" in changes and "urls" not in changes:
        changes["urls"] = (f"{ADDRESS}?{changes['query']}",)
    values = {name: getattr(request, name) for name in RawRequest.__slots__}
    return RawRequest(**{**values, **changes})


def percent(text, encoding):
    """The text in another encoding than UTF-8, as some networks send it."""
    return quote(text.encode(encoding))
