"""The flow check's buttons, its warnings in the editor, and the way to the phone."""

import re
from html import unescape

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry
from wagtail.test.utils.form_data import nested_form_data, streamfield

from wagtail_sms_automation.admin import findings
from wagtail_sms_automation.engine.flow_check.findings import (
    Code,
    Finding,
    Level,
    Reason,
    Witness,
)
from wagtail_sms_automation.models import Automation, IntendedFinding

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    FlowFactory,
    InboundMessageFactory,
    block,
    content,
    in_group,
    reply,
)


pytestmark = pytest.mark.django_db

SIMULATOR = reverse("sms_simulator")
EXACT = "only messages that are exactly the keyword"
CHANGES = ("view_flow", "change_automation")


def flow_url(action, flow):
    """Return the URL of an action on a flow."""
    return reverse(f"sms_flows_modeladmin_{action}", args=[flow.pk])


def url(action, automation):
    """Return the URL of an action on an automation."""
    return reverse(f"sms_automations_modeladmin_{action}", args=[automation.pk])


def choices(response, label):
    """Return what the buttons of a label post."""
    html = html_of(response)
    found = re.findall(r'<button[^>]*name="choice" value="([^"]*)"[^>]*>(.*?)<', html)
    return [unescape(value) for value, text in found if unescape(text) == label]


def html_of(response):
    """Return the HTML of a page."""
    return response.content.decode()


def texts(response):
    """Return the messages of a page."""
    return [str(message).strip() for message in response.context["messages"]]


def keywords(automation):
    """Return the stored keywords of the first condition."""
    automation.refresh_from_db()
    return automation.conditions.raw_data[0]["value"]["keywords"]


@pytest.fixture
def flow():
    """A flow in which one keyword has no variant, and one answers every number."""
    flow = FlowFactory(name="Orders", announcement="Reply ORDER.")
    for name, words in (("Stage 1", ("ORDER",)), ("Stage 2", ("1",))):
        AutomationFactory(
            name=name, flow=flow, keywords=words, actions=[reply("Reply 1.")]
        )
    return flow


@pytest.fixture
def pair():
    """Two automations of no flow that answer the same keyword."""
    return [
        AutomationFactory(
            name=name, keywords=("PIZZA", "Pizza"), actions=[reply(f"It is {name}.")]
        )
        for name in ("Lunch", "Dinner")
    ]


@pytest.fixture
def contained():
    """A flow in which one keyword is a part of another one's."""
    flow = FlowFactory(announcement="Reply PIZZA or PIZZA PARTY.")
    AutomationFactory(name="Short", flow=flow, keywords=("PIZZA", "Pizza"))
    AutomationFactory(name="Long", flow=flow, keywords=("PIZZA PARTY", "Pizza party"))
    return flow


def step(name):
    """Return the automation of a name."""
    return Automation.objects.get(name=name)


def operator(automation):
    """Return the stored operator of the first condition."""
    return automation.conditions.raw_data[0]["value"]["operator"]


class TestFlowPage:
    def test_a_button_adds_the_variants(self, admin_client, superuser, flow):
        page = admin_client.get(flow_url("inspect", flow))
        (choice,) = choices(page, "Add Order")
        response = admin_client.post(flow_url("repair", flow), {"choice": choice})
        assert response.url == flow_url("inspect", flow) + "#flow-check"
        page = admin_client.get(flow_url("inspect", flow))
        assert texts(page) == ["“Stage 1” is changed: Add Order."]
        assert keywords(step("Stage 1")) == ["ORDER", "Order"]
        assert choices(page, "Add Order") == []
        (entry,) = ModelLogEntry.objects.for_instance(step("Stage 1"))
        assert entry.user == superuser

    def test_a_second_tab_is_told(self, admin_client, flow):
        page = admin_client.get(flow_url("inspect", flow))
        (choice,) = choices(page, "Add Order")
        for _tab in range(2):
            response = admin_client.post(
                flow_url("repair", flow), {"choice": choice}, follow=True
            )
        assert texts(response)[-1] == (
            "Nothing was changed: the flow check does not find this any more."
        )
        assert keywords(step("Stage 1")) == ["ORDER", "Order"]

    def test_mark_and_take_back(self, admin_client, superuser):
        flow = FlowFactory(announcement="Reply ORDER.")
        for keyword in ("ORDER", "LOST"):
            AutomationFactory(flow=flow, keywords=(keyword, keyword.title()))
        page = admin_client.get(flow_url("inspect", flow))
        (choice,) = choices(page, "It is meant so")
        page = admin_client.post(
            flow_url("repair", flow), {"choice": choice}, follow=True
        )
        assert texts(page) == ["Marked as meant so."]
        assert IntendedFinding.objects.get().user == superuser
        assert choices(page, "It is meant so") == []
        (choice,) = choices(page, "Take the mark back")
        (told,) = [one for one in page.context["findings"] if one["is_intended"]]
        assert told["level"] == "info"
        page = admin_client.post(
            flow_url("repair", flow), {"choice": choice}, follow=True
        )
        assert texts(page) == ["The mark is taken back."]
        assert not IntendedFinding.objects.exists()
        assert choices(page, "It is meant so")

    def test_errors_have_no_mark(self, admin_client, flow):
        page = admin_client.get(flow_url("inspect", flow))
        (error,) = [one for one in page.context["findings"] if one["level"] == "error"]
        assert [label for _choice, label in error["buttons"]] == [
            "Answer only messages that are exactly the keyword"
        ]

    def test_a_button_says_which_of_several_it_changes(self, admin_client, contained):
        page = admin_client.get(flow_url("inspect", contained))
        (found,) = [one for one in page.context["findings"] if one["code"] == "K2"]
        labels = [label for _choice, label in found["buttons"]]
        assert labels == [f"“Short”: answer {EXACT}", "It is meant so"]
        (choice,) = choices(page, labels[0])
        admin_client.post(flow_url("repair", contained), {"choice": choice})
        assert [operator(step(name)) for name in ("Short", "Long")] == ["exact", "any"]

    def test_where_a_click_would_do_harm_the_page_says_so(self, admin_client):
        flow = FlowFactory(announcement="Reply 1.")
        automation = AutomationFactory(flow=flow, keywords=("1", "FOOD", "Food"))
        page = admin_client.get(flow_url("inspect", flow))
        (error,) = [one for one in page.context["findings"] if one["level"] == "error"]
        assert (error["buttons"], error["is_by_hand"]) == ([], True)
        assert "One click would do harm elsewhere" in html_of(page)
        assert keywords(automation) == ["1", "FOOD", "Food"]

    def test_what_cannot_be_saved_leads_to_the_editor(self, admin_client, flow):
        Automation.objects.filter(name="Stage 1").update(name="")
        page = admin_client.get(flow_url("inspect", flow))
        (choice,) = choices(page, "Add Order")
        page = admin_client.post(
            flow_url("repair", flow), {"choice": choice}, follow=True
        )
        (text,) = texts(page)
        assert "could not be saved" in text
        assert url("edit", step("")) in text
        assert keywords(step("")) == ["ORDER"]

    def test_names_are_escaped_in_what_is_said(self, admin_client, flow):
        bad = "<script>alert(1)</script>"
        Automation.objects.filter(name="Stage 1").update(name=bad)
        page = admin_client.get(flow_url("inspect", flow))
        (choice,) = choices(page, "Add Order")
        page = admin_client.post(
            flow_url("repair", flow), {"choice": choice}, follow=True
        )
        assert keywords(step(bad)) == ["ORDER", "Order"]
        assert bad not in html_of(page)
        AutomationFactory(keywords=("ORDER", "Order"), active=True)
        assert bad not in html_of(admin_client.get(url("edit", step(bad))))

    def test_words_of_customers_need_their_permission(self, client_of):
        flow = FlowFactory(announcement="Reply PIZZA.")
        automation = AutomationFactory(
            flow=flow, keywords=("PIZZA", "Pizza", "pizza"), active=True
        )
        for _time in range(5):
            InboundMessageFactory(body="Piza")
        reads = client_of(*CHANGES, "view_inboundmessage")
        (choice,) = choices(reads.get(flow_url("inspect", flow)), "Add Piza")
        client_of(*CHANGES).post(flow_url("repair", flow), {"choice": choice})
        assert "Piza" not in keywords(automation)
        reads.post(flow_url("repair", flow), {"choice": choice})
        assert "Piza" in keywords(automation)


class TestPermissions:
    @pytest.mark.parametrize(
        "codenames",
        [
            (),
            ("view_flow",),
            ("change_automation",),
            ("view_flow", "view_automation", "pause_automation"),
        ],
    )
    def test_who_may_not_repair_a_flow(self, admin_client, client_of, flow, codenames):
        (choice,) = choices(admin_client.get(flow_url("inspect", flow)), "Add Order")
        response = client_of(*codenames).post(
            flow_url("repair", flow), {"choice": choice}
        )
        assert response.status_code == 302
        assert response.url == reverse("wagtailadmin_home")
        assert keywords(step("Stage 1")) == ["ORDER"]

    @pytest.mark.parametrize(
        "codenames", [(), ("view_automation", "pause_automation", "add_automation")]
    )
    def test_who_may_not_mark(self, admin_client, client_of, pair, codenames):
        pair[0].resume()
        page = admin_client.get(url("edit", pair[1]))
        (choice,) = choices(page, "It is meant so")
        response = client_of(*codenames).post(
            url("repair", pair[1]), {"choice": choice}
        )
        assert response.url == reverse("wagtailadmin_home")
        assert not IntendedFinding.objects.exists()

    def test_who_only_looks_sees_no_buttons(self, client_of, flow):
        page = client_of("view_flow", "view_automation").get(flow_url("inspect", flow))
        assert page.context["findings"]
        assert 'name="choice"' not in html_of(page)
        assert not any(one.get("buttons") for one in page.context["findings"])

    def test_whoever_may_change_automations_may(self, client_of, flow):
        client = client_of(*CHANGES)
        (choice,) = choices(client.get(flow_url("inspect", flow)), "Add Order")
        client.post(flow_url("repair", flow), {"choice": choice})
        assert keywords(step("Stage 1")) == ["ORDER", "Order"]

    def test_only_by_post(self, admin_client, flow):
        assert admin_client.get(flow_url("repair", flow)).status_code == 405
        assert admin_client.get(url("repair", step("Stage 1"))).status_code == 405


@pytest.mark.parametrize(
    "choice",
    [
        None,
        "",
        "/",
        "/take-back",
        "K11-0000000000000000/take-back",
        "K" * 10_000,
        "\x00/\x00",
        "<b>/é",
    ],
)
def test_no_finding_at_all(admin_client, flow, choice):
    data = {} if choice is None else {"choice": choice}
    for address in (flow_url("repair", flow), url("repair", step("Stage 1"))):
        page = admin_client.post(address, data, follow=True)
        assert page.status_code == 200
        assert texts(page) == [
            "Nothing was changed: the flow check does not find this any more."
        ]
    assert keywords(step("Stage 1")) == ["ORDER"]


def test_a_finding_of_another_flow(admin_client, flow):
    other = FlowFactory()
    AutomationFactory(flow=other, keywords=("LATER",))
    (choice,) = choices(admin_client.get(flow_url("inspect", flow)), "Add Order")
    admin_client.post(flow_url("repair", other), {"choice": choice})
    assert keywords(step("Stage 1")) == ["ORDER"]


def test_no_such_row(admin_client):
    for name in ("flows", "automations"):
        address = reverse(f"sms_{name}_modeladmin_repair", args=[99])
        assert admin_client.post(address).status_code == 404


class TestEditor:
    def section(self, response, field):
        """Return the HTML of a field's findings."""
        html = html_of(response)
        found = re.search(
            rf'<section[^>]*aria-labelledby="{field}-flow-check".*?</section>',
            html,
            re.DOTALL,
        )
        return unescape(found[0]) if found else ""

    def test_a_warning_stands_beside_the_keywords(self, admin_client, pair):
        pair[0].resume()
        response = admin_client.get(url("edit", pair[1]))
        section = self.section(response, "conditions")
        assert "both answer PIZZA" in section
        assert "Warning" in section
        assert "“PIZZA”" in section
        assert "It is Lunch." in section
        assert "It is Dinner." in section
        assert self.section(response, "actions") == ""
        assert "The flow check has 1 warning about “Dinner”." in (html_of(response))

    def test_a_text_is_warned_of_beside_the_actions(self, admin_client):
        automation = AutomationFactory(
            keywords=("ORDER", "Order"), actions=[reply("Reply PIZZA.")]
        )
        response = admin_client.get(url("edit", automation))
        section = self.section(response, "actions")
        assert "A text asks for PIZZA" in section
        assert "Error" in section
        assert self.section(response, "conditions") == ""

    def test_errors_and_warnings_are_counted_apart(self, admin_client, pair):
        pair[0].resume()
        pair[1].actions = [reply("Reply SODA.")]
        pair[1].save()
        assert (
            "The flow check has 1 error about “Dinner”. The flow check has 1 warning "
            "about “Dinner”."
        ) in html_of(admin_client.get(url("edit", pair[1])))

    def test_what_is_about_no_field_stands_on_top(self, admin_client, flow):
        AutomationFactory(name="Stage 3", flow=flow, keywords=("LOST", "Lost"))
        html = admin_client.get(url("edit", step("Stage 3"))).content.decode()
        top = html[: html.index('id="w-editor-form"')]
        assert "No text of this flow asks for a keyword of “Stage 3”." in unescape(top)

    def test_what_is_about_another_is_left_to_its_own_editor(self, admin_client, flow):
        flow.announcement = "Reply NOTHING."
        flow.save()
        step("Stage 2").delete()
        html = admin_client.get(url("edit", step("Stage 1"))).content.decode()
        assert "NOTHING" not in html

    def test_the_steps_of_a_paused_flow_are_no_dead_ends(self, admin_client):
        flow = FlowFactory(announcement="Reply ORDER.")
        first, _second = (
            AutomationFactory(flow=flow, keywords=words, actions=[reply(text)])
            for words, text in (
                (("ORDER", "Order"), "Reply MENU."),
                (("MENU", "Menu"), "Here it is."),
            )
        )
        address = url("edit", first)
        assert "Flow check" not in html_of(admin_client.get(address))
        # Active alone, its customers are asked for what nobody answers.
        first.resume()
        section = self.section(admin_client.get(address), "actions")
        assert "is paused" in section
        assert "said=MENU" in section
        assert "flow=" not in section

    def test_nothing_is_said_where_nothing_is_wrong(self, admin_client):
        automation = AutomationFactory(keywords=("ORDER", "Order"))
        html = admin_client.get(url("edit", automation)).content.decode()
        assert "Flow check" not in html
        assert "flow-repairs" not in html

    def test_a_repair_leads_back_to_the_editor(self, admin_client):
        automation = AutomationFactory(keywords=("1",))
        page = admin_client.get(url("edit", automation))
        label = "Answer only messages that are exactly the keyword"
        (choice,) = choices(page, label)
        page = admin_client.post(
            url("repair", automation), {"choice": choice}, follow=True
        )
        assert page.redirect_chain == [(url("edit", automation), 302)]
        assert "Flow check" not in html_of(page)
        automation.refresh_from_db()
        assert automation.conditions.raw_data[0]["value"]["operator"] == "exact"

    def test_it_offers_no_change_of_another_automation(self, admin_client, contained):
        page = admin_client.get(url("edit", step("Long")))
        section = self.section(page, "conditions")
        assert "sets off “Short” too" in section
        assert EXACT not in section
        assert "One click would do harm" not in section
        assert len(choices(page, "It is meant so")) == 1
        assert url("edit", step("Short")) in section
        page = admin_client.get(url("edit", step("Short")))
        assert len(choices(page, f"Answer {EXACT}")) == 1

    def test_an_editor_open_meanwhile_does_not_undo_it(self, admin_client):
        automation = AutomationFactory(keywords=("1",))
        page = admin_client.get(url("edit", automation))
        (choice,) = choices(page, "Answer only messages that are exactly the keyword")
        admin_client.post(url("repair", automation), {"choice": choice})
        data = form(name="Typed before") | {"loaded_save": page.context["loaded_save"]}
        response = admin_client.post(url("edit", automation), data)
        assert response.status_code == 200
        assert "Not saved" in html_of(response)
        assert keywords(automation) == ["1"]

    def test_a_mark_can_be_taken_back_there(self, admin_client, pair):
        pair[0].resume()
        address = url("repair", pair[1])
        page = admin_client.get(url("edit", pair[1]))
        (choice,) = choices(page, "It is meant so")
        page = admin_client.post(address, {"choice": choice}, follow=True)
        assert "Marked as meant so" in self.section(page, "conditions")
        assert "The flow check has" not in html_of(page)
        (choice,) = choices(page, "Take the mark back")
        page = admin_client.post(address, {"choice": choice}, follow=True)
        assert "Warning" in self.section(page, "conditions")

    def test_a_form_with_errors_shows_its_errors_only(self, admin_client, pair):
        pair[0].resume()
        response = admin_client.post(url("edit", pair[1]), form(name=""))
        assert response.status_code == 200
        assert "Flow check" not in html_of(response)

    def test_a_paused_automation_of_no_flow_cannot_be_tried(self, admin_client, pair):
        pair[0].resume()
        paused = self.section(admin_client.get(url("edit", pair[1])), "conditions")
        assert "For example, “PIZZA”." in paused
        assert SIMULATOR not in paused
        pair[1].resume()
        active = self.section(admin_client.get(url("edit", pair[1])), "conditions")
        assert f'href="{SIMULATOR}?said=PIZZA' in active

    def test_queries_do_not_grow(self, admin_client, count_queries):
        def editor_of(automation):
            return lambda: admin_client.get(url("edit", automation))

        first = AutomationFactory(keywords=("WORD0", "Word0"), active=True)
        AutomationFactory(keywords=("WORD0", "Word0"), active=True)
        editor_of(first)()
        few = count_queries(editor_of(first))
        for _one in range(12):
            AutomationFactory(keywords=("WORD0", "Word0"), active=True)
        editor_of(first)()
        assert count_queries(editor_of(first)) == few

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            (("🍕🍕",), "Hi"),
            (("x" * 160,), "Hi"),
            (("\u041eRDER",), "Hi"),
            (("ORDER",), "word " * 400),
        ],
    )
    def test_odd_input_is_shown(self, admin_client, words, text):
        automation = AutomationFactory(keywords=words, actions=[reply(text)])
        page = admin_client.get(url("edit", automation))
        assert page.status_code == 200
        for choice in re.findall(r'name="choice" value="([^"]*)"', html_of(page)):
            data = {"choice": unescape(choice)}
            response = admin_client.post(url("repair", automation), data)
            assert response.url == url("edit", automation)

    def test_a_cyrillic_letter_is_repaired(self, admin_client):
        automation = AutomationFactory(keywords=("\u041eRDER",))
        page = admin_client.get(url("edit", automation))
        (choice,) = choices(page, "Write it as ORDER")
        admin_client.post(url("repair", automation), {"choice": choice})
        assert keywords(automation) == ["ORDER"]


def form(keyword="PIZZA", text="Hello", **changes):
    """Return a filled-in editor."""
    condition = {"operator": "any", "keywords": f"{keyword}\n{keyword.title()}"}
    data = {
        "name": "Stage 1",
        "description": "",
        "message_type": "sms",
        "flow": "",
        "conditions": streamfield([("content", condition)]),
        "actions": streamfield([("reply", {"body": text})]),
    }
    return nested_form_data(data | changes)


class TestSaving:
    CREATE = reverse("sms_automations_modeladmin_create")
    WARNING = "The flow check has 1 warning about “Stage 1”."

    def test_warnings_never_refuse_it_and_show_at_once(self, admin_client, pair):
        pair[0].resume()
        page = admin_client.post(self.CREATE, form(), follow=True)
        automation = step("Stage 1")
        assert page.redirect_chain == [(url("edit", automation), 302)]
        assert "both answer PIZZA" in unescape(html_of(page))

    def test_closing_tells_their_number_and_links_to_them(self, admin_client, pair):
        pair[0].resume()
        closing = {"save-and-close": "1"}
        page = admin_client.post(self.CREATE, form() | closing, follow=True)
        automation = step("Stage 1")
        (_saved, warning) = texts(page)
        assert self.WARNING in warning
        assert url("edit", automation) in warning
        page = admin_client.post(url("edit", automation), form() | closing, follow=True)
        assert self.WARNING in texts(page)[-1]
        assert url("edit", automation) in texts(page)[-1]

    @pytest.mark.parametrize("closing", [{}, {"save-and-close": "1"}])
    def test_who_may_only_add_is_told_the_first_and_led_nowhere(
        self, client_of, pair, closing
    ):
        pair[0].resume()
        data = form(text="Reply SODA. Reply WINE. Reply CAKE.") | closing
        page = client_of("add_automation").post(self.CREATE, data, follow=True)
        index = reverse("sms_automations_modeladmin_index")
        assert page.redirect_chain == [(index, 302)]
        saved, warning = texts(page)
        assert "is saved and paused" in saved
        assert "has 3 errors" in warning
        assert "has 1 warning" in warning
        # The errors, which stand below the conditions in the editor, come first.
        assert warning.count("A text asks for") == 3
        assert "both answer" not in warning
        assert "/edit/" not in saved + warning

    def test_what_is_told_is_escaped(self, client_of):
        bad = "<script>alert(1)</script>"
        AutomationFactory(name=bad, keywords=("PIZZA", "Pizza"), active=True)
        page = client_of("add_automation").post(self.CREATE, form(), follow=True)
        assert "alert(1)" in texts(page)[-1]
        assert bad not in html_of(page)

    def test_closing_says_nothing_where_nothing_is_wrong(self, admin_client):
        data = form() | {"save-and-close": "1"}
        page = admin_client.post(self.CREATE, data, follow=True)
        assert len(texts(page)) == 1

    @pytest.mark.parametrize(
        ("keyword", "text", "saved"),
        [
            ("🍕🍕", "Hi", True),
            ("x" * 200, "Hi", False),
            ("\u041eRDER", "Hi", True),
            ("ORDER", "word " * 400, False),
            ("ORDER", "Hi {{ contact.first", False),
        ],
    )
    def test_bad_input(self, admin_client, keyword, text, saved):
        data = form(keyword, text) | {"save-and-close": "1"}
        response = admin_client.post(self.CREATE, data)
        assert (response.status_code == 302) is saved
        assert Automation.objects.exists() is saved


class TestTryLink:
    """The phone opens with the witness' whole situation."""

    def test_it_shows_the_finding(self, admin_client):
        group = ContactGroupFactory()
        flow = FlowFactory(announcement="Reply PIZZA.")
        for name in ("Lunch", "Dinner"):
            AutomationFactory(
                flow=flow,
                conditions=[content("PIZZA", "Pizza"), in_group(group)],
                actions=[reply(f"It is {name}.")],
            )
        page = admin_client.get(flow_url("inspect", flow))
        (found,) = [one for one in page.context["findings"] if one["code"] == "K1"]
        phone = admin_client.get(found["try_url"]).context["phone"]
        (turn,) = phone.turns
        assert turn.body == found["witness"].body
        assert turn.received_at == found["witness"].at
        assert [line.text for line in turn.lines] == ["It is Lunch.", "It is Dinner."]

    @pytest.mark.parametrize("kind", ["mms", "follows"])
    def test_what_the_phone_cannot_show_is_only_quoted(self, admin_client, kind):
        flow = FlowFactory(announcement="Reply ORDER.")
        first = AutomationFactory(
            flow=flow, keywords=("ORDER", "Order"), actions=[reply("Reply MENU.")]
        )
        more, fields = [], {"message_type": "mms"}
        if kind == "follows":
            more, fields = [block("follows", automations=[first.pk])], {}
        for name in ("Lunch", "Dinner"):
            AutomationFactory(
                flow=flow,
                conditions=[content("MENU", "Menu"), *more],
                actions=[reply(name)],
                **fields,
            )
        page = admin_client.get(flow_url("inspect", flow))
        (found,) = [one for one in page.context["findings"] if one["code"] == "K1"]
        assert found["witness"].replies == ("Lunch", "Dinner")
        assert found["try_url"] is None
        assert "For example, “MENU”." in html_of(page)

    def test_every_text_of_a_conversation_is_said(self, admin_client, flow):
        query = {"flow": flow.pk, "said": ["ORDER", "1"]}
        phone = admin_client.get(SIMULATOR, query).context["phone"]
        assert [turn.body for turn in phone.turns] == ["ORDER", "1"]
        assert all(turn.lines for turn in phone.turns)
        # And it goes on from there.
        assert phone.form["text"].value() == ""

    @pytest.mark.parametrize(
        "query",
        [
            {"at": "yesterday"},
            {"at": "2026-13-01T00:00:00Z"},
            {"at": "2026-01-01T00:00:00"},
            {"at": "9999-12-31T23:59:59Z"},
            {"at": "2099-12-31T23:59:30Z"},
            {"to": "+33600000000"},
            {"to": "x" * 10_000},
            {"group": "1 OR 1"},
            {"group": ["9" * 5_000, "99", "-1", "²"]},
            {"language": "fr", "phone-flow": "x"},
            {"said": ["ORDER", ""]},
            {"said": ["ORDER\x00"]},
        ],
    )
    def test_what_is_wrong_is_left_out(self, admin_client, flow, query):
        asked = {"flow": flow.pk, "said": "ORDER"} | query
        response = admin_client.get(SIMULATOR, asked)
        assert response.status_code == 200
        phone = response.context["phone"]
        assert not phone.form.errors
        assert len(phone.turns) == 1
        assert phone.flow == flow

    def test_no_link_is_longer_than_servers_take(self, admin_client):
        flow = FlowFactory(announcement="Reply ORDER.")
        # Each is six characters of a URL, or twelve.
        many = ["é" * 150, "🍕" * 150, "🍔" * 150]
        for _one in range(2):
            conditions = [content(*many, operator="all")]
            AutomationFactory(flow=flow, conditions=conditions, active=True)
        page = admin_client.get(flow_url("inspect", flow))
        (found,) = [one for one in page.context["findings"] if one["code"] == "K1"]
        assert found["try_url"] is None
        assert "For example, “" in html_of(page)

    @pytest.mark.parametrize("said", ["x" * 2_001, ["ORDER"] * 101, "  ", ""])
    def test_too_much_begins_nothing(self, admin_client, said):
        response = admin_client.get(SIMULATOR, {"said": said})
        assert response.status_code == 200
        assert response.context["phone"].turns == []


def finding(code, reason, *automations, **fields):
    """Return a finding about some automations."""
    witness = Witness(bodies=("X",), at=None, recipient="+33")
    return Finding(
        code=code,
        level=Level.WARNING,
        reason=reason,
        automations=automations,
        witness=witness,
        **fields,
    )


@pytest.mark.parametrize(
    ("found", "field"),
    [
        (finding(Code.SAME_KEYWORD, Reason.NONE, 2, 1), "conditions"),
        (finding(Code.SPELLING, Reason.EMPTY, 1), "conditions"),
        (finding(Code.OWN_TEXT, Reason.EXAMPLE, 1, 2), "conditions"),
        (finding(Code.OWN_TEXT, Reason.EXAMPLE, 2, 1), "actions"),
        (finding(Code.OWN_TEXT, Reason.OWN_REPLY, 1), "actions"),
        (finding(Code.DEAD_INVITATION, Reason.NOBODY_LISTENS, 1), "actions"),
        (finding(Code.UNREACHABLE, Reason.NOT_INVITED, 1), "others"),
        (finding(Code.UNREACHABLE, Reason.EXPIRED, 1), "conditions"),
        (finding(Code.UNREACHABLE, Reason.FOLLOWS_NOBODY, 1), "conditions"),
        (finding(Code.UNREACHABLE, Reason.PAUSED, 2, 1), "actions"),
        (finding(Code.UNREACHABLE, Reason.PAUSED, 1, 2), "others"),
        (finding(Code.CYCLE, Reason.OWN_NUMBER, 1), "actions"),
    ],
)
def test_which_field_a_finding_is_about(found, field):
    assert findings.field_of(found, 1) == field
