"""Opening hours in the settings."""

from wagtail_sms_automation.admin.blocks import OpeningHoursBlock

from .blocks import errors, save


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
