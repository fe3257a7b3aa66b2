"""Two workers at once: each message once, in order. Threads with real connections."""

import random
import threading
import time
import uuid
from collections import defaultdict

import pytest
from django.db import connection, connections, transaction
from django.urls import reverse
from wagtail.models import ModelLogEntry
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests import factories
from wagtail_sms_automation import (
    claims,
    flow_checks,
    flows,
    repairs,
    resuming,
    tasks,
)
from wagtail_sms_automation.admin.bulk_actions import PauseBulkAction
from wagtail_sms_automation.flow_files import importing, templates
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import (
    Automation,
    ContactGroup,
    Flow,
    InboundMessage,
    Match,
    OptOut,
    OutboundMessage,
)


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _needs_row_locks():
    if connection.vendor != "postgresql":
        pytest.skip(
            "SQLite in memory has one connection; TEST_DATABASE_URL=postgres://... "
            "runs these on PostgreSQL."
        )


def in_threads(count, function):
    """Run function in threads that start together; re-raise what they raise."""
    errors, start = [], threading.Barrier(count)

    def run():
        try:
            start.wait()
            function()
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def slow_check(monkeypatch):
    """Give the other thread time between the check of one and its move."""
    check = resuming.flow_checks.check

    def check_slowly(automations):
        findings = check(automations)
        time.sleep(0.5)
        return findings

    monkeypatch.setattr(resuming.flow_checks, "check", check_slowly)


def drain():
    tasks.process()
    tasks.send()


def test_workers_share_the_messages_and_keep_each_contacts_order(text_us):
    for word in ("ONE", "TWO", "THREE"):
        factories.AutomationFactory(
            active=True, keywords=(word,), actions=[factories.reply(f"{word}!")]
        )
    for word in ("ONE", "TWO", "THREE"):
        for number in range(30):
            text_us(word, originator=f"336120001{number:02}")

    in_threads(4, drain)
    drain()

    assert not InboundMessage.objects.pending().exists()
    assert Match.objects.count() == 90
    answers = defaultdict(list)
    for submission in locmem.outbox:
        answers[submission.recipient].append(submission.body)
    assert len(answers) == 30
    assert all(bodies == ["ONE!", "TWO!", "THREE!"] for bodies in answers.values())


def test_two_workers_on_one_contact_answer_once(text_us):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    text_us("ORDER")

    in_threads(4, drain)

    assert len(locmem.outbox) == 1
    assert OutboundMessage.objects.count() == 1


def test_the_same_webhook_at_once_is_stored_once(text_us):
    stored = []

    in_threads(4, lambda: stored.append(text_us("ORDER", gateway_id="same")))

    assert InboundMessage.objects.count() == 1
    assert sum(message is not None for message in stored) == 1


def test_the_first_message_of_a_contact_twice_at_once_makes_one_contact(text_us):
    in_threads(4, lambda: text_us("ORDER"))

    assert InboundMessage.objects.count() == 4
    assert len({message.contact_id for message in InboundMessage.objects.all()}) == 1


def test_two_who_resume_at_once_log_it_once(slow_check):
    automation = factories.AutomationFactory(keywords=("ORDER", "Order"))
    rows, resumed = Automation.objects.filter(pk=automation.pk), []

    in_threads(2, lambda: resumed.append(resuming.resume(rows.all())))

    automation.refresh_from_db()
    assert automation.status == "active"
    assert sorted((len(one.moved), one.stayed) for one in resumed) == [(0, 1), (1, 0)]
    assert ModelLogEntry.objects.count() == 1


@pytest.mark.parametrize("move", ["resume", "pause"])
def test_a_form_saved_while_another_moves_it_undoes_nothing(admin_client, move):
    automation = factories.AutomationFactory(
        active=move == "pause", keywords=("ORDER", "Order")
    )
    url = reverse("sms_automations_modeladmin_edit", args=[automation.pk])
    data = nested_form_data(
        {
            "name": "New",
            "description": "",
            "message_type": "sms",
            "flow": "",
            "conditions": streamfield([]),
            "actions": streamfield([("reply", {"body": "Hello"})]),
        }
    )
    is_moved = threading.Event()

    def move_slowly():
        with transaction.atomic():
            getattr(Automation.objects.get(pk=automation.pk), move)()
            is_moved.set()
            # The form reads the row now, and waits for the lock.
            time.sleep(1)

    def save():
        is_moved.wait()
        assert admin_client.post(url, data).status_code == 302

    turns = iter([move_slowly, save])

    in_threads(2, lambda: next(turns)())

    automation.refresh_from_db()
    assert automation.name == "New"
    assert automation.status == ("active" if move == "resume" else "paused")
    assert bool(automation.resumed_at) == (move == "resume")


def test_pausing_many_while_others_resume_and_save_blocks_nobody():
    spare = factories.AutomationFactory(keywords=("SPARE", "Spare"))
    many = factories.AutomationFactory.create_batch(12)
    for place, automation in enumerate(reversed(many), start=1):
        # They fire in the other order than they were written in.
        Automation.objects.filter(pk=automation.pk).update(sort_order=place)

    def pause():
        ids = [str(automation.pk) for automation in many]
        objects = list(PauseBulkAction.get_queryset(Automation, ids))
        PauseBulkAction.execute_action(objects)

    def resume():
        time.sleep(0.01)
        resuming.resume(Automation.objects.filter(pk=spare.pk))

    def save():
        time.sleep(0.005)
        Automation.objects.get(pk=many[-1].pk).save(update_fields=["name"])

    for _turn in range(10):
        Automation.objects.update(status="active")
        Automation.objects.filter(pk=spare.pk).update(status="paused")
        turns = iter([pause, resume, save])
        in_threads(3, lambda: next(turns)())  # noqa: B023 - done before the next

        assert [one.pk for one in Automation.objects.active()] == [spare.pk]


def test_two_who_repair_at_once_double_nothing():
    automation = factories.AutomationFactory(keywords=("ORDER",))
    rows = Automation.objects.filter(pk=automation.pk)
    (finding,) = flow_checks.check(rows)
    (name,) = repairs.possible(finding, repairs.rows_of([finding]))
    refused = []

    def repair():
        try:
            repairs.do(rows.all(), finding.key, name)
        except repairs.NotThere as error:
            refused.append(error)

    in_threads(3, repair)

    automation.refresh_from_db()
    (condition,) = automation.conditions.raw_data
    assert condition["value"]["keywords"] == ["ORDER", "Order"]
    assert automation.revisions.count() == 1
    assert len(refused) == 2


def test_two_who_resume_what_collides_are_told_by_the_second(slow_check):
    automations = [
        factories.AutomationFactory(keywords=("PIZZA", "Pizza")) for _number in range(2)
    ]
    turns, warnings = iter(automations), []

    def resume():
        one = Automation.objects.filter(pk=next(turns).pk)
        warnings.append(len(resuming.resume(one).warnings))

    in_threads(2, resume)

    assert Automation.objects.active().count() == 2
    assert sorted(warnings) == [0, 1]


def test_resuming_while_another_pauses_what_it_leads_to(slow_check):
    listener = factories.AutomationFactory(active=True, keywords=("MENU", "Menu"))
    asking = factories.AutomationFactory(
        keywords=("ORDER", "Order"), actions=[factories.reply("Reply MENU.")]
    )
    rows = Automation.objects.filter(pk=asking.pk)
    turns, stopped = iter([lambda: resuming.resume(rows), listener.pause]), []

    def move():
        try:
            next(turns)()
        except resuming.FlowCheckFailed as failure:
            stopped.append(failure)

    in_threads(2, move)

    moves = ModelLogEntry.objects.order_by("pk").values_list("action", flat=True)
    pause, resume = (f"wagtail_sms_automation.{move}" for move in ("pause", "resume"))
    # Whoever was first: nobody resumed what the other had paused the way from.
    assert list(moves) == ([pause] if stopped else [resume, pause])


def test_an_automation_deleted_meanwhile_loses_no_message(text_us):
    kept = factories.AutomationFactory(
        active=True, keywords=("ORDER",), actions=[factories.reply("Kept.")]
    )
    deleted = factories.AutomationFactory(active=True, keywords=("ORDER",))
    for number in range(30):
        text_us("ORDER", originator=f"336120001{number:02}")
    turns = iter([drain, drain, deleted.delete])

    in_threads(3, lambda: next(turns)())
    drain()

    assert not InboundMessage.objects.exclude(state="processed").exists()
    assert Match.objects.filter(automation=kept).count() == 30
    assert [s.body for s in locmem.outbox].count("Kept.") == 30


def test_claims_from_several_numbers_at_once_never_block_each_other(settings):
    given, texts = settings.WAGTAIL_SMS_AUTOMATION, 240
    backend = given["GATEWAYS"]["default"]
    settings.WAGTAIL_SMS_AUTOMATION = given | {
        "GATEWAYS": {"default": backend | {"MESSAGES_PER_SECOND": 100_000}}
    }
    choose = random.Random(1).choice
    for _number in range(texts):
        factories.OutboundMessageFactory(
            originator=choose(["+33939000001", "+33939000002"])
        )
    claimed = []

    def claim():
        for _turn in range(8):
            claimed.extend(claims.claim(uuid.uuid4(), 5))

    in_threads(6, claim)

    assert len({message.pk for message in claimed}) == len(claimed) == texts


def test_a_stop_during_processing_is_never_overtaken(text_us):
    factories.AutomationFactory(active=True, actions=[factories.reply("Offer.")])
    number = "12025550123"
    text_us("ORDER", originator=number)
    turns = iter([drain, lambda: text_us("STOP", originator=number)])

    in_threads(2, lambda: next(turns)())
    sent = len(locmem.outbox)
    text_us("MENU", originator=number)
    drain()

    assert OptOut.objects.open().exists()
    assert len(locmem.outbox) == sent <= 1


def test_one_flow_file_imported_by_four_at_once_makes_one_flow():
    factories.AutomationFactory(name="There before")
    file = templates.find("order.en").example()
    made = []

    in_threads(4, lambda: made.append(importing.import_flow(file)))

    assert [one.is_new for one in made].count(True) == 1
    assert {one.flow.pk for one in made} == {Flow.objects.get().pk}
    assert Flow.objects.get().automations.count() == len(file.automations)
    assert ContactGroup.objects.count() == len(file.groups)


def test_editors_who_move_steps_at_once_lose_and_double_no_place():
    flow = factories.FlowFactory()
    steps = [factories.AutomationFactory(flow=flow) for _number in range(6)]
    others = factories.AutomationFactory.create_batch(2)

    def move():
        shuffled = random.Random(threading.get_ident()).sample(steps, len(steps))
        for place, step in enumerate(shuffled):
            flows.place_step(step, place, step.flow_id)
            flows.move_step(step, random.choice((-1, 1)))

    in_threads(4, move)

    places = dict(Automation.objects.values_list("pk", "sort_order"))
    assert sorted(places.values()) == list(range(1, 9))
    assert [places[other.pk] for other in others] == [7, 8]
