"""Every page in a real browser: accessibility, CSP, a phone's width."""

from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import Locale, Page
from wagtail.users.models import UserProfile

from wagtail_sms_automation import outbound
from wagtail_sms_automation.models import (
    Automation,
    Circuit,
    Contact,
    InboundMessage,
    OutboundMessage,
)

from ..factories import (
    AutomationFactory,
    ContactFactory,
    ContactGroupFactory,
    DeliveryReportFactory,
    FlowFactory,
    InboundMessageFactory,
    MatchFactory,
    MembershipFactory,
    OptOutFactory,
    OutboundMessageFactory,
    SuperuserFactory,
)


AUTOMATIONS = "/admin/sms/automations/"
UNSENT = "/admin/sms/unsent/"


@pytest.fixture
def conversation(live_server):
    """A message with everything the pages can show."""
    contact = ContactFactory(first_name="Ana", attributes={"table": "7"})
    MembershipFactory(contact=contact, group=ContactGroupFactory(name="Delivery"))
    OptOutFactory(contact=contact, needs_review=True)
    stage = AutomationFactory(
        name="Stage 1", keywords=("ORDER",), flow=FlowFactory(), active=True
    )
    stage.save_revision(log_action=True)
    stage.description = "Changed"
    stage.save_revision(log_action=True)
    message = InboundMessageFactory(
        contact=contact,
        body="مرحبا ORDER <script>",
        processed=True,
        intent="help",
        decisions=[
            {
                "automation": stage.pk,
                "name": "Stage 1",
                "fired": True,
                "places": [{"keyword": "ORDER", "start": 6, "end": 11}],
                "silence": None,
                "near_miss": None,
            },
            {
                "automation": 999,
                "name": "Stage 2",
                "fired": False,
                "places": [],
                "silence": "content",
                "near_miss": {
                    "keyword": "Order",
                    "found": "ORDER",
                    "difference": "case",
                },
            },
        ],
    )
    MatchFactory(inbound=message, automation=stage)
    answer = OutboundMessageFactory(
        inbound=message, automation=stage, state="delivered"
    )
    DeliveryReportFactory(outbound=answer)
    OutboundMessageFactory(inbound=message, state="held", held_by="loop")
    failed = OutboundMessageFactory(
        inbound=message, automation=stage, state="failed", error="No route."
    )
    DeliveryReportFactory(outbound=failed, status="failed", reason="absent")
    OutboundMessageFactory(inbound=message, state="unknown", body="مرحبا")
    outbound.leave(OutboundMessageFactory(state="expired", body="Too late"))
    InboundMessageFactory(
        contact=contact,
        body="",
        state="parked",
        attempts=3,
        error="Traceback\n" + "x" * 300,
    )
    InboundMessageFactory(
        contact=contact, body="two", processed=True, read_with=message
    )
    ContactFactory(first_name="Robot", is_flagged=True)
    Circuit.objects.create(
        gateway="default",
        open_until=timezone.now() + timedelta(hours=1),
        reason="503 Service Unavailable",
    )
    return message


def test_from_the_list_to_the_reason(page, log_in, conversation):
    log_in(page).goto("/admin/sms/messages/")
    page.get_by_role("link", name="مرحبا ORDER <script>").click()
    page.wait_for_url("**/messages/inspect/**")
    assert page.locator("mark").inner_text() == "ORDER"
    assert page.get_by_text("“ORDER” differs from Order only in case.").is_visible()
    assert page.get_by_text("Too many automatic texts").is_visible()
    page.locator("dl").get_by_role("link", name="Ana").click()
    page.wait_for_url("**/contacts/inspect/**")
    assert page.get_by_role("cell", name="Delivery").is_visible()
    assert page.locator(".sms-bubble").count() == 7
    assert page.console_errors == []


#: Every page to look at, by name.
PAGES = {
    "automations": AUTOMATIONS,
    "automation history": f"{AUTOMATIONS}history/{{stage}}/",
    "automation order": f"{AUTOMATIONS}?ordering=sort_order",
    "automation copy": f"{AUTOMATIONS}copy/{{stage}}/",
    "automation compare": f"{AUTOMATIONS}compare/{{stage}}/earliest/latest/",
    "automation revert": f"{AUTOMATIONS}revert/{{stage}}/{{revision}}/",
    "automation usage": f"{AUTOMATIONS}usage/{{stage}}/",
    "automation delete": f"{AUTOMATIONS}delete/{{stage}}/",
    "automation bulk": (
        "/admin/bulk/wagtail_sms_automation/automation/pause/?id={stage}"
    ),
    "groups": "/admin/sms/contact-groups/",
    "new group": "/admin/sms/contact-groups/create/",
    "contacts": "/admin/sms/contacts/",
    "contact": "/admin/sms/contacts/inspect/{contact}/",
    "messages": "/admin/sms/messages/",
    "message": "/admin/sms/messages/inspect/{message}/",
    "parked message": "/admin/sms/messages/inspect/{parked}/",
    "messages bulk": (
        "/admin/bulk/wagtail_sms_automation/inboundmessage/try_again/"
        "?id={parked}&id={message}"
    ),
    "flagged contact": "/admin/sms/contacts/inspect/{flagged}/",
    "unsent": UNSENT,
    "unsent none": f"{UNSENT}?state=held&held_by=empty",
    "unsent message": f"{UNSENT}inspect/{{failed}}/",
    "unsent left": f"{UNSENT}inspect/{{left}}/",
    "unsent confirm": f"{UNSENT}confirm/{{unknown}}/",
    "unsent refused": f"{UNSENT}confirm/{{left}}/",
    "unsent bulk": (
        "/admin/bulk/wagtail_sms_automation/outboundmessage/send_again/"
        "?id={failed}&id={unknown}&id={left}"
    ),
    "no match": "/admin/sms/messages/?q=nothing",
    "settings": "/admin/settings/wagtail_sms_automation/smssettings/",
}


#: Those to look at in every light and at every width.
SHOWN_EVERYWHERE = [
    *("automations", "messages", "message", "parked message", "flagged contact"),
    *("unsent", "unsent message", "unsent confirm", "unsent bulk"),
]


def address(name, conversation):
    """Return the address of one of the pages."""
    stage = Automation.objects.get(name="Stage 1")
    unsent = OutboundMessage.objects
    return PAGES[name].format(
        parked=InboundMessage.objects.get(state="parked").pk,
        flagged=Contact.objects.get(is_flagged=True).pk,
        failed=unsent.get(state="failed").pk,
        unknown=unsent.get(state="unknown").pk,
        left=unsent.get(review="left").pk,
        stage=stage.pk,
        revision=stage.revisions.earliest("pk").pk,
        contact=conversation.contact_id,
        message=conversation.pk,
    )


@pytest.mark.parametrize("name", PAGES)
def test_accessibility(page, log_in, check_axe, conversation, name):
    log_in(page).goto(address(name, conversation))
    check_axe(page)
    assert page.console_errors == []


@pytest.mark.parametrize("name", [*SHOWN_EVERYWHERE, "contact"])
def test_accessibility_in_the_dark(open_page, log_in, check_axe, conversation, name):
    page = log_in(open_page(color_scheme="dark"))
    page.goto(address(name, conversation))
    check_axe(page)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_ours_needs_inline_scripts(strict_page, log_in, conversation, name):
    log_in(strict_page).goto(address(name, conversation))
    assert strict_page.console_errors == []


@pytest.mark.parametrize("name", [*SHOWN_EVERYWHERE, "contacts"])
def test_a_phones_width_is_enough(open_page, log_in, conversation, name):
    page = log_in(open_page(viewport={"width": 390, "height": 800}))
    page.goto(address(name, conversation))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("name", ["unsent", "unsent message", "parked message"])
def test_accessibility_in_other_languages(
    open_page, log_in, check_axe, conversation, name, language
):
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    page = log_in(open_page(viewport={"width": 390, "height": 800}), user)
    page.goto(address(name, conversation))
    direction = page.evaluate("document.documentElement.dir || 'ltr'")
    assert direction == ("rtl" if language == "ar" else "ltr")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_warnings_on_the_home_page(
    open_page, log_in, check_axe, conversation, scheme, settings
):
    settings.WAGTAIL_ENABLE_UPDATE_CHECK = False
    # After another test on a real server there is no page, not even a root.
    if not Page.get_first_root_node():
        locale, _is_new = Locale.objects.get_or_create(language_code="en")
        Page.add_root(title="Root", locale=locale)
    page = log_in(open_page(color_scheme=scheme))
    page.goto("/admin/")
    assert page.locator("#sms-alerts-section .help-warning").count() == 3
    check_axe(page, include="#sms-alerts-section")
    page.locator("#sms-alerts-section").get_by_role("link", name="Decide").click()
    page.wait_for_url(f"**{UNSENT}")
    assert page.console_errors == []
