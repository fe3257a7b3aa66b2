"""From the site to a file and back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import rulebook
from wagtail_sms_automation.flow_files import importing, playing, writing
from wagtail_sms_automation.flow_files.reading import read
from wagtail_sms_automation.flow_files.shape import FlowFileError
from wagtail_sms_automation.models import Automation, ContactGroup, Flow

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    FlowFactory,
    SuperuserFactory,
    add_to_group,
    content,
    follows,
    in_group,
    reply,
)
from .files import as_bytes, automation, document


pytestmark = pytest.mark.django_db


def import_document(**changes):
    """Import a small flow with these changes."""
    return importing.import_flow(read(as_bytes(document(**changes))))


def test_an_import_makes_nobody_wait():
    """It begins with a write, for SQLite, but locks no row that is there."""
    AutomationFactory(active=True)
    file = read(as_bytes(document()))
    with CaptureQueriesContext(connection) as captured:
        importing.import_flow(file)
    queries = [
        query["sql"]
        for query in captured
        if not query["sql"].startswith(("BEGIN", "SAVEPOINT"))
    ]
    assert queries[0].startswith(f'UPDATE "{Flow._meta.db_table}"')
    assert not any("FOR UPDATE" in sql or "FOR NO KEY" in sql for sql in queries)


def test_everything_is_made_paused_and_logged():
    user = SuperuserFactory()
    group = ContactGroupFactory(name="Known")
    steps = [
        automation(key="a", actions=[{"type": "add_to_group", "group": "Known"}]),
        automation(
            "MENU",
            key="b",
            conditions=[
                {"type": "follows", "automations": ["b", "c"]},
                {"type": "not_in_group", "groups": ["New", "Known"]},
            ],
        ),
        automation("FOOD", key="c"),
    ]
    AutomationFactory(name="Before")
    file = read(as_bytes(document(automations=steps, language="en")))
    assert importing.missing_groups(file) == ["New"]
    imported = importing.import_flow(file, user=user)
    assert imported.is_new
    assert imported.flow.language == "en"
    rows = list(imported.flow.automations.in_order())
    assert [row.status for row in rows] == ["paused"] * 3
    assert Automation.objects.in_order().first().name == "Before"
    followed = rows[1].conditions[0].value["automations"]
    assert [row.pk for row in followed] == [rows[1].pk, rows[2].pk]
    new = ContactGroup.objects.get(name="New")
    assert {one.group for one in rows[1].group_references.all()} == {new, group}
    assert all(row.latest_revision for row in rows)
    logged = ModelLogEntry.objects.filter(action="wagtail.create", user=user)
    assert logged.count() == 5


def test_twice_does_not_double():
    first = import_document()
    again = import_document()
    assert (first.is_new, again.is_new) == (True, False)
    assert first.flow == again.flow
    assert Automation.objects.count() == 1


def test_what_an_import_made_may_be_active_by_now():
    flow = import_document().flow
    flow.automations.get().resume()
    assert not import_document().is_new


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "Another"},
        {"conversation": []},
        {"automations": []},
        {"automations": [automation("OTHER")]},
        {"automations": [automation(stops_others=True)]},
    ],
)
def test_another_flow_of_the_name_is_refused(changes):
    import_document()
    with pytest.raises(importing.FlowExistsError, match="another name"):
        import_document(**changes)
    assert Automation.objects.count() == 1
    assert Flow.objects.count() == 1


def test_under_another_name_it_is_another_flow():
    import_document()
    file = read(as_bytes(document(automations=[])), name="Other orders")
    assert importing.import_flow(file).flow.name == "Other orders"


def test_a_failure_halfway_makes_nothing(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("No more.")

    monkeypatch.setattr(Automation, "save_revision", fail)
    steps = [automation(actions=[{"type": "add_to_group", "group": "New"}])]
    with pytest.raises(RuntimeError):
        import_document(automations=steps)
    assert not Flow.objects.exists()
    assert not ContactGroup.objects.exists()
    assert not ModelLogEntry.objects.exists()


def test_a_step_that_follows_another_flow_cannot_be_written():
    other = AutomationFactory(name="Elsewhere")
    step = AutomationFactory(
        name="Here", flow=FlowFactory(), conditions=[follows(other)]
    )
    with pytest.raises(FlowFileError, match="“Here” follows “Elsewhere”"):
        writing.flow_file(step.flow)
    other.delete()
    with pytest.raises(FlowFileError, match="an automation that is gone"):
        writing.flow_file(Flow.objects.get())


def test_two_steps_of_one_name_have_keys_of_their_own():
    flow = FlowFactory()
    one, two = AutomationFactory.create_batch(2, name="Étape 1", flow=flow)
    two.conditions = [follows(one)]
    two.save()
    file = writing.flow_file(flow)
    assert [step.key for step in file.automations] == ["étape-1", "étape-1-2"]
    assert file.automations[1].conditions[0].values["automations"] == ["étape-1"]


def test_the_paused_steps_of_a_flow_answer_when_it_is_played():
    group = ContactGroupFactory()
    flow = FlowFactory()
    AutomationFactory(flow=flow, keywords=("ORDER",), actions=[add_to_group(group)])
    AutomationFactory(
        flow=flow,
        conditions=[content("MENU"), in_group(group)],
        actions=[reply("Pizza 9")],
    )
    AutomationFactory(keywords=("MENU",), active=True)
    texts = [playing.Exchange(text="ORDER"), playing.Exchange(text="MENU")]
    from_rows = playing.play(flow, texts)
    from_file = playing.play(writing.flow_file(flow), texts)
    assert [turn.replies for turn in from_rows] == [(), ("Pizza 9",)]
    assert from_rows == from_file


def lines(**options):
    """Return texts of one line that forms leave as they are."""
    letters = st.characters(exclude_categories=("C", "Z"), exclude_characters="{}[]")
    return st.text(letters, min_size=1, **options)


names = lines(max_size=30)
words = st.lists(
    st.text("abcDEFé1", min_size=1, max_size=9), min_size=1, max_size=4, unique=True
)
keywords = st.lists(
    st.text("abcDEF1", min_size=1, max_size=9), min_size=1, max_size=4
).map(lambda some: list({one.casefold(): one for one in some}.values()))
hours = st.integers(1, 8784)
moments = st.sampled_from(["2026-05-04T12:00:00+02:00", "2026-12-31T23:30:00.5+00:00"])
phones = st.lists(
    st.sampled_from(["+33612345678", "+33698765432", "+31612345678"]),
    min_size=1,
    unique=True,
)
groups = st.sampled_from(["Delivery", "Pick-up", "<b>Été</b>"])
bodies = lines(max_size=60).map(lambda text: f"{text} {{{{ contact.first_name|x }}}}")


def block(kind, **fields):
    """Return a strategy for blocks of one type."""
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def conditions(keys):
    """Return a strategy for the conditions of an automation."""
    return st.lists(
        st.one_of(
            block(
                "content",
                operator=st.sampled_from(["any", "all", "none", "begins", "exact"]),
                keywords=keywords,
                ignore_case=st.booleans(),
                ignore_accents=st.booleans(),
                anywhere=st.booleans(),
            ),
            block("receiving_number", numbers=phones),
            block("received_between", starts_at=moments, ends_at=st.none()),
            block("opening_hours", when=st.sampled_from(["open", "closed"])),
            block("in_group", groups=st.lists(groups, min_size=1, unique=True)),
            block("not_in_group", groups=st.lists(groups, min_size=1, unique=True)),
            block(
                "follows",
                automations=st.lists(
                    st.sampled_from(keys), min_size=1, max_size=3, unique=True
                ),
                within_hours=hours,
            ),
            block("frequency", limit=st.just("once"), hours=st.none() | hours),
            block("frequency", limit=st.just("hours"), hours=hours),
        ),
        max_size=4,
    )


actions = st.lists(
    st.one_of(
        block("reply", body=bodies),
        block("add_to_group", group=groups),
        block("remove_from_group", group=groups),
        block("forward_to_phone", phone_numbers=phones, body=bodies),
        block("forward_to_email", addresses=st.just(["a@b.example"]), body=bodies),
        block("save_answer", attribute=st.sampled_from(["address", "a_1"])),
        block("opt_out"),
        block("hand_over", hours=hours),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def documents(draw):
    """Draw the document of a flow."""
    keys = [f"step-{n}" for n in range(draw(st.integers(1, 4)))]
    steps = [
        {
            "key": key,
            "name": draw(names),
            "description": draw(names),
            "message_type": draw(st.sampled_from(["sms", "mms"])),
            "stops_others": draw(st.booleans()),
            "conditions": draw(conditions(keys)),
            "actions": draw(actions),
        }
        for key in keys
    ]
    conversation = st.lists(
        st.fixed_dictionaries(
            {"text": names, "answers": st.lists(lines(max_size=9), max_size=2)}
        ),
        max_size=2,
    )
    return document(
        name=draw(names),
        description=draw(names),
        announcement=draw(bodies),
        language=draw(st.sampled_from(["", "fr", "pt-BR"])),
        automations=steps,
        conversation=draw(conversation),
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(documents())
def test_export_then_import_gives_the_same_flow(whole):
    Automation.objects.all().delete()
    Flow.objects.all().delete()
    file = read(as_bytes(whole))
    flow = importing.import_flow(file).flow
    exported = writing.as_text(writing.flow_file(flow))
    compiled = rulebook.compile_rulebook(flow.automations.in_order())
    assert importing.is_same(flow, file)

    Automation.objects.all().delete()
    Flow.objects.all().delete()
    ContactGroup.objects.all().delete()
    again = importing.import_flow(read(exported.encode()))
    assert again.is_new
    assert writing.as_text(writing.flow_file(again.flow)) == exported
    anew = rulebook.compile_rulebook(again.flow.automations.in_order())
    assert len(anew.automations) == len(compiled.automations) == len(file.automations)
    for before, after in zip(compiled.automations, anew.automations, strict=True):
        assert before.name == after.name
        assert [type(one) for one in before.conditions] == [
            type(one) for one in after.conditions
        ]
    assert not importing.import_flow(read(exported.encode())).is_new


@settings(max_examples=40, deadline=None)
@given(documents())
def test_a_file_answers_as_the_flow_that_is_made_of_it(whole):
    Automation.objects.all().delete()
    Flow.objects.all().delete()
    file = read(as_bytes(whole))
    texts = [
        playing.Exchange(text=" ".join(block["keywords"]))
        for step in whole["automations"]
        for block in step["conditions"]
        if block["type"] == "content"
    ]
    flow = importing.import_flow(file).flow
    assert playing.play(flow, texts) == playing.play(file, texts)
