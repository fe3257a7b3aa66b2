"""STOP, START, HELP and the phrases that mean STOP."""

import json
import time
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagtail_sms_automation.engine import opt_outs
from wagtail_sms_automation.engine.opt_out_words import DEFAULT, WORDS
from wagtail_sms_automation.engine.opt_outs import read_intent, reserved_words

from .vectors import DATA, load


SETS = json.loads((DATA / "opt_out_sets.json").read_text(encoding="utf-8"))["sets"]


@pytest.mark.parametrize(
    "vector", load("opt_out.json"), ids=lambda row: f"{row['country']}-{row['text']}"
)
def test_vectors(vector):
    intent = read_intent(vector["text"], vector["country"])

    assert (intent or "none") == vector["expect"]


@pytest.mark.parametrize("country", SETS)
def test_words_are_those_of_the_sets(country):
    words = DEFAULT if country == "default" else WORDS[country]
    theirs = SETS[country]

    assert list(words.opt_out) == theirs["stop"]
    assert list(words.opt_in) == theirs["start"]
    assert list(words.help) == theirs["help"]
    assert list(words.opt_in_if_opted_out) == theirs.get("start_if_stopped", [])


@pytest.mark.parametrize("country", ["", "XX", "JP"])
def test_unknown_country_has_the_default_words(country):
    assert read_intent("stop all", country) == "opt_out"
    assert read_intent("UNSTOP", country) == "opt_in"
    assert read_intent("help", country) == "help"
    assert read_intent("CANCEL", country) is None


def test_country_is_read_in_any_case():
    assert read_intent("ARRÊT", "fr") == "opt_out"


def test_yes_opts_in_only_who_is_opted_out():
    assert read_intent("Yes!", "US", opted_out=True) == "opt_in"
    assert read_intent("Yes!", "US") is None
    assert read_intent("YES", "FR", opted_out=True) is None


@pytest.mark.parametrize(
    "body",
    [
        "STOP",
        " stop ",
        "“Stop”",
        "S\u200bTOP",
        "ＳＴＯＰ",
        "STOP 🙏",
        "STOP\x00",
        "¡Stop!",
    ]
    + ["stop\u00a0.", "\ud800STOP", "(stop)"],
)
def test_stop_in_any_dress(body):
    assert read_intent(body, "US") == "opt_out"


@pytest.mark.parametrize(
    ("body", "country"),
    [
        ("Please stop", "US"),
        ("STOP STOP STOP", "FR"),
        ("stop, please please", "GB"),
        ("CANCEL thanks", "US"),
        ("STOP\nSent from my iPhone", "US"),
        ("stpo", "FR"),
        ("Don’t text me again!", "US"),
        ("dont send me any more of these", "US"),
        ("How do I unsubscribe?", "FR"),
        ("No more texts thanks", "GB"),
        ("Ne m’envoyez plus de SMS", "FR"),
        ("n'envoyez plus rien", "FR"),
        ("Merci de me désinscrire", "FR"),
        ("Retirez-moi de vos listes !", "FR"),
        ("Je ne veux plus recevoir vos messages", "BE"),
        ("arrêtez de m'envoyer des messages", "FR"),
        ("Stuur mij geen berichten meer", "NL"),
        ("haal me van de lijst", "BE"),
        ("Hören Sie auf!", "DE"),
        ("Keine Werbung", "AT"),
        ("Dejen de mandarme mensajes", "ES"),
        ("quiero darme de baja", "ES"),
        ("Basta messaggi!", "IT"),
        ("não me envie mais mensagens", "PT"),
        ("Take me off this thing", "NL"),
    ],
)
def test_wish_to_stop_is_likely(body, country):
    assert read_intent(body, country) == "likely_opt_out"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "🍕",
        "...",
        "\u200b",
        "FOOD 2x1, 1x5, 12 Stop Street, nut allergy",
        "Don't send me onions please",
        "Is there a bus stop near you?",
        "when do you stop serving?",
        "non-stop open?",
        "cancel my table please",
        "no more cheese please",
        "take the olives off",
        "PLATS 2x4, plus de sauce svp",
        "Je ne veux plus de pizza",
        "enlevez-moi les oignons",
        "pouvez-vous m'envoyer plus de serviettes",
        "arrêtez la cuisson un peu avant",
        "le numéro 3 de votre liste",
        "stuur me geen ui",
        "nummer 3 van jullie lijst",
        "kan de muziek uit?",
        "Schicken Sie mir keine Zwiebeln",
        "Pizza 4 von der Liste bitte, keine Zwiebeln mehr",
        "quítame la cebolla",
        "no me envíen cebolla",
        "el 5 de la lista",
        "toglimi le cipolle",
        "non voglio più cipolle",
    ],
)
def test_ordinary_messages_mean_nothing(body):
    for country in SETS:
        assert read_intent(body, country) is None


def test_reserved_words():
    assert reserved_words("FR") >= {"STOP", "ARRET", "AIDE", "START", "REPRENDRE"}
    assert reserved_words("us") >= {"CANCEL", "END", "YES", "INFO", "TD", "OPT OUT"}
    assert "CANCEL" not in reserved_words("FR")
    assert reserved_words("XX") == reserved_words("")


@pytest.mark.parametrize("country", WORDS)
def test_every_word_of_a_country_is_read_and_reserved(country):
    words = WORDS[country]

    for intent, some in [
        ("opt_out", words.opt_out),
        ("opt_in", words.opt_in + words.opt_in_if_opted_out),
        ("help", words.help),
    ]:
        assert reserved_words(country) >= set(some)
        for word in some:
            assert read_intent(f" {word.lower()}! ", country, opted_out=True) == intent


@pytest.mark.parametrize("filling", ["stop ", "please ", "don't text ", "\x00", "é"])
def test_very_long_body(filling):
    body = filling * (100_000 // len(filling))
    started = time.process_time()

    read_intent(body, "US")

    assert time.process_time() - started < 2


TELLING = [*opt_outs._phrases()[0].keywords, *opt_outs._stop_words(WORDS["FR"])]
PIECES = st.sampled_from(TELLING) | st.sampled_from(["please", "MENU", "12", "svp,"])


@given(st.lists(PIECES, max_size=3), st.integers(0, 2), st.integers(0, 2))
def test_the_words_that_tell_miss_no_opt_out(pieces, before, after):
    """Phrases whole and cut short, read with all of the search and without."""
    words = " ".join(pieces).split()
    body = " ".join(words[before : len(words) - after])
    intent = read_intent(body, "FR")

    with mock.patch.object(opt_outs, "_telling_words", return_value=frozenset(words)):
        assert read_intent(body, "FR") == intent


def test_a_phrase_is_likely_for_each_of_them():
    assert all(
        read_intent(f"{text} abc", "FR") for text in opt_outs._phrases()[0].keywords
    )
