"""What every template of the site shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from wagtail.models import Site

from restaurant.numbers import as_dialled
from wagtail_sms_automation.conf import settings as sms_settings


def site(request: HttpRequest) -> dict[str, Any]:
    """The number to text, the pages of the menu and whether there is a phone page."""
    current = Site.find_for_request(request)
    home = current.root_page if current else None
    return {
        "sms_number": sms_settings.ORIGINATOR,
        "sms_number_dialled": as_dialled(sms_settings.ORIGINATOR),
        "home": home,
        "menu_pages": home.get_children().live().in_menu() if home else [],
        "has_phone_page": settings.DEBUG,
    }
