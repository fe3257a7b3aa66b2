"""A flow drawn from its own texts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_sms_automation.engine.flow_graph import (
    Announcement,
    Arrow,
    ArrowKind,
    NodeKind,
    build,
)
from wagtail_sms_automation.engine.rules import (
    Automation,
    Content,
    Follows,
    Operator,
    Reply,
)

from .flows import FLOWS, announcements_of, automations_of
from .timing import cpu_seconds


def rule(number, keywords=(), reply="", *more, **switches):
    content = (Content(keywords=tuple(keywords), **switches),) if keywords else ()
    actions = (Reply(id="reply", body=reply),) if reply else ()
    return Automation(
        id=number, name=str(number), conditions=(*content, *more), actions=actions
    )


def drawn(graph):
    return [
        (
            arrow.source.removeprefix("automation-"),
            arrow.target.removeprefix("automation-"),
            arrow.kind.value,
            " ".join(arrow.keywords),
        )
        for arrow in graph.arrows
    ]


ORDER = [
    ("flow-1", "1", "keyword", 0),
    ("1", "2", "keyword", 1),
    ("2", "3", "keyword", 2),
    ("2", "4", "keyword", 3),
    ("3", "5", "keyword", 4),
    ("4", "5", "keyword", 4),
]


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (FLOWS[0], "ORDER MENU DELIVERY PICKUP FOOD"),
        (FLOWS[1], "COMMANDE MENU LIVRAISON EMPORTER PLATS"),
        (FLOWS[2], "BESTEL KAART LEVEREN AFHALEN GERECHT"),
    ],
)
def test_the_article_flow_is_drawn_as_the_article_draws_it(flow, words):
    graph = build(automations_of(flow), announcements=announcements_of(flow))

    words = words.split()
    assert drawn(graph) == [(*arrow[:3], words[arrow[3]]) for arrow in ORDER]
    assert [node.kind for node in graph.nodes[:2]] == [
        NodeKind.ANNOUNCEMENT,
        NodeKind.AUTOMATION,
    ]
    assert all(node.is_reachable and not node.dead_words for node in graph.nodes)


def test_without_an_announcement_anyone_may_start():
    graph = build(automations_of(FLOWS[3]))
    assert drawn(graph) == [
        ("anyone", "1", "keyword", "HORAIRES HEURES OUVERT"),
        ("anyone", "2", "keyword", "ADRESSE PARKING"),
        ("anyone", "3", "keyword", "ALLERGENES ALLERGIE ALLERGIES"),
    ]
    assert graph.nodes[0].kind is NodeKind.ANYONE
    assert all(node.is_reachable for node in graph.nodes)


def test_the_booking_and_the_club():
    booking = build(automations_of(FLOWS[4]), announcements=announcements_of(FLOWS[4]))
    assert drawn(booking) == [
        ("flow-1", "1", "keyword", "KEEP"),
        ("flow-1", "2", "keyword", "RELEASE"),
    ]
    assert drawn(build(automations_of(FLOWS[5]))) == [
        ("anyone", "1", "keyword", "CLUB"),
        ("1", "2", "keyword", "JA"),
    ]


def test_several_keywords_stand_on_one_arrow_in_the_order_of_the_text():
    graph = build([rule(1, ["A1"], "Reply TWO or ONE."), rule(2, ["ONE", "TWO"])])
    assert drawn(graph)[1:] == [("1", "2", "keyword", "TWO ONE")]


def test_a_word_asked_for_in_lower_case_counts_and_a_mention_does_not():
    menu = rule(2, ["menu"])
    asked = build([rule(1, ["ORDER"], "Reply menu to go on."), menu])
    assert ("1", "2", "keyword", "menu") in drawn(asked)
    mentioned = build([rule(1, ["ORDER"], "Here is our menu."), menu])
    assert ("anyone", "2", "keyword", "menu") in drawn(mentioned)


def test_capitals_count_where_no_verb_asks():
    graph = build([rule(1, ["ORDER"], "MENU or KIDS?"), rule(2, ["MENU", "KIDS"])])
    assert drawn(graph)[1:] == [("1", "2", "keyword", "MENU KIDS")]


def test_case_matters_as_the_condition_says():
    ask = rule(1, ["ORDER"], "Reply MENU.")
    assert build([ask, rule(2, ["Menu"])]).nodes[1].dead_words == ("MENU",)
    loose = build([ask, rule(2, ["Menu"], match_case=False)])
    assert ("1", "2", "keyword", "MENU") in drawn(loose)


def test_an_echo_is_no_loop_but_an_invitation_is():
    echo = build([rule(1, ["ORDER"], "Your ORDER is on its way.")])
    assert drawn(echo) == [("anyone", "1", "keyword", "ORDER")]
    again = build([rule(1, ["ORDER"], "Reply ORDER to order again.")])
    assert ("1", "1", "keyword", "ORDER") in drawn(again)
    assert ("anyone", "1", "keyword", "ORDER") in drawn(again)


def test_a_cycle_that_nobody_leads_into_begins_with_its_first():
    graph = build(
        [
            rule(1, ["END1"]),
            rule(2, ["YES2"], "Reply NO3 or END1."),
            rule(3, ["NO3"], "Reply YES2."),
        ]
    )
    assert drawn(graph)[0] == ("anyone", "2", "keyword", "YES2")
    assert [arrow.source for arrow in graph.arrows].count("anyone") == 1
    assert all(node.is_reachable for node in graph.nodes)


def test_with_an_announcement_what_nobody_invites_is_unreachable():
    poster = Announcement(id="flow-9", name="Poster", body="Text ORDER to start")
    graph = build(
        [rule(1, ["ORDER"], "Reply DESSERT."), rule(2, ["MENU"])],
        paused=frozenset({2}),
        announcements=[poster],
    )
    reached, menu = graph.nodes[1:]
    assert reached.is_reachable and not menu.is_reachable
    assert menu.is_paused and not reached.is_paused
    assert reached.dead_words == ("DESSERT",)


def test_an_answer_to_just_any_text_is_anyones():
    poster = Announcement(id="flow-9", name="Poster", body="Text ORDER to start")
    graph = build([rule(1, ["ORDER"]), rule(2)], announcements=[poster])
    assert ("anyone", "2", "any_text", "") in drawn(graph)
    assert graph.nodes[0].kind is NodeKind.ANNOUNCEMENT
    assert graph.nodes[1].kind is NodeKind.ANYONE


def test_follows_lead_from_the_one_followed():
    follows = Follows(automations=frozenset({1, 99}))
    graph = build(
        [
            rule(1, ["NAME"], "Reply with YOURS"),
            rule(2, (), "Thanks", follows),
            rule(3, ["PIZZA"], "", Follows(automations=frozenset({99}))),
        ]
    )
    assert drawn(graph) == [
        ("anyone", "1", "keyword", "NAME"),
        ("1", "2", "follows", ""),
    ]
    assert graph.nodes[1].dead_words == ()
    assert not graph.nodes[3].is_reachable


def test_a_keyword_that_follows_is_led_to_only_by_whom_it_follows():
    follows = Follows(automations=frozenset({1}))
    graph = build(
        [
            rule(1, ["A1"], "Reply YES."),
            rule(2, ["B2"], "Reply YES."),
            rule(3, ["YES"], "", follows),
        ]
    )
    assert drawn(graph)[2:] == [("1", "3", "keyword", "YES")]


def test_stop_words_are_nobodys_invitation():
    graph = build([rule(1, ["A1"], "Reply STOP to opt out, ARRET or AFMELDEN.")])
    assert graph.nodes[1].dead_words == ()


def test_exact_keywords_are_led_to_from_within_a_text():
    keep = rule(2, ["KEEP"], operator=Operator.EXACT, match_case=False)
    graph = build([rule(1, ["A1"], "Reply KEEP to keep it."), keep])
    assert ("1", "2", "keyword", "KEEP") in drawn(graph)


def test_nothing_to_draw():
    graph = build([])
    assert (graph.nodes, graph.arrows) == ((), ())


def test_a_thousand_automations_are_drawn_within_a_second():
    rules = [
        rule(n, [f"KEY{n}", f"Key{n}"], f"Thanks. Reply KEY{n + 1} or KEY{n + 2}.")
        for n in range(1000)
    ]
    assert cpu_seconds(build, rules) < 1
    assert len(build(rules).arrows) == 1 + 999 + 998


WORDS = st.sampled_from(["ORDER", "Menu", "1", "STOP", "a b", "🍕", "\u200b", "PIZZA"])
TEXTS = st.lists(st.one_of(WORDS, st.sampled_from(["Reply", "or", ".", "text"])))


@given(
    st.lists(
        st.tuples(st.lists(WORDS), TEXTS, st.booleans(), st.sampled_from(Operator))
    )
)
@settings(max_examples=100, deadline=None)
def test_arrows_lead_between_nodes_of_the_graph(rows):
    rules = [
        rule(n, keywords, " ".join(body), operator=operator, match_case=match_case)
        for n, (keywords, body, match_case, operator) in enumerate(rows)
    ]
    graph = build(rules)
    ids = [node.id for node in graph.nodes]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(arrow, Arrow) for arrow in graph.arrows)
    assert {arrow.source for arrow in graph.arrows} <= set(ids)
    assert {arrow.target for arrow in graph.arrows} <= set(ids)
    pairs = [(arrow.source, arrow.target) for arrow in graph.arrows]
    assert len(set(pairs)) == len(pairs)
    assert all(
        arrow.keywords or arrow.kind is not ArrowKind.KEYWORD for arrow in graph.arrows
    )
    assert all(node.is_reachable for node in graph.nodes)
