"""Resuming: what is checked, what stops it, what is logged."""

import pytest
from wagtail.models import ModelLogEntry

from tests.factories import (
    AutomationFactory,
    FlowFactory,
    SuperuserFactory,
    content,
    reply,
)
from wagtail_sms_automation import flow_checks, resuming, rulebook
from wagtail_sms_automation.engine.flow_check.findings import Code
from wagtail_sms_automation.models import (
    Automation,
    IntendedFinding,
    RulebookRevision,
)
from wagtail_sms_automation.resuming import FlowCheckFailed, Override, resume


pytestmark = pytest.mark.django_db

ACTIVE, PAUSED = Automation.Status
RESUME = "wagtail_sms_automation.resume"


def automation(*keywords, body="Thanks", **fields):
    return AutomationFactory(
        conditions=[content(*keywords)], actions=[reply(body)], **fields
    )


def rows(*automations):
    return Automation.objects.filter(pk__in=[one.pk for one in automations])


def stopped(*automations, override=None):
    """Return the failure that resuming these ends in."""
    before = RulebookRevision.objects.current(), ModelLogEntry.objects.count()
    with pytest.raises(FlowCheckFailed) as failure:
        resume(rows(*automations), override=override)
    assert before == (
        RulebookRevision.objects.current(),
        ModelLogEntry.objects.count(),
    )
    return failure.value


def codes(failure):
    return [error.code for error in failure.errors]


def statuses():
    return set(Automation.objects.values_list("status", flat=True))


def test_what_has_no_errors_is_moved_and_logged():
    user = SuperuserFactory()
    one, other = automation("ONE", "One"), automation("TWO", "Two")
    active = automation("SIX", "Six", active=True)
    before = RulebookRevision.objects.current()
    resumed = resume(rows(one, other, active), user=user)
    assert resumed.moved == (one, other)
    assert resumed.stayed == 1
    assert resumed.warnings == ()
    assert {row.status for row in resumed.moved} == {ACTIVE}
    one.refresh_from_db()
    assert one.resumed_at
    assert len(rulebook.current().automations) == 3
    assert RulebookRevision.objects.current() == before + 1
    entries = ModelLogEntry.objects.all()
    assert {(e.action, e.object_id, e.user, str(e.data)) for e in entries} == {
        (RESUME, str(pk), user, "{}") for pk in (one.pk, other.pk)
    }


def test_an_error_of_one_keeps_all_paused():
    good, bad = automation("MENU", "Menu"), automation("STOP", "Stop")
    failure = stopped(good, bad)
    assert codes(failure) == [Code.RESERVED]
    assert failure.automations == (good, bad)
    assert statuses() == {PAUSED}


def test_an_error_of_an_active_one_elsewhere_stops_nothing():
    automation("STOP", "Stop", active=True)
    automation("HELP", "Help")
    good = automation("MENU", "Menu")
    assert resume(rows(good)).moved == (good,)


def test_an_error_of_an_active_one_among_them_stops_nothing():
    bad = automation("STOP", "Stop", active=True)
    good = automation("MENU", "Menu")
    resumed = resume(rows(good, bad))
    assert (resumed.moved, resumed.stayed) == ((good,), 1)


def test_an_active_one_is_not_checked_at_all(monkeypatch):
    monkeypatch.setattr(flow_checks, "check", None)
    bad = automation("STOP", active=True)
    assert resume(rows(bad)) == resuming.Resumed(moved=(), stayed=1, warnings=())


def test_the_announcement_of_the_flow_stops_it_too():
    flow = FlowFactory(announcement="Hungry? Reply ORDER. Reply GIFT for more.")
    other = automation("PIZZA", "Pizza")
    step = automation("ORDER", "Order", flow=flow)
    assert codes(stopped(step)) == [Code.DEAD_INVITATION]
    assert resume(rows(other)).moved == (other,)


def test_steps_that_lead_to_one_another_are_checked_together():
    first = automation("ORDER", "Order", body="Reply MENU.")
    second = automation("MENU", "Menu")
    assert codes(stopped(first)) == [Code.DEAD_INVITATION]
    assert len(resume(rows(first, second)).moved) == 2


def test_warnings_are_told_and_stop_nothing():
    automation("PIZZA", "Pizza", active=True)
    same = automation("PIZZA", "Pizza")
    resumed = resume(rows(same))
    assert resumed.moved == (same,)
    assert [one.code for one in resumed.warnings] == [Code.SAME_KEYWORD]


def test_saying_that_an_error_is_meant_so_does_not_help():
    bad = automation("STOP", "Stop")
    for error in stopped(bad).errors:
        IntendedFinding.objects.create(key=error.key)
    assert codes(stopped(bad)) == [Code.RESERVED]


def override_of(failure, reason="The law allows it."):
    return Override(reason=reason, seen=frozenset(e.key for e in failure.errors))


def test_an_override_moves_all_and_logs_the_reason_where_it_belongs():
    good = automation("MENU", "Menu")
    bad = automation("STOP", "Stop", "1234", "12")
    user = SuperuserFactory()
    override = override_of(stopped(good, bad))
    assert resume(rows(good, bad), user=user, override=override).moved == (good, bad)
    data = dict(ModelLogEntry.objects.values_list("object_id", "data"))
    assert data == {
        str(good.pk): {},
        str(bad.pk): {"reason": "The law allows it.", "errors": ["K3", "K4"]},
    }


def test_an_override_covers_only_what_was_seen():
    bad = automation("STOP", "Stop")
    override = override_of(stopped(bad))
    worse = automation("1234")
    failure = stopped(bad, worse, override=override)
    assert codes(failure) == [Code.DIGITS, Code.RESERVED]


def test_an_override_of_what_was_mended_meanwhile_leaves_no_trace():
    bad = automation("STOP", "Stop")
    override = override_of(stopped(bad))
    bad.conditions = [content("PAUSE", "Pause")]
    bad.save()
    resume(rows(bad), override=override)
    assert ModelLogEntry.objects.get(action=RESUME).data == {}


@pytest.mark.parametrize("gone", [True, False])
def test_none_is_nothing_to_resume(gone):
    row = automation("MENU")
    if gone:
        Automation.objects.all().delete()
    before = RulebookRevision.objects.current()
    resumed = resume(rows(row) if gone else FlowFactory().automations.all())
    assert resumed == resuming.Resumed(moved=(), stayed=0, warnings=())
    assert RulebookRevision.objects.current() == before


def test_rows_are_read_under_the_lock(monkeypatch):
    """What the other editor did until then counts: it was read too early before."""
    one, other = automation("ONE", "One"), automation("TWO", "Two")
    lock = type(Automation.objects.all()).lock

    def meddle_and_lock(queryset):
        one.resume()
        Automation.objects.filter(pk=other.pk).delete()
        lock(queryset)

    monkeypatch.setattr(type(Automation.objects.all()), "lock", meddle_and_lock)
    queryset = rows(one, other)
    list(queryset)
    resumed = resume(queryset)
    assert (resumed.moved, resumed.stayed) == ((), 1)


def test_one_that_cannot_be_read_keeps_all_paused():
    good, broken = automation("MENU", "Menu"), AutomationFactory()
    Automation.objects.filter(pk=broken.pk).update(
        conditions=[content("ORDER", operator="unheard_of")]
    )
    for override in (None, Override(reason="I want it.", seen=frozenset())):
        failure = stopped(good, broken, override=override)
        assert (failure.errors, failure.unreadable) == ((), (broken,))
    assert statuses() == {PAUSED}
    assert resume(rows(good)).moved == (good,)


def test_the_check_asks_as_much_for_many_as_for_two(count_queries):
    def queries(size):
        rulebook.forget()
        Automation.objects.all().delete()
        flow = FlowFactory(announcement="Reply WORD0.")
        batch = [
            automation(f"WORD{n}", f"12{n}", flow=flow, body="Reply LOST.")
            for n in range(size)
        ]
        return count_queries(lambda: stopped(*batch))

    queries(2)
    assert queries(2) == queries(30)


def test_a_resume_asks_for_no_more_than_its_log_entries(count_queries):
    def queries(size):
        rulebook.forget()
        Automation.objects.all().delete()
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        batch = [
            automation(f"{letters[n]}WORD", f"{letters[n].lower()}word")
            for n in range(size)
        ]
        return count_queries(lambda: resume(rows(*batch)))

    queries(2)
    each = queries(3) - queries(2)
    assert queries(20) == queries(2) + 18 * each
    assert each <= 3
