"""A phone on a page: what is texted here goes to the real webhook, signed."""

import uuid
from typing import Any
from urllib.parse import urlencode

import requests
from django import forms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from restaurant.numbers import as_dialled
from wagtail_sms_automation.conf import settings as sms_settings
from wagtail_sms_automation.gateways import get_gateway
from wagtail_sms_automation.models import Contact, InboundMessage, OutboundMessage
from wagtail_sms_automation.phone_numbers import PhoneNumberError, normalise


#: Seconds to reach the webhook, and to wait for its answer.
TIMEOUT = (3.05, 10)
SHOWN_MESSAGES = 50
#: Before that a text has not reached the phone.
ON_ITS_WAY = (OutboundMessage.State.QUEUED, OutboundMessage.State.SENDING)
#: What a phone shows; of the rest it is said that it did not come.
ON_THE_PHONE = (OutboundMessage.State.SENT, OutboundMessage.State.DELIVERED)


class WebhookError(Exception):
    """The webhook did not take the text; the message says why."""


class TextForm(forms.Form):
    """A number and a text."""

    originator = forms.CharField(label="Your number", max_length=30)
    body = forms.CharField(label="Text", max_length=1600, strip=False)

    def clean_originator(self) -> str:
        """The number as E.164."""
        try:
            return normalise(
                self.cleaned_data["originator"], sms_settings.DEFAULT_REGION
            )
        except PhoneNumberError as error:
            raise forms.ValidationError(str(error)) from error


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show the phone; send what was typed into it."""
    if request.method == "GET":
        number = request.GET.get("number") or _numbers()[0][0]
        form = TextForm(initial={"originator": number})
        return _page(request, form)
    form, error, status = TextForm(request.POST), "", 200
    if form.is_valid():
        try:
            text_the_restaurant(**form.cleaned_data)
        except WebhookError as failure:
            error, status = str(failure), 502
    else:
        error, status = " ".join(sum(form.errors.values(), [])), 400
    if request.headers.get("accept") == "application/json":
        number = form.cleaned_data.get("originator", "")
        return JsonResponse({"error": error, "number": number}, status=status)
    if error:
        return _page(request, form, error, status)
    query = urlencode({"number": form.cleaned_data["originator"]})
    return redirect(f"{reverse('phone')}?{query}")


@require_GET
def conversation(request: HttpRequest) -> JsonResponse:
    """The texts of one phone, oldest first."""
    return JsonResponse({"messages": _messages(request.GET.get("number", ""))})


def text_the_restaurant(originator: str, body: str) -> None:
    """Do as the provider does when a customer texts: one signed request."""
    form = {
        "id": uuid.uuid4().hex,
        "originator": originator.lstrip("+"),
        "recipient": sms_settings.ORIGINATOR.lstrip("+"),
        "body": body,
        "createdDatetime": timezone.now().isoformat(timespec="seconds"),
    }
    content = urlencode(form).encode()
    path = reverse("wagtail_sms_automation:inbound", args=["default"])
    url = sms_settings.WEBHOOK_BASE_URLS[0] + path
    try:
        headers = get_gateway("default").sign("POST", url, content)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = requests.post(
            url, content, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
    except ImproperlyConfigured as error:
        raise WebhookError(f"The text cannot be signed. {error}") from error
    except requests.Timeout as error:
        raise WebhookError(f"The webhook {url} did not answer in time.") from error
    except requests.RequestException as error:
        raise WebhookError(f"The webhook {url} cannot be reached.") from error
    if answer.status_code != 200:
        raise WebhookError(_refusal(url, answer))


def _refusal(url: str, answer: requests.Response) -> str:
    if answer.status_code == 401:
        return (
            f"The webhook {url} refused the signature. "
            "Is SMS_WEBHOOK_BASE_URL the address of this site?"
        )
    return f"The webhook {url} answered {answer.status_code}, not 200."


def _page(
    request: HttpRequest, form: TextForm, error: str = "", status: int = 200
) -> HttpResponse:
    number = form["originator"].value() or ""
    context = {
        "form": form,
        "error": error,
        "numbers": _numbers(),
        "messages_shown": _messages(number),
    }
    return render(request, "restaurant/phone.html", context, status=status)


def _numbers() -> list[tuple[str, str]]:
    """The phones to pick from: some contacts, and the kitchen, which gets orders."""
    contacts = Contact.objects.exclude(first_name="").order_by("pk")[:5]
    return [
        *((contact.phone_number, str(contact)) for contact in contacts),
        (settings.SMS_FORWARD_MOBILE, "Kitchen"),
    ]


def _messages(number: str) -> list[dict[str, Any]]:
    try:
        number = normalise(number, sms_settings.DEFAULT_REGION)
    except PhoneNumberError:
        return []
    written = InboundMessage.objects.filter(contact__phone_number=number)
    received = OutboundMessage.objects.filter(
        recipient=number, channel=OutboundMessage.Channel.SMS
    ).exclude(state__in=ON_ITS_WAY)
    messages = [_written(row) for row in written.order_by("-pk")[:SHOWN_MESSAGES]]
    messages += [_received(row) for row in received.order_by("-pk")[:SHOWN_MESSAGES]]
    messages.sort(key=lambda message: (message["at"], message["id"]))
    return messages[-SHOWN_MESSAGES:]


def _written(row: InboundMessage) -> dict[str, Any]:
    return {
        "id": f"inbound-{row.pk}",
        "direction": "inbound",
        "body": row.body,
        "note": f"to {as_dialled(row.recipient or sms_settings.ORIGINATOR)}",
        "at": row.received_at.isoformat(),
    }


def _received(row: OutboundMessage) -> dict[str, Any]:
    note = row.get_state_display()
    if row.held_by:
        note = f"{note}: {row.get_held_by_display()}"
    return {
        "id": f"outbound-{row.pk}",
        "direction": "outbound",
        "body": row.body if row.state in ON_THE_PHONE else "",
        "note": str(note),
        "at": (row.sent_at or row.created_at).isoformat(),
    }
