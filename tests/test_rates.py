"""Token buckets: how many texts one of our numbers may send in a second."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from tests.test_concurrency import in_threads
from wagtail_sms_automation import rates
from wagtail_sms_automation.models import RateBucket


pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OURS = "+33939000001"


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def take(wanted, per_second, now=NOW, *, gateway="default", originator=OURS):
    with transaction.atomic():
        return rates.take(gateway, originator, wanted, per_second, now)


def next_token_at(per_second, now=NOW, originator=OURS):
    exhausted = rates.exhausted({"default": per_second}, now)
    return exhausted.get(("default", originator), now)


@pytest.mark.parametrize(
    ("per_second", "burst"), [(0.2, 1), (1, 1), (1.5, 1), (5, 5), (2.9, 2), (100, 100)]
)
def test_a_second_is_worth_what_may_be_sent_in_it(per_second, burst):
    assert take(1000, per_second) == burst
    assert take(1000, per_second) == 0


@pytest.mark.parametrize("wanted", [0, -1])
def test_nothing_is_taken_for_nobody(django_assert_num_queries, wanted):
    with django_assert_num_queries(0):
        assert rates.take("default", OURS, wanted, 1, NOW) == 0
    assert not RateBucket.objects.exists()


def test_no_more_than_wanted():
    assert [take(2, 5), take(2, 5), take(2, 5)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("per_second", "seconds", "granted"),
    [
        (1, 0.999, 0),
        (1, 1, 1),
        (1, 3600, 1),
        (5, 0.2, 1),
        (5, 0.5, 2),
        (5, 60, 5),
        (0.2, 4.9, 0),
        (0.2, 5, 1),
    ],
)
def test_it_fills_as_time_goes_by_and_no_further(per_second, seconds, granted):
    take(1000, per_second)

    assert take(1000, per_second, after(seconds)) == granted


@pytest.mark.parametrize("per_second", [0.2, 0.3, 1, 3, 7, 33.3])
@pytest.mark.parametrize("step", [0.05, 0.07, 0.1])
def test_however_often_it_is_asked(per_second, step):
    """The burst, and then what the rate says, but for a fraction."""
    steps = round(5 / step)
    granted = sum(take(1000, per_second, after(n * step)) for n in range(steps + 1))
    most = max(1, per_second) + steps * step * per_second

    assert most - 1 - 1e-3 <= granted <= most + 1e-3


def test_each_number_and_gateway_has_its_own():
    assert take(1, 1) == 1
    assert take(1, 1) == 0
    assert take(1, 1, originator="36180") == 1
    assert take(1, 1, gateway="second") == 1


def test_a_clock_that_is_a_little_late_fills_nothing_twice():
    take(1, 1)
    take(1, 1, after(1))

    assert take(1, 1, after(0.5)) == 0
    assert take(1, 1, after(1.9)) == 0
    assert take(1, 1, after(2)) == 1


def test_what_a_late_clock_takes_is_gone():
    take(1, 5, after(1))
    assert take(100, 5, after(0.5)) == 4
    assert RateBucket.objects.get().filled_at == after(1)


def test_a_clock_that_was_hours_ahead_stops_nobody_for_hours():
    take(1, 2, after(7200))

    assert take(100, 2) == 1
    assert take(100, 2, after(1)) == 2


def test_a_rate_that_was_lowered_counts_at_once():
    take(50, 100)

    assert take(100, 2) == 2


@pytest.mark.parametrize(
    ("per_second", "seconds"), [(1, 1), (2, 0.5), (3, 0.333334), (0.2, 5), (100, 0.01)]
)
def test_when_the_next_may_go(per_second, seconds):
    take(1000, per_second)
    at = next_token_at(per_second)

    assert at == after(seconds)
    assert take(1, per_second, at - timedelta(microseconds=100)) == 0
    assert take(1, per_second, at) == 1


def test_the_next_may_go_now():
    assert next_token_at(1) == NOW
    take(1, 5)
    assert next_token_at(5) == NOW
    take(1, 5, originator="36180")
    assert next_token_at(5, after(60), "36180") == after(60)


def test_the_next_may_go_when_a_late_clock_asks():
    take(1, 1, after(2))

    assert next_token_at(1, after(1)) == after(3)
    assert next_token_at(1, after(-3600)) == after(-3599)


def test_a_rate_near_nothing_names_the_next_day():
    take(1, 1e-300)

    assert next_token_at(1e-300) == NOW + timedelta(days=1)


def test_one_that_is_empty_is_not_written(django_assert_num_queries):
    take(1, 1)
    with django_assert_num_queries(1):
        rates.take("default", OURS, 1, 1, NOW)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_share_it():
    if connection.vendor != "postgresql":
        pytest.skip("Needs TEST_DATABASE_URL=postgres://...")
    granted = []

    in_threads(8, lambda: granted.append(take(5, 12)))
    in_threads(4, lambda: granted.append(take(5, 12, after(0.5))))

    assert sum(granted[:8]) == 12
    assert sum(granted[8:]) == 6
    assert RateBucket.objects.count() == 1
