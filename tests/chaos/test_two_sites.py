"""Two sites of ours as each other's customers: the loop guard ends it, on both."""

import time

import pytest

from .customers import Text, Webhook
from .provider import SIGNING_KEY
from .relay import Relay
from .site import Site, wait_for


#: Each site's number, which for the other is a contact like any other.
ONE, TWO = "+33937000038", "+33937000039"
#: Seconds without a word after which the conversation is over.
SILENCE = 8

LOAD = """
from tests import factories
from wagtail_sms_automation.models import SmsSettings

factories.AutomationFactory(active=True, actions=[factories.reply({answer!r})])
SmsSettings.objects.update_or_create(pk=1, defaults={{
    "fallback_hours": 0,
    # Each text is another one: the guard against the same text must not be the help.
    "identical_replies": 30_000,
}})
"""

CONTACTS = "SELECT phone_number, is_flagged FROM wagtail_sms_automation_contact"
HELD = """SELECT COUNT(*) FROM wagtail_sms_automation_outboundmessage
    WHERE state = 'held' AND held_by = 'loop'"""


@pytest.fixture
def relays():
    with Relay() as one, Relay() as two:
        yield one, two


@pytest.fixture
def sites(relays, make_database, tmp_path_factory):
    """Two sites, each the customer of the other."""
    directory = tmp_path_factory.mktemp("sites")
    one, two = (
        Site(make_database("sqlite"), directory / name, relay, number=number)
        for name, relay, number in zip(("one", "two"), relays, (ONE, TWO), strict=True)
    )
    relays[0].other, relays[1].other = two, one
    with one, two:
        one.load(LOAD.format(answer="Got it: {{ message.body }}"))
        two.load(LOAD.format(answer="Thank you, {{ contact.phone_number }}!"))
        one.start()
        two.start()
        yield one, two


def is_flagged(site):
    return any(flagged for _number, flagged in site.database.rows(CONTACTS))


def have_gone_silent(relays):
    """True when neither site has said anything for a while."""
    accepted = [sent for relay in relays for sent in list(relay.accepted)]
    last = max((sent.accepted_at.timestamp() for sent in accepted), default=time.time())
    return bool(accepted) and time.time() - last > SILENCE


def most_in_a_minute(accepted):
    moments = sorted(sent.accepted_at.timestamp() for sent in accepted)
    return max(sum(0 <= later - first < 60 for later in moments) for first in moments)


def test_the_loop_guard_stops_two_sites_that_answer_each_other(sites, relays):
    one, two = sites
    for site, number in ((one, TWO), (two, ONE)):
        hello, webhook = Text(number, 0, "Hello?"), Webhook(site, SIGNING_KEY)
        wait_for(lambda hello=hello, webhook=webhook: webhook(hello), 30)

    wait_for(lambda: all(is_flagged(site) for site in sites), 90, pause=0.5)
    wait_for(lambda: have_gone_silent(relays), 60)

    for relay in relays:
        assert 1 < len(relay.accepted) <= 10
        assert most_in_a_minute(relay.accepted) <= 5
    assert one.database.rows(CONTACTS) == [(TWO, 1)]
    assert two.database.rows(CONTACTS) == [(ONE, 1)]
    for site in sites:
        assert site.database.rows(HELD) == [(1,)]
