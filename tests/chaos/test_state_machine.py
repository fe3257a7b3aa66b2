"""The delivery core in random orders of all that may happen, beside a small model.

2,000 steps, the same in each run; CHAOS_LONG=1 takes 50,000, others each time.
"""

import os
import random
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import UUID

import pytest
from django.test import override_settings
from django.utils import timezone
from django_q.models import OrmQ
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests import factories
from tests.chaos import model, simulated
from tests.chaos.answers import FAULTS, Provider
from wagtail_sms_automation import inbound, outbound, tasks
from wagtail_sms_automation.engine import rendering
from wagtail_sms_automation.gateways import base, locmem
from wagtail_sms_automation.models import (
    Automation,
    InboundMessage,
    Match,
    OptOut,
    OutboundMessage,
    SmsSettings,
    WrongStatus,
)


IS_LONG = bool(os.environ.get("CHAOS_LONG"))
STEPS, EXAMPLES = 40, 1250 if IS_LONG else 50

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
US = "+12025550123"
CUSTOMERS = ("+33612000001", "+33612000002", US)
STAFF = "+33655000001"
WORDS = {"STOP": "You get no more.", "START": "Welcome."}
TEXTS = ("ORDER", "MENU", "ORDER MENU", "ORDER POISON", "hello", *WORDS)
#: Low, so that a few texts reach them.
CAPS = {"per_minute": 4, "per_hour": 8, "per_day": 12}
IDENTICAL = 3
PARTS_PER_DAY = 6

PAUSES = [
    *(timedelta(seconds=s) for s in (1, 5, 40)),
    *(timedelta(minutes=m) for m in (2, 11, 25, 61)),
    *(timedelta(hours=h) for h in (13, 25)),
]
#: Any of the rows there are by then: what is drawn never depends on them.
ANY = st.integers(0, 99)
#: The statement or commit before which the process is killed, mostly none.
KILLED = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 40))
#: What the provider's next answers are: half the time it is well. Thrown by dice, for
#: Hypothesis likes to draw the same again and again.
ANSWERS = st.integers(0, 2**16).map(
    lambda seed: random.Random(seed).choices(
        list(FAULTS), [len(FAULTS), *[1] * (len(FAULTS) - 1)], k=6
    )
)
SOMEBODY = st.sampled_from(CUSTOMERS)
STATUS = st.sampled_from(list(base.ReportStatus))


class DeliveryCore(RuleBasedStateMachine):
    """Customers, staff, the provider and workers, in any order."""

    #: What happened in all examples together.
    seen = Counter()

    def __init__(self):
        super().__init__()
        self.exits = ExitStack()
        self.deliveries = []
        self.is_poisoned = True
        self.model = None

    def teardown(self):
        """Let everything come to rest, and see that nothing was lost."""
        try:
            # Unless something was wrong before: then that is what is to be told.
            if self.model and sys.exc_info()[0] is None:
                self._come_to_rest()
        finally:
            self.exits.close()

    @initialize(jitter=st.sampled_from([0, 0.5, 1]))
    def set_up(self, jitter):
        """Make two automations, texts for the opt-out words, and low caps."""
        self.clock = self.exits.enter_context(simulated.process(START, jitter))
        self.exits.enter_context(poison(lambda: self.is_poisoned))
        simulated.empty_tables()
        locmem.clear()
        SmsSettings.objects.create(
            opt_out_text=WORDS["STOP"],
            opt_in_text=WORDS["START"],
            identical_replies=IDENTICAL,
            parts_per_day_of_contact=PARTS_PER_DAY,
            **{f"replies_{name}": cap for name, cap in CAPS.items()},
        )
        windows = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
        self.model = model.Model(
            caps=list(zip(windows, CAPS.values(), strict=True)),
            identical=(timedelta(minutes=10), IDENTICAL),
            silence=timedelta(hours=1),
            per_day=PARTS_PER_DAY,
            words=WORDS,
            silent_after_stop={US},
        )
        Provider.machine = self
        self._add_automation("ORDER", "What would you like?")
        self._add_automation("MENU", "Pizza or pasta.", forwards_to=STAFF)

    @rule(originator=SOMEBODY, bodies=st.lists(st.sampled_from(TEXTS), min_size=1))
    def text(self, originator, bodies):
        """A customer writes to us."""
        for body in bodies[:3]:
            self._text(originator, body)

    @rule(originator=SOMEBODY, body=st.sampled_from(TEXTS), answers=ANSWERS)
    def ask(self, originator, body, answers):
        """A customer writes, and workers have time to answer, or to fail."""
        self._text(originator, body)
        self.work(3, answers, None)
        self.work(3, [], None)

    @rule(originator=SOMEBODY, body=st.sampled_from(TEXTS), at=KILLED)
    def text_while_the_web_is_killed(self, originator, body, at):
        """The provider gets no answer."""
        self._text(originator, body, at)

    @rule(which=ANY, at=KILLED)
    def deliver_again(self, which, at):
        """The provider repeats an earlier delivery, acknowledged or not."""
        if self.deliveries:
            self._deliver(*choose(self.deliveries, which), at)

    @rule(which=ANY, change=st.sampled_from(["edit", "pause", "resume", "resume"]))
    def automate(self, which, change):
        """Staff write another answer, or pause or resume an automation."""
        automation = choose(Automation.objects.order_by("pk"), which)
        rule = self.model.rules[automation.pk]
        if change == "edit":
            rule.body = f"We thank you, {which}."
            automation.actions = actions_of(rule)
            automation.save()
        elif rule.is_active == (change == "resume"):
            with pytest.raises(WrongStatus):
                getattr(automation, change)()
        else:
            getattr(automation, change)()
            rule.is_active = change == "resume"

    @rule(limit=st.integers(1, 6), answers=ANSWERS, at=KILLED)
    def work(self, limit, answers, at):
        """A worker takes wake-ups; the one at which it is killed comes again."""
        self._foresee(answers)
        for wake_up in OrmQ.objects.order_by("pk")[:limit]:
            kind = wake_up.func().rsplit(".", 1)[1]
            if self._run(getattr(tasks, kind), at):
                return
            wake_up.delete()
            self.look()

    @rule(
        kind=st.sampled_from(["process", "send", "look_up", "sweep"]),
        answers=ANSWERS,
        at=KILLED,
    )
    def wake_for_nothing(self, kind, answers, at):
        """A wake-up comes late or twice, or it is time for the sweep."""
        self._foresee(answers)
        self._run(getattr(tasks, kind), at)

    @rule(pause=st.sampled_from(PAUSES), loses_wake_ups=st.sampled_from("nnny"))
    def wait(self, pause, loses_wake_ups):
        """Time passes; the broker may be flushed, or SECRET_KEY changed."""
        self.clock.shift(pause)
        if loses_wake_ups == "y":
            OrmQ.objects.all().delete()

    @rule(which=ANY, status=STATUS, at=KILLED)
    def report(self, which, status, at):
        """The provider reports on what it took, in any order, again and again."""
        taken = choose(locmem.outbox, which)
        if taken is not None:
            self._report(taken, status, at)

    @rule(which=ANY, status=STATUS, is_known=st.booleans())
    def report_wrongly(self, which, status, is_known):
        """A report names a stranger, or a message that is none of ours."""
        taken = choose(locmem.outbox, which)
        if taken is not None:
            before = read_rows()
            reference = taken.reference if is_known else "none of ours"
            outbound.record_report("default", report_on(reference, "336999", status))
            assert read_rows() == before

    @rule(which=ANY, is_sent_again=st.booleans(), is_poisoned=st.booleans())
    def review(self, which, is_sent_again, is_poisoned):
        """A person decides about what is in trouble, the poison gone or not."""
        self.is_poisoned = is_poisoned
        message = choose(OutboundMessage.objects.to_review(), which)
        if message is not None:
            self._review(message, is_sent_again)
        parked = InboundMessage.objects.filter(state="parked").order_by("pk")
        message = choose(parked, which)
        if message is not None:
            self.model.retried.add(message.pk)
            inbound.try_again(message)
            self.seen["tried again"] += 1
            with pytest.raises(WrongStatus):
                inbound.try_again(message)

    @invariant()
    def look(self):
        """Show the model the rows."""
        if self.model:
            rows = read_rows()
            self.model.look(rows)
            self.seen.update(row.state for row in rows.inbound.values())
            self.seen.update(row.state for row in rows.outbound.values())
            self.seen.update(row.held_by for row in rows.outbound.values())

    def handed_over(self, row, submission, fault):
        """The provider was called, and does as the fault says."""
        self.seen.update(name for name, one in FAULTS.items() if one is fault)
        age = timezone.now() - row.created_at
        self.model.hand_over(row.pk, submission, age, sent_today(row.contact))
        self.model.answer(
            submission.reference, is_taken=fault.takes, in_doubt=fault.in_doubt
        )

    def meanwhile(self, event, submission):
        """Something happens while the provider is being called."""
        if event == "report":
            status = base.ReportStatus.DELIVERED
            report = report_on(submission.reference, submission.recipient, status)
            outbound.record_report("default", report)
            self.model.delivered.add(submission.reference)
        elif submission.recipient in CUSTOMERS:
            self._text(submission.recipient, event)

    def _review(self, message, is_sent_again):
        """Send it again or leave it; either is possible only once."""
        if not is_sent_again or not message.can_be_sent_again:
            outbound.leave(message)
        elif must_not_follow_a_stop(message):
            with pytest.raises(WrongStatus):
                outbound.send_again(message)
            outbound.leave(message)
        else:
            self.model.copies.add(str(outbound.send_again(message).reference))
            self.seen["sent again"] += 1
        for decision in (outbound.send_again, outbound.leave):
            with pytest.raises(WrongStatus):
                decision(message)

    def _text(self, originator, body, at=None):
        self.clock.shift(0.001)
        self.deliveries.append((f"m{len(self.deliveries)}", originator, body))
        self._deliver(*self.deliveries[-1], at)

    def _deliver(self, gateway_id, originator, body, at):
        received = base.Received(
            gateway_id=gateway_id,
            originator=originator.lstrip("+"),
            recipient="33939000001",
            body=body,
        )
        try:
            was_killed = self._run(inbound.receive, at, "default", received)
        finally:
            # Killed after the commit, we have it and the provider does not know.
            stored = InboundMessage.objects.filter(gateway_id=gateway_id)
            if stored.exists():
                self.model.acknowledge(gateway_id, originator, body)
        assert was_killed or gateway_id in self.model.texts, "acknowledged, and lost"

    def _report(self, taken, status, at=None):
        row = OutboundMessage.objects.get(reference=taken.reference)
        expected = self.model.reported(row.state, status)
        report = report_on(taken.reference, taken.recipient, status)
        was_killed = self._run(outbound.record_report, at, "default", report)
        before, row = row, OutboundMessage.objects.get(pk=row.pk)
        allowed = {expected, before.state} if was_killed else {expected}
        assert row.state in allowed, f"{before.state}, {status}: {row.state}"
        if row.state == "delivered":
            self.model.delivered.add(taken.reference)

    def _foresee(self, answers):
        """So the provider will answer, after what was foreseen already."""
        locmem.failures += [FAULTS[name] for name in answers]
        del locmem.failures[12:]

    def _run(self, function, at, *args):
        """Call it in a process that may be killed; True if it was."""
        with simulated.killed_before(at) as killed:
            function(*args)
        self.seen["killed at a statement"] += bool(killed) and at is not None
        return bool(killed)

    def _add_automation(self, keyword, body, forwards_to=""):
        rule = model.Rule(keyword=keyword, body=body, forwards_to=forwards_to)
        automation = factories.AutomationFactory(
            active=True, keywords=(keyword,), actions=actions_of(rule)
        )
        self.model.rules[automation.pk] = rule

    def _come_to_rest(self):
        """No more trouble than foreseen: sweep, work, hear of all that was taken."""
        for _round in range(20):
            self.wake_for_nothing("sweep", [], None)
            while OrmQ.objects.exists():
                self.work(10, [], None)
            if self.model.is_at_rest:
                break
            self.clock.shift(timedelta(minutes=2))
        for taken in list(locmem.outbox):
            self._report(taken, base.ReportStatus.DELIVERED)
        self.look()
        self.model.check_at_rest()


def choose(rows, number):
    """One of these rows, whatever the number; None if there is none."""
    rows = list(rows)
    return rows[number % len(rows)] if rows else None


def actions_of(rule):
    """The stream of an automation that does what a rule of the model says."""
    actions = [factories.reply(rule.body)]
    if rule.forwards_to:
        forward = {"phone_numbers": [rule.forwards_to], "body": "{{ message.body }}"}
        actions.append(factories.block("forward_to_phone", **forward))
    return actions


def poison(is_poisoned):
    """Answering a text with POISON in it fails while is_poisoned() says so."""
    values = rendering.values

    def fail(message, *args):
        if is_poisoned() and "POISON" in message.body:
            raise ValueError("poisoned")
        return values(message, *args)

    return mock.patch.object(rendering, "values", fail)


def must_not_follow_a_stop(message):
    """True for an answer to who has written STOP where nothing may follow it."""
    stopped = OptOut.objects.open().filter(contact=message.contact)
    return message.contact and message.recipient == US and stopped.exists()


def sent_today(contact):
    """How many texts a contact was sent since midnight, as far as anybody knows."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    sent = OutboundMessage.objects.filter(sent_at__gte=midnight)
    return sent.filter(contact=contact).count() if contact else 0


def report_on(reference, recipient, status):
    """A delivery report, as the provider writes it."""
    return base.DeliveryReport(
        status=status, reference=reference, recipient=recipient.lstrip("+")
    )


def read_rows():
    """All rows, as the model looks at them."""
    return model.Rows(
        {row.pk: row for row in _read(model.Inbound, InboundMessage)},
        {row.pk: row for row in _read(model.Outbound, OutboundMessage)},
        set(Match.objects.values_list("inbound", "automation")),
    )


def _read(kind, rows):
    for row in rows.objects.order_by("pk").values_list(*kind._fields):
        yield kind(*(str(one) if isinstance(one, UUID) else one for one in row))


@pytest.mark.django_db(transaction=True)
@override_settings(
    WAGTAIL_SMS_AUTOMATION={
        "GATEWAYS": {"default": {"BACKEND": "tests.chaos.answers.Provider"}},
        "ORIGINATOR": "+33939000001",
        "DEFAULT_REGION": "FR",
        "WEBHOOK_BASE_URL": "http://testserver",
    }
)
def test_in_any_order_nothing_is_lost_and_nothing_sent_twice():
    DeliveryCore.seen.clear()

    run_state_machine_as_test(
        DeliveryCore,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not IS_LONG,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            # Not to explain, which takes longest.
            phases=[Phase.generate, Phase.shrink],
        ),
    )

    # It proves something only if all of this happened.
    seen = {name for name, times in DeliveryCore.seen.items() if times}
    states = {"processed", "parked", "held", "unknown", "failed", "expired"}
    assert {*states, "delivered", "loop", "opted_out", "killed at a statement"} <= seen
    assert len(seen.intersection(FAULTS)) >= 10
    if IS_LONG:
        assert {*FAULTS, "contact_limit", "sent again", "tried again"} <= seen
