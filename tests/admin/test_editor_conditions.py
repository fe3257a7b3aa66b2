"""Conditions in the editor: what is kept, and what is refused at which field."""

import json
from datetime import UTC, datetime

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from wagtail_sms_automation.admin.blocks import ConditionsBlock

from .. import factories
from .blocks import errors, fill_in, listed, save


def condition(name):
    return ConditionsBlock().child_blocks[name]


def content(keywords, **fields):
    return {"operator": "any", "keywords": keywords, **fields}


def keyword_errors(keywords):
    return errors(condition("content"), **content(keywords)).get("keywords", [])


def test_keywords_are_kept_as_a_list_in_the_order_typed():
    stored = save(condition("content"), **content("ORDER\r\nOrder\n\n order pizza \n"))
    assert stored["keywords"] == ["ORDER", "Order", "order pizza"]
    assert stored["operator"] == "any"
    assert stored["ignore_case"] is False


def test_a_keyword_may_hold_a_comma():
    stored = save(condition("content"), **content("yes, please\nno"))
    assert stored["keywords"] == ["yes, please", "no"]


def test_keywords_that_match_the_same_are_kept_once():
    stored = save(condition("content"), **content("été\ne\u0301te\u0301\nORDER\nORDER"))
    assert stored["keywords"] == ["été", "ORDER"]


def test_keywords_in_other_case_are_others():
    stored = save(condition("content"), **content("order\nORDER"))
    assert stored["keywords"] == ["order", "ORDER"]


def test_a_content_condition_without_keyword_is_refused():
    assert keyword_errors(" \n\n") == ["Add at least one keyword."]


def test_an_invisible_keyword_is_refused_and_named():
    (message,) = keyword_errors("ORDER\n\u200b\u2060")
    assert "“U+200B U+2060” has no visible character" in message


def test_a_keyword_longer_than_a_text_is_refused_and_named():
    assert keyword_errors("k" * 160) == []
    (message,) = keyword_errors("ORDER\n" + "k" * 161)
    assert message.startswith("“kkkkkkkkkkkkkkkkkkkk…” is too long")


def test_keywords_survive_an_error():
    block = condition("content")
    value = fill_in(block, content("ORDER\n" + "k" * 161))
    state = block.get_form_state(value)
    assert state["keywords"] == "ORDER\n" + "k" * 161


def test_what_is_stored_comes_back_into_the_form():
    block = condition("content")
    value = block.to_python(
        {"operator": "exact", "keywords": ["a, b", "ç"], "anywhere": True}
    )
    assert block.get_form_state(value)["keywords"] == "a, b\nç"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("09 39 00 00 01", "+33939000001"),
        ("+33939000001", "+33939000001"),
        ("38111", "38111"),
        ("+32 470 12 34 56", "+32470123456"),
    ],
)
def test_receiving_numbers_are_kept_as_e164(typed, kept):
    assert save(condition("receiving_number"), numbers=typed) == {"numbers": [kept]}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("06 12 34 56 78 (perso)", "A phone number has no letters."),
        ("06 12 34 56", "The phone number is too short."),
        ("0692 12 34 56", "This is not a valid phone number."),
        ("12", "This is a short code, not a phone number."),
    ],
)
def test_a_bad_receiving_number_is_named_with_its_reason(typed, reason):
    block = condition("receiving_number")
    assert errors(block, numbers=f"38111\n{typed}") == {
        "numbers": [f"{typed}: {reason}"]
    }


def test_every_bad_number_is_named():
    messages = errors(condition("receiving_number"), numbers="abc\n06 12 34")["numbers"]
    assert [message.split(":")[0] for message in messages] == ["abc", "06 12 34"]


def test_one_number_written_twice_is_kept_once():
    stored = save(condition("receiving_number"), numbers="0939000001\n+33939000001")
    assert stored == {"numbers": ["+33939000001"]}


def test_a_window_may_be_open_at_one_end():
    stored = save(
        condition("received_between"), starts_at="2026-07-14 18:00", ends_at=""
    )
    starts_at = datetime(2026, 7, 14, 18, tzinfo=timezone.get_default_timezone())
    assert datetime.fromisoformat(str(stored["starts_at"])) == starts_at
    assert stored["ends_at"] is None


@pytest.mark.parametrize(
    "typed", ["yesterday", "2026-13-45T18:00", "202607-07-14T18:00", "07/14/2026", "?"]
)
@pytest.mark.parametrize("name", ["starts_at", "ends_at"])
def test_a_mistyped_moment_is_refused_at_its_field_and_kept_as_typed(name, typed):
    block = condition("received_between")
    fields = {"starts_at": "", "ends_at": "", name: typed}
    assert errors(block, **fields) == {name: ["Enter a valid date/time."]}
    assert block.get_form_state(fill_in(block, fields))[name] == typed


def test_moments_are_typed_and_shown_in_the_time_zone_of_the_site():
    block = condition("received_between")
    with timezone.override("America/New_York"):
        stored = save(block, starts_at="2026-07-14T18:00", ends_at="2026-12-14T18:00")
        state = block.get_form_state(block.to_python(json_of(stored)))
    assert stored["starts_at"].astimezone(UTC) == datetime(2026, 7, 14, 16, tzinfo=UTC)
    assert stored["ends_at"].astimezone(UTC) == datetime(2026, 12, 14, 17, tzinfo=UTC)
    assert state == {"starts_at": "2026-07-14T18:00", "ends_at": "2026-12-14T18:00"}


def json_of(stored):
    """Return what the database gives back."""
    return json.loads(json.dumps(stored, cls=DjangoJSONEncoder))


def test_a_window_without_ends_is_refused():
    assert errors(condition("received_between"), starts_at="", ends_at="") == {
        "starts_at": ["Enter a start, an end, or both."]
    }


@pytest.mark.parametrize("ends_at", ["2026-07-14 17:59", "2026-07-14 18:00"])
def test_a_window_that_ends_before_it_starts_is_refused(ends_at):
    block = condition("received_between")
    assert errors(block, starts_at="2026-07-14 18:00", ends_at=ends_at) == {
        "ends_at": ["The end must be after the start."]
    }


def test_frequency_once_needs_no_hours():
    stored = save(condition("frequency"), limit="once", hours="")
    assert stored == {"limit": "once", "hours": None}


def test_frequency_in_hours_needs_hours():
    assert errors(condition("frequency"), limit="hours", hours="") == {
        "hours": ["Enter a number of hours."]
    }
    assert save(condition("frequency"), limit="hours", hours="24")["hours"] == 24


@pytest.mark.parametrize("hours", ["0", "-1", "99999999999"])
def test_hours_that_no_clock_can_hold_are_refused(hours):
    assert "hours" in errors(condition("frequency"), limit="hours", hours=hours)


@pytest.mark.parametrize("name", ["in_group", "not_in_group"])
def test_a_group_condition_keeps_its_groups(db, name):
    group = factories.ContactGroupFactory()
    stored = save(condition(name), **listed("groups", group.pk))
    assert [item["value"] for item in stored["groups"]] == [group.pk]


def test_a_group_condition_without_group_is_refused(db):
    assert "groups" in errors(condition("in_group"), **listed("groups"))
    (message,) = errors(condition("in_group"), **listed("groups", ""))["groups"]
    assert message.startswith("Nothing is chosen, or what was chosen has been deleted.")


def test_a_deleted_automation_is_reported_when_saved_again(db):
    automation = factories.AutomationFactory()
    block = condition("follows")
    stored = save(block, within_hours="24", **listed("automations", automation.pk))
    assert stored["automations"][0]["value"] == automation.pk

    automation.delete()
    again = block.get_form_state(block.to_python(stored))["automations"]
    assert [item["value"] for item in again] == [None]
    resubmitted = listed("automations", "")
    (message,) = errors(block, within_hours="24", **resubmitted)["automations"]
    assert "deleted" in message


def test_follows_needs_hours(db):
    automation = factories.AutomationFactory()
    block = condition("follows")
    fields = listed("automations", automation.pk)
    assert "within_hours" in errors(block, within_hours="", **fields)
