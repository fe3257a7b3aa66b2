"""The phone in the editor's side panel: it follows what is typed."""

import pytest
from django.urls import reverse
from wagtail.users.models import UserProfile

from .. import factories
from .editor import URL, entry, first_block, open_editor, tab_to


pytestmark = pytest.mark.django_db

PHONE = "iframe#w-preview-iframe"


def open_phone(page):
    """Open the panel; return the phone in it."""
    page.get_by_role("button", name="Toggle preview").click()
    phone = page.frame_locator(PHONE)
    phone.locator(".sms-phone").wait_for()
    return phone


def wait_for(phone, text):
    phone.locator(".sms-phone").get_by_text(text).first.wait_for(timeout=40_000)


def test_the_phone_follows_what_is_typed(strict_page, log_in):
    page = open_editor(log_in(strict_page))
    phone = open_phone(page)
    wait_for(phone, "Content: Add at least one keyword.")
    # Wagtail begins to look for changes ten seconds after the page has come.
    page.wait_for_timeout(11_000)
    keyword = entry(first_block(page, "conditions"), "Keywords")
    keyword.fill("ORDER")
    keyword.press("Enter")
    wait_for(phone, "ORDER")
    text = first_block(page, "actions").locator("textarea")
    text.fill("Hello {{ contact.first_na")
    wait_for(phone, "Incomplete placeholder")
    text.fill("Hello {{ contact.first_name }}, c’est prêt " + "a" * 60)
    wait_for(phone, "Hello Anna, c’est prêt")
    wait_for(phone, "Costs 2 parts each time it fires.")
    first_block(page, "actions").get_by_role("button", name="Replace ê with e").click()
    wait_for(phone, "Hello Anna, c'est pret")
    wait_for(phone, "Costs 1 part each time it fires.")
    assert page.console_errors == []


def test_the_phone_opens_by_keyboard_alone(strict_page, log_in):
    automation = factories.AutomationFactory(name="Stage 1", keywords=("ORDER",))
    page = open_editor(log_in(strict_page), automation)
    toggle = "[aria-label='Toggle preview']"
    tab_to(page, toggle)
    page.keyboard.press("Enter")
    wait_for(page.frame_locator(PHONE), "Thank you.")
    assert page.console_errors == []


def test_a_copy_has_a_phone_of_its_own(strict_page, log_in):
    automation = factories.AutomationFactory(
        keywords=("ORDER",), actions=[factories.reply("Copied text")]
    )
    page = log_in(strict_page)
    page.goto(reverse(URL.format("copy"), args=[automation.pk]))
    page.wait_for_selector("#panel-actions-section .c-sf-add-button")
    wait_for(open_phone(page), "Copied text")
    assert page.console_errors == []


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_phone_is_accessible(strict_page, log_in, check_axe, language):
    user = factories.SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    automation = factories.AutomationFactory(
        keywords=("ORDER",),
        conditions=[
            factories.content("ORDER"),
            factories.in_group(factories.ContactGroupFactory()),
        ],
        actions=[
            factories.reply("C’est {{ contact.first_name }}"),
            factories.reply(""),
            factories.block(
                "forward_to_phone", phone_numbers=["+33612345678"], body="New"
            ),
            factories.add_to_group(factories.ContactGroupFactory()),
        ],
    )
    page = log_in(strict_page, user)
    page.goto(reverse(URL.format("preview"), args=[automation.pk]))
    page.locator(".sms-phone").wait_for()
    direction = page.evaluate("getComputedStyle(document.body).direction")
    assert direction == ("rtl" if language == "ar" else "ltr")
    check_axe(page)
    assert page.console_errors == []
