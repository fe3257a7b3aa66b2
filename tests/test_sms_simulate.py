"""sms_simulate: what the live automations would do, while nothing is done."""

import json
from datetime import timedelta
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from tests import factories
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.management.commands.sms_simulate import describe
from wagtail_sms_automation.models import Contact, OptOut, SmsSettings


pytestmark = pytest.mark.django_db


def simulate(*texts, **options):
    """Return what the command prints for a person."""
    out = StringIO()
    call_command("sms_simulate", *texts, stdout=out, no_color=True, **options)
    return out.getvalue()


def document(*texts, **options):
    """Return the JSON document of the command."""
    return json.loads(simulate(*texts, as_json=True, **options))


def fired(*texts, **options):
    """Return the names of the automations that fire, one list a text."""
    return [
        [decision["name"] for decision in message["decisions"] if decision["fired"]]
        for message in document(*texts, **options)["messages"]
    ]


def effects(*texts, **options):
    """Return the effects of the last text."""
    return document(*texts, **options)["messages"][-1]["effects"]


def automation(name, *keywords, actions=None, conditions=(), **fields):
    """Store an active automation."""
    content = [factories.content(*keywords)] if keywords else []
    return factories.AutomationFactory(
        active=True,
        name=name,
        conditions=[*content, *conditions],
        actions=[factories.reply(f"{name}.")] if actions is None else actions,
        **fields,
    )


@pytest.fixture
def kitchen():
    """An automation that does everything."""
    group = factories.ContactGroupFactory(name="Delivery customers")
    old = factories.ContactGroupFactory(name="Newcomers")
    return automation(
        "Order",
        "ORDER",
        actions=[
            factories.reply("Thank you {{ contact.first_name|there }}."),
            factories.add_to_group(group),
            factories.remove_from_group(old),
            factories.block(
                "forward_to_phone",
                phone_numbers=["+33687654321"],
                body="{{ message.body }}",
            ),
            factories.block(
                "forward_to_email",
                addresses=["chef@example.com"],
                body="{{ message.body }}",
            ),
            factories.block("save_answer", attribute="dish"),
            factories.block("hand_over", hours=2),
        ],
    )


def rows():
    """Return every value of every table."""
    return {
        model._meta.db_table: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


def test_nothing_is_written_and_nothing_is_sent(kitchen):
    contact = factories.ContactFactory(phone_number="+33612345678")
    before = rows()
    texts = ("ORDER 2 pizzas", "hello", "STOP", "START", "HELP", "", "ORDER")

    simulate(*texts)
    simulate(*texts, originator=contact.phone_number)
    simulate(*texts, originator="+33698765432", as_json=True)

    assert rows() == before
    assert locmem.outbox == []
    assert mail.outbox == []


def test_a_person_reads_what_fires_and_why(kitchen):
    automation("Menu", "order", conditions=())
    text = simulate("ORDER 2 pizzas")
    assert text.startswith("From a stranger.\n\n> ORDER 2 pizzas\n")
    assert "[fires] Order: Fired by “ORDER” (at character 1)." in text
    assert "Reply (1 part, GSM-7): Thank you there." in text
    assert "Joins the group Delivery customers." in text
    assert "Leaves the group Newcomers." in text
    assert "Forwarded to +336•••••321 (1 part, GSM-7): ORDER 2 pizzas" in text
    assert "Forwarded to c…@example.com: ORDER 2 pizzas" in text
    assert "Keeps “2 pizzas” as dish." in text
    assert "Leaves the contact to a person until" in text
    assert "[silent] Menu: " in text
    assert "“ORDER” differs from order only in case." in text
    assert "+33687654321" not in text


def test_an_empty_answer_clears_what_was_kept():
    save = factories.block("save_answer", attribute="dish")
    automation("Order", "ORDER", actions=[save])
    assert "    Clears dish: the text holds nothing but a keyword.\n" in simulate(
        "ORDER"
    )


def test_a_french_person_reads_french(kitchen):
    with translation.override("fr"):
        text = simulate("ORDER 2 pizzas")
    assert "[déclenchée] Order\xa0: Déclenchée par «\xa0ORDER\xa0»" in text
    assert "Conserve «\xa02 pizzas\xa0» dans dish." in text


def test_a_machine_reads_the_same(kitchen):
    automation("Menu", "order")
    answer = document("ORDER 2 pizzas", originator="06 98 76 54 32")
    assert answer["originator"] == "+33698765432"
    assert answer["recipient"] == "+33939000001"
    assert answer["is_known_contact"] is False
    [message] = answer["messages"]
    assert message["body"] == "ORDER 2 pizzas"
    assert message["intent"] is None
    order, menu = message["decisions"]
    assert order["automation"] == kitchen.pk
    assert order["places"] == [{"keyword": "ORDER", "start": 0, "end": 5}]
    assert order["reason"] == "Fired by “ORDER” (at character 1)."
    assert menu["silence"] == "content"
    assert menu["near_miss"] == {
        "keyword": "order",
        "found": "ORDER",
        "difference": "case",
    }
    assert menu["reason"].endswith("“ORDER” differs from order only in case.")
    assert [effect["type"] for effect in message["effects"]] == [
        "send_sms",
        "join_group",
        "leave_group",
        "forward_sms",
        "forward_mail",
        "set_attribute",
        "keep_silent",
    ]
    reply, join, _leave, forward, *_rest = message["effects"]
    assert reply["automation"] == kitchen.pk
    assert (reply["encoding"], reply["parts"], reply["held"]) == ("GSM-7", 1, None)
    assert join["group_name"] == "Delivery customers"
    assert forward["recipient"] == "+33687654321"


def test_what_was_simulated_then_happens(text_us, run_tasks):
    group = factories.ContactGroupFactory()
    ask = automation("Ask", "ORDER", actions=[factories.reply("Which dish?")])
    save = factories.block("save_answer", attribute="dish")
    automation(
        "Dish",
        actions=[save, factories.reply("Noted."), factories.add_to_group(group)],
        conditions=[factories.follows(ask)],
    )
    automation("Menu", "MENU", actions=[factories.reply("Pizza {{ keyword }}.")])
    hand_over = factories.block("hand_over", hours=1)
    automation("Person", "HUMAN", actions=[factories.reply("Wait."), hand_over])
    texts = ["ORDER", "A pizza", "MENU", "menu", "STOP", "START", "HUMAN", "MENU"]

    simulated = document(*texts, originator="+33612000001")["messages"]
    for text in texts:
        text_us(text)
        run_tasks()

    contact = Contact.objects.get()
    stored = contact.inbound_messages.order_by("pk")
    for told, message in zip(simulated, stored, strict=True):
        assert (told["intent"] or "") == message.intent
        decisions = [
            {key: value for key, value in decision.items() if key != "reason"}
            for decision in told["decisions"]
        ]
        assert decisions == message.decisions
    assert [
        effect["body"]
        for message in simulated
        for effect in message["effects"]
        if effect["type"] == "send_sms" and not effect["held"]
    ] == [submission.body for submission in locmem.outbox]
    assert contact.attributes == {"dish": "A pizza"}
    assert contact.groups.get() == group


def test_paused_automations_take_no_part():
    factories.AutomationFactory(name="Paused", keywords=("ORDER",))
    assert fired("ORDER") == [[]]
    assert "No automation is active." in simulate("ORDER")


def test_several_automations_fire_in_order():
    automation("One", "1")
    automation("Two", "2")
    automation("Food", "FOOD")
    assert fired("FOOD 1, 2") == [["One", "Two", "Food"]]


def test_an_empty_text():
    automation("Any")
    automation("Order", "ORDER")
    assert fired("") == [["Any"]]
    assert "\n> \n" in simulate("")


def test_a_follows_condition_works_between_two_texts():
    first = automation("Ask", "ORDER")
    automation("Answer", "YES", conditions=[factories.follows(first)])
    assert fired("YES", "ORDER", "YES") == [[], ["Ask"], ["Answer"]]


def test_frequency_is_kept_between_two_texts():
    once = factories.block("frequency", limit="once", hours=None)
    automation("Once", "ORDER", conditions=[once])
    assert fired("ORDER", "ORDER") == [["Once"], []]


def test_groups_are_kept_between_two_texts():
    group = factories.ContactGroupFactory()
    automation("Join", "JOIN", actions=[factories.add_to_group(group)])
    automation("Member", "HELLO", conditions=[factories.in_group(group)])
    assert fired("HELLO", "JOIN", "HELLO") == [[], ["Join"], ["Member"]]


def test_a_person_who_takes_over_silences_the_next_text():
    hand_over = factories.block("hand_over", hours=1)
    automation("Person", "HUMAN", actions=[hand_over])
    automation("Order", "ORDER")
    assert fired("HUMAN", "ORDER") == [["Person"], []]
    assert "a person has taken over" in simulate("HUMAN", "ORDER")


def test_stop_and_start_come_before_everything():
    SmsSettings.objects.create(opt_out_text="You hear no more.", opt_in_text="Hello.")
    automation("Any")
    answer = document("STOP", "START")
    assert [message["intent"] for message in answer["messages"]] == [
        "opt_out",
        "opt_in",
    ]
    stop, start = answer["messages"]
    assert [effect["type"] for effect in stop["effects"]] == [
        "start_opt_out",
        "send_sms",
    ]
    assert [effect["type"] for effect in start["effects"]] == [
        "end_opt_out",
        "send_sms",
    ]
    text = simulate("STOP", "START", "please stop texting me")
    assert "A request to stop (STOP)." in text
    assert "Opts the contact out." in text
    assert "Reply (1 part, GSM-7): You hear no more." in text
    assert "Opts the contact in again." in text
    assert "Opts the contact out, until a person has looked at it." in text


def test_a_hurried_customer_is_not_a_loop():
    automation("Order", "ORDER", actions=[factories.reply("{{ message.body }}")])
    texts = [f"ORDER {number}" for number in range(12)]
    assert fired(*texts) == [["Order"]] * 12


def test_the_loop_guard_is_shown():
    automation("Order", "ORDER")
    text = simulate(*["ORDER"] * 4)
    assert "(not sent: Too many automatic texts in a short time.): Order." in text
    assert "Too many answers: automations say nothing until" in text


def test_a_contact_brings_its_past():
    group = factories.ContactGroupFactory()
    first = automation("Ask", "ORDER")
    automation("Answer", "YES", conditions=[factories.follows(first)])
    automation("Member", "HELLO", conditions=[factories.in_group(group)])
    contact = factories.ContactFactory(
        phone_number="+33612345678",
        first_name="Ana",
        last_name="Martin",
        last_automation=first,
        last_answered_at=timezone.now() - timedelta(hours=1),
    )
    factories.MembershipFactory(contact=contact, group=group)

    assert fired("YES", originator="06 12 34 56 78") == [["Answer"]]
    assert fired("HELLO", originator="06 12 34 56 78") == [["Member"]]
    assert fired("HELLO", originator="06 12 34 56 79") == [[]]
    text = simulate("YES", originator="0612345678")
    assert text.startswith("From a contact: Ana Martin (+336•••••678).\n")
    assert document("YES", originator="0612345678")["is_known_contact"] is True


def test_a_contact_who_opted_out_may_start_again():
    contact = factories.ContactFactory(phone_number="+33612345678")
    OptOut.objects.start(contact, OptOut.Cause.KEYWORD)
    sent = effects("START", originator=contact.phone_number)
    assert sent[0]["type"] == "end_opt_out"


def test_a_contact_who_was_handed_over_is_left_alone():
    automation("Any")
    factories.ContactFactory(
        phone_number="+33612345678", silent_until=timezone.now() + timedelta(hours=1)
    )
    assert fired("hi", originator="+33612345678") == [[]]
    assert fired("hi", originator="+33612345679") == [["Any"]]


def test_a_stranger_with_a_number_is_no_contact_afterwards():
    text = simulate("hi", originator="+33612345678")
    assert text.startswith("From a number that is no contact’s.\n")
    assert not Contact.objects.exists()


def test_opt_out_words_are_those_of_the_number():
    assert document("ARRET", originator="+33612345678")["messages"][0]["intent"]
    assert not document("ARRET", originator="+31612345678")["messages"][0]["intent"]


def test_our_own_number_is_answered_nothing():
    automation("Any")
    assert fired("hi", originator="+33939000001") == [[]]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", "The phone number is empty."),
        ("AMAZON", "A phone number has no letters."),
        ("36180", "This is a short code, not a phone number."),
        ("+33 6 12 34 56 7", "The phone number is too short."),
        ("0692123456", "This is not a valid phone number."),
    ],
)
def test_a_bad_number_is_refused_with_the_reason(number, reason):
    with pytest.raises(CommandError) as caught:
        simulate("ORDER", originator=number)
    assert str(caught.value) == f"--from: {reason}"


def test_a_text_is_needed():
    with pytest.raises(CommandError, match="TEXT"):
        call_command("sms_simulate")


def test_options_as_they_are_typed():
    automation("Order", "ORDER")
    out = StringIO()
    call_command(
        "sms_simulate", "ORDER", "--from", "06 12 34 56 78", "--json", stdout=out
    )
    assert json.loads(out.getvalue())["originator"] == "+33612345678"


def test_what_a_text_holds_never_reaches_the_terminal_as_a_command():
    automation("Any", actions=[factories.reply("You wrote {{ message.body }}")])
    text = simulate("a\x1b[2J\x07\u202eb\udcff\x00c\r\nd")
    assert not {"\x1b", "\x07", "\u202e", "\x00", "\r", "\udcff"} & set(text)
    assert "> a[2Jbc\nd" in text


def test_a_terminal_that_is_not_unicode():
    automation("Été", "ÉTÉ")
    out = TextIOWrapper(BytesIO(), encoding="ascii")
    call_command("sms_simulate", "ÉTÉ 🍕", stdout=out, no_color=True)
    out.seek(0)
    assert "[fires] ?t?: Fired by ??T??" in out.read()


def test_a_text_of_several_lines_stays_indented():
    automation("Any", actions=[factories.reply("one\ntwo")])
    assert "        Reply (1 part, GSM-7): one\n        two\n" in simulate("hi")


def test_parts_and_encoding_are_counted():
    automation("Any", actions=[factories.reply("é" * 161 + "中")])
    assert "Reply (3 parts, UCS-2): é" in simulate("hi")
    [reply] = effects("hi")
    assert (reply["encoding"], reply["units"], reply["parts"]) == ("UCS-2", 162, 3)


def test_without_originator_it_still_runs(settings):
    settings.WAGTAIL_SMS_AUTOMATION = {}
    automation("Any")
    answer = document("hi")
    assert answer["recipient"] == ""
    assert [one["body"] for one in answer["messages"][0]["effects"]] == ["Any."]


def test_an_effect_without_words_is_a_fault():
    with pytest.raises(TypeError, match="object"):
        describe(object(), {})
