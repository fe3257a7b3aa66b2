"""Which words a text asks its reader to text back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagtail_sms_automation.engine import invitations

from .flows import FLOWS


INVITED = {
    "order": [
        ["ORDER"],
        ["MENU"],
        ["DELIVERY", "PICKUP"],
        ["FOOD"],
        ["FOOD"],
        [],
    ],
    "COMMANDE": [
        ["COMMANDE"],
        ["MENU"],
        ["LIVRAISON", "EMPORTER"],
        ["PLATS"],
        ["PLATS"],
        [],
    ],
    "BESTEL": [
        ["BESTEL"],
        ["KAART"],
        ["LEVEREN", "AFHALEN"],
        ["GERECHT"],
        ["GERECHT"],
        [],
    ],
    "Horaires, carte, adresse": [[], [], []],
    "Booking reminder": [["KEEP", "RELEASE"], [], []],
    "Club met dubbele opt-in": [["JA"], []],
}


def words(body):
    return [word.word for word in invitations.read(body).words]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow["name"])
def test_the_six_flows(flow):
    bodies = [flow["broadcast"], *(row["reply"] for row in flow["automations"])]
    expected = INVITED.get(flow["name"]) or INVITED["order"]
    assert [words(body) for body in bodies if body] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Reply 1 for delivery, 2 for pickup", ["1", "2"]),
        ("Répondre 1 pour la livraison, 2 pour récupérer à emporter", ["1", "2"]),
        ("Repondez 1 pour livraison ou 2 a emporter", ["1", "2"]),
        ("Answer YES or NO.", ["YES", "NO"]),
        ("Envoyez au 38000 le mot MENU", ["MENU"]),
        ("SMS KAART naar 3010", ["KAART"]),
        ("Repondez « Oui » ou « Non »", ["Oui", "Non"]),
        ('Reply "two pizzas" now', ["two pizzas"]),
        ("REPLY YES TO CONFIRM", ["YES"]),
        ("Reply with A or B", ["A", "B"]),
        ("Répondez par OUI ou par NON", ["OUI", "NON"]),
        ("Reply ORDER NOW to start", ["ORDER NOW"]),
        ("Hi {{ contact.first_name|YOU }}, text\nMENU", []),
        ("Hi {{ contact.first_name|YOU }}, text MENU", ["MENU"]),
        ("Reply STOP to end or ORDER to order", ["ORDER"]),
        ("Text HELP for help, STOP to stop", []),
        ("Do not reply ORDER", []),
        ("Text us anytime", []),
        ("Call or text 020 7946 0123", []),
        ("Please do not reply to this message. LEA", []),
        ("Send 2 pizzas", []),
        ("Reply to this text: it reaches the KITCHEN.", []),
        ("Order by text. EUR 9.", []),
        ("", []),
    ],
)
def test_words_that_are_asked_for(body, expected):
    assert words(body) == expected


def test_offsets_stand_in_the_text_as_it_was_written():
    body = "{{ contact.first_name }}, répondez « Deux plats » ou MENU."
    found = invitations.read(body).words
    assert [body[word.start : word.end] for word in found] == ["Deux plats", "MENU"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Example: FOOD 2x1, 1x5, 12 Port Street", ("FOOD 2x1, 1x5, 12 Port Street",)),
        ("Ex : PLATS 2x1, 1x5 a 19h30", ("PLATS 2x1, 1x5 a 19h30",)),
        ("Bijv. GERECHT 2x1 om 19u30. Tot zo!", ("GERECHT 2x1 om 19u30",)),
        ("For example: 2x1\nThanks", ("2x1",)),
        ("An exact example", ()),
        ("", ()),
    ],
)
def test_examples(body, expected):
    assert invitations.examples(body) == expected


@given(st.text())
def test_any_text_can_be_read(body):
    found = invitations.read(body)
    assert all(body[word.start : word.end] for word in found.words)
    invitations.examples(body)
