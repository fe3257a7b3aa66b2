"""How the site writes a phone number."""

import phonenumbers

from wagtail_sms_automation.conf import settings as sms_settings


def as_dialled(number: str) -> str:
    """Write a number as people of the house's country dial it; others as they are."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    region = phonenumbers.region_code_for_number(parsed)
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if region == sms_settings.DEFAULT_REGION:
        style = phonenumbers.PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(parsed, style)
