"""Make the restaurant: pages, users, contacts and the order flow."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from restaurant.loading.once import once
from restaurant.loading.pages import load_pages
from restaurant.loading.people import load_people
from restaurant.loading.sms import load_contacts, load_order_flow, load_settings
from wagtail_sms_automation.phone_numbers import PhoneNumberError


SECTIONS = {
    "pages": load_pages,
    "people": load_people,
    "contacts": load_contacts,
    "order flow": load_order_flow,
    "SMS settings": load_settings,
}


class Command(BaseCommand):
    """Load what is not loaded yet; what is there already stays as it is."""

    help = "Makes the restaurant Chez Léa. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load each section in order."""
        for name, load in SECTIONS.items():
            try:
                loaded = once(name, load)
            except PhoneNumberError as error:
                raise CommandError(f"SMS_FORWARD_MOBILE: {error}") from error
            self.stdout.write(f"{name}: {'loaded' if loaded else 'kept as it is'}")
