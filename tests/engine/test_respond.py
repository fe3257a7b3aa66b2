from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine import segments
from wagtail_sms_automation.engine.messages import (
    Contact,
    InboundMessage,
    MessageType,
    SentText,
)
from wagtail_sms_automation.engine.outcome import (
    EndOptOut,
    ForwardMail,
    ForwardSms,
    Held,
    JoinGroup,
    KeepSilent,
    LeaveGroup,
    NearMiss,
    Place,
    SendSms,
    SetAttribute,
    Silence,
    StartOptOut,
)
from wagtail_sms_automation.engine.respond import respond
from wagtail_sms_automation.engine.rules import (
    AddToGroup,
    Automation,
    Content,
    Follows,
    ForwardToEmail,
    ForwardToPhone,
    Frequency,
    GroupMembership,
    HandOver,
    OpeningHours,
    Operator,
    OptOut,
    RemoveFromGroup,
    Reply,
    Rulebook,
    SaveAnswer,
    Texts,
    WeeklyHours,
)


NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
PHONE = "+33612345678"
OURS = "+33937000001"
KITCHEN = "+33698765432"
LEA = Contact(phone_number=PHONE, first_name="Léa", country="FR")
TEXTS = Texts(opt_out="Bye.", opt_in="Hello again.", help="Call us.")


def automation(id, *keywords, conditions=(), actions=None, **about):
    content = (Content(keywords=keywords),) if keywords else ()
    return Automation(
        id=id,
        name=about.pop("name", f"Step {id}"),
        conditions=(*content, *conditions),
        actions=(Reply(id="reply", body=f"Answer {id}"),)
        if actions is None
        else tuple(actions),
        **about,
    )


def answer(body, *automations, contact=LEA, originator=PHONE, now=NOW, **about):
    message = InboundMessage(
        body=body,
        originator=originator,
        recipient=OURS,
        received_at=now,
        **{key: about.pop(key) for key in ("message_type",) if key in about},
    )
    rulebook = Rulebook(
        automations=automations,
        **{"own_numbers": frozenset({OURS}), "texts": TEXTS} | about,
    )
    return respond(message, contact, rulebook, now)


def fired(outcome):
    return [decision.automation for decision in outcome.fired]


def silences(outcome):
    return {d.automation: d.silence for d in outcome.decisions if not d.fired}


def bodies(outcome):
    return [
        effect.body
        for effect in outcome.effects
        if isinstance(effect, SendSms) and effect.held is None
    ]


# Matching automations


def test_every_matching_automation_fires_in_the_editors_order():
    outcome = answer(
        "ORDER now",
        automation(3, "ORDER"),
        automation(1, "MENU"),
        automation(2, "now", "ORDER"),
    )

    assert fired(outcome) == [3, 2]
    assert bodies(outcome) == ["Answer 3", "Answer 2"]
    assert silences(outcome) == {1: Silence.CONTENT}
    assert [decision.automation for decision in outcome.decisions] == [3, 1, 2]


def test_decision_names_the_keyword_and_its_place():
    decision = answer("I ORDER", automation(1, "ORDER")).decisions[0]

    assert decision.places == (Place(keyword="ORDER", start=2, end=7),)
    assert decision.as_json()["places"] == [{"keyword": "ORDER", "start": 2, "end": 7}]


def test_decision_names_the_near_miss():
    decision = answer("order", automation(1, "ORDER")).decisions[0]

    assert decision.silence is Silence.CONTENT
    assert decision.near_miss == NearMiss(
        keyword="ORDER", found="order", difference="case"
    )


def test_automation_without_content_fires_on_any_message():
    outcome = answer("anything", automation(1))

    assert fired(outcome) == [1]
    assert outcome.decisions[0].places == ()


def test_first_condition_that_fails_is_named():
    closed = OpeningHours(is_open=True)
    member = GroupMembership(groups=frozenset({1}))
    outcome = answer(
        "ORDER",
        automation(1, "MENU", conditions=[closed, member]),
        automation(2, "ORDER", conditions=[closed, member]),
        automation(3, conditions=[member, closed, Content(keywords=("MENU",))]),
        automation(4, "MENU", message_type=MessageType.MMS),
        automation(
            5, conditions=[Content(keywords=("ORDER",), operator=Operator.NONE)]
        ),
    )

    assert silences(outcome) == {
        1: Silence.CONTENT,
        2: Silence.OPENING_HOURS,
        3: Silence.GROUP,
        4: Silence.MESSAGE_TYPE,
        5: Silence.EXCLUDED,
    }


def test_several_content_conditions_must_all_hold():
    two = automation(
        1,
        "ORDER",
        conditions=[Content(keywords=("later",), operator=Operator.NONE)],
    )

    assert fired(answer("ORDER", two)) == [1]
    assert silences(answer("ORDER later", two)) == {1: Silence.EXCLUDED}


def test_open_house_answers_otherwise_than_a_closed_one():
    hours = WeeklyHours(
        time_zone=ZoneInfo("Europe/Paris"), periods={0: ((time(19), time(22)),)}
    )
    pair = (
        automation(1, "ORDER", conditions=[OpeningHours(is_open=True)]),
        automation(2, "ORDER", conditions=[OpeningHours(is_open=False)]),
    )

    evening = answer("ORDER", *pair, opening_hours=hours)
    night = answer("ORDER", *pair, opening_hours=hours, now=NOW + timedelta(hours=3))

    assert (fired(evening), fired(night)) == ([1], [2])


def test_once_for_each_contact():
    once = automation(1, "ORDER", conditions=[Frequency()])
    again = replace(LEA, fired_at={1: NOW - timedelta(days=30)})

    assert fired(answer("ORDER", once)) == [1]
    assert silences(answer("ORDER", once, contact=again)) == {1: Silence.FREQUENCY}


def test_reaction_to_our_own_text_fires_nothing():
    ours = "Chez Lea: hungry? Order by text tonight, 18:00-21:30. Reply ORDER to start."
    contact = replace(LEA, sent_texts=(SentText(body=ours, sent_at=NOW),))

    outcome = answer(f"Liked “{ours}”", automation(1, "ORDER"), contact=contact)

    assert silences(outcome) == {1: Silence.QUOTED}
    assert outcome.effects == ()


@pytest.mark.parametrize(
    ("came_as", "expected"), [(MessageType.SMS, [1]), (MessageType.MMS, [2])]
)
def test_message_type_must_agree(came_as, expected):
    outcome = answer(
        "ORDER",
        automation(1, "ORDER"),
        automation(2, "ORDER", message_type=MessageType.MMS),
        message_type=came_as,
    )

    assert fired(outcome) == expected


def test_picture_without_words_fires_what_asks_for_none():
    outcome = answer(
        "",
        automation(1, message_type=MessageType.MMS),
        automation(2, "ORDER", message_type=MessageType.MMS),
        message_type=MessageType.MMS,
    )

    assert fired(outcome) == [1]


# Who speaks first


def test_automation_that_stops_others_silences_those_after_it():
    outcome = answer(
        "ORDER",
        automation(1, "ORDER"),
        automation(2, "ORDER", stops_others=True),
        automation(3, "ORDER"),
        automation(4, "MENU"),
    )

    assert fired(outcome) == [1, 2]
    assert silences(outcome) == {3: Silence.STOPPED, 4: Silence.CONTENT}


def test_automation_that_does_not_fire_stops_nobody():
    outcome = answer(
        "ORDER", automation(1, "MENU", stops_others=True), automation(2, "ORDER")
    )

    assert fired(outcome) == [2]


ASKED = replace(LEA, last_automation=1, last_answered_at=NOW - timedelta(hours=1))
AFTER_ONE = Follows(automations=frozenset({1}), within_hours=2)


def test_answer_inside_a_conversation_is_no_keyword():
    rules = (
        automation(1, "MENU", stops_others=True),
        automation(2, conditions=[AFTER_ONE]),
        automation(3, "ORDER"),
        automation(4, conditions=[AFTER_ONE]),
    )

    outcome = answer("MENU", *rules, contact=ASKED)

    assert fired(outcome) == [2, 4]
    assert silences(outcome) == {1: Silence.CONVERSATION, 3: Silence.CONTENT}


def test_keyword_works_again_once_the_conversation_is_over():
    rules = (automation(1, "MENU"), automation(2, conditions=[AFTER_ONE]))
    long_ago = replace(ASKED, last_answered_at=NOW - timedelta(hours=3))

    outcome = answer("MENU", *rules, contact=long_ago)

    assert fired(outcome) == [1]
    assert silences(outcome) == {2: Silence.FOLLOWS}


def test_conversation_that_does_not_match_leaves_the_keywords_alone():
    rules = (automation(1, "MENU"), automation(2, "YES please", conditions=[AFTER_ONE]))

    outcome = answer("MENU", *rules, contact=ASKED)

    assert fired(outcome) == [1]
    assert silences(outcome) == {2: Silence.CONTENT}


def test_conversation_stops_others_too():
    rules = (
        automation(2, conditions=[AFTER_ONE], stops_others=True),
        automation(4, conditions=[AFTER_ONE]),
    )

    outcome = answer("x", *rules, contact=ASKED)

    assert fired(outcome) == [2]
    assert silences(outcome) == {4: Silence.STOPPED}


# Actions


def test_actions_become_effects_in_the_editors_order():
    everything = automation(
        1,
        "FOOD",
        actions=[
            AddToGroup(id="a", group=4),
            Reply(id="b", body="{{ contact.first_name }}: {{ keyword }} noted"),
            ForwardToPhone(
                id="c",
                phone_numbers=(KITCHEN, "+33698765433", KITCHEN),
                body="{{ message.body }}",
            ),
            ForwardToEmail(
                id="d",
                addresses=("a@lea.example", "b@lea.example", "a@lea.example"),
                body="{{ contact.phone_number }}: {{ message.body }}",
            ),
            RemoveFromGroup(id="e", group=5),
            SaveAnswer(id="f", attribute="order"),
            HandOver(id="g", hours=2),
            OptOut(id="h"),
        ],
    )

    outcome = answer("FOOD 2x1", everything)

    forward = {"automation": 1, "action": "c", "body": "FOOD 2x1"}
    mail = {"automation": 1, "action": "d", "body": f"{PHONE}: FOOD 2x1"}
    assert outcome.effects == (
        JoinGroup(automation=1, action="a", group=4),
        SendSms(automation=1, action="b", body="Léa: FOOD noted"),
        ForwardSms(recipient=KITCHEN, **forward),
        ForwardSms(recipient="+33698765433", **forward),
        ForwardMail(recipient="a@lea.example", **mail),
        ForwardMail(recipient="b@lea.example", **mail),
        LeaveGroup(automation=1, action="e", group=5),
        SetAttribute(automation=1, action="f", attribute="order", value="2x1"),
        KeepSilent(automation=1, action="g", until=NOW + timedelta(hours=2)),
        StartOptOut(automation=1, action="h"),
    )


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("NAME Ann Port", "Ann Port"),
        ("NAME: Ann", "Ann"),
        ("my NAME is Ann", "my is Ann"),
        ("Ann NAME", "Ann"),
        ("NAME", ""),
        ("NAME\n  Ann\x00 ", "Ann"),
        ("NAME {{ message.body }}", "{{ message.body }}"),
    ],
)
def test_answer_is_kept_without_the_keyword(body, value):
    ask = automation(1, "NAME", actions=[SaveAnswer(id="a", attribute="name")])

    effect = answer(body, ask).effects[0]

    assert effect.value == value


def test_answer_without_keyword_is_kept_whole():
    ask = automation(1, actions=[SaveAnswer(id="a", attribute="name")])

    assert answer(" Ann ", ask).effects[0].value == "Ann"


def test_keyword_of_the_first_content_condition_fires():
    twice = automation(
        1,
        "FOOD",
        conditions=[Content(keywords=("now",))],
        actions=[Reply(id="a", body="{{ keyword }}")],
    )

    assert bodies(answer("now FOOD", twice)) == ["FOOD"]


def test_text_is_made_cheaper_where_that_is_wanted():
    reply = automation(1, actions=[Reply(id="a", body="L’addition…\r\n« OK »\u200b")])

    assert bodies(answer("x", reply)) == ['L\'addition...\n" OK "']
    assert bodies(answer("x", reply, replaces_typography=False)) == [
        "L’addition…\n« OK »"
    ]


def test_unknown_placeholder_holds_the_text_back():
    template = "{{ contact.nmae }}: {{ message.body }}"
    outcome = answer(
        "FOOD 2x1",
        automation(
            1,
            actions=[
                Reply(id="a", body=template),
                ForwardToPhone(id="b", phone_numbers=(KITCHEN,), body=template),
                ForwardToEmail(id="c", addresses=("a@lea.example",), body=template),
            ],
        ),
    )

    reply, forward, mail = outcome.effects
    assert (reply.held, reply.body) == (Held.PLACEHOLDER, template)
    assert forward.held is Held.PLACEHOLDER
    # The kitchen gets the order all the same.
    assert mail.body == "FOOD 2x1"


def test_text_that_is_empty_once_rendered_is_held():
    empty = automation(1, actions=[Reply(id="a", body=" {{ contact.last_name }} ")])

    assert answer("x", empty).effects[0].held is Held.EMPTY


def test_text_that_a_value_makes_too_long_is_held():
    echo = automation(1, actions=[Reply(id="a", body="{{ message.body }}")])

    assert answer("a" * 1377, echo).effects[0].held is None
    assert answer("a" * 1378, echo).effects[0].held is Held.TOO_LONG
    assert answer("ж" * 604, echo).effects[0].held is Held.TOO_LONG


def test_order_too_long_to_forward_is_cut_and_says_so():
    forward = ForwardToPhone(
        id="f", phone_numbers=(KITCHEN,), body="{{ message.body }}"
    )
    [effect] = answer("a" * 2000, automation(1, actions=[forward])).effects

    assert effect.held is None
    assert effect.body == "a" * 1374 + "..."
    assert segments.count(effect.body).parts == 9


# STOP, START and HELP


STOPS = StartOptOut(action="opt_out")
SAYS_BYE = SendSms(action="opt_out", body="Bye.")


@pytest.mark.parametrize(
    ("body", "intent", "effects"),
    [
        ("STOP", "opt_out", (STOPS, SAYS_BYE)),
        ("arrêter.", "opt_out", (STOPS, SAYS_BYE)),
        ("START", "opt_in", (SendSms(action="opt_in", body="Hello again."),)),
        ("Aide", "help", (SendSms(action="help", body="Call us."),)),
    ],
)
def test_opt_out_words_come_before_everything(body, intent, effects):
    paused = replace(LEA, silent_until=NOW + timedelta(hours=1))
    rules = (automation(1), automation(2, "STOP", "START", "Aide"))

    for contact in (LEA, paused):
        outcome = answer(body, *rules, contact=contact)
        assert outcome.intent == intent
        assert outcome.effects == effects
        assert silences(outcome) == dict.fromkeys((1, 2), Silence.OPT_OUT_WORD)


def test_phrase_that_reads_like_stop_is_not_answered():
    outcome = answer("stop svp", automation(1), automation(2, "stop"))

    assert outcome.intent == "likely_opt_out"
    assert outcome.effects == (StartOptOut(action="likely_opt_out", is_likely=True),)
    assert silences(outcome) == dict.fromkeys((1, 2), Silence.LIKELY_OPT_OUT)


@pytest.mark.parametrize("body", ["STOP", "START", "AIDE"])
def test_empty_texts_say_nothing_and_automations_stay_silent(body):
    outcome = answer(body, automation(1), texts=Texts())

    assert not any(isinstance(effect, SendSms) for effect in outcome.effects)
    assert silences(outcome) == {1: Silence.OPT_OUT_WORD}


OPTED_OUT = replace(LEA, is_opted_out=True)


def test_stop_is_confirmed_once():
    assert answer("STOP", contact=OPTED_OUT).effects == (STOPS,)


@pytest.mark.parametrize("country", ["FR", "US"])
def test_start_ends_an_opt_out_and_is_confirmed(country):
    contact = replace(OPTED_OUT, country=country)

    assert answer("START", contact=contact).effects == (
        EndOptOut(action="opt_in"),
        SendSms(action="opt_in", body="Hello again."),
    )


def test_any_other_text_opts_nobody_in():
    outcome = answer("ORDER", automation(1, "ORDER"), contact=OPTED_OUT)

    assert bodies(outcome) == ["Answer 1"]
    assert not any(isinstance(effect, EndOptOut) for effect in outcome.effects)


@pytest.mark.parametrize("body", ["ORDER", "HELP"])
@pytest.mark.parametrize("country", ["US", "CA"])
def test_opted_out_contact_of_north_america_gets_nothing(country, body):
    contact = replace(OPTED_OUT, country=country)

    outcome = answer(body, automation(1, "ORDER"), contact=contact)

    assert [effect.held for effect in outcome.effects] == [Held.OPTED_OUT]


def test_yes_opts_in_only_who_is_opted_out():
    contact = replace(LEA, country="US")

    kept = answer("YES", automation(1, "YES"), contact=contact)
    stopped = answer(
        "YES", automation(1, "YES"), contact=replace(contact, is_opted_out=True)
    )

    assert (kept.intent, fired(kept)) == (None, [1])
    assert (stopped.intent, fired(stopped)) == ("opt_in", [])


def test_house_gives_its_country_to_a_contact_without():
    contact = replace(LEA, country="")

    assert answer("HULP", contact=contact, default_country="NL").intent == "help"
    assert answer("HULP", contact=contact, default_country="FR").intent is None


def test_confirmation_knows_who_it_speaks_to():
    outcome = answer("STOP", texts=Texts(opt_out="Bye, {{ contact.first_name|you }}."))

    assert bodies(outcome) == ["Bye, Léa."]


# Who is not answered


def test_contact_handed_to_a_person_is_left_alone():
    handed = replace(LEA, silent_until=NOW + timedelta(seconds=1))
    over = replace(LEA, silent_until=NOW)

    outcome = answer("ORDER", automation(1, "ORDER"), contact=handed)

    assert outcome.effects == ()
    assert silences(outcome) == {1: Silence.HANDED_OVER}
    assert fired(answer("ORDER", automation(1, "ORDER"), contact=over)) == [1]


def test_own_number_fires_nothing():
    contact = Contact(phone_number=OURS)

    outcome = answer("ORDER", automation(1), contact=contact, originator=OURS)

    assert outcome.effects == ()
    assert silences(outcome) == {1: Silence.OWN_NUMBER}


def test_own_number_that_says_help_is_not_answered():
    contact = Contact(phone_number=OURS)

    outcome = answer("HELP", contact=contact, originator=OURS)

    assert [effect.held for effect in outcome.effects] == [Held.OWN_NUMBER]


def test_short_code_is_forwarded_but_not_answered():
    everything = automation(
        1,
        actions=[
            AddToGroup(id="a", group=4),
            Reply(id="b", body="Thanks"),
            ForwardToPhone(
                id="c",
                phone_numbers=(KITCHEN,),
                body="{{ contact.phone_number }}: {{ message.body }}",
            ),
            ForwardToEmail(id="d", addresses=("a@lea.example",), body="x"),
            SaveAnswer(id="e", attribute="order"),
            HandOver(id="f", hours=2),
            OptOut(id="g"),
        ],
    )

    outcome = answer("Hello", everything, contact=None, originator="36180")

    assert outcome.effects == (
        SendSms(automation=1, action="b", body="Thanks", held=Held.UNANSWERABLE),
        ForwardSms(automation=1, action="c", recipient=KITCHEN, body="36180: Hello"),
        ForwardMail(automation=1, action="d", recipient="a@lea.example", body="x"),
    )


def test_stop_of_a_short_code_opts_nobody_out():
    for body in ("STOP", "stop svp"):
        outcome = answer(body, contact=None, originator="36180", default_country="FR")
        assert not any(isinstance(effect, StartOptOut) for effect in outcome.effects)
        assert bodies(outcome) == []


def test_staff_phone_is_not_answered():
    forward = ForwardToPhone(id="f", phone_numbers=(KITCHEN,), body="x")
    outcome = answer(
        "ORDER",
        automation(1, "ORDER"),
        automation(2, "FOOD", actions=[forward]),
        contact=Contact(phone_number=KITCHEN),
        originator=KITCHEN,
    )

    assert fired(outcome) == [1]
    assert [effect.held for effect in outcome.effects] == [Held.FORWARD_NUMBER]


# Robots


def test_two_robots_do_not_talk_for_long():
    """Each is the other's customer, and answers whatever it hears."""
    numbers = (PHONE, "+33612345679")
    sent = {number: [] for number in numbers}
    silent_until = dict.fromkeys(numbers)
    clock, body, is_looping = NOW, "hello", []
    for turn in range(200):
        speaker, listener = numbers[turn % 2], numbers[1 - turn % 2]
        clock += timedelta(seconds=1)
        contact = Contact(
            phone_number=speaker,
            sent_texts=tuple(reversed(sent[listener])),
            silent_until=silent_until[listener],
        )
        outcome = answer(
            body,
            automation(
                1, actions=[Reply(id="a", body=f"{turn}: {{{{ message.body }}}}")]
            ),
            contact=contact,
            originator=speaker,
            now=clock,
        )
        if not (said := bodies(outcome)):
            is_looping += [e.is_loop for e in outcome.effects if hasattr(e, "is_loop")]
            break
        body = said[0]
        sent[listener].append(SentText(body=body, sent_at=clock))

    assert max(len(texts) for texts in sent.values()) == 5
    assert is_looping == [True]


words = st.sampled_from(["ORDER", "MENU", "1", "2", "FOOD", "order", ",", "x", "😀"])


@given(
    st.lists(words | st.text(max_size=6), max_size=8).map(" ".join),
    st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=6),
    st.sampled_from(["+33612345678", "36180", OURS, "Orange"]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_every_automation_gets_one_decision(body, keywords, originator, is_opted_out):
    automations = [
        automation(number, *some) for number, some in enumerate(keywords, start=1)
    ]
    contact = (
        Contact(phone_number=originator, country="US", is_opted_out=is_opted_out)
        if originator.startswith("+")
        else None
    )

    outcome = answer(body, *automations, contact=contact, originator=originator)

    assert [d.automation for d in outcome.decisions] == [a.id for a in automations]
    assert all(d.fired is (d.silence is None) for d in outcome.decisions)
    causes = [(effect.automation, effect.action) for effect in outcome.effects]
    assert len(set(causes)) == len(causes)
    if originator != "+33612345678" or is_opted_out:
        assert bodies(outcome) == [] or outcome.intent == "opt_in"
