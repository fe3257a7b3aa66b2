"""Circuit breakers: when a gateway is left alone, and how it is tried again."""

import logging
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from tests.test_concurrency import in_threads
from wagtail_sms_automation import circuits
from wagtail_sms_automation.gateways.base import (
    NotSent,
    Rejected,
    Sent,
    Throttled,
    Unknown,
)
from wagtail_sms_automation.models import Circuit
from wagtail_sms_automation.outbound_querysets import EMAIL


pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

SENT = Sent(gateway_id="1")
NOT_SENT = NotSent("Nobody is there.")
UNKNOWN = Unknown("The answer was lost.")
REJECTED = Rejected("No such number.")
THROTTLED = Throttled("Slow down.")
NO_BALANCE = NotSent("Not enough balance.", is_account_fault=True)


def record(*answers, now=NOW, gateway="default", probe=None):
    with transaction.atomic():
        circuits.record(gateway, answers, now, probe=probe)


def may_call(now=NOW, gateway="default", probe=None):
    with transaction.atomic():
        return circuits.may_call(gateway, now, probe=probe)


def is_open(now=NOW, gateway="default"):
    return not may_call(now=now, gateway=gateway)


@pytest.fixture
def opened():
    """Five failures have opened the circuit of the default gateway at NOW."""
    record(*[NOT_SENT] * 5)


@pytest.fixture
def probe(opened):
    """A claim that has become the probe once the time was over."""
    claim = uuid.uuid4()
    assert may_call(probe=claim, now=NOW + 30 * SECOND)
    return claim


# Closed


def test_an_unknown_gateway_may_be_called():
    assert may_call()
    assert circuits.open_gateways(NOW) == {}
    assert circuits.next_attempt_at(NOW) is None


def test_what_goes_well_is_asked_once_and_written_never(django_assert_num_queries):
    answers = [SENT, REJECTED, THROTTLED] * 5
    with django_assert_num_queries(1):
        circuits.record("default", answers, NOW)
    with django_assert_num_queries(1):
        circuits.may_call("default", NOW, probe=uuid.uuid4())
    with django_assert_num_queries(1):
        circuits.open_gateways(NOW)

    assert not Circuit.objects.exists()


def test_a_window_without_failure_is_no_longer_written(django_assert_num_queries):
    record(NOT_SENT)
    record(*[SENT] * 20)

    assert Circuit.objects.get().failures == []
    with django_assert_num_queries(1):
        circuits.record("default", [SENT], NOW)


# Opening


@pytest.mark.parametrize("failure", [NOT_SENT, UNKNOWN])
def test_five_hard_failures_in_a_row_open_it(failure):
    record(*[failure] * 4)
    before = is_open()
    record(failure)

    assert (before, is_open()) == (False, True)


@pytest.mark.parametrize("answer", [SENT, REJECTED, THROTTLED])
def test_any_answer_of_a_living_provider_breaks_the_row(answer):
    record(*[NOT_SENT] * 4, answer, *[NOT_SENT] * 4)

    assert not is_open()


@pytest.mark.parametrize("answer", [REJECTED, THROTTLED])
def test_refusals_alone_never_open_it(answer):
    record(*[answer] * 50)

    assert not is_open()


def test_one_call_at_a_time_comes_to_the_same():
    for _call in range(5):
        record(NOT_SENT)

    assert is_open()


def test_more_than_half_of_the_last_twenty_open_it():
    half = [SENT, NOT_SENT] * 10
    record(NOT_SENT, *half)
    before = is_open()
    record(NOT_SENT)

    assert (before, is_open()) == (False, True)


def test_more_than_half_of_fewer_than_twenty_do_not():
    record(*[NOT_SENT, NOT_SENT, SENT] * 6, NOT_SENT)

    assert not is_open()
    record(SENT)
    assert not is_open()
    record(NOT_SENT)
    assert is_open()


def test_what_lies_more_than_twenty_calls_back_is_forgotten():
    record(*[NOT_SENT, NOT_SENT, SENT] * 4, *[SENT] * 12)
    record(*[NOT_SENT, NOT_SENT, SENT, SENT] * 4)

    assert not is_open()
    assert len(Circuit.objects.get().failures) == 20


@pytest.mark.parametrize(
    ("answers", "seconds"), [([NOT_SENT] * 5, 30), ([SENT, NO_BALANCE], 300)]
)
def test_how_long_it_stays_open(answers, seconds):
    record(*answers)

    assert circuits.open_gateways(NOW) == {"default": False}
    assert circuits.next_attempt_at(NOW) == NOW + seconds * SECOND
    early, late = NOW + (seconds - 1) * SECOND, NOW + seconds * SECOND
    assert not may_call(probe=uuid.uuid4(), now=early)
    assert circuits.open_gateways(late) == {"default": True}
    assert may_call(probe=uuid.uuid4(), now=late)


def test_another_gateway_goes_on(opened):
    assert is_open()
    assert may_call(gateway="second")
    assert may_call(gateway=EMAIL)
    assert circuits.open_gateways(NOW) == {"default": False}


def test_calls_that_end_after_it_opened_change_nothing(opened):
    record(SENT, NOT_SENT, SENT, now=NOW + 10 * SECOND)

    assert is_open(NOW + 29 * SECOND)
    assert circuits.next_attempt_at(NOW) == NOW + 30 * SECOND


def test_an_account_fault_that_comes_after_it_opened_counts(opened):
    record(NO_BALANCE, now=NOW + 10 * SECOND)

    assert circuits.next_attempt_at(NOW) == NOW + 310 * SECOND


def test_staff_read_the_reason_without_a_number(caplog):
    text = "MessageBird answered 503: 99 no route to +33612345678 or 33 6 12 34 56 78"
    with caplog.at_level(logging.WARNING):
        record(*[Unknown(text + "\0\ud800")] * 5)
    reason = Circuit.objects.get().reason

    assert reason == "MessageBird answered 503: 99 no route to ••• or •••"
    assert "default is left alone until" in caplog.text
    assert "3361" not in caplog.text


def test_a_long_reason_is_cut():
    record(NotSent("x" * 5000, is_account_fault=True))

    assert len(Circuit.objects.get().reason) == 500


# The probe


def test_one_claim_in_all_becomes_the_probe(opened):
    now = NOW + 30 * SECOND

    assert may_call(probe=uuid.uuid4(), now=now)
    assert not may_call(probe=uuid.uuid4(), now=now)
    assert circuits.open_gateways(now) == {"default": False}


def test_who_has_no_claim_is_not_the_probe(opened):
    assert not may_call(probe=None, now=NOW + 30 * SECOND)
    assert Circuit.objects.get().probe is None


def test_a_probe_that_is_forgotten_is_replaced(probe):
    taken_at = NOW + 30 * SECOND

    assert not may_call(probe=uuid.uuid4(), now=taken_at + 59 * SECOND)
    assert may_call(probe=uuid.uuid4(), now=taken_at + 60 * SECOND)


@pytest.mark.parametrize("answer", [SENT, REJECTED, THROTTLED])
def test_a_probe_that_is_answered_closes_it(probe, answer):
    now = NOW + 31 * SECOND
    record(answer, now=now, probe=probe)

    assert may_call(now=now)
    assert circuits.open_gateways(now) == {}
    assert circuits.next_attempt_at(now) is None
    circuit = Circuit.objects.get()
    assert (circuit.failures, circuit.reason, circuit.probe) == ([], "", None)


def test_after_closing_it_takes_five_failures_again(probe):
    record(SENT, probe=probe, now=NOW + 31 * SECOND)
    record(*[NOT_SENT] * 4, now=NOW + 32 * SECOND)

    assert not is_open(NOW + 32 * SECOND)


@pytest.mark.parametrize(
    ("answer", "seconds"), [(NOT_SENT, 30), (UNKNOWN, 30), (NO_BALANCE, 300)]
)
def test_a_probe_that_fails_keeps_it_open(probe, answer, seconds):
    failed_at = NOW + 31 * SECOND
    record(answer, now=failed_at, probe=probe)

    assert is_open(failed_at)
    assert circuits.next_attempt_at(failed_at) == failed_at + seconds * SECOND
    assert Circuit.objects.get().reason == str(answer)
    again = failed_at + seconds * SECOND
    assert may_call(probe=uuid.uuid4(), now=again)


def test_a_probe_that_called_nobody_gives_its_turn_back(probe):
    now = NOW + 31 * SECOND
    record(now=now, probe=probe)

    assert may_call(probe=uuid.uuid4(), now=now)


def test_only_the_probe_closes_it(probe):
    now = NOW + 31 * SECOND
    record(SENT, now=now)
    record(SENT, now=now, probe=uuid.uuid4())
    record(now=now, probe=uuid.uuid4())

    assert is_open(now)


def test_a_probe_that_was_replaced_says_nothing_any_more(probe):
    second = uuid.uuid4()
    assert may_call(probe=second, now=NOW + 90 * SECOND)
    record(SENT, now=NOW + 91 * SECOND, probe=probe)
    before = is_open(NOW + 91 * SECOND)
    record(SENT, now=NOW + 92 * SECOND, probe=second)

    assert (before, is_open(NOW + 92 * SECOND)) == (True, False)


def test_an_account_fault_of_another_call_leaves_the_probe_its_say(probe):
    now = NOW + 31 * SECOND
    record(NO_BALANCE, now=now)
    before = is_open(now)
    record(SENT, now=now, probe=probe)

    assert (before, is_open(now)) == (True, False)


def test_the_claim_of_a_probe_calls_other_gateways_as_ever(probe):
    record(NOT_SENT, gateway="second", probe=probe)

    assert may_call(gateway="second")


def test_open_gateways_come_in_one_order():
    for gateway in ("second", "default", "third"):
        record(NO_BALANCE, gateway=gateway)

    assert list(circuits.open_gateways(NOW)) == ["default", "second", "third"]


def test_the_first_of_several_may_be_tried_first(opened):
    record(NO_BALANCE, gateway="second")

    assert circuits.next_attempt_at(NOW) == NOW + 30 * SECOND
    # The first may be tried now, which is no moment to wait for.
    assert circuits.next_attempt_at(NOW + 45 * SECOND) == NOW + 300 * SECOND


# Several workers


@pytest.fixture
def row_locks():
    """A database with row locks, and connections for threads."""
    if connection.vendor != "postgresql":
        pytest.skip("Needs TEST_DATABASE_URL=postgres://...")


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_is_the_probe(row_locks):
    record(*[NOT_SENT] * 5)
    tried = []

    in_threads(
        8,
        lambda: tried.append(may_call(probe=uuid.uuid4(), now=NOW + 30 * SECOND)),
    )

    assert sorted(tried) == [0] * 7 + [1]


@pytest.mark.django_db(transaction=True)
def test_failures_of_many_workers_at_once_all_count(row_locks):
    in_threads(4, lambda: record(NOT_SENT))
    before = is_open()
    assert Circuit.objects.get().failures == [True] * 4
    in_threads(2, lambda: record(NOT_SENT))

    assert (before, is_open()) == (False, True)
