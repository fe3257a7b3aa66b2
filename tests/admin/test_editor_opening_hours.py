"""Opening hours in the settings."""

import pytest
from django.utils import translation

from wagtail_sms_automation.admin.blocks import OpeningHoursBlock

from .blocks import errors, fill_in, save


def block(name):
    return OpeningHoursBlock().child_blocks[name]


def test_a_period_is_kept():
    stored = save(block("period"), days=["0", "4"], opens_at="18:30", closes_at="02:00")
    assert stored["days"] == ["0", "4"]
    assert str(stored["opens_at"]) == "18:30:00"


def test_a_period_needs_days_and_times():
    assert set(errors(block("period"), opens_at="", closes_at="")) == {
        "days",
        "opens_at",
        "closes_at",
    }


@pytest.mark.parametrize("typed", ["late", "25:00", "6 pm", "?"])
def test_a_mistyped_time_is_refused_at_its_field_and_kept_as_typed(typed):
    fields = {"days": ["0"], "opens_at": typed, "closes_at": "23:00"}
    assert errors(block("period"), **fields) == {"opens_at": ["Enter a valid time."]}
    state = block("period").get_form_state(fill_in(block("period"), fields))
    assert (state["opens_at"], state["closes_at"]) == (typed, "23:00")


@pytest.mark.parametrize("typed", ["Christmas", "24/12/2026", "2026-02-30", "?"])
def test_a_mistyped_day_is_refused_at_its_field(typed):
    found = errors(block("closed"), first_day="2026-12-24", last_day=typed)
    assert found == {"last_day": ["Enter a valid date."]}


def test_what_is_stored_comes_back_as_the_browser_reads_it():
    period = {"days": ["0"], "opens_at": "18:30:00", "closes_at": "02:00:00"}
    state = block("period").get_form_state(block("period").to_python(period))
    assert (state["opens_at"], state["closes_at"]) == ("18:30", "02:00")
    closed = {"first_day": "2026-12-24", "last_day": None}
    state = block("closed").get_form_state(block("closed").to_python(closed))
    assert state == {"first_day": "2026-12-24", "last_day": None}


@pytest.mark.parametrize("language", ["en-us", "fr", "de", "fi"])
def test_times_and_days_are_the_browsers_in_every_language(language):
    with translation.override(language):
        stored = save(block("period"), days=["0"], opens_at="18:30", closes_at="23:00")
        assert block("period").get_form_state(stored)["opens_at"] == "18:30"
        assert save(block("closed"), first_day="2026-12-24", last_day="")


def test_a_period_without_length_is_refused():
    found = errors(block("period"), days=["0"], opens_at="18:00", closes_at="18:00")
    assert found == {"closes_at": ["Closing and opening time must differ."]}


def test_a_closure_may_be_one_day():
    stored = save(block("closed"), first_day="2026-12-24", last_day="")
    assert (str(stored["first_day"]), stored["last_day"]) == ("2026-12-24", None)


def test_a_closure_that_ends_before_it_starts_is_refused():
    found = errors(block("closed"), first_day="2026-12-24", last_day="2026-12-23")
    assert found == {"last_day": ["The last day must not be before the first."]}


def test_a_closure_of_years_is_a_slip_and_refused():
    found = errors(block("closed"), first_day="2026-12-24", last_day="9999-12-31")
    assert found == {"last_day": ["A closure lasts at most a year."]}
