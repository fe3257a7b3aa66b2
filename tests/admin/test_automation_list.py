"""The list of automations: what it shows, finds, filters and costs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from wagtail_sms_automation.models import Automation

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    FlowFactory,
    InboundMessageFactory,
    MatchFactory,
    content,
    follows,
    in_group,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/automations/"
RESULTS = "/admin/sms/automations/results/"


def names_in(response):
    """Return the names listed, in order."""
    return [automation.name for automation in response.context["object_list"]]


def test_it_shows_keywords_status_flow_and_what_fired(admin_client):
    automation = AutomationFactory(
        name="Stage 1",
        flow=FlowFactory(name="SMS orders"),
        conditions=[content("ORDER", "order"), content("NO", operator="none")],
        active=True,
    )
    for days in (1, 2, 40):
        MatchFactory(
            automation=automation, matched_at=timezone.now() - timedelta(days=days)
        )
    html = admin_client.get(LIST).content.decode()
    for text in ("Stage 1", "ORDER", "order", "SMS orders", "Active"):
        assert text in html
    row = admin_client.get(LIST).context["object_list"][0]
    assert row.match_count == 2
    assert (timezone.now() - row.last_matched_at).days == 1
    assert "<del" in html


def test_an_automation_without_content_condition_answers_any_message(admin_client):
    AutomationFactory()
    assert "Any message" in admin_client.get(LIST).content.decode()


def test_it_stands_in_the_order_of_firing(admin_client):
    last = AutomationFactory(name="A", sort_order=9)
    first = AutomationFactory(name="Z", sort_order=3)
    assert names_in(admin_client.get(LIST)) == [first.name, last.name]


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [("name", ["A", "B"]), ("-name", ["B", "A"]), ("-match_count", ["B", "A"])],
)
def test_columns_sort(admin_client, ordering, expected):
    AutomationFactory(name="A")
    MatchFactory(automation=AutomationFactory(name="B"))
    response = admin_client.get(LIST, {"ordering": ordering})
    assert names_in(response) == expected


@pytest.mark.parametrize("query", ["deliver", "LIVRE", "takeaway", "kitchen", "ivré"])
def test_search_finds_names_keywords_descriptions_and_flows(admin_client, query):
    AutomationFactory(
        name="Delivery",
        description="Rings the kitchen.",
        keywords=("LIVRER", "livré"),
        flow=FlowFactory(name="Takeaway"),
    )
    AutomationFactory(name="Another", keywords=("MENU",))
    assert names_in(admin_client.get(RESULTS, {"q": query})) == ["Delivery"]


@pytest.mark.parametrize(
    "parameters",
    [{"status": "active"}, {"message_type": "mms"}, {"flow": True}],
    ids=["status", "message type", "flow"],
)
def test_filters(admin_client, parameters):
    wanted = AutomationFactory(
        name="Wanted", active=True, message_type="mms", flow=FlowFactory()
    )
    AutomationFactory(name="Other", flow=FlowFactory())
    if "flow" in parameters:
        parameters = {"flow": wanted.flow_id}
    assert names_in(admin_client.get(LIST, parameters)) == ["Wanted"]


def fired(name, *days):
    """An automation that fired so many days ago."""
    automation = AutomationFactory(name=name)
    for day in days:
        matched_at = timezone.now() - timedelta(days=day)
        MatchFactory(automation=automation, matched_at=matched_at)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("yes", ["Lately"]), ("no", ["Long ago", "Never"])],
)
def test_those_that_fired_or_not(admin_client, value, expected):
    fired("Lately", 2, 3, 40)
    fired("Long ago", 31)
    fired("Never")
    assert names_in(admin_client.get(LIST, {"fired": value})) == expected


def test_those_that_fired_last_between_two_days(admin_client):
    fired("Lately", 2, 50)
    fired("Long ago", 40, 50)
    fired("Never")

    def day(days):
        return (timezone.localtime() - timedelta(days=days)).date().isoformat()

    between = {"last_matched_at_from": day(60), "last_matched_at_to": day(20)}
    assert names_in(admin_client.get(LIST, between)) == ["Long ago"]
    since = {"last_matched_at_from": day(10)}
    assert names_in(admin_client.get(LIST, since)) == ["Lately"]


def test_filters_cost_no_queries_by_row(admin_client, count_queries):
    wanted = {"fired": "yes", "last_matched_at_from": "2000-01-01", "q": "stage"}
    fired("Stage 1", 1)
    admin_client.get(LIST, wanted)
    few = count_queries(lambda: admin_client.get(LIST, wanted))
    for number in range(20):
        fired(f"Stage {number}", 1, 2)
    assert count_queries(lambda: admin_client.get(LIST, wanted)) == few


def test_the_number_of_queries_does_not_grow(admin_client, count_queries):
    def add(count):
        for _index in range(count):
            automation = AutomationFactory(
                flow=FlowFactory(),
                conditions=[
                    content("ORDER"),
                    in_group(ContactGroupFactory()),
                    follows(AutomationFactory()),
                ],
            )
            MatchFactory(automation=automation, inbound=InboundMessageFactory())

    add(2)
    admin_client.get(LIST)
    few = count_queries(lambda: admin_client.get(LIST))
    add(23)
    assert count_queries(lambda: admin_client.get(LIST)) == few


def test_pages_hold_fifty(admin_client):
    AutomationFactory.create_batch(51)
    assert len(admin_client.get(LIST).context["object_list"]) == 50
    assert len(admin_client.get(LIST, {"p": 2}).context["object_list"]) == 1


def test_the_three_dots_hold_five_things_in_order(admin_client):
    automation = AutomationFactory()
    view = admin_client.get(LIST).context["view"]
    labels = [button.label for button in view.get_list_more_buttons(automation)]
    assert labels == ["Edit", "Resume", "Duplicate", "History", "Delete"]
    automation.status = Automation.Status.ACTIVE
    labels = [button.label for button in view.get_list_more_buttons(automation)]
    assert labels[1] == "Pause"


def test_someone_who_may_only_pause_sees_the_list_and_two_dots(client_of):
    automation = AutomationFactory()
    response = client_of("pause_automation").get(LIST)
    view = response.context["view"]
    labels = [button.label for button in view.get_list_more_buttons(automation)]
    assert labels == ["Resume", "History"]
    edit = reverse("sms_automations_modeladmin_edit", args=[automation.pk])
    assert edit not in response.content.decode()


def test_a_keyword_is_text_and_never_markup(admin_client):
    AutomationFactory(name="<b>x</b>", keywords=("<script>alert(1)</script>",))
    html = admin_client.get(LIST).content.decode()
    assert "<script>alert(1)" not in html
    assert "<b>x</b>" not in html
