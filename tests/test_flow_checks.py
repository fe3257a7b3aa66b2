"""The flow check on the rows of the database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    AutomationFactory,
    FlowFactory,
    MembershipFactory,
    content,
    reply,
)
from wagtail_sms_automation import flow_checks, rulebook
from wagtail_sms_automation.engine.flow_check.findings import Code, Level, Reason
from wagtail_sms_automation.models import Automation, IntendedFinding


pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_rulebook():
    rulebook.forget()
    yield
    rulebook.forget()


def automation(*keywords, body="Thanks", is_active=True, **fields):
    status = Automation.Status.ACTIVE if is_active else Automation.Status.PAUSED
    return AutomationFactory(
        conditions=[content(*keywords)],
        actions=[reply(body)],
        status=status,
        **fields,
    )


def found(findings):
    return [
        (one.code, one.reason, one.automations)
        for one in findings
        if one.level is not Level.INFO
    ]


def test_a_paused_automation_is_checked_as_if_it_were_active():
    active = automation("PIZZA", "Pizza")
    paused = automation("PIZZA", "Pizza", is_active=False)
    findings = flow_checks.check([paused])
    assert found(findings) == [(Code.SAME_KEYWORD, Reason.NONE, (active.pk, paused.pk))]
    for one in findings:
        IntendedFinding.objects.create(key=one.key)
    assert found(flow_checks.check([paused])) == []


def test_findings_about_others_are_left_out():
    automation("STOP", "Stop")
    other = automation("PIZZA", "Pizza", is_active=False)
    assert found(flow_checks.check([other])) == []


def test_a_flow_is_checked_with_its_announcement_and_its_paused_steps():
    flow = FlowFactory(announcement="Hungry? Reply ORDER. Reply GIFT for more.")
    first = automation("ORDER", "Order", body="Reply MENU", flow=flow, is_active=False)
    menu = automation("MENU", "Menu", flow=flow, is_active=False)
    lost = automation("LOST", "Lost", flow=flow, is_active=False)
    announcement = (Code.DEAD_INVITATION, Reason.NOBODY_LISTENS, ())

    assert found(flow_checks.check([first])) == [
        announcement,
        (Code.UNREACHABLE, Reason.PAUSED, (menu.pk, first.pk)),
    ]
    assert found(flow_checks.check([first, menu, lost])) == [
        announcement,
        (Code.UNREACHABLE, Reason.NOT_INVITED, (lost.pk,)),
    ]


def test_what_is_not_saved_yet_is_checked_too():
    unsaved = Automation(name="New", conditions=[content("STOP", "Stop")])
    assert found(flow_checks.check([unsaved])) == [(Code.RESERVED, Reason.NONE, (0,))]


def test_an_automation_that_has_not_fired_for_long():
    quiet = automation("PIZZA", "Pizza")
    old = timezone.now() - timedelta(days=100)
    Automation.objects.filter(pk=quiet.pk).update(updated_at=old)
    assert Code.USE not in {one.code for one in flow_checks.check([quiet])}
    [finding] = flow_checks.check([quiet], with_use=True)
    assert (finding.code, finding.reason) == (Code.USE, Reason.NEVER_FIRED)
    assert finding.count == 100


def test_a_resume_begins_the_silence_anew():
    quiet = automation("PIZZA", "Pizza", is_active=False)
    old = timezone.now() - timedelta(days=100)
    Automation.objects.filter(pk=quiet.pk).update(updated_at=old)
    quiet.resume()
    assert Code.USE not in {
        one.code for one in flow_checks.check([quiet], with_use=True)
    }


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    flow = FlowFactory(announcement="Reply WORD0")
    MembershipFactory()
    many = [
        automation(f"WORD{n}", f"Word{n}", body=f"Reply WORD{n + 1}", flow=flow)
        for n in range(12)
    ]
    rulebook.current()
    for some in (many[:2], many):
        with django_assert_num_queries(7):
            flow_checks.check(some, with_use=True)


def test_findings_are_told_by_automation():
    flow = FlowFactory(announcement="Reply GIFT.")
    steps = [automation("STOP", "Stop", flow=flow), automation("MENU", "Menu")]
    steps.append(automation("PIZZA", "Pizza", flow=flow))
    errors = [f for f in flow_checks.check(steps) if f.level is Level.ERROR]
    found = flow_checks.by_automation(errors, steps)
    assert {pk: [one.code for one in own] for pk, own in found.items()} == {
        steps[0].pk: [Code.RESERVED, Code.DEAD_INVITATION],
        steps[1].pk: [],
        steps[2].pk: [Code.DEAD_INVITATION],
    }
