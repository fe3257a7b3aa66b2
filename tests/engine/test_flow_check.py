"""What would go wrong in a flow, and the messages that show it."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine.flow_check import check
from wagtail_sms_automation.engine.flow_check.findings import (
    AddKeywords,
    Code,
    Level,
    MarkIntended,
    Reason,
    ReplaceKeyword,
    SwitchToExact,
)
from wagtail_sms_automation.engine.flow_check.subject import Subject, replay
from wagtail_sms_automation.engine.flow_graph import Announcement
from wagtail_sms_automation.engine.messages import MessageType
from wagtail_sms_automation.engine.opt_outs import reserved_words
from wagtail_sms_automation.engine.outcome import ForwardSms, Held, SendSms
from wagtail_sms_automation.engine.rules import (
    Automation,
    Content,
    Follows,
    ForwardToPhone,
    Frequency,
    GroupMembership,
    LoopCaps,
    OpeningHours,
    Operator,
    ReceivedBetween,
    ReceivingNumber,
    Reply,
    Rulebook,
    WeeklyHours,
)

from .flows import FLOWS, announcements_of, automations_of
from .timing import cpu_seconds


NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
OURS = "+33937000001"
DAY = timedelta(days=1)


def subject_of(automations, announcements=(), *, country="FR", **facts):
    rulebook = facts.pop("rulebook", None) or Rulebook()
    return Subject(
        rulebook=replace(
            rulebook,
            automations=tuple(automations),
            own_numbers=frozenset({OURS}),
            default_country=country,
        ),
        announcements=tuple(announcements),
        now=NOW,
        reserved=reserved_words(country),
        **facts,
    )


def flow_subject(flow, *, automations=None, announcements=None, **facts):
    automations = automations_of(flow) if automations is None else automations
    announcements = announcements_of(flow) if announcements is None else announcements
    told_by = {one.id: announcements[0].id for one in automations if announcements}
    facts.setdefault("told_by", told_by)
    facts.setdefault("country", {"en": "GB"}.get(flow["language"], "FR"))
    return subject_of(automations, announcements, **facts)


def rule(number, keywords=(), reply="", *more, **switches):
    content = (Content(keywords=tuple(keywords), **switches),) if keywords else ()
    actions = (Reply(id="reply", body=reply),) if reply else ()
    return Automation(
        id=number, name=str(number), conditions=(*content, *more), actions=actions
    )


def changed(automation, **switches):
    """The automation with another content condition."""
    content = replace(automation.conditions[0], **switches)
    return replace(automation, conditions=(content, *automation.conditions[1:]))


def codes(findings):
    return [finding.code.value for finding in findings]


def bad(findings):
    return [one for one in findings if one.level is not Level.INFO]


def one_of(findings, code, reason=Reason.NONE):
    [finding] = [one for one in findings if (one.code, one.reason) == (code, reason)]
    return finding


def prove(finding, subject):
    """Put the witness through the whole rulebook; it must do what the finding says."""
    witness = finding.witness
    outcome = replay(witness, subject.rulebook_to_be)
    fired = tuple(decision.automation for decision in outcome.fired)
    assert fired == witness.fires
    sent = [
        effect.body
        for effect in outcome.effects
        if isinstance(effect, SendSms) and effect.held is None
    ]
    if outcome.intent is None:
        assert tuple(sent) == witness.replies
    concerned = finding.automations
    match finding.code, finding.reason:
        case ((Code.SAME_KEYWORD | Code.CONTAINED), _):
            assert set(concerned) <= set(fired)
        case ((Code.DIGITS | Code.COMMON | Code.OWN_TEXT), _):
            assert concerned[0] in fired
        case Code.RESERVED, _:
            assert outcome.intent or witness.body in subject.reserved
        case Code.DEAD_INVITATION, Reason.NOBODY_LISTENS:
            assert set(fired) <= {one.id for one in subject.listeners.any_text}
        case Code.DEAD_INVITATION, _:
            assert not subject.can_receive
        case Code.UNREACHABLE, Reason.NOT_INVITED:
            assert concerned[0] in fired
        case Code.UNREACHABLE, _:
            assert concerned[0] not in fired
        case Code.CYCLE, Reason.INVITATIONS:
            assert min(concerned) in fired
        case Code.CYCLE, _:
            held = {
                effect.recipient: effect.held
                for effect in outcome.effects
                if isinstance(effect, ForwardSms)
            }
            assert set(finding.numbers) <= held.keys()
            if finding.reason is Reason.OWN_NUMBER:
                assert held[finding.numbers[0]] is Held.OWN_NUMBER
        case Code.SPELLING, Reason.DUPLICATE:
            assert concerned[0] in fired
        case ((Code.SPELLING | Code.CASE_VARIANTS), _):
            assert concerned[0] not in fired
        case Code.USE, Reason.NEVER_FIRED:
            assert concerned[0] in fired
        case Code.USE, _:
            assert set(fired) <= {one.id for one in subject.listeners.any_text}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow["name"])
@pytest.mark.parametrize("country", ["FR", "GB", "NL", "BE", "DE", "CA", "US", ""])
def test_no_false_alarm(flow, country):
    subject = flow_subject(flow, country=country)
    findings = check(subject)
    assert bad(findings) == []
    for finding in findings:
        prove(finding, subject)


def test_no_false_alarm_when_all_flows_run_at_once():
    """But for the French MENU, which is the English one too."""
    automations, announcements, told_by = [], [], {}
    for number, flow in enumerate(FLOWS):
        for one in automations_of(flow):
            automations.append(replace(one, id=one.id + 10 * number))
            if flow["broadcast"]:
                told_by[automations[-1].id] = f"flow-{number}"
        announcements += [
            replace(one, id=f"flow-{number}") for one in announcements_of(flow)
        ]
    findings = bad(check(subject_of(automations, announcements, told_by=told_by)))
    assert [(one.code, one.automations) for one in findings] == [
        (Code.SAME_KEYWORD, (2, 12))
    ]


# Each plants one fault in a flow, and gives the subject with what it must find.


def plant_k1(flow):
    automations = automations_of(flow)
    twin = replace(automations[0], id=99)
    return flow_subject(flow, automations=(*automations, twin)), Reason.NONE, (1, 99)


def plant_k2(flow):
    first, *others = automations_of(flow)
    first = changed(first, operator=Operator.ANY)
    longer = rule(99, [f"{first.conditions[0].keywords[0]} DESSERT"])
    subject = flow_subject(flow, automations=(first, *others, longer))
    return subject, Reason.NONE, (1, 99)


def plant_k3(flow):
    *others, last = automations_of(flow)
    last = changed(last, keywords=("1", "2"), operator=Operator.ANY)
    subject = flow_subject(flow, automations=(*others, last))
    return subject, Reason.NONE, (last.id,)


def plant_k4(flow):
    *others, last = automations_of(flow)
    last = changed(last, keywords=(*last.conditions[0].keywords, "Stop"))
    subject = flow_subject(flow, automations=(*others, last))
    return subject, Reason.NONE, (last.id,)


def plant_k5(flow):
    word = {"en": "pickup", "fr": "carte", "nl": "ja"}[flow["language"]]
    *others, last = automations_of(flow)
    keywords = (*last.conditions[0].keywords, word)
    last = changed(last, keywords=keywords, operator=Operator.ANY)
    subject = flow_subject(flow, automations=(*others, last))
    return subject, Reason.NONE, (last.id,)


def plant_k6(flow):
    first, *others = automations_of(flow)
    word = first.conditions[0].keywords[0]
    reply = Reply(id="again", body=f"Example: BREAD 2x1, {word} at 19:30")
    first = changed(first, operator=Operator.ANY)
    other = rule(99, ["BREAD", "Bread"], reply.body)
    subject = flow_subject(flow, automations=(first, *others, other))
    return subject, Reason.EXAMPLE, (1, 99)


def plant_k7(flow):
    first, *others = automations_of(flow)
    verb = {"en": "Reply", "fr": "Répondez", "nl": "Antwoord"}[flow["language"]]
    more = Reply(id="more", body=f"{verb} DESSERT.")
    first = replace(first, actions=(*first.actions, more))
    subject = flow_subject(flow, automations=(first, *others))
    return subject, Reason.NOBODY_LISTENS, (1,)


def plant_k8(flow):
    first, *others = automations_of(flow)
    past = ReceivedBetween(ends_at=NOW - DAY)
    first = replace(first, conditions=(*first.conditions, past))
    return flow_subject(flow, automations=(first, *others)), Reason.EXPIRED, (1,)


def plant_k9(flow):
    first, *others = automations_of(flow)
    word = first.conditions[0].keywords[0]
    there = Reply(id="there", body="Reply BACK.")
    first = replace(first, actions=(*first.actions, there))
    back = rule(99, ["BACK", "Back"], f"Reply {word}.")
    subject = flow_subject(flow, automations=(first, *others, back))
    return subject, Reason.INVITATIONS, (1, 99)


def plant_k10(flow):
    *others, last = automations_of(flow)
    keywords = last.conditions[0].keywords
    forged = "BR\N{CYRILLIC CAPITAL LETTER O}OD"
    last = changed(last, keywords=(*keywords, forged))
    subject = flow_subject(flow, automations=(*others, last))
    return subject, Reason.MIXED_SCRIPTS, (last.id,)


def plant_k11(flow):
    *others, last = automations_of(flow)
    keywords = (*last.conditions[0].keywords, "DESSERT")
    last = changed(last, keywords=keywords, match_case=True)
    subject = flow_subject(flow, automations=(*others, last))
    return subject, Reason.NONE, (last.id,)


def plant_k12(flow):
    return (
        flow_subject(flow, quiet_since={1: NOW - 91 * DAY, 2: NOW - 2 * DAY}),
        Reason.NEVER_FIRED,
        (1,),
    )


PLANTS = {
    Code.SAME_KEYWORD: plant_k1,
    Code.CONTAINED: plant_k2,
    Code.DIGITS: plant_k3,
    Code.RESERVED: plant_k4,
    Code.COMMON: plant_k5,
    Code.OWN_TEXT: plant_k6,
    Code.DEAD_INVITATION: plant_k7,
    Code.UNREACHABLE: plant_k8,
    Code.CYCLE: plant_k9,
    Code.SPELLING: plant_k10,
    Code.CASE_VARIANTS: plant_k11,
    Code.USE: plant_k12,
}
PLANTED = list(product(FLOWS, PLANTS))


def test_there_are_at_least_sixty_planted_faults():
    assert set(PLANTS) == set(Code)
    assert len(PLANTED) >= 60


@pytest.mark.parametrize(
    ("flow", "code"),
    PLANTED,
    ids=[f"{flow['language']}-{flow['slug']}-{code}" for flow, code in PLANTED],
)
def test_a_planted_fault_is_found_and_shown(flow, code):
    subject, reason, automations = PLANTS[code](flow)

    findings = check(subject)

    found = [
        one
        for one in findings
        if (one.code, one.reason, one.automations) == (code, reason, automations)
    ]
    assert found, findings
    for finding in findings:
        prove(finding, subject)


def test_the_pitfall_of_the_article():
    """Numbers as keywords, where orders are numbers."""
    flow = FLOWS[0]
    first, second, delivery, pickup, food = automations_of(flow)
    delivery = changed(delivery, keywords=("1",))
    pickup = changed(pickup, keywords=("2",))
    food = replace(food, actions=(Reply(id="x", body="Thanks, received."),))
    delivery = replace(
        delivery,
        actions=(Reply(id="x", body="Text FOOD, then numbers. Example: FOOD 1, 2"),),
    )
    second = replace(
        second, actions=(Reply(id="x", body="Reply 1 for delivery, 2 for pickup."),)
    )
    subject = flow_subject(flow, automations=(first, second, delivery, pickup, food))

    findings = check(subject)

    digits = [one for one in findings if one.code is Code.DIGITS]
    assert [one.automations for one in digits] == [(3,), (4,)]
    assert {one.level for one in digits} == {Level.ERROR}
    assert digits[0].witness.body == "FOOD 1, 2"
    assert digits[0].witness.fires == (3, 4, 5)
    assert len(digits[0].witness.replies) == 3
    assert digits[0].repairs == (SwitchToExact(automation=3, keyword="1"),)
    assert Code.OWN_TEXT in {one.code for one in findings}
    exact = [changed(one, operator=Operator.EXACT) for one in (delivery, pickup)]
    mended = flow_subject(flow, automations=(first, second, *exact, food))
    assert Code.DIGITS not in {one.code for one in check(mended)}


def numbers(*values):
    return ReceivingNumber(numbers=frozenset(values))


def groups(*values, is_member=True):
    return GroupMembership(groups=frozenset(values), is_member=is_member)


def between(start=None, end=None):
    return ReceivedBetween(
        starts_at=start and NOW + start * DAY, ends_at=end and NOW + end * DAY
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (numbers("+331"), numbers("+332")),
        (between(end=3), between(start=3)),
        (between(start=5, end=6), between(start=1, end=2)),
        (OpeningHours(is_open=True), OpeningHours(is_open=False)),
        (groups(1), groups(1, 2, is_member=False)),
        (Follows(automations=frozenset({7})), Follows(automations=frozenset({8}))),
        (Follows(automations=frozenset({7})), numbers(OURS)),
        (between(end=-1), numbers(OURS)),
    ],
)
def test_conditions_that_cannot_meet(one, other):
    others = [rule(7, ["SEVEN", "Seven"]), rule(8, ["EIGHT", "Eight"])]
    week = {day: ((time_of(9), time_of(17)),) for day in range(7)}
    hours = WeeklyHours(time_zone=ZoneInfo("Europe/Paris"), periods=week)
    both = [rule(1, ["PIZZA"], "A", one), rule(2, ["PIZZA"], "B", other), *others]
    findings = check(subject_of(both, rulebook=Rulebook(opening_hours=hours)))
    assert not {Code.SAME_KEYWORD, Code.CONTAINED} & {one.code for one in findings}


def time_of(hour):
    return datetime(2026, 1, 1, hour).time()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (numbers("+331", "+332"), numbers("+332")),
        (between(end=3), between(start=2)),
        (OpeningHours(is_open=True), between(start=1)),
        (OpeningHours(is_open=False), OpeningHours(is_open=False)),
        (groups(1), groups(2)),
        (groups(1, 2), groups(1, is_member=False)),
        (Follows(automations=frozenset({7})), Follows(automations=frozenset({7, 8}))),
        (Frequency(every_hours=None), Frequency(every_hours=2)),
    ],
)
def test_conditions_that_meet_have_a_witness(one, other):
    others = [rule(7, ["SEVEN", "Seven"]), rule(8, ["EIGHT", "Eight"])]
    week = {day: ((time_of(9), time_of(17)),) for day in range(7)}
    hours = WeeklyHours(time_zone=ZoneInfo("Europe/Paris"), periods=week)
    both = [rule(1, ["PIZZA"], "A", one), rule(2, ["PIZZA"], "B", other), *others]
    subject = subject_of(both, rulebook=Rulebook(opening_hours=hours))
    finding = one_of(check(subject), Code.SAME_KEYWORD)
    assert finding.automations == (1, 2)
    assert finding.witness.replies == ("A", "B")
    assert finding.repairs == (MarkIntended(),)
    prove(finding, subject)


def test_one_that_stops_the_others_shares_its_keyword_in_peace():
    stopping = replace(rule(1, ["PIZZA"], "A"), stops_others=True)
    assert Code.SAME_KEYWORD not in {
        one.code for one in check(subject_of([stopping, rule(2, ["PIZZA"], "B")]))
    }
    after = check(subject_of([rule(2, ["PIZZA"], "B"), stopping]))
    assert one_of(after, Code.SAME_KEYWORD).automations == (1, 2)


def test_the_same_keyword_in_another_case_is_the_same_only_without_case():
    loose = rule(2, ["pizza"], match_case=False)
    findings = check(subject_of([rule(1, ["PIZZA", "Pizza"]), loose]))
    finding = one_of(findings, Code.SAME_KEYWORD)
    assert finding.keywords == ("pizza", "PIZZA", "Pizza")
    strict = check(subject_of([rule(1, ["PIZZA", "Pizza"]), rule(2, ["pizza"])]))
    assert Code.SAME_KEYWORD not in {one.code for one in strict}


def test_a_part_of_a_keyword_fires_with_the_whole():
    shorter = rule(2, ["DAY"], "B", whole_words=False)
    subject = subject_of([rule(1, ["SUNDAY", "Sunday"], "A"), shorter])
    finding = one_of(check(subject), Code.CONTAINED)
    assert (finding.automations, finding.witness.body) == ((2, 1), "SUNDAY")
    assert finding.repairs[0] == SwitchToExact(automation=2, keyword="DAY")
    exact = subject_of([rule(1, ["SUNDAY"]), changed(shorter, operator=Operator.EXACT)])
    assert Code.CONTAINED not in {one.code for one in check(exact)}


@pytest.mark.parametrize(
    ("country", "word", "is_taken"),
    [
        ("FR", "STOP", True),
        ("FR", "arrêt", True),
        ("FR", "AIDE", True),
        ("FR", "CANCEL", False),
        ("US", "CANCEL", True),
        ("US", "YES", True),
        ("US", "TD", True),
        ("NL", "UIT", True),
        ("GB", "please stop", True),
    ],
)
def test_words_that_the_law_takes(country, word, is_taken):
    findings = check(subject_of([rule(1, [word])], country=country))
    assert (Code.RESERVED in {one.code for one in findings}) is is_taken


def test_common_words_and_where_they_do_no_harm():
    card = rule(1, ["carte"])
    finding = one_of(check(subject_of([card])), Code.COMMON)
    assert finding.witness.body == "je paie par carte"
    assert finding.level is Level.WARNING
    for harmless in (
        rule(1, ["CARTE", "Carte"]),
        changed(card, operator=Operator.EXACT),
        rule(1, ["OK", "Ok"]),
        rule(1, ["menu"]),
    ):
        assert Code.COMMON not in codes(check(subject_of([harmless])))
        assert "K5" not in codes(check(subject_of([harmless])))
    assert "K5" in codes(check(subject_of([rule(1, ["xy"])])))


def test_a_reply_that_asks_for_what_it_answers():
    subject = subject_of([rule(1, ["ORDER"], "Reply ORDER to order again.")])
    finding = one_of(check(subject), Code.OWN_TEXT, Reason.OWN_REPLY)
    assert finding.witness.replies == ("Reply ORDER to order again.",)
    echo = check(subject_of([rule(1, ["ORDER"], "Your ORDER came in.")]))
    assert "K6" not in codes(echo)


def test_an_invitation_to_a_name_that_cannot_be_answered():
    poster = Announcement(id="flow-1", name="Poster", body="Reply ORDER to start")
    subject = subject_of([rule(1, ["ORDER"])], [poster], can_receive=False)
    finding = one_of(check(subject), Code.DEAD_INVITATION, Reason.CANNOT_RECEIVE)
    assert (finding.level, finding.announcement) == (Level.ERROR, "flow-1")
    prove(finding, subject)


def test_resuming_a_flow_step_by_step_is_warned_of_and_not_stopped():
    flow = FLOWS[0]
    first, *others = automations_of(flow)
    subject = replace(
        flow_subject(flow, automations=()),
        candidates=(first,),
        paused=tuple(others),
        told_by={one.id: "flow-1" for one in (first, *others)},
    )
    findings = check(subject)
    assert not [one for one in findings if one.level is Level.ERROR]
    finding = one_of(findings, Code.UNREACHABLE, Reason.PAUSED)
    assert (finding.automations, finding.keywords) == ((2, 1), ("MENU",))
    assert finding.witness.replies == ()
    prove(finding, subject)


def test_a_candidate_takes_the_place_of_what_is_active():
    old, new = rule(1, ["OLD", "Old"]), rule(1, ["PIZZA", "Pizza"])
    subject = subject_of([old, rule(2, ["PIZZA", "Pizza"])], candidates=(new,))
    assert [one.id for one in subject.active] == [1, 2]
    assert one_of(check(subject), Code.SAME_KEYWORD).automations == (1, 2)


def test_steps_that_nobody_is_led_to():
    flow = FLOWS[0]
    first, *others = automations_of(flow)
    first = replace(first, actions=(Reply(id="x", body="Thanks!"),))
    subject = flow_subject(flow, automations=(first, *others))
    finding = one_of(check(subject), Code.UNREACHABLE, Reason.NOT_INVITED)
    assert (finding.automations, finding.level) == ((2,), Level.WARNING)
    prove(finding, subject)
    assert bad(check(replace(subject, told_by={}))) == []


def test_a_step_that_follows_nobody():
    subject = subject_of([rule(1, (), "Hi", Follows(automations=frozenset({9})))])
    finding = one_of(check(subject), Code.UNREACHABLE, Reason.FOLLOWS_NOBODY)
    prove(finding, subject)


@pytest.mark.parametrize(
    ("number", "reason"), [(OURS, Reason.OWN_NUMBER), ("+33611", Reason.CONTACT)]
)
def test_forwards_that_come_back(number, reason):
    number = number if number == OURS else "+33611111111"
    forward = ForwardToPhone(id="f", phone_numbers=(number,), body="Order")
    automation = replace(rule(1, ["ORDER", "Order"]), actions=(forward,))
    subject = subject_of([automation], contact_numbers=frozenset({"+33611111111"}))
    finding = one_of(check(subject), Code.CYCLE, reason)
    assert (finding.level, finding.numbers) == (Level.ERROR, (number,))
    prove(finding, subject)


def test_a_keyword_of_nothing_a_long_one_and_one_of_emoji():
    nothing = rule(1, ["\u200b", "\ufe0f\u20e3"])
    subject = subject_of([nothing, rule(2, ["🍕"]), rule(3, ["PIZZA " * 33])])
    findings = check(subject)
    finding = one_of(findings, Code.SPELLING, Reason.EMPTY)
    assert (finding.level, finding.automations) == (Level.ERROR, (1,))
    assert finding.repairs[0] == ReplaceKeyword(automation=1, old="\u200b")
    assert {one.automations for one in bad(findings)} == {(1,)}
    for finding in findings:
        prove(finding, subject)


def test_a_cyrillic_letter_is_replaced_with_what_it_looks_like():
    forged = "\N{CYRILLIC CAPITAL LETTER O}RDER"
    subject = subject_of([rule(1, [forged])])
    finding = one_of(check(subject), Code.SPELLING, Reason.MIXED_SCRIPTS)
    assert finding.repairs == (ReplaceKeyword(automation=1, old=forged, new="ORDER"),)
    assert finding.witness.body == "ORDER"
    russian = subject_of([rule(1, ["СУП", "Суп", "МЕНЮ", "Меню"])])
    assert bad(check(russian)) == []


def test_the_same_keyword_twice_in_one_condition():
    automation = rule(1, ["PIZZA", "pizza", "PIZZA"], match_case=False)
    finding = one_of(check(subject_of([automation])), Code.SPELLING, Reason.DUPLICATE)
    assert (finding.level, finding.keywords) == (Level.INFO, ("pizza", "PIZZA"))


def test_the_missing_case_variant_is_offered():
    finding = one_of(check(subject_of([rule(1, ["ORDER"])])), Code.CASE_VARIANTS)
    assert finding.witness.body == "Order"
    assert finding.repairs == (
        AddKeywords(automation=1, beside="ORDER", keywords=("Order",)),
    )


def test_words_that_came_in_vain():
    recent = {"oder": 9, "Oder please": 5, "ORDER": 40, "bonjour": 7, "STOP": 3}
    subject = subject_of([rule(1, ["ORDER", "Order"])], recent=recent)
    finding = one_of(check(subject), Code.USE, Reason.UNMATCHED)
    assert (finding.keywords, finding.count) == (("oder",), 14)
    assert finding.repairs == (
        AddKeywords(automation=1, beside="ORDER", keywords=("oder",)),
    )
    prove(finding, subject)


@pytest.mark.parametrize(
    ("keyword", "body"),
    [
        ("ARRETS", "grand arret merci"),
        ("STAR", "start tomorrow"),
        ("INFOS", "quelques info merci"),
    ],
)
def test_no_reserved_word_is_told_of_as_one_that_came_in_vain(keyword, body):
    automation = rule(1, [keyword, keyword.title(), keyword.lower()])
    subject = subject_of([automation], recent={body: 4})
    offered = {
        word
        for finding in check(subject)
        for repair in finding.repairs
        for word in repair.keywords
    }
    assert not offered & set(body.split())
    told = {word for finding in check(subject) for word in finding.keywords}
    assert not told & {"arret", "start", "info"}


def test_a_part_of_an_everyday_word_is_told_of_and_not_offered():
    automation = rule(1, ["CONTO"], whole_words=False, match_case=False)
    subject = subject_of([automation], recent={"conta!": 4})
    finding = one_of(check(subject), Code.USE, Reason.UNMATCHED)
    assert (finding.automations, finding.repairs) == ((), ())


@pytest.mark.parametrize("latin", ["STOP", "yes"])
def test_no_letter_is_replaced_to_make_a_word_that_harms(latin):
    # The letters of another alphabet that look like these.
    forged = latin.translate(str.maketrans("Oe", "\u041e\u0435"))
    subject = subject_of([rule(1, [forged])])
    finding = one_of(check(subject), Code.SPELLING, Reason.MIXED_SCRIPTS)
    assert (finding.level, finding.repairs) == (Level.ERROR, ())


def circle(size):
    """Automations each of which asks for the next one's word, round and round."""
    words = [f"WORD{n}X" for n in range(1, size + 1)]
    return [
        rule(n, [words[n - 1], words[n - 1].title()], f"Reply {words[n % size]}.")
        for n in range(1, size + 1)
    ]


@pytest.mark.parametrize("size", [2, 3, 4, 5, 22, 200])
@pytest.mark.parametrize(
    "caps", [LoopCaps(), LoopCaps(per_hour=3), LoopCaps(per_minute=1, per_hour=1)]
)
def test_a_circle_is_found_however_long_and_whatever_the_caps(size, caps):
    rulebook = Rulebook(loop_caps=caps)
    finding = one_of(
        check(subject_of(circle(size), rulebook=rulebook)),
        Code.CYCLE,
        Reason.INVITATIONS,
    )
    assert finding.automations == tuple(range(1, size + 1))
    assert len(finding.keywords) == size
    assert finding.witness.body == "WORD1X"
    assert finding.witness.fires == (1,)
    assert finding.witness.replies == ("Reply WORD2X.",)
    prove(finding, subject_of(circle(size)))


@pytest.mark.parametrize("size", [2, 4, 22])
def test_a_circle_within_a_conversation_is_found(size):
    before = [size, *range(1, size)]
    steps = [
        replace(
            one,
            conditions=(
                *one.conditions,
                Follows(automations=frozenset({previous}), within_hours=1),
            ),
        )
        for one, previous in zip(circle(size), before, strict=True)
    ]
    subject = subject_of(steps)
    finding = one_of(check(subject), Code.CYCLE, Reason.INVITATIONS)
    assert finding.automations == tuple(range(1, size + 1))
    prove(finding, subject)


def test_what_ended_at_another_time_is_not_what_was_meant_so():
    def expired(days):
        ended = ReceivedBetween(starts_at=None, ends_at=NOW - days * DAY)
        return [rule(1, ["SUMMER", "Summer"], "", ended)]

    [finding] = bad(check(subject_of(expired(30))))
    intended = frozenset({finding.key})
    assert bad(check(subject_of(expired(30), intended=intended))) == []
    [again] = bad(check(subject_of(expired(3), intended=intended)))
    assert again.reason is Reason.EXPIRED


def test_what_follows_others_is_not_what_was_meant_so():
    def orphan(*followed):
        follows = Follows(automations=frozenset(followed), within_hours=1)
        return [rule(1, ["YES"], "", follows)]

    [finding] = [
        one
        for one in bad(check(subject_of(orphan(8))))
        if one.reason is Reason.FOLLOWS_NOBODY
    ]
    intended = frozenset({finding.key})
    marked = one_of(
        check(subject_of(orphan(8), intended=intended)),
        Code.UNREACHABLE,
        Reason.FOLLOWS_NOBODY,
    )
    assert marked.is_intended
    other = one_of(
        check(subject_of(orphan(9), intended=intended)),
        Code.UNREACHABLE,
        Reason.FOLLOWS_NOBODY,
    )
    assert not other.is_intended


def test_what_is_meant_so_is_information():
    twice = [rule(1, ["PIZZA", "Pizza"]), rule(2, ["PIZZA", "Pizza"])]
    finding = one_of(check(subject_of(twice)), Code.SAME_KEYWORD)
    assert finding.level is Level.WARNING
    subject = subject_of(reversed(twice), intended=frozenset({finding.key}))
    marked = one_of(check(subject), Code.SAME_KEYWORD)
    assert (marked.level, marked.is_intended) == (Level.INFO, True)
    assert (marked.key, marked.repairs) == (finding.key, ())


def test_an_error_is_not_meant_so():
    finding = one_of(check(subject_of([rule(1, ["STOP"])])), Code.RESERVED)
    subject = subject_of([rule(1, ["STOP"])], intended=frozenset({finding.key}))
    assert one_of(check(subject), Code.RESERVED).level is Level.ERROR


def test_a_flow_of_nothing():
    assert check(subject_of([])) == ()


def many(count, keywords, reply):
    return [rule(n, keywords(n), reply(n)) for n in range(count)]


def test_a_flow_of_five_hundred_steps():
    steps = many(
        500, lambda n: [f"STEP{n}", f"Step{n}"], lambda n: f"Reply STEP{n + 1}."
    )
    poster = Announcement(id="flow-1", name="Poster", body="Reply STEP0")
    subject = subject_of(steps, [poster], told_by={one.id: "flow-1" for one in steps})
    [finding] = bad(check(subject))
    assert (finding.code, finding.keywords) == (Code.DEAD_INVITATION, ("STEP500",))


@pytest.mark.parametrize(
    "automations",
    [
        many(
            1000,
            lambda n: [f"KEY{n}", f"Key{n}", f"key{n}"],
            lambda n: f"Thanks. Reply KEY{n + 1} or KEY{n + 2}. Example: KEY{n} 2x1",
        ),
        many(1000, lambda n: ["PIZZA"], lambda n: f"Reply {n}"),
        [rule(n, ["PIZZA", "Pizza"], "", numbers(f"+336{n:08}")) for n in range(1000)],
        many(
            1000,
            lambda n: [f"PIZZA {n}", "PIZZA"][: 1 + (n % 100 == 0)],
            lambda n: "ok",
        ),
        circle(1000),
    ],
    ids=[
        "distinct",
        "one keyword",
        "one keyword on many numbers",
        "parts",
        "a circle",
    ],
)
def test_a_thousand_automations_are_checked_within_a_second(automations):
    subject = subject_of(automations)

    assert cpu_seconds(check, subject) < 1


KEYWORDS = st.one_of(
    st.sampled_from(
        ["ORDER", "PIZZA", "order", "1", "STOP", "a", "PIZZA", "\u200b", "🍕", "ja"]
    ),
    st.sampled_from(["\N{CYRILLIC CAPITAL LETTER O}RDER", "ORDER PIZZA", "x" * 200]),
    st.text(max_size=6),
)
BODIES = st.one_of(
    st.sampled_from(
        [
            "Reply ORDER or PIZZA.",
            "Text 1 for this, 2 for that",
            "Example: ORDER 1, 2 PIZZA",
            "{{ nothing",
            "",
        ]
    ),
    st.text(max_size=40),
)
CONTENTS = st.builds(
    Content,
    keywords=st.lists(KEYWORDS, max_size=4).map(tuple),
    operator=st.sampled_from(Operator),
    match_case=st.booleans(),
    match_accents=st.booleans(),
    whole_words=st.booleans(),
)
IDS = st.frozensets(st.integers(1, 4), max_size=3)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
CONDITIONS = st.one_of(
    CONTENTS,
    CONTENTS,
    st.builds(
        ReceivingNumber, numbers=st.frozensets(st.sampled_from(["+331", "+332"]))
    ),
    st.builds(ReceivedBetween, starts_at=MOMENTS, ends_at=MOMENTS),
    st.builds(OpeningHours, is_open=st.booleans()),
    st.builds(GroupMembership, groups=IDS, is_member=st.booleans()),
    st.builds(Follows, automations=IDS, within_hours=st.integers(0, 3)),
    st.builds(Frequency, every_hours=st.none() | st.integers(0, 3)),
)
ACTIONS = st.one_of(
    st.builds(Reply, id=st.just("r"), body=BODIES),
    st.builds(
        ForwardToPhone,
        id=st.just("f"),
        phone_numbers=st.sampled_from([(OURS,), ("+33611111111",)]),
        body=BODIES,
    ),
)


@st.composite
def rulesets(draw, stops=(False, True)):
    count = draw(st.integers(0, 5))
    return [
        Automation(
            id=number,
            name=str(number),
            message_type=draw(st.sampled_from(MessageType)),
            conditions=tuple(draw(st.lists(CONDITIONS, max_size=3))),
            actions=tuple(draw(st.lists(ACTIONS, max_size=2))),
            stops_others=draw(st.sampled_from(stops)),
        )
        for number in range(1, count + 1)
    ]


HOURS = WeeklyHours(
    time_zone=ZoneInfo("Europe/Paris"), periods={0: ((time_of(18), time_of(2)),)}
)
POSTER = Announcement(id="flow-1", name="Poster", body="Reply ORDER or PIZZA")


def any_subject(automations):
    return subject_of(
        automations,
        [POSTER],
        rulebook=Rulebook(opening_hours=HOURS),
        told_by={1: "flow-1", 2: "flow-1"},
        contact_numbers=frozenset({"+33611111111"}),
        recent={"oder": 3, "PIZZA": 2, "STOP": 1},
        quiet_since={1: NOW - 100 * DAY},
    )


@given(rulesets())
@settings(max_examples=150, deadline=None)
def test_whatever_is_checked_is_found_without_an_exception(automations):
    subject = any_subject(automations)
    findings = check(subject)
    assert len({finding.key for finding in findings}) == len(findings)
    for finding in findings:
        outcome = replay(finding.witness, subject.rulebook_to_be)
        fired = tuple(decision.automation for decision in outcome.fired)
        assert fired == finding.witness.fires


@given(rulesets(stops=(False,)), st.integers())
@settings(max_examples=100, deadline=None)
def test_the_order_of_automations_does_not_matter(automations, seed):
    shuffled = random.Random(seed).sample(automations, len(automations))
    first, second = (
        {(finding.key, finding.level) for finding in check(any_subject(each))}
        for each in (automations, shuffled)
    )
    assert first == second
