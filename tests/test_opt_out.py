"""STOP, START and HELP: before everything, in the transaction that stores them."""

import pytest

from tests import factories
from wagtail_sms_automation import outbound, tasks
from wagtail_sms_automation.gateways import base, locmem
from wagtail_sms_automation.models import OptOut, OutboundMessage, SmsSettings


pytestmark = pytest.mark.django_db


@pytest.fixture
def texts():
    return SmsSettings.objects.create(
        opt_out_text="You get no more texts.",
        opt_in_text="Welcome back.",
        help_text="Chez Lea, 01 23 45 67 89.",
    )


@pytest.fixture
def any_answer():
    return factories.AutomationFactory(active=True, actions=[factories.reply("Hi.")])


def bodies():
    return [submission.body for submission in locmem.outbox]


@pytest.mark.parametrize(
    "body", ["STOP", "stop.", " Stop ", "“STOP”", "ARRET", "Arrêt"]
)
def test_stop_holds_before_any_task_runs(body, text_us):
    message = text_us(body)

    period = OptOut.objects.open().get()
    assert period.contact.phone_number == "+33612000001"
    assert (period.cause, period.started_by) == (OptOut.Cause.KEYWORD, message)


def test_stop_is_confirmed_once_and_fires_nothing(
    text_us, run_tasks, texts, any_answer
):
    text_us("STOP")
    message = text_us("STOP")
    run_tasks()

    assert bodies() == ["You get no more texts."]
    assert OptOut.objects.count() == 1
    message.refresh_from_db()
    assert message.intent == "opt_out"
    assert message.decisions[0]["silence"] == "opt_out_word"


def test_stop_is_confirmed_after_many_answers_too(
    text_us, run_tasks, texts, any_answer
):
    for number in range(4):
        text_us(f"hello {number}")
    text_us("STOP")
    run_tasks()

    assert bodies()[-1] == "You get no more texts."


def test_without_a_text_stop_is_silent(text_us, run_tasks, any_answer):
    text_us("STOP")
    run_tasks()

    assert not OutboundMessage.objects.exists()


def test_start_ends_the_period_and_any_other_text_does_not(
    text_us, run_tasks, texts, any_answer
):
    text_us("STOP")
    text_us("ORDER")
    assert OptOut.objects.open().exists()

    text_us("START")
    run_tasks()

    assert not OptOut.objects.open().exists()
    period = OptOut.objects.get()
    assert period.ended_by.body == "START"
    assert bodies() == ["You get no more texts.", "Hi.", "Welcome back."]


def test_stop_start_stop_leaves_two_periods(text_us, run_tasks):
    for body in ("STOP", "START", "STOP"):
        text_us(body)
    run_tasks()

    first, second = OptOut.objects.all()
    assert first.ended_at is not None
    assert second.ended_at is None


def test_in_the_united_states_nothing_follows_but_the_confirmation(
    text_us, run_tasks, texts, any_answer
):
    for body in ("STOP", "ORDER"):
        text_us(body, originator="12025550123")
    run_tasks()

    assert bodies() == ["You get no more texts."]
    held = OutboundMessage.objects.get(state=OutboundMessage.State.HELD)
    assert held.held_by == "opted_out"


def test_in_the_united_states_nothing_leaves_once_stop_is_stored(
    text_us, run_tasks, texts, any_answer
):
    number = {"originator": "12025550123"}
    text_us("ORDER", **number)
    tasks.process()
    text_us("MENU", **number)

    text_us("STOP", **number)
    run_tasks()

    assert bodies() == ["You get no more texts."]
    held = OutboundMessage.objects.filter(state=OutboundMessage.State.HELD)
    assert [message.held_by for message in held] == ["opted_out", "opted_out"]


def test_a_start_is_not_lost_behind_an_automation_that_opts_out(text_us, run_tasks):
    factories.AutomationFactory(
        active=True, keywords=("NOMORE",), actions=[factories.block("opt_out")]
    )

    text_us("NOMORE")
    text_us("START")
    run_tasks()

    assert not OptOut.objects.open().exists()


def test_help_is_answered(text_us, run_tasks, texts, any_answer):
    text_us("AIDE")
    run_tasks()

    assert bodies() == ["Chez Lea, 01 23 45 67 89."]


def test_a_phrase_stops_marketing_and_asks_a_person(text_us, run_tasks, any_answer):
    text_us("please stop texting me")
    run_tasks()

    period = OptOut.objects.open().get()
    assert (period.cause, period.needs_review) == (OptOut.Cause.PHRASE, True)
    assert not bodies()


def test_the_word_after_the_phrase_settles_the_doubt(text_us):
    text_us("please stop texting me")
    text_us("STOP")

    assert OptOut.objects.get().needs_review is False


def test_a_reaction_that_quotes_us_opts_nobody_out(text_us, run_tasks):
    offer = "Chez Lea: hungry? Reply ORDER to start. Reply STOP to opt out."
    contact = factories.ContactFactory(phone_number="+33612000001")
    factories.OutboundMessageFactory(contact=contact, body=offer, state="delivered")
    factories.AutomationFactory(active=True, keywords=("ORDER",))

    message = text_us(f"Liked “{offer}”")
    run_tasks()

    assert not OptOut.objects.exists()
    assert not bodies()
    message.refresh_from_db()
    assert message.decisions[0]["silence"] == "quoted"


def test_a_report_that_is_repeated_after_start_opts_nobody_out(text_us, run_tasks):
    contact = factories.ContactFactory(phone_number="+33612000001")
    message = factories.OutboundMessageFactory(contact=contact, state="sent")
    report = base.DeliveryReport(
        status=base.ReportStatus.FAILED,
        reference=str(message.reference),
        is_opt_out=True,
    )
    outbound.record_report("default", report)
    assert OptOut.objects.open().exists()
    text_us("START")

    outbound.record_report("default", report)

    assert not OptOut.objects.open().exists()


def test_a_number_of_no_country_stops_in_the_words_of_the_site(text_us):
    text_us("ARRET", originator="+999123456789")

    assert OptOut.objects.open().exists()
