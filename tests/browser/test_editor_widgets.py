"""Chips and the counter, one behaviour at a time."""

import pytest

from wagtail_sms_automation.models import Automation, SmsSettings

from .. import factories
from .editor import (
    WORDS,
    add_block,
    entry,
    first_block,
    open_editor,
    paste,
    save,
    words,
)
from .waiting import wait_until


pytestmark = pytest.mark.django_db


@pytest.fixture
def content(page, log_in):
    """The content condition of a new automation."""
    return first_block(open_editor(log_in(page)), "conditions")


@pytest.fixture
def keyword(content):
    """The field its keywords are typed in."""
    return entry(content, "Keywords")


def status(section):
    return section.locator(".sms-words [role=status]").inner_text()


def stored(section):
    return section.locator("textarea[name$=keywords]").input_value()


def test_enter_and_comma_add_and_are_announced(content, keyword):
    keyword.fill("ORDER")
    keyword.press("Enter")
    assert status(content) == "ORDER was added."
    keyword.press_sequentially("order pizza,")
    assert words(content) == ["ORDER", "order pizza"]
    assert status(content) == "order pizza was added."
    assert keyword.input_value() == ""
    assert stored(content) == "ORDER\norder pizza"


def test_a_word_is_added_once_and_that_is_said(content, keyword):
    keyword.press_sequentially("ORDER,ORDER,")
    assert words(content) == ["ORDER"]
    assert status(content) == "ORDER is in the list already."


def test_pasted_lines_and_commas_become_chips(content, keyword):
    keyword.fill("first")
    paste(keyword, "ORDER\nOrder\r\norder, Food;food\n\nx")
    assert words(content)[-5:] == ["Order", "order", "Food", "food", "x"]
    assert len(words(content)) == 6


def test_a_quoted_comma_stays_in_the_keyword(content, keyword):
    keyword.press_sequentially('"yes, please",')
    assert words(content) == ["yes, please"]
    assert stored(content) == "yes, please"


def test_backspace_in_the_empty_field_removes_the_last(content, keyword):
    keyword.press_sequentially("a,b,")
    keyword.press("Backspace")
    assert words(content) == ["a"]
    assert status(content) == "b was removed."
    keyword.press_sequentially("cd")
    keyword.press("Backspace")
    assert words(content) == ["a"]
    assert keyword.input_value() == "c"


def test_a_chip_is_removed_and_the_focus_goes_to_the_next(page, content, keyword):
    keyword.press_sequentially("a,b,c,")
    content.get_by_role("button", name="Remove b").press("Enter")
    assert words(content) == ["a", "c"]
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "Remove c"
    page.keyboard.press("Enter")
    assert page.evaluate(focused) == "Remove a"
    page.keyboard.press("Enter")
    assert words(content) == []
    assert page.evaluate("document.activeElement.className") == "sms-words__entry"


def test_what_is_half_typed_is_submitted(content, keyword):
    keyword.press_sequentially("ORDER,half")
    assert stored(content) == "ORDER\nhalf"


def test_leaving_the_field_makes_a_chip(page, content, keyword):
    keyword.press_sequentially("half")
    keyword.blur()
    assert words(content) == ["half"]


def test_case_variants_of_all_chips_in_one_click(page, content, keyword):
    keyword.press_sequentially("ORDER,été,2x1,")
    button = content.get_by_role("button", name="Add case variants")
    button.click()
    assert words(content) == [
        *("ORDER", "Order", "order"),
        *("été", "ÉTÉ", "Été"),
        *("2x1", "2X1"),
    ]
    assert status(content) == "Added: Order, order, ÉTÉ, Été, 2X1."
    button.click()
    assert len(words(content)) == 8
    assert status(content) == "All case variants are in the list already."
    (hint,) = button.get_attribute("aria-describedby").split()
    hint = page.locator(f"[id='{hint}']")
    assert hint.inner_text() == "ORDER, Order and order, for every keyword."
    assert hint.is_visible()


HALF_TYPED = [
    ("From", "starts_at", "12"),
    ("Until", "ends_at", "0714"),
]


@pytest.mark.parametrize(("label", "name", "keys"), HALF_TYPED)
def test_a_half_typed_moment_is_an_error_and_not_empty(
    strict_page, log_in, label, name, keys
):
    page = open_editor(log_in(strict_page))
    page.locator("#id_name").fill("Tonight")
    entry(first_block(page, "conditions"), "Keywords").fill("ORDER")
    first_block(page, "actions").locator("textarea").fill("Hello")
    window = add_block(page, "conditions", "Received between")
    for field in ("starts_at", "ends_at"):
        window.locator(f"input[name$={field}]").fill("2026-07-14T18:00")
    moment = window.get_by_label(label, exact=True)
    assert moment.get_attribute("type") == "datetime-local"
    moment.fill("")
    moment.focus()
    page.keyboard.type(keys)
    save(page)
    assert not Automation.objects.exists()
    window = page.locator("#conditions-root > div > [data-streamfield-child]").last
    assert "Enter a valid date/time." in window.inner_text()
    window.locator(f"input[name$={name}]").fill("")
    save(page)
    kept = Automation.objects.get().conditions[1].value
    assert [field for field in ("starts_at", "ends_at") if not kept[field]] == [name]
    assert page.console_errors == []


def test_chips_are_no_markup(page, content, keyword):
    keyword.press_sequentially("<img src=x>,")
    assert words(content) == ["<img src=x>"]
    assert content.locator(f"{WORDS} img").count() == 0


def test_chips_survive_moving_and_duplicating_the_block(page, content, keyword):
    keyword.press_sequentially("ORDER,")
    content.get_by_role("button", name="Duplicate").click()
    wait_until(page, f"document.querySelectorAll('{WORDS}').length === 2")
    panel = page.locator("#panel-conditions-section")
    entry(panel, "Keywords").last.press_sequentially("second,")
    panel.get_by_role("button", name="Move up").last.click()
    wait_until(
        page,
        f"[...document.querySelectorAll('{WORDS}')].map(w => w.textContent)"
        ".join() === 'ORDER,second,ORDER'",
    )
    assert panel.locator(".sms-words").count() == 2
    assert panel.get_by_role("textbox", name="Keywords").count() == 2


def test_only_keywords_have_case_variants(page, log_in):
    open_editor(log_in(page))
    numbers = add_block(page, "conditions", "Receiving number")
    entry(numbers, "Numbers").press_sequentially("38111,")
    assert words(numbers) == ["38111"]
    assert numbers.get_by_role("button", name="Add case variants").count() == 0


@pytest.fixture
def reply(page, log_in):
    """The reply of a new automation."""
    return first_block(open_editor(log_in(page)), "actions")


def counter(section):
    return section.locator(".sms-segments").inner_text()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "0 of 160 characters · 1 part · GSM-7"),
        ("a" * 160, "160 of 160 characters · 1 part · GSM-7"),
        ("a" * 161, "161 of 306 characters · 2 parts · 153 per part · GSM-7"),
        ("€" * 80, "160 of 160 characters · 1 part"),
        ("ê" * 70, "70 of 70 characters · 1 part · UCS-2"),
        ("ê" * 71, "71 of 134 characters · 2 parts · 67 per part · UCS-2"),
    ],
)
def test_the_counter_says_what_a_text_takes(reply, body, said):
    reply.get_by_role("textbox", name="Text").fill(body)
    assert said in counter(reply)
    assert "This is long" not in counter(reply)


def test_the_counter_names_the_characters_that_cost(reply):
    reply.get_by_role("textbox", name="Text").fill("C’est prêt")
    text = counter(reply)
    assert "make the parts shorter: \u2068’\u2069 \u2068ê\u2069" in text
    reply.get_by_role("textbox", name="Text").fill("C’est pret")
    assert "GSM-7" in counter(reply)
    assert "Sent as plain characters: \u2068’ → '\u2069" in counter(reply)


def test_the_counter_counts_what_is_sent_where_quotes_are_kept(page, log_in):
    SmsSettings.objects.create(replaces_typography=False)
    reply = first_block(open_editor(log_in(page)), "actions")
    reply.get_by_role("textbox", name="Text").fill("C’est pret")
    assert "UCS-2" in counter(reply)
    assert "shorter: \u2068’\u2069" in counter(reply)


def test_the_counter_warns_of_a_long_text_in_text_and_icon(reply):
    reply.get_by_role("textbox", name="Text").fill("a" * 307)
    warning = reply.locator(".sms-segments__note--warning")
    assert warning.inner_text() == "This is long: you pay 3 parts for each recipient."
    assert warning.locator("svg.icon-warning").count() == 1
    reply.get_by_role("textbox", name="Text").fill("a" * 1378)
    error = reply.locator(".sms-segments__note--error")
    assert error.inner_text() == "This is too long: at most 9 parts can be sent."


def test_the_counter_speaks_only_when_something_changes(page, reply):
    spoken = reply.locator("[role=status].w-sr-only")
    text = reply.get_by_role("textbox", name="Text")
    described = text.get_attribute("aria-describedby").split()
    assert reply.locator(".sms-segments").get_attribute("id") in described
    text.fill("a")
    page.wait_for_timeout(1300)
    assert spoken.inner_text() == ""
    text.fill("a" * 161)
    assert spoken.inner_text() == ""
    wait_until(
        page,
        "[...document.querySelectorAll('[role=status]')]"
        ".some(s => s.textContent.startsWith('2 parts, GSM-7'))",
    )


def test_a_saved_automation_comes_back_with_chips_and_counter(page, log_in):
    automation = factories.AutomationFactory(
        keywords=("ORDER", "yes, please"), actions=[factories.reply("a" * 161)]
    )
    open_editor(log_in(page), automation)
    page.wait_for_selector(WORDS)
    assert words(page) == ["ORDER", "yes, please"]
    assert "2 parts" in page.locator(".sms-segments").inner_text()
    save(page)
    again = Automation.objects.get().conditions[0].value["keywords"]
    assert again == ["ORDER", "yes, please"]
