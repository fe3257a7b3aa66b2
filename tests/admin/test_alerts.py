"""Warnings: above the lists and on the home page, for those whom they concern."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from wagtail_sms_automation.admin import alerts
from wagtail_sms_automation.models import Circuit, OutboundMessage
from wagtail_sms_automation.outbound_querysets import EMAIL

from ..factories import ContactFactory, OutboundMessageFactory, UserFactory


pytestmark = pytest.mark.django_db

HOME = "/admin/"
MESSAGES = "/admin/sms/messages/"
UNSENT = "/admin/sms/unsent/"

ONE_UNSENT = "1 message was not sent, or may not have been."
ONE_FLAGGED = "1 contact got too many automatic texts and was flagged."


def warnings_on(client, url):
    """Return the warnings on a page, in order, as one text each."""
    page = BeautifulSoup(client.get(url).content, "html.parser")
    return [
        " ".join(block.get_text().split()) for block in page.select(".help-warning")
    ]


@pytest.fixture
def trouble():
    """Something of every kind to warn of."""
    OutboundMessageFactory(state="failed")
    OutboundMessageFactory(state="held", review="left")
    OutboundMessageFactory(state="delivered")
    ContactFactory(is_flagged=True)
    Circuit.objects.create(
        gateway="default",
        open_until=timezone.now() + timedelta(minutes=1),
        reason="503 <Busy>",
    )


def test_all_is_well(admin_client):
    Circuit.objects.create(gateway="a")
    Circuit.objects.create(gateway="b", open_until=timezone.now())
    for url in (HOME, MESSAGES, UNSENT):
        assert warnings_on(admin_client, url) == []
    assert "sms-alerts" not in admin_client.get(HOME).content.decode()


def test_each_page_warns_of_what_is_not_on_it(admin_client, trouble):
    unsent = f"{ONE_UNSENT} Decide"
    flagged = f"{ONE_FLAGGED} Look at them"
    for url, expected in (
        (HOME, [unsent, flagged]),
        (MESSAGES, [unsent]),
        (UNSENT, [flagged]),
    ):
        circuit, *others = warnings_on(admin_client, url)
        assert circuit.startswith("Texts wait until ")
        assert circuit.endswith("the gateway “default” does not work. 503 <Busy>")
        assert others == expected


def test_the_warnings_lead_to_what_they_are_about(admin_client, trouble):
    page = BeautifulSoup(admin_client.get(HOME).content, "html.parser")
    decide, look = (link["href"] for link in page.select(".help-warning a"))
    assert len(admin_client.get(decide).context["object_list"]) == 1
    assert len(admin_client.get(look).context["object_list"]) == 1


@pytest.mark.parametrize(
    ("permissions", "count"),
    [
        ((), 0),
        (("change_automation", "view_inboundmessage"), 0),
        (("view_contact",), 1),
        (("view_outboundmessage",), 2),
        (("review_outboundmessage",), 2),
        (("view_outboundmessage", "change_contact"), 3),
    ],
)
def test_they_are_for_those_who_may_see_the_rows(
    client_of, trouble, permissions, count
):
    client = client_of(*permissions)
    assert len(warnings_on(client, HOME)) == count


def test_the_mail_server_has_its_own_words(admin_client):
    Circuit.objects.create(
        gateway=EMAIL, open_until=timezone.now() + timedelta(minutes=1)
    )
    (warning,) = warnings_on(admin_client, HOME)
    assert warning.endswith("as the mail server does not work.")


def test_a_percent_sign_in_a_name_breaks_nothing(admin_client):
    until = timezone.now() + timedelta(minutes=1)
    Circuit.objects.create(gateway="100%s", open_until=until, reason="%(x)s")
    (warning,) = warnings_on(admin_client, HOME)
    assert "“100%s”" in warning
    assert warning.endswith("%(x)s")


def test_counting_ends_somewhere(admin_client, monkeypatch):
    monkeypatch.setattr(alerts, "MOST_COUNTED", 3)
    OutboundMessageFactory.create_batch(3, state="failed")
    assert "3 messages were not sent" in warnings_on(admin_client, HOME)[0]
    OutboundMessageFactory(state="failed")
    assert "3+ messages were not sent" in warnings_on(admin_client, HOME)[0]


def test_they_cost_three_queries_at_any_number(count_queries):
    user = UserFactory(permissions=("view_outboundmessage", "view_contact"))

    def ask():
        list(alerts.alerts_for(user))

    ask()
    OutboundMessageFactory.create_batch(20, state="failed")
    ContactFactory.create_batch(20, is_flagged=True)
    assert count_queries(ask) == 3
    OutboundMessage.objects.all().delete()
    assert count_queries(ask) == 3


def test_whom_they_do_not_concern_they_cost_nothing(count_queries):
    user = UserFactory()
    alerts.alerts_for(user)
    assert count_queries(lambda: alerts.alerts_for(user)) == 0
