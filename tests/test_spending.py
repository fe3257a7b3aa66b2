"""The spend guard: what is reserved before a text is sent, and what holds it."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests import factories
from tests.test_concurrency import in_threads
from wagtail_sms_automation import spending
from wagtail_sms_automation.models import OutboundMessage, PartsSpent, SmsSettings


pytestmark = pytest.mark.django_db

#: Noon in Paris, the site's time zone.
NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
TODAY = date(2026, 3, 2)
HOUR = timedelta(hours=1)
OURS, OURS_TOO = "+33939000001", "+33939000002"
BELGIAN, AMERICAN = "+32470000001", "+12025550123"

HeldBy = OutboundMessage.HeldBy


def limits(**changes):
    """Settings with no limit but these."""
    unlimited = {
        "parts_per_day": None,
        "parts_per_day_of_originator": None,
        "parts_per_day_of_contact": None,
    }
    return SmsSettings(**{**unlimited, **changes})


def text(**fields):
    """A text that is about to be sent for the first time."""
    fields.setdefault("created_at", NOW)
    return factories.OutboundMessageFactory(**fields)


def texts(count, **fields):
    return [text(**fields) for _number in range(count)]


def tried(contact, **fields):
    """A text the contact was sent before."""
    fields = {"attempts": 1, "state": "sent", "sent_at": NOW - HOUR, **fields}
    fields.setdefault("created_at", NOW - HOUR)
    return factories.OutboundMessageFactory(contact=contact, **fields)


def reply_to(number, **fields):
    """An answer to somebody who texted us."""
    contact = factories.ContactFactory(phone_number=number)
    inbound = factories.InboundMessageFactory(contact=contact)
    return text(inbound=inbound, **fields)


def holds(messages, site, now=NOW):
    with transaction.atomic():
        return spending.holds(messages, site, now)


def reasons(messages, site, now=NOW):
    """What holds each, in their order; None for what goes out."""
    held = holds(messages, site, now)
    assert set(held) <= {message.pk for message in messages}
    return [held.get(message.pk) for message in messages]


def spent(originator="", day=TODAY):
    return PartsSpent.objects.filter(day=day, originator=originator).values_list(
        "parts", flat=True
    )


# How many queries


def test_the_defaults_take_two_queries_a_batch(django_assert_num_queries):
    batch = texts(16)
    holds(texts(1), SmsSettings())
    with django_assert_num_queries(2):
        held = spending.holds(batch, SmsSettings(), NOW)

    assert held == {}
    assert list(spent()) == [17]


def test_no_limit_no_query(django_assert_num_queries):
    batch = texts(3)
    with django_assert_num_queries(0):
        assert spending.holds(batch, limits(), NOW) == {}


def test_a_batch_that_is_too_much_takes_no_more_for_being_long(count_queries):
    site = limits(parts_per_day=1)
    assert holds(texts(1), site) == {}
    short, long = texts(2), texts(30)

    assert count_queries(lambda: holds(short, site)) == count_queries(
        lambda: holds(long, site)
    )


def test_nothing_to_send():
    assert holds([], SmsSettings()) == {}
    assert not PartsSpent.objects.exists()


# All texts of a day


def test_the_first_text_of_a_day_begins_the_count():
    assert reasons(texts(2, parts=3), limits(parts_per_day=10)) == [None, None]
    assert list(spent()) == [6]


def test_up_to_the_limit_and_no_further():
    site = limits(parts_per_day=10)

    assert reasons(texts(5, parts=2), site) == [None] * 5
    assert reasons(texts(1), site) == [HeldBy.SITE_LIMIT]
    assert list(spent()) == [10]


def test_a_batch_that_does_not_fit_goes_in_order_as_far_as_it_does():
    batch = [text(parts=parts) for parts in (4, 4, 4, 2, 1)]

    assert reasons(batch, limits(parts_per_day=10)) == [
        None,
        None,
        HeldBy.SITE_LIMIT,
        None,
        HeldBy.SITE_LIMIT,
    ]
    assert list(spent()) == [10]


@pytest.mark.parametrize("cap", [0, 1])
def test_a_text_longer_than_the_limit(cap):
    assert reasons(texts(1, parts=2), limits(parts_per_day=cap)) == [HeldBy.SITE_LIMIT]
    assert list(spent()) == [0]


def test_a_limit_that_was_lowered_below_what_is_spent():
    holds(texts(5), limits(parts_per_day=10))

    assert reasons(texts(1), limits(parts_per_day=3)) == [HeldBy.SITE_LIMIT]
    assert list(spent()) == [5]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 2, 22, 59, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 23, 1, tzinfo=UTC), date(2026, 3, 3)),
        (datetime(2026, 7, 2, 21, 59, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 7, 2, 22, 1, tzinfo=UTC), date(2026, 7, 3)),
    ],
)
def test_a_day_is_one_of_the_sites_time_zone(now, day):
    with timezone.override("Pacific/Auckland"):
        holds(texts(1), limits(parts_per_day=10), now)

    assert PartsSpent.objects.get().day == day


def test_a_new_day_begins_at_nothing():
    site = limits(parts_per_day=2)
    holds(texts(2), site)

    assert reasons(texts(2), site, NOW + 24 * HOUR) == [None, None]


# One of our numbers


def test_each_of_our_numbers_has_its_limit():
    site = limits(parts_per_day_of_originator=3)
    batch = [text(originator=one) for one in (OURS, OURS_TOO, OURS, OURS, OURS)]

    assert reasons(batch, site) == [None] * 4 + [HeldBy.ORIGINATOR_LIMIT]
    assert (list(spent(OURS)), list(spent(OURS_TOO))) == ([3], [1])
    assert list(spent()) == []


def test_a_text_from_nowhere_counts_for_the_site_only():
    site = limits(parts_per_day=10, parts_per_day_of_originator=1)

    assert reasons(texts(3, originator=""), site) == [None] * 3
    assert list(spent()) == [3]


def test_what_our_number_may_not_send_does_not_count_for_the_site():
    site = limits(parts_per_day=10, parts_per_day_of_originator=2)

    assert reasons(texts(3), site) == [None, None, HeldBy.ORIGINATOR_LIMIT]
    assert (list(spent()), list(spent(OURS))) == ([2], [2])


def test_what_the_site_may_not_send_is_given_back_to_our_number():
    site = limits(parts_per_day=3, parts_per_day_of_originator=10)
    batch = [text(parts=2, originator=one) for one in (OURS, OURS, OURS_TOO)]

    assert reasons(batch, site) == [None, HeldBy.SITE_LIMIT, HeldBy.SITE_LIMIT]
    assert list(spent()) == [2]
    assert (list(spent(OURS)), list(spent(OURS_TOO))) == ([2], [0])


# One contact


@pytest.fixture
def contact():
    return factories.ContactFactory()


def test_what_a_contact_was_sent_today_counts(contact):
    tried(contact, parts=2)
    tried(contact, parts=3)
    tried(factories.ContactFactory(), parts=50)
    site = limits(parts_per_day_of_contact=6)

    assert reasons([text(contact=contact)], site) == [None]
    assert reasons([text(contact=contact, parts=2)], site) == [HeldBy.CONTACT_LIMIT]


@pytest.mark.parametrize(
    "state",
    ["sending", "unknown", "sent", "failed", "expired", "delivered", "queued"],
)
def test_what_may_have_been_sent_counts_whatever_became_of_it(contact, state):
    tried(contact, state=state, sent_at=None)

    assert reasons([text(contact=contact)], limits(parts_per_day_of_contact=1)) == [
        HeldBy.CONTACT_LIMIT
    ]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"attempts": 0, "state": "queued", "sent_at": None}, id="waits"),
        pytest.param({"attempts": 0, "state": "held", "sent_at": None}, id="held"),
        pytest.param({"channel": "email"}, id="e-mail"),
        pytest.param(
            {"sent_at": NOW - 13 * HOUR, "created_at": NOW - 13 * HOUR}, id="yesterday"
        ),
        pytest.param(
            {"sent_at": None, "created_at": NOW - 13 * HOUR}, id="tried yesterday"
        ),
    ],
)
def test_what_a_contact_was_not_sent_today_does_not_count(contact, fields):
    tried(contact, **fields)

    assert reasons([text(contact=contact)], limits(parts_per_day_of_contact=1)) == [
        None
    ]


def test_what_was_written_yesterday_and_sent_today_counts(contact):
    tried(contact, created_at=NOW - 20 * HOUR, sent_at=NOW - 11 * HOUR)

    assert reasons([text(contact=contact)], limits(parts_per_day_of_contact=1)) == [
        HeldBy.CONTACT_LIMIT
    ]


def test_several_texts_to_a_contact_in_one_batch(contact):
    batch = [text(contact=contact, parts=parts) for parts in (2, 2, 1, 1)]
    batch.insert(1, text())

    assert reasons(batch, limits(parts_per_day_of_contact=3)) == [
        None,
        None,
        HeldBy.CONTACT_LIMIT,
        None,
        HeldBy.CONTACT_LIMIT,
    ]


def test_what_a_contact_may_not_be_sent_costs_nobody_else(contact):
    site = limits(
        parts_per_day=2, parts_per_day_of_originator=2, parts_per_day_of_contact=1
    )
    batch = [text(contact=contact, parts=2), text(), text()]

    assert reasons(batch, site) == [HeldBy.CONTACT_LIMIT, None, None]
    assert (list(spent()), list(spent(OURS))) == ([2], [2])


def test_staff_have_no_limit_of_their_own():
    batch = texts(5, contact=None, recipient="+33612999999")

    assert reasons(batch, limits(parts_per_day_of_contact=1)) == [None] * 5


def test_flag(django_assert_num_queries):
    here, there, elsewhere = (factories.ContactFactory() for _number in range(3))
    spending.flag({here.pk, there.pk})
    with django_assert_num_queries(0):
        spending.flag(set())
    for contact in (here, there, elsewhere):
        contact.refresh_from_db()

    assert (here.is_flagged, there.is_flagged) == (True, True)
    assert not elsewhere.is_flagged


# What is counted once, or not at all, or never held


def test_an_email_costs_nothing(django_assert_num_queries):
    email = text(channel="email", contact=None, recipient="a@example.fr", parts=5)
    site = limits(
        parts_per_day=0, parts_per_day_of_originator=0, parts_per_day_of_contact=0
    )
    site.allowed_countries = "BE"
    with django_assert_num_queries(0):
        assert spending.holds([email], site, NOW) == {}


def test_a_text_that_was_tried_before_has_its_parts(contact):
    site = limits(
        parts_per_day=1, parts_per_day_of_originator=1, parts_per_day_of_contact=1
    )
    message = text(contact=contact)
    first = reasons([message], site)
    message.attempts = 1
    message.save()

    assert (first, reasons([message], site)) == ([None], [None])
    assert (list(spent()), list(spent(OURS))) == ([1], [1])


def test_it_does_not_count_itself_where_its_attempt_is_written_already(contact):
    message = text(contact=contact)
    OutboundMessage.objects.filter(pk=message.pk).update(attempts=1, state="sending")

    assert reasons([message], limits(parts_per_day_of_contact=1)) == [None]


def test_what_a_person_sent_again_is_counted_but_never_held(contact):
    tried(contact, parts=9)
    site = limits(
        parts_per_day=2, parts_per_day_of_originator=2, parts_per_day_of_contact=1
    )
    site.allowed_countries = "BE"
    again = text(contact=contact, cause="again:1", parts=5)

    assert reasons([again], site) == [None]
    assert (list(spent()), list(spent(OURS))) == ([5], [5])


def test_what_a_person_sent_again_comes_before_the_others():
    batch = [text(parts=2), text(cause="again:1", parts=3), text(parts=1)]

    assert reasons(batch, limits(parts_per_day=4)) == [HeldBy.SITE_LIMIT, None, None]
    assert list(spent()) == [4]


# Countries


@pytest.mark.parametrize(
    ("allowed", "number", "reason"),
    [
        ("FR, BE", BELGIAN, None),
        ("be", BELGIAN, None),
        ("FR", BELGIAN, HeldBy.COUNTRY),
        ("BE", "+33612345678", HeldBy.COUNTRY),
        ("FR, BE", AMERICAN, HeldBy.COUNTRY),
    ],
)
def test_a_list_counts_for_every_text(allowed, number, reason):
    site = limits(allowed_countries=allowed)
    batch = [
        reply_to(number),
        text(contact=None, recipient=number),
        text(recipient=number),
    ]

    assert reasons(batch, site) == [reason] * 3


@pytest.mark.parametrize(
    ("originator", "number", "reason"),
    [
        (OURS, "+33612345678", None),
        (OURS, BELGIAN, HeldBy.COUNTRY),
        ("+3228000001", BELGIAN, None),
        # A name and a short code have no country: DEFAULT_REGION is France.
        ("Chez Lea", "+33612345678", None),
        ("36180", BELGIAN, HeldBy.COUNTRY),
        ("", BELGIAN, HeldBy.COUNTRY),
        (OURS, "36180", HeldBy.COUNTRY),
        (OURS, "+999", HeldBy.COUNTRY),
    ],
)
def test_without_a_list_what_we_begin_stays_in_our_country(originator, number, reason):
    fields = {"originator": originator, "recipient": number}
    inbound = factories.InboundMessageFactory()
    batch = [
        text(**fields),
        text(contact=None, **fields),
        text(contact=None, inbound=inbound, **fields),
    ]

    assert reasons(batch, limits()) == [reason] * 3


@pytest.mark.parametrize("number", [BELGIAN, AMERICAN])
def test_without_a_list_whoever_texts_us_is_answered(number):
    assert reasons([reply_to(number)], limits()) == [None]


def test_without_any_country_of_ours_there_is_none_to_keep_to(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {"ORIGINATOR": "Chez Lea"}

    assert reasons([text(originator="Chez Lea", recipient=BELGIAN)], limits()) == [None]


def test_a_list_that_cannot_be_read_counts_as_none(caplog):
    site = limits(allowed_countries="FR, Belgium")
    with caplog.at_level(logging.ERROR):
        held = reasons([text(recipient=BELGIAN), text()], site)

    assert held == [HeldBy.COUNTRY, None]
    assert "cannot be read" in caplog.text


def test_what_may_not_go_to_a_country_costs_nothing():
    site = limits(parts_per_day=1)

    assert reasons([text(recipient=AMERICAN), text()], site) == [HeldBy.COUNTRY, None]
    assert list(spent()) == [1]


# Several workers


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_never_spend_more_and_never_block_each_other():
    """Each with texts from both numbers, and one that a person sent again."""
    if connection.vendor != "postgresql":
        pytest.skip("Needs TEST_DATABASE_URL=postgres://...")
    site = limits(parts_per_day=40, parts_per_day_of_originator=25)
    batches = [
        [text(originator=one, parts=2) for one in (OURS, OURS_TOO) * 4]
        + [text(originator=(OURS, OURS_TOO)[n % 2], cause=f"again:{n}")]
        for n in range(8)
    ]
    turns, held = iter(batches), {}

    in_threads(8, lambda: held.update(holds(next(turns), site)))

    sent = [m for batch in batches for m in batch if m.pk not in held]
    by_number = dict.fromkeys((OURS, OURS_TOO), 0)
    for message in sent:
        by_number[message.originator] += message.parts
    asked = 8
    assert {one: list(spent(one)) for one in by_number} == {
        one: [parts] for one, parts in by_number.items()
    }
    assert list(spent()) == [sum(by_number.values())]
    assert 38 <= sum(by_number.values()) <= 40 + asked
    assert all(parts <= 25 + asked for parts in by_number.values())
    assert {HeldBy.SITE_LIMIT} <= set(held.values())


@pytest.mark.django_db(transaction=True)
def test_the_first_texts_of_a_day_at_once():
    if connection.vendor != "postgresql":
        pytest.skip("Needs TEST_DATABASE_URL=postgres://...")
    batches, held = iter([texts(2) for _number in range(8)]), {}

    in_threads(8, lambda: held.update(holds(next(batches), limits(parts_per_day=9))))

    assert len(held) == 7
    assert list(spent()) == [9]
