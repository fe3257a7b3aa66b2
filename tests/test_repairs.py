"""Repairs of what the flow check finds, done to the rows."""

from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import flow_checks, repairs, rulebook
from wagtail_sms_automation.engine.flow_check.findings import (
    AddKeywords,
    Code,
    Level,
    MarkIntended,
    Reason,
    ReplaceKeyword,
    SwitchToExact,
)
from wagtail_sms_automation.models import (
    Automation,
    IntendedFinding,
    RulebookRevision,
)

from .factories import (
    AutomationFactory,
    FlowFactory,
    InboundMessageFactory,
    UserFactory,
    block,
    content,
    reply,
)


pytestmark = pytest.mark.django_db


def finding_of(automation, code, reason=Reason.NONE, **options):
    """Return what the check finds of this kind."""
    (finding,) = [
        one
        for one in flow_checks.check([automation], **options)
        if (one.code, one.reason) == (code, reason)
    ]
    return finding


def repair_of(finding, kind):
    """Return its first repair of a kind."""
    return next(one for one in finding.repairs if isinstance(one, kind))


def only(automation):
    """Return a query for one automation."""
    return Automation.objects.filter(pk=automation.pk)


def mend(automation, finding, kind, **options):
    """Do one repair."""
    name = repairs.name_of(repair_of(finding, kind))
    return repairs.do(only(automation), finding.key, name, **options)


def keywords(automation):
    """Return the stored keywords of each content condition."""
    automation.refresh_from_db()
    return [
        child["value"]["keywords"]
        for child in automation.conditions.raw_data
        if child["type"] == "content"
    ]


def operators(automation):
    """Return the stored operator of each content condition."""
    automation.refresh_from_db()
    return [child["value"]["operator"] for child in automation.conditions.raw_data]


class TestAddKeywords:
    def test_they_go_beside_the_one_they_are_variants_of(self):
        automation = AutomationFactory(conditions=[content("ORDER", "Menu", "MENU")])
        finding = finding_of(automation, Code.CASE_VARIANTS)
        mend(automation, finding, AddKeywords)
        assert keywords(automation) == [["ORDER", "Order", "Menu", "MENU"]]
        assert Code.CASE_VARIANTS not in {
            one.code for one in flow_checks.check([automation])
        }

    def test_block_ids_stay(self):
        conditions = [content("ORDER"), block("opening_hours", when="open")]
        automation = AutomationFactory(conditions=conditions, actions=[reply("Hi")])
        actions = [child["id"] for child in automation.actions.raw_data]
        mend(automation, finding_of(automation, Code.CASE_VARIANTS), AddKeywords)
        automation.refresh_from_db()
        after = [child["id"] for child in automation.conditions.raw_data]
        assert after == [one["id"] for one in conditions]
        assert [child["id"] for child in automation.actions.raw_data] == actions

    def test_a_second_tab_doubles_nothing(self):
        automation = AutomationFactory(keywords=("ORDER",))
        finding = finding_of(automation, Code.CASE_VARIANTS)
        mend(automation, finding, AddKeywords)
        revisions = automation.revisions.count()
        with pytest.raises(repairs.NotThere):
            mend(automation, finding, AddKeywords)
        assert keywords(automation) == [["ORDER", "Order"]]
        assert automation.revisions.count() == revisions

    def test_never_to_a_condition_that_wants_all(self):
        automation = AutomationFactory(
            conditions=[content("ORDER", "Menu", "MENU", operator="all")]
        )
        finding = finding_of(automation, Code.CASE_VARIANTS)
        assert finding.repairs
        assert repairs.possible(finding, repairs.rows_of([finding])) == {}
        with pytest.raises(repairs.NotThere):
            mend(automation, finding, AddKeywords)
        assert keywords(automation) == [["ORDER", "Menu", "MENU"]]

    def test_barred_keywords_are_left_alone(self):
        automation = AutomationFactory(
            conditions=[content("ORDER"), content("ORDERED", operator="none")]
        )
        mend(automation, finding_of(automation, Code.CASE_VARIANTS), AddKeywords)
        assert keywords(automation) == [["ORDER", "Order"], ["ORDERED"]]

    def test_what_customers_ask_for_in_vain(self):
        automation = AutomationFactory(
            keywords=("PIZZA", "Pizza", "pizza"), active=True
        )
        for _time in range(5):
            InboundMessageFactory(body="Piza")
        finding = finding_of(automation, Code.USE, Reason.UNMATCHED, with_use=True)
        # Who may not see messages is not told, nor can repair it.
        with pytest.raises(repairs.NotThere):
            mend(automation, finding, AddKeywords)
        mend(automation, finding, AddKeywords, with_use=True)
        assert "Piza" in keywords(automation)[0]


class TestReplaceKeyword:
    def test_letters_of_another_alphabet(self):
        automation = AutomationFactory(keywords=("\u041eRDER",))  # A Cyrillic O.
        finding = finding_of(automation, Code.SPELLING, Reason.MIXED_SCRIPTS)
        mend(automation, finding, ReplaceKeyword)
        assert keywords(automation) == [["ORDER"]]

    def test_a_keyword_that_cannot_be_seen_is_taken_out(self):
        automation = AutomationFactory(keywords=("ORDER", "Order", "\u200b"))
        finding = finding_of(automation, Code.SPELLING, Reason.EMPTY)
        mend(automation, finding, ReplaceKeyword)
        assert keywords(automation) == [["ORDER", "Order"]]

    def test_never_the_last_one(self):
        automation = AutomationFactory(keywords=("\u200b",))
        finding = finding_of(automation, Code.SPELLING, Reason.EMPTY)
        with pytest.raises(repairs.NotThere):
            mend(automation, finding, ReplaceKeyword)
        assert keywords(automation) == [["\u200b"]]

    def test_of_two_alike_the_first_stays(self):
        automation = AutomationFactory(
            conditions=[
                content("ORDER", "Order", operator="begins"),
                content("order", "ORDER", "Order", ignore_case=True),
            ]
        )
        finding = finding_of(automation, Code.SPELLING, Reason.DUPLICATE)
        for spare in finding.repairs:
            found = finding_of(automation, Code.SPELLING, Reason.DUPLICATE)
            repairs.do(only(automation), found.key, repairs.name_of(spare))
            automation.refresh_from_db()
        assert keywords(automation) == [["ORDER", "Order"], ["order"]]


class TestSwitchToExact:
    def test_a_number(self):
        automation = AutomationFactory(keywords=("1", "2"))
        mend(automation, finding_of(automation, Code.DIGITS), SwitchToExact)
        assert operators(automation) == ["exact"]
        assert Code.DIGITS not in {one.code for one in flow_checks.check([automation])}

    @pytest.mark.parametrize(
        "conditions",
        [
            # Messages with FOOD in them would not be answered any more.
            [content("1", "FOOD", "Food")],
            # No message is exactly 1 and holds FOOD.
            [content("1"), content("FOOD", "Food")],
            [content("1", "2", operator="all")],
        ],
    )
    def test_not_where_other_keywords_would_suffer(self, conditions):
        automation = AutomationFactory(conditions=conditions)
        before = operators(automation)
        finding = finding_of(automation, Code.DIGITS)
        with pytest.raises(repairs.NotThere):
            mend(automation, finding, SwitchToExact)
        assert operators(automation) == before

    def test_beside_a_condition_that_bars(self):
        automation = AutomationFactory(
            conditions=[content("1"), content("NO", operator="none")]
        )
        mend(automation, finding_of(automation, Code.DIGITS), SwitchToExact)
        assert operators(automation) == ["exact", "none"]

    def test_the_other_automation_of_two(self):
        shorter = AutomationFactory(keywords=("MENU", "Menu"), active=True)
        longer = AutomationFactory(keywords=("MENU CARD", "Menu card"))
        finding = finding_of(longer, Code.CONTAINED)
        mend(longer, finding, SwitchToExact)
        assert operators(shorter) == ["exact"]
        assert operators(longer) == ["any"]


class TestSaving:
    @pytest.fixture
    def automation(self):
        return AutomationFactory(keywords=("ORDER",), active=True)

    def test_it_is_a_save_like_any_other(self, automation):
        user = UserFactory()
        assert not rulebook.current().automations[0].conditions[0].keywords[1:]
        before = RulebookRevision.objects.current()
        finding = finding_of(automation, Code.CASE_VARIANTS)
        mend(automation, finding, AddKeywords, user=user)
        automation.refresh_from_db()
        assert automation.status == Automation.Status.ACTIVE
        assert automation.latest_revision.user == user
        assert automation.latest_revision.as_object().conditions.raw_data[0]["value"][
            "keywords"
        ] == ["ORDER", "Order"]
        assert RulebookRevision.objects.current() > before
        assert rulebook.current().automations[0].conditions[0].keywords == (
            "ORDER",
            "Order",
        )
        (entry,) = ModelLogEntry.objects.for_instance(automation)
        assert entry.action == "wagtail_sms_automation.repair"
        assert (entry.user, entry.content_changed) == (user, True)
        assert entry.revision == automation.latest_revision
        assert entry.message == "Repaired as the flow check offered (K11)"

    def test_paused_stays_paused(self):
        automation = AutomationFactory(keywords=("ORDER",))
        mend(automation, finding_of(automation, Code.CASE_VARIANTS), AddKeywords)
        automation.refresh_from_db()
        assert automation.status == Automation.Status.PAUSED
        assert automation.resumed_at is None

    def test_the_newest_row_is_repaired(self, automation):
        finding = finding_of(automation, Code.CASE_VARIANTS)
        newer = [content("ORDER", "MENU", "Menu")]
        row = Automation.objects.get(pk=automation.pk)
        row.conditions, row.name = newer, "Newer"
        row.save()
        mend(automation, finding, AddKeywords)
        assert keywords(automation) == [["ORDER", "Order", "MENU", "Menu"]]
        assert automation.name == "Newer"

    @pytest.mark.parametrize(
        "broken", [{"actions": [reply("Hi {{ contact.first")]}, {"name": ""}]
    )
    def test_what_the_editor_could_not_save_is_refused(self, automation, broken):
        for name, value in broken.items():
            setattr(automation, name, value)
        automation.save()
        finding = finding_of(automation, Code.CASE_VARIANTS)
        with pytest.raises(repairs.NotValid) as refused:
            mend(automation, finding, AddKeywords)
        assert refused.value.automation == automation
        assert keywords(automation) == [["ORDER"]]
        assert not ModelLogEntry.objects.for_instance(automation).exists()

    def test_a_keyword_of_200_characters_is_refused(self):
        automation = AutomationFactory(keywords=("ORDER" * 40,))
        finding = finding_of(automation, Code.CASE_VARIANTS)
        with pytest.raises(repairs.NotValid):
            mend(automation, finding, AddKeywords)
        assert keywords(automation) == [["ORDER" * 40]]


class TestMarks:
    @pytest.fixture
    def pair(self):
        """Two automations that answer the same keyword."""
        return [
            AutomationFactory(keywords=("PIZZA", "Pizza"), active=True)
            for _one in range(2)
        ]

    def test_a_warning_is_information_from_then_on(self, pair):
        user = UserFactory()
        finding = finding_of(pair[0], Code.SAME_KEYWORD)
        mend(pair[0], finding, MarkIntended, user=user)
        mark = IntendedFinding.objects.get()
        assert (mark.key, mark.user) == (finding.key, user)
        marked = finding_of(pair[1], Code.SAME_KEYWORD)
        assert (marked.level, marked.is_intended) == (Level.INFO, True)
        for automation in pair:
            (entry,) = ModelLogEntry.objects.for_instance(automation)
            assert entry.action == "wagtail_sms_automation.mark_intended"
            assert (entry.user, entry.content_changed) == (user, False)
            assert not automation.revisions.exists()

    def test_twice_marks_once(self, pair):
        finding = finding_of(pair[0], Code.SAME_KEYWORD)
        mend(pair[0], finding, MarkIntended)
        with pytest.raises(repairs.NotThere):
            mend(pair[0], finding, MarkIntended)
        assert IntendedFinding.objects.count() == 1

    def test_it_can_be_taken_back(self, pair):
        user = UserFactory()
        finding = finding_of(pair[0], Code.SAME_KEYWORD)
        with pytest.raises(repairs.NotThere):
            repairs.take_back(only(pair[0]), finding.key)
        mend(pair[0], finding, MarkIntended)
        repairs.take_back(only(pair[0]), finding.key, user=user)
        assert not IntendedFinding.objects.exists()
        assert finding_of(pair[0], Code.SAME_KEYWORD).level is Level.WARNING
        newest = ModelLogEntry.objects.for_instance(pair[1]).latest("pk")
        assert newest.action == "wagtail_sms_automation.unmark_intended"
        assert newest.user == user

    def test_errors_cannot_be_marked(self):
        automation = AutomationFactory(keywords=("1",))
        finding = finding_of(automation, Code.DIGITS)
        name = repairs.name_of(MarkIntended())
        with pytest.raises(repairs.NotThere):
            repairs.do(only(automation), finding.key, name)
        assert not IntendedFinding.objects.exists()


@pytest.mark.parametrize("key", ["", "K1-0000000000000000", "K" * 10_000, "\x00", "é"])
def test_a_key_of_no_finding_changes_nothing(key):
    automation = AutomationFactory(keywords=("ORDER",))
    name = repairs.name_of(
        repair_of(finding_of(automation, Code.CASE_VARIANTS), AddKeywords)
    )
    for do in (
        lambda: repairs.do(only(automation), key, name),
        lambda: repairs.take_back(only(automation), key),
    ):
        with pytest.raises(repairs.NotThere):
            do()
    assert keywords(automation) == [["ORDER"]]


def test_a_finding_of_another_flow_changes_nothing():
    one, other = FlowFactory(), FlowFactory()
    automation = AutomationFactory(keywords=("ORDER",), flow=one)
    AutomationFactory(keywords=("LATER",), flow=other)
    finding = finding_of(automation, Code.CASE_VARIANTS)
    name = repairs.name_of(repair_of(finding, AddKeywords))
    with pytest.raises(repairs.NotThere):
        repairs.do(other.automations.all(), finding.key, name)
    assert keywords(automation) == [["ORDER"]]


def test_a_name_is_that_of_the_same_change_only():
    names = {
        repairs.name_of(repair)
        for repair in (
            MarkIntended(),
            AddKeywords(automation=1, beside="A", keywords=("B",)),
            AddKeywords(automation=2, beside="A", keywords=("B",)),
            AddKeywords(automation=1, beside="A", keywords=("C",)),
            ReplaceKeyword(automation=1, old="A"),
            SwitchToExact(automation=1, keyword="A"),
        )
    }
    assert len(names) == 6


def test_expired_dates_can_be_meant():
    past = timezone.now() - timedelta(days=9)
    window = block("received_between", starts_at=None, ends_at=past.isoformat())
    automation = AutomationFactory(conditions=[content("SUMMER", "Summer"), window])
    finding = finding_of(automation, Code.UNREACHABLE, Reason.EXPIRED)
    mend(automation, finding, MarkIntended)
    assert finding_of(automation, Code.UNREACHABLE, Reason.EXPIRED).is_intended
