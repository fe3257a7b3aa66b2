"""The templates that come with the package: each one read, played, counted."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wagtail_sms_automation.engine.content import Content
from wagtail_sms_automation.engine.opt_out_words import WORDS
from wagtail_sms_automation.engine.opt_outs import read_intent, reserved_words
from wagtail_sms_automation.engine.segments import count
from wagtail_sms_automation.flow_files import importing, playing, templates
from wagtail_sms_automation.flow_files.reading import read
from wagtail_sms_automation.flow_files.shape import Exchange
from wagtail_sms_automation.models import ContactGroup


pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
ALL = [
    template
    for language in templates.languages()
    for template in templates.in_language(language)
]
VECTORS = json.loads(
    (Path(__file__).parent.parent / "data" / "flows.json").read_text(encoding="utf-8")
)["flows"]

each_template = pytest.mark.parametrize("template", ALL, ids=lambda one: one.name)


def texts_of(flow):
    """Return every text that customers get."""
    bodies = [
        block.values["body"]
        for one in flow.automations
        for block in one.actions
        if block.type == "reply"
    ]
    return [text for text in (flow.announcement, *bodies) if text]


def test_every_flow_is_there_in_every_language():
    assert {one.name for one in ALL} == {
        f"{slug}.{language}"
        for slug in ("order", "infos", "booking", "club")
        for language in ("en", "fr", "nl")
    }
    assert {flow["slug"] for flow in VECTORS} == set(templates.SLUGS)


@each_template
def test_its_sample_conversation_is_what_the_engine_answers(template):
    flow = template.example()
    assert flow.language == template.language
    assert len(flow.conversation) >= 3
    turns = playing.play(flow, flow.conversation, now=NOW)
    assert playing.difference(turns) == ""
    answered = [turn for turn in turns if turn.replies]
    assert len(answered) >= len(flow.automations) - 1


@each_template
def test_each_text_is_one_cheap_part(template):
    for text in texts_of(template.example()):
        cost = count(text)
        assert (cost.encoding, cost.parts) == ("GSM-7", 1), (text, cost.costly)


@each_template
def test_its_keywords_are_free_in_every_country(template):
    rulebook = playing.rulebook_of(template.example())
    keywords = {
        keyword
        for one in rulebook.automations
        for condition in one.conditions
        if isinstance(condition, Content)
        for keyword in condition.keywords
    }
    assert keywords
    for country in (*WORDS, ""):
        assert not keywords & reserved_words(country)
        for keyword in keywords:
            for opted_out in (False, True):
                assert read_intent(keyword, country, opted_out=opted_out) is None


@each_template
def test_its_keywords_stand_in_its_texts_or_its_conversation(template):
    """Whoever reads the texts knows what to write."""
    flow = template.example()
    said = " ".join([*texts_of(flow), *(one.text for one in flow.conversation)])
    for one in flow.automations:
        keywords = one.conditions[0].values["keywords"]
        assert any(word.casefold() in said.casefold() for word in keywords), one.name


@each_template
def test_it_is_imported_paused_with_its_groups(template):
    flow = template.example()
    imported = importing.import_flow(flow)
    rows = imported.flow.automations.all()
    assert len(rows) == len(flow.automations)
    assert {row.status for row in rows} == {"paused"}
    assert set(ContactGroup.objects.values_list("name", flat=True)) == set(flow.groups)
    turns = playing.play(imported.flow, flow.conversation, now=NOW)
    assert playing.difference(turns) == ""


@each_template
def test_every_value_it_asks_for_is_used(template):
    flow = template.example()
    document = json.loads(template.data)
    del document["values"]
    rest = json.dumps(document)
    for asked in flow.asks:
        assert f"[[{asked.key}]]" in rest


@each_template
def test_its_file_is_laid_out_as_an_export_is(template):
    text = template.data.decode()
    laid_out = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    assert text == laid_out + "\n"


def test_the_file_that_the_page_shows_is_a_good_one():
    page = (Path(__file__).parents[2] / "docs" / "flow-file.md").read_text("utf-8")
    shown = page.partition("```json\n")[2].partition("```")[0]
    flow = read(shown.encode(), examples=True)
    assert flow.groups == ("Curious",)
    turns = playing.play(flow, flow.conversation, now=NOW)
    assert playing.difference(turns) == ""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["name"])
def test_it_fires_what_the_vectors_say(vector):
    template = templates.find(f"{vector['slug']}.{vector['language']}")
    flow = read(template.data, examples=True)
    rulebook = playing.rulebook_of(flow)
    assert [one.name for one in rulebook.automations] == [
        one["name"] for one in vector["automations"]
    ]
    replies = {
        one.name: one.actions[0].body  # Its reply comes first.
        for one in rulebook.automations
    }
    for case in vector["expected"]:
        exchange = Exchange(text=case["inbound"])
        (turn,) = playing.play(flow, [exchange], now=NOW)
        assert list(turn.replies) == [replies[name] for name in case["fires"]]
