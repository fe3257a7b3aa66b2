"""The characters that cost money: named, and replaced by a click or a key."""

import pytest
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import SmsSettings

from .. import factories
from .editor import first_block, open_editor, tab_to


pytestmark = pytest.mark.django_db

DEAR = "Livraison à l’adresse, c’est prêt. " * 5


@pytest.fixture
def reply(strict_page, log_in):
    """The reply of a new automation, under a strict Content-Security-Policy."""
    yield first_block(open_editor(log_in(strict_page)), "actions")
    assert strict_page.console_errors == []


def body(reply):
    return reply.locator("textarea")


def items(reply):
    return [
        " ".join(text.split())
        for text in reply.locator(".sms-savings__item").all_inner_texts()
    ]


def figures(reply):
    return reply.locator(".sms-segments__figures").inner_text()


def test_each_costly_character_says_what_it_would_save(reply):
    body(reply).fill(DEAR)
    assert "3 parts" in figures(reply)
    assert items(reply) == [
        "’ ×10 → ' Saves no part by itself. Replace",
        "ê ×5 → e 2 parts instead of 3 parts Replace",
    ]
    assert (
        "2 parts instead of 3 parts" in reply.locator(".sms-savings__all").inner_text()
    )


def test_units_left_are_told(reply):
    body(reply).fill("a" * 150)
    assert "10 left" in figures(reply)


def test_a_click_replaces_and_undo_takes_it_back(strict_page, reply):
    text = DEAR.strip()
    body(reply).fill(text)
    reply.get_by_role("button", name="Replace ê with e").click()
    assert body(reply).input_value() == text.replace("ê", "e")
    assert "2 parts" in figures(reply)
    assert items(reply) == []
    assert "Sent as plain characters: \u2068’ → '\u2069" in reply.inner_text()
    assert body(reply).evaluate("e => e === document.activeElement")
    strict_page.keyboard.press("Control+z")
    assert body(reply).input_value() == text
    assert "3 parts" in figures(reply)


def test_all_are_replaced_by_keyboard_alone(strict_page, reply):
    body(reply).fill("« Prêt »\n\nœuf e\u0302")
    body(reply).focus()
    tab_to(strict_page, ".sms-savings__all button", most=12)
    strict_page.keyboard.press("Enter")
    assert body(reply).input_value() == '" Pret "\n\noeuf e'
    assert "GSM-7" in figures(reply)
    assert reply.locator(".sms-savings__item").count() == 0


def test_what_saves_nothing_is_not_offered(reply):
    body(reply).fill("Ж" * 67 + "…ê")
    assert items(reply) == [
        "Ж ×67 No plain character can stand for it.",
        "… ×1 → ... Takes 2 parts instead of 1 part by itself.",
        "ê ×1 → e Saves no part by itself. Replace",
    ]
    assert reply.locator(".sms-savings__all").count() == 0


def test_a_long_list_is_cut(reply):
    body(reply).fill("абвгдежзиклмнопр")
    assert len(items(reply)) == 12
    assert "Other such characters: 4" in reply.inner_text()


def test_quotes_cost_where_the_site_keeps_them(strict_page, log_in):
    SmsSettings.objects.create(replaces_typography=False)
    reply = first_block(open_editor(log_in(strict_page)), "actions")
    body(reply).fill("’" + "a" * 140)
    assert items(reply) == ["’ ×1 → ' 1 part instead of 3 parts Replace"]
    reply.get_by_role("button", name="Replace ’ with '").click()
    assert "1 part" in figures(reply)


def test_two_thousand_characters_and_what_cannot_be_seen(reply):
    body(reply).fill("ê\u200b" * 1000)
    assert "15 parts" in figures(reply)
    assert "Characters that cannot be seen are left out." in reply.inner_text()
    assert "at most 9 parts can be sent" in reply.inner_text()


def test_the_change_is_announced_once_and_not_on_each_key(strict_page, reply):
    spoken = reply.locator("[role=status].w-sr-only")
    body(reply).fill(DEAR)
    strict_page.wait_for_timeout(1300)
    assert spoken.inner_text().startswith("3 parts, UCS-2")
    reply.get_by_role("button", name="Replace all").click()
    assert spoken.inner_text().startswith("3 parts")
    strict_page.wait_for_timeout(1300)
    assert spoken.inner_text().startswith("2 parts, GSM-7")


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_list_is_accessible(strict_page, log_in, check_axe, language):
    user = factories.SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language=language)
    reply = first_block(open_editor(log_in(strict_page, user)), "actions")
    body(reply).fill(DEAR + "😀")
    assert len(items(reply)) == 3
    check_axe(strict_page)
    assert strict_page.console_errors == []
