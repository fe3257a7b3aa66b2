"""Flows as rows: read together, counted, paused and copied at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import flows, rulebook
from wagtail_sms_automation.engine import rules
from wagtail_sms_automation.engine.flow_graph import (
    Arrow,
    ArrowKind,
    FlowGraph,
    Node,
    NodeKind,
)
from wagtail_sms_automation.models import Automation, Flow, RulebookRevision

from .factories import (
    AutomationFactory,
    ContactFactory,
    ContactGroupFactory,
    FlowFactory,
    InboundMessageFactory,
    MatchFactory,
    SuperuserFactory,
    add_to_group,
    content,
    follows,
    in_group,
    reply,
)


pytestmark = pytest.mark.django_db

ACTIVE, PAUSED = Automation.Status


def graph_of(*automations, arrows=(), starts=()):
    """Return a graph made by hand; arrows are pairs, of automations or of names."""

    def key(one):
        return one if isinstance(one, str) else f"automation-{one.pk}"

    return FlowGraph(
        nodes=(
            *(Node(id=name, kind=NodeKind.ANNOUNCEMENT) for name in starts),
            *(
                Node(id=key(one), kind=NodeKind.AUTOMATION, automation=one.pk)
                for one in automations
            ),
        ),
        arrows=tuple(
            Arrow(source=key(one), target=key(other), kind=ArrowKind.KEYWORD)
            for one, other in arrows
        ),
    )


class TestReading:
    def test_names_groups_and_automations_of_every_block(self):
        group = ContactGroupFactory()
        first = AutomationFactory(conditions=[content("ORDER"), in_group(group)])
        second = AutomationFactory(
            conditions=[follows(first)], actions=[reply("Hi"), add_to_group(group)]
        )
        one, other = rulebook.compile_all(list(Automation.objects.in_order()))
        assert one == rulebook.compile_automation(first)
        assert other == rulebook.compile_automation(second)
        assert other.conditions == (rules.Follows(automations=frozenset({first.pk})),)

    def test_the_number_of_queries_does_not_grow(self, count_queries):
        def make(number):
            for n in range(number):
                first = AutomationFactory(keywords=(f"A{n}",))
                AutomationFactory(
                    conditions=[follows(first), in_group(ContactGroupFactory())],
                    actions=[reply(), add_to_group(ContactGroupFactory())],
                )

        def read():
            automations = list(Automation.objects.in_order())
            assert len(rulebook.compile_all(automations)) == len(automations)

        make(2)
        few = count_queries(read)
        make(28)
        assert count_queries(read) == few <= 5

    def test_one_that_cannot_be_read_is_left_out(self, caplog):
        broken, fine = AutomationFactory.create_batch(2)
        table = Automation._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET conditions = %s WHERE id = %s",  # noqa: S608
                ['[{"type": "content", "value": 5}]', broken.pk],
            )
        compiled = rulebook.compile_all(list(Automation.objects.in_order()))
        assert [one.id for one in compiled] == [fine.pk]
        assert str(broken.pk) in caplog.text

    def test_the_paused_and_the_announced(self):
        flow = FlowFactory(name="Orders", announcement="Reply ORDER.")
        quiet = FlowFactory(announcement="  ")
        paused = AutomationFactory(keywords=("ORDER",))
        active = AutomationFactory(keywords=("MENU",), active=True)
        graph = flows.graph_of([paused, active], [flow, quiet])
        nodes = {node.id: node for node in graph.nodes}
        assert nodes[f"automation-{paused.pk}"].is_paused
        assert not nodes[f"automation-{active.pk}"].is_paused
        assert nodes[f"flow-{flow.pk}"].bodies == ("Reply ORDER.",)
        assert f"flow-{quiet.pk}" not in nodes


class TestCounting:
    @pytest.fixture
    def stages(self):
        return AutomationFactory.create_batch(3)

    def went(self, contact, *automations, ago=timedelta()):
        for n, automation in enumerate(automations):
            MatchFactory(
                inbound=InboundMessageFactory(contact=contact),
                automation=automation,
                matched_at=timezone.now() - ago + timedelta(minutes=n),
            )

    def counts(self, graph):
        return flows.counts_of(graph, timezone.now() - timedelta(days=30))

    def test_contacts_are_counted_on_the_way_they_went(self, stages):
        a, b, c = stages
        graph = graph_of(
            *stages, starts=["flow-1"], arrows=[("flow-1", a), (a, b), (b, c), (a, c)]
        )
        self.went(ContactFactory(), a, b, c)
        self.went(ContactFactory(), a, b)
        self.went(ContactFactory(), a, c)
        self.went(ContactFactory(), b)
        assert self.counts(graph) == {
            ("flow-1", f"automation-{a.pk}"): 3,
            (f"automation-{a.pk}", f"automation-{b.pk}"): 2,
            (f"automation-{b.pk}", f"automation-{c.pk}"): 1,
            (f"automation-{a.pk}", f"automation-{c.pk}"): 1,
        }

    def test_a_contact_counts_once_and_old_ways_not_at_all(self, stages):
        a, b, _c = stages
        graph = graph_of(*stages, starts=["x"], arrows=[("x", a), (a, b), (b, a)])
        ana = ContactFactory()
        self.went(ana, a, b, a, b, a)
        self.went(ContactFactory(), a, b, ago=timedelta(days=40))
        assert set(self.counts(graph).values()) == {1}
        assert len(self.counts(graph)) == 3

    def test_a_loop(self, stages):
        a = stages[0]
        self.went(ContactFactory(), a, a, a)
        key = f"automation-{a.pk}"
        assert self.counts(graph_of(a, arrows=[(a, a)])) == {(key, key): 1}

    def test_answers_of_other_automations_between_do_not_matter(self, stages):
        a, b, other = stages
        self.went(ContactFactory(), a, other, b)
        counts = self.counts(graph_of(a, b, arrows=[(a, b)]))
        assert list(counts.values()) == [1]

    def test_senders_without_a_contact_are_left_aside(self, stages):
        a = stages[0]
        MatchFactory(inbound__contact=None, automation=a)
        assert self.counts(graph_of(a, starts=["x"], arrows=[("x", a)])) == {}

    def test_an_empty_graph_has_none(self):
        assert self.counts(graph_of()) == {}


class TestPausingAll:
    def test_the_active_ones_are_paused_and_logged(self):
        user = SuperuserFactory()
        one, other = AutomationFactory.create_batch(2, active=True)
        AutomationFactory()
        before = RulebookRevision.objects.current()
        assert flows.pause_all(Automation.objects.all(), user=user) == 2
        assert set(Automation.objects.values_list("status", flat=True)) == {PAUSED}
        assert RulebookRevision.objects.current() == before + 1
        entries = ModelLogEntry.objects.all()
        assert {(e.action, e.object_id, e.user) for e in entries} == {
            ("wagtail_sms_automation.pause", str(pk), user) for pk in (one.pk, other.pk)
        }
        assert flows.pause_all(Automation.objects.all()) == 0
        assert RulebookRevision.objects.current() == before + 1

    def test_one_that_somebody_pauses_meanwhile_counts_for_them(self):
        quick = AutomationFactory(active=True)
        AutomationFactory(active=True)
        rows = Automation.objects.order_by("pk")
        list(rows)  # read before the other editor is quicker

        class Cached:
            def order_by(self, _name):
                return rows

        quick.pause()
        assert flows.pause_all(Cached()) == 1
        assert ModelLogEntry.objects.count() == 2


class TestMovingAStep:
    @pytest.fixture
    def flow(self):
        """A flow of three among others: A x B y C."""
        flow = FlowFactory()
        for name in "AxByC":
            AutomationFactory(name=name, flow=flow if name.isupper() else None)
        return flow

    def names(self):
        return "".join(a.name for a in Automation.objects.in_order())

    @pytest.mark.parametrize(
        ("name", "places", "expected", "is_moved"),
        [
            ("A", 1, "BxAyC", True),
            ("C", -1, "AxCyB", True),
            ("A", -1, "AxByC", False),
            ("C", 1, "AxByC", False),
            ("x", 1, "AyBxC", True),
        ],
    )
    def test_it_changes_places_within_its_flow(
        self, flow, name, places, expected, is_moved
    ):
        step = Automation.objects.get(name=name)
        assert flows.move_step(step, places) == is_moved
        assert self.names() == expected
        assert ModelLogEntry.objects.count() == is_moved

    def test_places_that_are_shared_are_no_hindrance(self, flow):
        Automation.objects.update(sort_order=7)
        flows.move_step(Automation.objects.get(name="C"), -1)
        assert self.names() == "AxCyB"

    @pytest.mark.parametrize(
        ("name", "place", "expected", "is_moved"),
        [
            ("A", 2, "BxCyA", True),
            ("C", 0, "CxAyB", True),
            ("B", 1, "AxByC", False),
            ("A", 99, "BxCyA", True),
            ("C", -5, "CxAyB", True),
            ("y", 0, "AyBxC", True),
        ],
    )
    def test_it_is_put_at_a_place_of_its_flow(
        self, flow, name, place, expected, is_moved
    ):
        before = RulebookRevision.objects.current()
        step = Automation.objects.get(name=name)
        assert flows.place_step(step, place, step.flow_id)
        assert self.names() == expected
        assert ModelLogEntry.objects.count() == is_moved
        assert (RulebookRevision.objects.current() != before) == is_moved
        assert sorted(Automation.objects.values_list("sort_order", flat=True)) == list(
            range(1, 6)
        )

    def test_two_editors_who_saw_the_same_order_lose_no_place(self, flow):
        first, last = (Automation.objects.get(name=name) for name in "AC")
        flows.place_step(first, 2, flow.pk)
        flows.place_step(last, 0, flow.pk)
        assert self.names() == "CxByA"

    @pytest.mark.parametrize(
        "move",
        [
            lambda step: flows.move_step(step, -1),
            lambda step: flows.move_step(step, 1),
            lambda step: flows.place_step(step, 2, step.flow_id),
        ],
        ids=["up", "down", "place"],
    )
    @pytest.mark.parametrize("is_deleted", [False, True], ids=["moved", "deleted"])
    def test_a_step_that_left_the_flow_meanwhile_stays(self, flow, move, is_deleted):
        step = Automation.objects.get(name="B")
        row = Automation.objects.filter(pk=step.pk)
        if is_deleted:
            row.delete()
        else:
            row.update(flow=None)
        before = self.names()
        assert not move(step)
        assert self.names() == before
        assert not ModelLogEntry.objects.exists()

    def test_a_place_of_another_flow_is_none(self, flow):
        step = Automation.objects.get(name="B")
        assert not flows.place_step(step, 0, FlowFactory().pk)
        assert not flows.place_step(step, 0, None)
        assert self.names() == "AxByC"

    def test_its_place_is_told(self, flow):
        assert flows.place_of(Automation.objects.get(name="C")) == (3, 3)
        assert flows.place_of(Automation.objects.get(name="y")) == (2, 2)


class TestDuplicating:
    @pytest.fixture
    def flow(self):
        flow = FlowFactory(name="Orders", description="D", announcement="Reply ORDER.")
        outside = AutomationFactory(name="Outside")
        first = AutomationFactory(
            name="First", flow=flow, keywords=("ORDER",), active=True
        )
        AutomationFactory(
            name="Second",
            flow=flow,
            conditions=[content("YES"), follows(first, outside, within_hours=2)],
            stops_others=True,
        )
        return flow

    def test_the_copies_are_paused_in_order_and_follow_each_other(self, flow):
        user = SuperuserFactory()
        copy = flows.duplicate(flow, user=user)
        assert (copy.name, copy.description, copy.announcement) == (
            "Copy of Orders",
            "D",
            "Reply ORDER.",
        )
        first, second = copy.automations.in_order()
        assert (first.name, second.name) == ("First", "Second")
        assert {first.status, second.status} == {PAUSED}
        outside = Automation.objects.get(name="Outside")
        compiled = rulebook.compile_automation(second)
        assert compiled.conditions[1] == rules.Follows(
            automations=frozenset({first.pk, outside.pk}), within_hours=2
        )
        assert compiled.stops_others
        assert first.latest_revision.user == user
        saved = second.latest_revision.as_object()
        assert rulebook.compile_automation(saved) == compiled
        created = ModelLogEntry.objects.filter(action="wagtail.create")
        assert {entry.label for entry in created} == {
            "Copy of Orders",
            "First",
            "Second",
        }

    def test_the_original_stays_as_it_is(self, flow):
        before = list(flow.automations.values("pk", "conditions", "status"))
        flows.duplicate(flow)
        assert list(flow.automations.values("pk", "conditions", "status")) == before

    def test_items_as_older_versions_stored_them(self, flow):
        first, second = flow.automations.in_order()
        condition = follows(first)
        condition["value"]["automations"] = [first.pk]
        second.conditions = [condition]
        second.save()
        one, other = flows.duplicate(flow).automations.in_order()
        assert rulebook.compile_automation(other).conditions[0].automations == {one.pk}

    def test_each_copy_has_a_name_of_its_own(self, flow):
        names = [flows.duplicate(flow).name for _n in range(3)]
        assert names == ["Copy of Orders", "Copy of Orders (2)", "Copy of Orders (3)"]
        long = FlowFactory(name="x" * 255)
        names = {flows.duplicate(long).name for _n in range(2)}
        assert {len(name) for name in names} == {255}

    def test_all_or_nothing(self, flow, monkeypatch):
        def fail(*_args, **_kwargs):
            raise RuntimeError

        monkeypatch.setattr(Automation, "save_revision", fail)
        with pytest.raises(RuntimeError):
            flows.duplicate(flow)
        assert Flow.objects.count() == 1
        assert Automation.objects.count() == 3


def test_the_list_counts_in_one_query(django_assert_num_queries):
    flow, empty = FlowFactory(name="A"), FlowFactory(name="B")
    one = AutomationFactory(flow=flow, active=True)
    AutomationFactory(flow=flow)
    AutomationFactory()
    match = MatchFactory(automation=one)
    MatchFactory(automation=one, matched_at=match.matched_at - timedelta(days=1))
    with django_assert_num_queries(1):
        rows = list(Flow.objects.with_automations())
    assert [
        (row.automation_count, row.active_count, row.paused_count, row.last_matched_at)
        for row in rows
    ] == [(2, 1, 1, match.matched_at), (0, 0, 0, None)]
    assert rows[1] == empty
