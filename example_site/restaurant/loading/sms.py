"""The SMS side: groups, contacts, the order flow and the settings."""

from typing import Any

from django.conf import settings

from restaurant import data
from restaurant.loading.blocks import block
from wagtail_sms_automation import resuming
from wagtail_sms_automation.models import (
    Automation,
    Contact,
    ContactGroup,
    Flow,
    Membership,
    SmsSettings,
)
from wagtail_sms_automation.phone_numbers import normalise


def load_contacts() -> None:
    """Make the contact groups, and some contacts in them."""
    for name, description in data.GROUPS.items():
        ContactGroup.objects.create(name=name, description=description)
    for number, first_name, last_name, groups in data.CONTACTS:
        contact = Contact.objects.create(
            phone_number=number, first_name=first_name, last_name=last_name
        )
        for group in ContactGroup.objects.filter(name__in=groups):
            Membership.objects.create(contact=contact, group=group)


def load_order_flow() -> None:
    """Make the five automations of the order flow, active."""
    flow = Flow.objects.create(name=data.FLOW, description=data.FLOW_DESCRIPTION)
    for name, description, keywords, body, group, tells_kitchen in data.ORDER_FLOW:
        automation = Automation(
            name=name,
            description=description,
            flow=flow,
            conditions=[_content(keywords)],
            actions=_actions(body, group, tells_kitchen),
        )
        automation.full_clean()
        automation.save()
        automation.save_revision()
    resuming.resume(flow.automations.all())


def load_settings() -> None:
    """Write the opening hours and the answers to STOP, START and HELP."""
    sms_settings = SmsSettings.load()
    sms_settings.opening_hours = [
        block("period", days=data.OPEN_DAYS, opens_at=opens_at, closes_at=closes_at)
        for opens_at, closes_at in data.OPEN_PERIODS
    ]
    sms_settings.opt_out_text = data.OPT_OUT_TEXT
    sms_settings.opt_in_text = data.OPT_IN_TEXT
    sms_settings.help_text = data.HELP_TEXT
    sms_settings.save()


def _content(keywords: list[str]) -> dict[str, Any]:
    return block(
        "content",
        operator="any",
        keywords=keywords,
        ignore_case=False,
        ignore_accents=False,
        anywhere=False,
    )


def _actions(body: str, group: str, tells_kitchen: bool) -> list[dict[str, Any]]:
    actions = [block("reply", body=body)]
    if tells_kitchen:
        mobile = normalise(settings.SMS_FORWARD_MOBILE, "FR")
        address = settings.SMS_FORWARD_EMAIL
        body = data.FORWARDED_BODY
        actions += [
            block("forward_to_phone", phone_numbers=[mobile], body=body),
            block("forward_to_email", addresses=[address], body=body),
        ]
    if group:
        group_id = ContactGroup.objects.get(name=group).pk
        actions.append(block("add_to_group", group=group_id))
    return actions
