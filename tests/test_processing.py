"""From a stored message to rows in the outbox, in one transaction, in order."""

import json
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.db import DataError, OperationalError, connection
from django.utils import timezone

from tests import factories
from wagtail_sms_automation import inbound, ledger, processing, tasks
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import (
    Contact,
    GroupChange,
    InboundMessage,
    Match,
    Membership,
    OptOut,
    OutboundMessage,
    RulebookRevision,
    SmsSettings,
)


pytestmark = pytest.mark.django_db


def bodies():
    return [submission.body for submission in locmem.outbox]


def test_the_matching_automation_answers(text_us, run_tasks):
    automation = factories.AutomationFactory(
        active=True, keywords=("ORDER",), actions=[factories.reply("Reply MENU.")]
    )
    factories.AutomationFactory(keywords=("ORDER",), actions=[factories.reply("No.")])

    message = text_us("I want to ORDER please")
    run_tasks()

    assert bodies() == ["Reply MENU."]
    sent = OutboundMessage.objects.get()
    assert sent.state == OutboundMessage.State.SENT
    assert sent.recipient == "+33612000001"
    assert sent.originator == "+33939000001"
    assert (sent.inbound, sent.automation) == (message, automation)
    message.refresh_from_db()
    assert message.state == InboundMessage.State.PROCESSED
    [decision] = message.decisions
    assert decision["fired"] is True
    assert decision["places"] == [{"keyword": "ORDER", "start": 10, "end": 15}]
    match = Match.objects.get()
    assert (match.automation, match.keyword) == (automation, "ORDER")
    contact = Contact.objects.get()
    assert contact.last_automation == automation


def test_a_silent_automation_leaves_its_reason(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))

    message = text_us("order")
    run_tasks()

    message.refresh_from_db()
    [decision] = message.decisions
    assert decision["fired"] is False
    assert decision["silence"] == "content"
    assert decision["near_miss"] == {
        "keyword": "ORDER",
        "found": "order",
        "difference": "case",
    }
    assert not bodies()


def test_the_articles_pitfall_numbers_as_keywords(text_us, run_tasks):
    for keyword in ("1", "2", "FOOD"):
        factories.AutomationFactory(
            active=True,
            keywords=(keyword,),
            actions=[factories.reply(f"Got {keyword}")],
        )

    text_us("FOOD 1, 2")
    run_tasks()

    assert bodies() == ["Got 1", "Got 2", "Got FOOD"]
    assert Match.objects.count() == 3


def test_messages_of_one_contact_are_answered_in_order(text_us, run_tasks):
    for word in ("ONE", "TWO", "THREE"):
        factories.AutomationFactory(
            active=True, keywords=(word,), actions=[factories.reply(f"{word}!")]
        )

    for word in ("TWO", "ONE", "THREE"):
        text_us(word)
    run_tasks()

    assert bodies() == ["TWO!", "ONE!", "THREE!"]


def test_processing_twice_changes_nothing(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    message = text_us("ORDER")
    run_tasks()

    InboundMessage.objects.filter(pk=message.pk).update(state="pending")
    Match.objects.all().delete()
    run_tasks()

    assert len(bodies()) == 1


def test_all_actions_are_done_in_order(text_us, run_tasks, mailoutbox):
    joined = factories.ContactGroupFactory(name="Delivery customers")
    left = factories.ContactGroupFactory(name="Newcomers")
    contact = factories.ContactFactory(phone_number="+33612000001", first_name="Léa")
    factories.MembershipFactory(contact=contact, group=left)
    automation = factories.AutomationFactory(
        active=True,
        keywords=("FOOD",),
        actions=[
            factories.reply("Thank you {{ contact.first_name|there }}."),
            factories.add_to_group(joined),
            factories.remove_from_group(left),
            factories.block(
                "forward_to_phone",
                phone_numbers=["+33655000001", "+33655000002"],
                body="{{ message.originator }}: {{ message.body }}",
            ),
            factories.block(
                "forward_to_email",
                addresses=["kitchen@example.com"],
                body="{{ message.originator }}\n{{ message.body }}",
            ),
            factories.block("save_answer", attribute="last_order"),
            factories.block("hand_over", hours=2),
        ],
    )

    text_us("FOOD 2x1\nBcc: x@evil.example")
    run_tasks()

    # Different recipients are sent to side by side.
    assert sorted((s.recipient, s.body) for s in locmem.outbox) == [
        ("+33612000001", "Thank you Léa."),
        ("+33655000001", "+33612000001: FOOD 2x1\nBcc: x@evil.example"),
        ("+33655000002", "+33612000001: FOOD 2x1\nBcc: x@evil.example"),
    ]
    [mail] = mailoutbox
    assert mail.to == ["kitchen@example.com"]
    assert mail.subject == "SMS forwarded by your website"
    assert mail.body == "+33612000001\nFOOD 2x1\nBcc: x@evil.example"
    assert mail.content_subtype == "plain"
    assert not mail.bcc
    membership = Membership.objects.get(contact=contact)
    assert (membership.group, membership.automation) == (joined, automation)
    contact.refresh_from_db()
    assert contact.attributes == {"last_order": "2x1\nBcc: x@evil.example"}
    assert contact.silent_until > timezone.now() + timedelta(minutes=115)


def test_after_a_hand_over_automations_are_silent(text_us, run_tasks):
    factories.AutomationFactory(
        active=True,
        keywords=("HUMAN",),
        actions=[factories.block("hand_over", hours=1)],
    )
    factories.AutomationFactory(active=True, keywords=("ORDER",))

    text_us("HUMAN")
    last = text_us("ORDER")
    run_tasks()

    assert not bodies()
    last.refresh_from_db()
    assert {d["silence"] for d in last.decisions} == {"handed_over"}


def test_an_automation_can_opt_out(text_us, run_tasks):
    factories.AutomationFactory(
        active=True, keywords=("NOMORE",), actions=[factories.block("opt_out")]
    )

    text_us("NOMORE")
    run_tasks()

    assert OptOut.objects.open().get().cause == OptOut.Cause.AUTOMATION


def test_a_follows_condition_answers_inside_the_conversation(text_us, run_tasks):
    first = factories.AutomationFactory(
        active=True, keywords=("BOOK",), actions=[factories.reply("For how many?")]
    )
    factories.AutomationFactory(
        active=True,
        conditions=[factories.content("2"), factories.follows(first)],
        actions=[factories.reply("A table for two.")],
    )
    factories.AutomationFactory(
        active=True, keywords=("2",), actions=[factories.reply("The pizza.")]
    )

    text_us("2")
    text_us("BOOK")
    text_us("2")
    run_tasks()

    assert bodies() == ["The pizza.", "For how many?", "A table for two."]


def test_frequency_once_per_contact(text_us, run_tasks):
    factories.AutomationFactory(
        active=True,
        conditions=[
            factories.content("CLUB"),
            factories.block("frequency", limit="once", hours=24),
        ],
    )

    text_us("CLUB")
    run_tasks()
    text_us("CLUB")
    text_us("CLUB", originator="33612000002")
    run_tasks()

    assert sorted(s.recipient for s in locmem.outbox) == [
        "+33612000001",
        "+33612000002",
    ]


def test_a_group_condition(text_us, run_tasks):
    group = factories.ContactGroupFactory()
    member = factories.ContactFactory(phone_number="+33612000001")
    factories.MembershipFactory(contact=member, group=group)
    factories.AutomationFactory(active=True, conditions=[factories.in_group(group)])

    text_us("hello")
    text_us("hello", originator="33612000002")
    run_tasks()

    assert [s.recipient for s in locmem.outbox] == ["+33612000001"]


def test_opening_hours_come_from_the_settings_page(text_us, run_tasks):
    days = [str(day) for day in range(7)]
    SmsSettings.objects.create(
        opening_hours=[
            factories.block("period", days=days, opens_at="00:00", closes_at="00:00")
        ]
    )
    for when in ("closed", "open"):
        factories.AutomationFactory(
            active=True,
            conditions=[factories.block("opening_hours", when=when)],
            actions=[factories.reply(f"We are {when}.")],
        )

    text_us("hello")
    run_tasks()

    assert bodies() == ["We are open."]


def test_a_deleted_group_does_not_stop_the_other_actions(text_us, run_tasks, caplog):
    group = factories.ContactGroupFactory()
    automation = factories.AutomationFactory(
        active=True,
        keywords=("ORDER",),
        actions=[factories.add_to_group(group), factories.reply("Hello.")],
    )
    automation.group_references.all().delete()
    group.delete()

    text_us("ORDER")
    run_tasks()

    assert bodies() == ["Hello."]
    assert "names a contact group that is gone" in caplog.text


@pytest.mark.parametrize("originator", ["36180", "AMAZON"])
def test_who_is_no_phone_is_not_answered_but_forwarded(originator, text_us, run_tasks):
    factories.AutomationFactory(
        active=True,
        actions=[
            factories.reply("Hello."),
            factories.block(
                "forward_to_phone",
                phone_numbers=["+33655000001"],
                body="{{ message.body }}",
            ),
        ],
    )

    text_us("Your code is 1234", originator=originator)
    run_tasks()

    assert [s.recipient for s in locmem.outbox] == ["+33655000001"]
    held = OutboundMessage.objects.get(state=OutboundMessage.State.HELD)
    assert held.held_by == "unanswerable"


def test_the_loop_guard_holds_and_flags(text_us, run_tasks):
    factories.AutomationFactory(
        active=True, keywords=("beep",), actions=[factories.reply("Beep.")]
    )

    for number in range(5):
        text_us(f"beep {number}")
    run_tasks()

    assert bodies() == ["Beep."] * 3
    held = OutboundMessage.objects.get(state=OutboundMessage.State.HELD)
    assert held.held_by == "loop"
    contact = Contact.objects.get()
    assert contact.is_flagged
    assert contact.silent_until > timezone.now()


def test_two_staff_phones_that_answer_by_themselves_stop_at_once(text_us, run_tasks):
    staff = ["+33655000001", "+33655000002"]
    factories.AutomationFactory(
        active=True,
        actions=[
            factories.block(
                "forward_to_phone", phone_numbers=staff, body="{{ message.body }}"
            )
        ],
    )
    text_us("FOOD 2x1")
    run_tasks()
    assert sorted(s.recipient for s in locmem.outbox) == staff

    for number in staff:
        text_us("I am driving.", originator=number)
    run_tasks()

    assert len(locmem.outbox) == 2
    held = OutboundMessage.objects.filter(state=OutboundMessage.State.HELD)
    assert {message.held_by for message in held} == {"forward_number"}


def test_a_robot_whose_texts_are_only_forwarded_is_stopped(text_us, run_tasks):
    factories.AutomationFactory(
        active=True,
        actions=[
            factories.block(
                "forward_to_phone",
                phone_numbers=["+33655000001", "+33655000002"],
                body="{{ message.body }}",
            )
        ],
    )

    for number in range(8):
        text_us(f"beep {number}")
    run_tasks()

    assert len(locmem.outbox) == 2 * 5
    assert Contact.objects.get().is_flagged


def test_an_mms_fires_only_automations_for_mms(text_us, run_tasks):
    factories.AutomationFactory(active=True, actions=[factories.reply("SMS")])
    factories.AutomationFactory(
        active=True, message_type="mms", actions=[factories.reply("MMS")]
    )

    text_us("", media_urls=("https://example.com/cat.jpg",))
    run_tasks()

    assert bodies() == ["MMS"]


def test_a_changed_automation_counts_from_the_next_message(text_us, run_tasks):
    automation = factories.AutomationFactory(active=True, keywords=("ORDER",))
    text_us("ORDER")
    run_tasks()

    automation.actions = [factories.reply("New text.")]
    automation.save()
    text_us("ORDER")
    run_tasks()
    automation.pause()
    text_us("ORDER")
    run_tasks()

    assert bodies() == ["Thank you.", "New text."]


def test_a_poisoned_message_is_tried_again_then_parked(text_us, run_tasks, settings):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    poisoned = text_us("ORDER poison")
    text_us("ORDER next")
    text_us("ORDER other", originator="33612000002")
    respond = processing.respond

    def fail(message, *args):
        if "poison" in message.body:
            raise ValueError("poisoned")
        return respond(message, *args)

    with mock.patch.object(processing, "respond", fail):
        for _try in range(processing.MAX_ATTEMPTS):
            run_tasks()
            InboundMessage.objects.update(due_at=timezone.now())
        run_tasks()

    poisoned.refresh_from_db()
    assert poisoned.state == InboundMessage.State.PARKED
    assert "ValueError: poisoned" in poisoned.error
    assert [s.recipient for s in locmem.outbox] == ["+33612000002", "+33612000001"]


def test_a_parked_message_leaves_nothing_behind(text_us, run_tasks):
    factories.AutomationFactory(
        active=True,
        keywords=("HUMAN",),
        actions=[factories.block("hand_over", hours=1)],
    )
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    text_us("HUMAN")
    text_us("ORDER")
    InboundMessage.objects.filter(body="HUMAN").update(
        attempts=processing.MAX_ATTEMPTS - 1
    )

    def fail(outcome, message, *args):
        if message.body == "HUMAN":
            raise ValueError("too late")
        return []

    with mock.patch.object(processing, "_matches", fail):
        run_tasks()

    assert InboundMessage.objects.get(body="HUMAN").state == "parked"
    assert bodies() == ["Thank you."]


def test_a_rulebook_that_cannot_be_compiled_costs_no_attempt(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    message = text_us("ORDER")

    with (
        mock.patch("wagtail_sms_automation.rulebook.current", side_effect=ImportError),
        pytest.raises(ImportError),
    ):
        tasks.process()

    message.refresh_from_db()
    assert (message.state, message.attempts) == (InboundMessage.State.PENDING, 0)
    run_tasks()
    assert bodies() == ["Thank you."]


#: Conditions as a newer version may have stored them.
BROKEN = {
    "an unknown operator": [factories.content("ORDER", operator="resembles")],
    "an unknown type": [factories.block("weather", is_sunny=True)],
}


@pytest.mark.parametrize("conditions", BROKEN.values(), ids=BROKEN)
def test_one_broken_automation_does_not_silence_the_others(
    text_us, run_tasks, caplog, conditions
):
    broken = factories.AutomationFactory(active=True)
    table = broken._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET conditions = %s WHERE id = %s",  # noqa: S608 - ours
            [json.dumps(conditions), broken.pk],
        )
    factories.AutomationFactory(active=True, keywords=("ORDER",))

    text_us("ORDER")
    run_tasks()

    assert bodies() == ["Thank you."]
    assert "cannot be read" in caplog.text


def test_a_date_without_a_zone_is_read_in_the_sites(text_us, run_tasks):
    factories.AutomationFactory(
        active=True,
        conditions=[
            factories.block(
                "received_between", starts_at="2020-01-01T00:00:00", ends_at=None
            )
        ],
    )

    text_us("ORDER")
    run_tasks()

    assert len(bodies()) == 1


def test_a_group_deleted_after_compiling_stops_nobody(text_us, run_tasks, caplog):
    group = factories.ContactGroupFactory()
    automation = factories.AutomationFactory(
        active=True,
        keywords=("ORDER",),
        actions=[factories.add_to_group(group), factories.reply("Hello.")],
    )
    text_us("MENU")
    run_tasks()
    automation.group_references.all().delete()
    with mock.patch.object(RulebookRevision.objects, "bump"):
        group.delete()

    text_us("ORDER")
    run_tasks()

    assert bodies() == ["Hello."]
    assert "is gone" in caplog.text


def test_a_forwarded_order_outlives_a_reply(text_us):
    factories.AutomationFactory(
        active=True,
        actions=[
            factories.reply(),
            factories.block(
                "forward_to_phone",
                phone_numbers=["+33655000001"],
                body="{{ message.body }}",
            ),
        ],
    )
    text_us("FOOD")
    tasks.process()

    reply, forward = OutboundMessage.objects.all()
    assert reply.expires_at < timezone.now() + timedelta(minutes=21)
    assert forward.expires_at > timezone.now() + timedelta(hours=23)


def test_a_contact_with_very_many_messages_shares_the_worker(text_us):
    for number in range(processing.MOST_OF_ONE_CONTACT + 5):
        text_us(f"hello {number}")
    other = text_us("hello", originator="33612000002")

    processing.process_batch()

    other.refresh_from_db()
    assert other.state == InboundMessage.State.PROCESSED
    assert InboundMessage.objects.pending().count() == 5


def test_a_message_put_off_keeps_the_next_one_waiting(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    first = text_us("ORDER")
    text_us("ORDER")
    InboundMessage.objects.filter(pk=first.pk).update(
        due_at=timezone.now() + timedelta(minutes=1)
    )

    run_tasks()
    assert not bodies()

    InboundMessage.objects.filter(pk=first.pk).update(due_at=timezone.now())
    run_tasks()
    assert len(bodies()) == 2


def test_processing_rolls_back_whole(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    message = text_us("ORDER")

    with mock.patch.object(ledger, "insert_each", side_effect=ValueError):
        processing.process_batch()

    assert not OutboundMessage.objects.exists()
    message.refresh_from_db()
    assert message.state == InboundMessage.State.PENDING
    assert message.attempts == 1


def test_one_answer_that_cannot_be_stored_holds_up_nobody(text_us, run_tasks, caplog):
    """The database refuses it, and with it the whole batch at first."""
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    poisoned = text_us("ORDER poison")
    text_us("ORDER", originator="33612000002")
    insert_each = ledger.insert_each

    def refuse(rows, **kwargs):
        if any(row.inbound_id == poisoned.pk for row in rows):
            raise DataError("value out of range")
        insert_each(rows, **kwargs)

    with mock.patch.object(ledger, "insert_each", refuse):
        for _try in range(processing.MAX_ATTEMPTS):
            tasks.process()
            InboundMessage.objects.update(due_at=timezone.now())
    run_tasks()

    poisoned.refresh_from_db()
    assert (poisoned.state, poisoned.attempts) == ("parked", processing.MAX_ATTEMPTS)
    assert "value out of range" in poisoned.error
    assert [s.recipient for s in locmem.outbox] == ["+33612000002"]


def test_a_group_change_is_made_once(text_us, run_tasks):
    group = factories.ContactGroupFactory()
    factories.AutomationFactory(
        active=True, keywords=("CLUB",), actions=[factories.add_to_group(group)]
    )
    message = text_us("CLUB")
    run_tasks()
    Membership.objects.all().delete()

    # What a doubled message would do: its first handling is forgotten.
    InboundMessage.objects.filter(pk=message.pk).update(state="pending")
    Match.objects.all().delete()
    run_tasks()

    change = GroupChange.objects.get()
    assert (change.kind, change.group) == ("joined", group)
    assert not Membership.objects.exists()


def test_the_last_of_several_group_changes_counts(text_us, run_tasks):
    group = factories.ContactGroupFactory()
    for word, action in (
        ("IN", factories.add_to_group(group)),
        ("OUT", factories.remove_from_group(group)),
    ):
        factories.AutomationFactory(active=True, keywords=(word,), actions=[action])

    for word in ("IN", "OUT", "IN"):
        text_us(word)
    text_us("OUT", originator="33612000002")
    run_tasks()

    membership = Membership.objects.get()
    assert membership.contact.phone_number == "+33612000001"
    assert GroupChange.objects.count() == 4


def test_an_answer_to_just_any_text_is_not_repeated_within_hours(text_us, run_tasks):
    factories.AutomationFactory(active=True, actions=[factories.reply("We call you.")])

    text_us("hello")
    run_tasks()
    text_us("anybody there?")
    run_tasks()

    assert bodies() == ["We call you."]
    held = OutboundMessage.objects.get(state=OutboundMessage.State.HELD)
    assert held.held_by == "fallback"
    assert not Contact.objects.get().is_flagged


def test_a_batch_takes_few_statements(text_us, django_assert_max_num_queries):
    """However many contacts wrote."""
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    for number in range(30):
        text_us("ORDER", originator=f"336120001{number:02}")

    with django_assert_max_num_queries(30):
        assert processing.process_batch() == 30


def test_what_a_worker_knows_of_a_contact_grows_with_each_message(text_us, run_tasks):
    """The second message of one batch follows the answer to the first."""
    first = factories.AutomationFactory(
        active=True, keywords=("BOOK",), actions=[factories.reply("For how many?")]
    )
    factories.AutomationFactory(
        active=True,
        conditions=[factories.content("2"), factories.follows(first)],
        actions=[factories.reply("A table for two.")],
    )

    text_us("BOOK")
    text_us("2")
    tasks.process()
    tasks.send()

    assert bodies() == ["For how many?", "A table for two."]


def test_a_passing_fault_of_the_database_parks_nobody(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    message = text_us("ORDER")

    with mock.patch.object(
        ledger, "insert_each", side_effect=OperationalError("deadlock detected")
    ):
        for _try in range(processing.MAX_ATTEMPTS + 1):
            processing.process_batch()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (InboundMessage.State.PENDING, 0)

    run_tasks()
    assert bodies() == ["Thank you."]


def test_an_answer_that_would_come_hours_late_is_not_sent(text_us, run_tasks):
    """The workers were down overnight."""
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    text_us("ORDER")

    with time_machine.travel(timezone.now() + timedelta(hours=10)):
        run_tasks()

    assert not bodies()
    late = OutboundMessage.objects.to_review().get()
    assert late.state == OutboundMessage.State.EXPIRED


def test_a_message_tried_again_next_day_is_answered(text_us, run_tasks):
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    message = text_us("ORDER")
    InboundMessage.objects.update(state="parked")
    message.refresh_from_db()

    with time_machine.travel(timezone.now() + timedelta(hours=10)):
        inbound.try_again(message)
        run_tasks()

    assert bodies() == ["Thank you."]


def test_answers_saved_by_two_messages_of_one_batch_are_both_kept(text_us, run_tasks):
    for word in ("NAME", "TABLE"):
        action = factories.block("save_answer", attribute=word.lower())
        factories.AutomationFactory(active=True, keywords=(word,), actions=[action])

    text_us("NAME Ann")
    text_us("TABLE 4")
    run_tasks()

    assert Contact.objects.get().attributes == {"name": "Ann", "table": "4"}


@pytest.mark.parametrize("meanwhile", ["answered", "stopped", "handed over"])
def test_what_happens_while_a_batch_is_answered_is_not_written_over(
    text_us, monkeypatch, meanwhile
):
    """On SQLite, messages are answered before the file is locked."""
    if connection.vendor != "sqlite":
        pytest.skip("Here the contact is locked meanwhile.")
    factories.AutomationFactory(active=True, keywords=("ORDER",))
    number = "12025550123" if meanwhile == "stopped" else "33612000001"
    message = text_us("ORDER", originator=number)
    contact = Contact.objects.obtain(message.originator)
    respond, has_happened = processing.respond, []

    def respond_slowly(*args):
        outcome = respond(*args)
        if not has_happened:
            has_happened.append(True)
            happen()
        return outcome

    def happen():
        if meanwhile == "answered":
            assert processing.process_batch() == 1
        elif meanwhile == "stopped":
            text_us("STOP", originator=number)
        else:
            later = timezone.now() + timedelta(hours=1)
            Contact.objects.filter(pk=contact.pk).update(silent_until=later)

    monkeypatch.setattr(processing, "respond", respond_slowly)
    processing.process_batch()
    processing.process_batch()
    tasks.send()

    assert not InboundMessage.objects.pending().exists()
    assert len(locmem.outbox) == (meanwhile == "answered")
    contact.refresh_from_db()
    assert bool(contact.silent_until) == (meanwhile == "handed over")
