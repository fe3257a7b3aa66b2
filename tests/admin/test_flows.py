"""Flows: the list, the flow page, and what is done to all automations of a flow."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from wagtail import hooks
from wagtail.models import ModelLogEntry

from wagtail_sms_automation import flows, rulebook
from wagtail_sms_automation.admin.widgets import SegmentedTextarea
from wagtail_sms_automation.models import Automation, Flow, WrongStatus

from ..factories import (
    AutomationFactory,
    FlowFactory,
    InboundMessageFactory,
    MatchFactory,
    content,
    follows,
    reply,
)


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/flows/"
ACTIVE, PAUSED = Automation.Status


def url(action, *args):
    """Return the URL of an action."""
    return reverse(f"sms_flows_modeladmin_{action}", args=args)


def page_of(client, flow):
    """Return the flow page as a response."""
    return client.get(url("inspect", flow.pk))


@pytest.fixture
def flow():
    """A flow of three: ORDER, then MENU, which leads back; nothing leads to LOST."""
    flow = FlowFactory(
        name="SMS orders", description="For hungry people.", announcement="Reply ORDER."
    )
    for name, keyword, text in (
        ("Stage 1", "ORDER", "Reply MENU."),
        ("Stage 2", "MENU", "Reply ORDER to begin again."),
        ("Stage 3", "LOST", "Found."),
    ):
        AutomationFactory(
            name=name,
            flow=flow,
            keywords=(keyword,),
            actions=[reply(text)],
            active=name == "Stage 1",
        )
    return flow


def step(name):
    """Return the automation of a name."""
    return Automation.objects.get(name=name)


class TestList:
    def test_it_shows_how_its_automations_stand(self, admin_client, flow):
        MatchFactory(automation=step("Stage 1"))
        FlowFactory(name="Empty")
        response = admin_client.get(LIST)
        rows = {row.name: row for row in response.context["object_list"]}
        assert rows["SMS orders"].automation_count == 3
        assert rows["SMS orders"].last_matched_at
        assert rows["Empty"].automation_count == 0
        html = response.content.decode()
        assert "1 active" in html
        assert "2 paused" in html
        assert url("inspect", flow.pk) in html
        assert f"/admin/sms/automations/?flow={flow.pk}" in html
        assert url("loose") in html
        assert url("everything") in html

    def test_the_number_of_queries_does_not_grow(self, admin_client, count_queries):
        AutomationFactory(flow=FlowFactory())
        admin_client.get(LIST)
        few = count_queries(lambda: admin_client.get(LIST))
        for _n in range(20):
            AutomationFactory(flow=FlowFactory())
        assert count_queries(lambda: admin_client.get(LIST)) == few

    @pytest.mark.parametrize("query", ["sms ord", "hungry", "reply order"])
    def test_search(self, admin_client, flow, query):
        FlowFactory(name="Other")
        response = admin_client.get(f"{LIST}results/", {"q": query})
        assert [row.name for row in response.context["object_list"]] == ["SMS orders"]

    def test_an_empty_list_says_what_to_do_first(self, admin_client, client_of):
        html = admin_client.get(LIST).content.decode()
        assert "There is no flow yet." in html
        assert f'href="{LIST}create/"' in html
        html = client_of("view_flow").get(LIST).content.decode()
        assert "Ask a colleague" in html
        html = admin_client.get(LIST, {"q": "x"}).content.decode()
        assert "There is no flow yet." not in html

    def test_the_automations_list_leads_to_the_flow(
        self, admin_client, client_of, flow
    ):
        link = f'href="{url("inspect", flow.pk)}"'
        html = admin_client.get("/admin/sms/automations/").content.decode()
        assert link in html
        client = client_of("view_automation")
        html = client.get("/admin/sms/automations/").content.decode()
        assert "SMS orders" in html
        assert link not in html


class TestForms:
    def test_add_edit_and_history(self, admin_client):
        data = {"name": "Orders", "description": "", "announcement": "Reply ORDER."}
        response = admin_client.post(url("create"), data | {"save-and-close": "1"})
        flow = Flow.objects.get()
        assert response.url == url("inspect", flow.pk)
        response = admin_client.post(
            url("edit", flow.pk), data | {"announcement": "Reply FOOD."}
        )
        assert response.url == url("edit", flow.pk)
        flow.refresh_from_db()
        assert flow.announcement == "Reply FOOD."
        html = admin_client.get(url("history", flow.pk)).content.decode()
        assert "Created" in html
        assert "Edited" in html

    def test_who_may_only_add_is_not_led_to_the_form_again(self, client_of):
        data = {"name": "Orders", "description": "", "announcement": "Reply ORDER."}
        page = client_of("add_flow").post(url("create"), data, follow=True)
        flow = Flow.objects.get()
        assert page.redirect_chain == [(url("inspect", flow.pk), 302)]
        assert url("edit", flow.pk) not in page.content.decode()

    def test_the_announcement_is_counted_like_an_sms(self, admin_client):
        form = admin_client.get(url("create")).context["form"]
        assert isinstance(form.fields["announcement"].widget, SegmentedTextarea)

    def test_a_name_is_given_once(self, admin_client, flow):
        response = admin_client.post(url("create"), {"name": "SMS orders"})
        assert response.context["form"].errors["name"]

    def test_deleting_keeps_the_automations_and_says_so(self, admin_client, flow):
        page = url("delete", flow.pk)
        html = admin_client.get(page).content.decode()
        assert "Its 3 automations stay as they are" in html
        assert admin_client.post(page).url == LIST
        assert set(Automation.objects.values_list("flow", flat=True)) == {None}
        assert step("Stage 1").status == ACTIVE

    def test_usage_names_the_automations(self, admin_client, flow):
        html = admin_client.get(url("usage", flow.pk)).content.decode()
        assert "Stage 1" in html

    def test_permissions_can_be_given(self):
        registered = Permission.objects.none()
        for hook in hooks.get_hooks("register_permissions"):
            registered |= hook()
        names = registered.filter(content_type__model="flow")
        assert set(names.values_list("codename", flat=True)) == {
            "add_flow",
            "change_flow",
            "delete_flow",
            "view_flow",
        }


def told(entries):
    """Return the outline as nested titles; what is only named begins with ^."""
    return [
        (
            entry["title"],
            [
                told([way["entry"]])[0] if way["entry"] else f"^{way['title']}"
                for way in entry["ways"]
            ],
        )
        for entry in entries
    ]


class TestPage:
    def test_it_tells_the_flow_in_words(self, admin_client, flow):
        response = page_of(admin_client, flow)
        assert told(response.context["entries"]) == [
            ("SMS orders", [("Stage 1", [("Stage 2", ["^Stage 1"])])]),
            ("Stage 3", []),
        ]
        html = response.content.decode()
        assert html.count('is-warning">Nothing leads here<') == 1
        assert "Reply MENU." in html
        assert f'href="/admin/sms/automations/edit/{step("Stage 2").pk}/"' in html
        assert "<svg" in html

    def test_a_word_nobody_listens_to_is_marked(self, admin_client, flow, monkeypatch):
        build = flows.flow_graph.build

        def with_dead_words(*args, **kwargs):
            graph = build(*args, **kwargs)
            nodes = list(graph.nodes)
            nodes[0] = replace(nodes[0], dead_words=("HELLO",))
            return flows.flow_graph.FlowGraph(nodes=tuple(nodes), arrows=graph.arrows)

        monkeypatch.setattr(flows.flow_graph, "build", with_dead_words)
        html = page_of(admin_client, flow).content.decode()
        assert "No automation listens to this word it asks for:" in html
        assert "HELLO" in html

    def test_it_counts_who_went_where(self, admin_client, flow):
        first = MatchFactory(automation=step("Stage 1"))
        MatchFactory(automation=step("Stage 2"), inbound__contact=first.contact)
        MatchFactory(
            automation=step("Stage 1"), matched_at=timezone.now() - timedelta(days=31)
        )
        announced = page_of(admin_client, flow).context["entries"][0]
        (way,) = announced["ways"]
        assert way["count"] == 1
        assert way["entry"]["ways"][0]["count"] == 1
        assert way["entry"]["ways"][0]["entry"]["ways"][0]["count"] == 0

    def test_the_number_of_queries_does_not_grow(
        self, admin_client, django_assert_num_queries, count_queries
    ):
        def make(size):
            flow = FlowFactory(announcement="Reply GO.")
            before = None
            for n in range(size):
                conditions = [content(f"WORD{n}")]
                if before:
                    conditions.append(follows(before))
                before = AutomationFactory(flow=flow, conditions=conditions)
                MatchFactory(automation=before)
            return flow

        small, large = make(3), make(60)
        page_of(admin_client, small)
        few = count_queries(lambda: page_of(admin_client, small))
        with django_assert_num_queries(few):
            page_of(admin_client, large)
        everything = count_queries(lambda: admin_client.get(url("everything")))
        assert everything <= few

    @pytest.mark.parametrize("announcement", ["", "Reply ORDER."])
    def test_a_flow_of_none(self, admin_client, announcement):
        flow = FlowFactory(announcement=announcement)
        html = page_of(admin_client, flow).content.decode()
        assert "No automation is here yet." in html
        assert f"/admin/sms/automations/create/?flow={flow.pk}" in html

    def test_a_flow_of_five_hundred(self, admin_client):
        flow = FlowFactory(announcement="Reply W0X.")
        Automation.objects.bulk_create(
            Automation(
                name=f"Step {n}",
                flow=flow,
                conditions=[content(f"W{n}X")],
                actions=[reply(f"Reply W{n + 1}X.")],
                sort_order=n + 1,
            )
            for n in range(500)
        )
        html = page_of(admin_client, flow).content.decode()
        assert all(
            html.count(f'id="step-{row.pk}"') == 1 for row in flow.automations.all()
        )
        assert all(
            html.count(f'id="entry-automation-{row.pk}"') == 1
            for row in flow.automations.all()
        )

    def test_markup_in_names_and_texts_is_text(self, admin_client):
        evil = "<script>alert(1)</script>"
        flow = FlowFactory(name=evil, description=evil, announcement=f"{evil} GO")
        AutomationFactory(
            name=evil, flow=flow, keywords=("GO", evil), actions=[reply(evil)]
        )
        for page in (
            url("inspect", flow.pk),
            url("everything"),
            url("delete", flow.pk),
            url("svg", flow.pk),
            LIST,
        ):
            assert evil not in admin_client.get(page).content.decode(), page

    def test_one_that_cannot_be_read_is_named(self, admin_client, flow):
        AutomationFactory(
            name="Broken", flow=flow, conditions=[content("X", operator="resembles")]
        )
        response = page_of(admin_client, flow)
        assert [row.name for row in response.context["unreadable"]] == ["Broken"]
        assert "cannot be read" in response.content.decode()

    def test_the_new_automation_begins_in_the_flow(self, admin_client, flow):
        page = f"/admin/sms/automations/create/?flow={flow.pk}"
        assert admin_client.get(page).context["form"].instance.flow == flow
        for key in ("x", "0", "9" * 30, ""):
            page = f"/admin/sms/automations/create/?flow={key}"
            assert admin_client.get(page).context["form"].instance.flow is None

    def test_the_pages_beyond_one_flow(self, admin_client, flow):
        AutomationFactory(name="Alone", keywords=("HI",))
        html = admin_client.get(url("loose")).content.decode()
        assert "Alone" in html
        assert "Stage 1" not in html
        html = admin_client.get(url("everything")).content.decode()
        assert "Alone" in html
        assert "Stage 1" in html
        assert "Reply ORDER." in html
        assert "/move_up/" not in html

    def test_it_is_a_file_as_well(self, admin_client, flow):
        response = admin_client.get(url("svg", flow.pk))
        assert response["Content-Type"].startswith("image/svg+xml")
        assert (
            response["Content-Disposition"] == 'attachment; filename="sms-orders.svg"'
        )
        assert "<svg" in response.content.decode()
        nameless = FlowFactory(name="!!!")
        response = admin_client.get(url("svg", nameless.pk))
        assert f"flow-{nameless.pk}.svg" in response["Content-Disposition"]


class TestPermissions:
    PAGES = ("inspect", "svg", "edit", "delete", "history", "usage")

    @pytest.mark.parametrize(
        ("permission", "opened"),
        [
            ("view_flow", {"inspect", "history"}),
            ("add_flow", {"inspect", "history"}),
            ("change_flow", {"inspect", "history", "edit", "usage"}),
            ("delete_flow", {"inspect", "history", "delete"}),
            ("view_automation", set()),
            ("pause_automation", set()),
        ],
    )
    def test_each_opens_its_own_pages(self, client_of, flow, permission, opened):
        client = client_of(permission)
        pages = {
            page
            for page in self.PAGES
            if client.get(url(page, flow.pk)).status_code == 200
        }
        assert pages == opened

    def test_who_may_not_see_automations_sees_none(self, client_of, flow):
        client = client_of("view_flow")
        for page in (url("inspect", flow.pk), url("everything"), url("loose")):
            html = client.get(page).content.decode()
            assert "You may not see automations" in html
            assert "Stage" not in html
            assert "Reply" not in html
        assert client.get(url("svg", flow.pk)).status_code == 302
        assert url("everything") not in client.get(LIST).content.decode()

    def test_who_may_only_look_is_offered_nothing_else(self, client_of, flow):
        client = client_of("view_flow", "view_automation")
        html = page_of(client, flow).content.decode()
        assert "Stage 1" in html
        for path in ("/edit/", "/resume_all/", "/duplicate/", "/move_up/", "/delete/"):
            assert path not in html
        assert "/automations/create/" not in html
        assert url("svg", flow.pk) in html

    @pytest.mark.parametrize("action", ["resume_all", "pause_all"])
    def test_moving_all_needs_the_permission_to_pause(self, client_of, flow, action):
        before = list(Automation.objects.values_list("status", flat=True))
        for permissions in (
            ("view_flow", "change_automation"),
            ("change_flow", "add_flow", "delete_flow"),
            ("pause_automation",),
        ):
            response = client_of(*permissions).post(url(action, flow.pk))
            assert response.url == "/admin/"
        assert list(Automation.objects.values_list("status", flat=True)) == before
        client = client_of("view_flow", "pause_automation")
        assert url(action, flow.pk) in page_of(client, flow).content.decode()
        response = client.post(url(action, flow.pk))
        assert response.url == url("inspect", flow.pk)
        assert len(set(Automation.objects.values_list("status", flat=True))) == 1

    @pytest.mark.parametrize("permission", ["add_flow", "add_automation"])
    def test_duplicating_needs_both(self, client_of, flow, permission):
        client = client_of(permission, "view_flow", "view_automation")
        assert "/duplicate/" not in page_of(client, flow).content.decode()
        assert client.post(url("duplicate", flow.pk)).url == "/admin/"
        assert Flow.objects.count() == 1

    def test_ordering_needs_change(self, client_of, flow):
        last = reverse("sms_automations_modeladmin_move_up", args=[step("Stage 3").pk])
        client = client_of("view_flow", "view_automation", "pause_automation")
        assert client.post(last).url == "/admin/"
        client = client_of("change_automation")
        assert client.post(last).url == "/admin/sms/automations/"
        assert step("Stage 3").sort_order < step("Stage 2").sort_order

    @pytest.mark.parametrize("action", ["resume_all", "pause_all", "duplicate"])
    def test_a_link_can_do_nothing(self, admin_client, flow, action):
        assert admin_client.get(url(action, flow.pk)).status_code == 405


class TestMovingAll:
    def test_resume_and_pause(self, admin_client, superuser, flow):
        response = admin_client.post(url("resume_all", flow.pk), follow=True)
        html = response.content.decode()
        assert "2 automations resumed." in html
        assert "1 automation was active already." in html
        assert len(rulebook.current().automations) == 3
        html = admin_client.post(
            url("pause_all", flow.pk), follow=True
        ).content.decode()
        assert "3 automations paused." in html
        assert "already" not in html
        assert rulebook.current().automations == ()
        actions = ModelLogEntry.objects.filter(user=superuser)
        assert actions.filter(action="wagtail_sms_automation.resume").count() == 2
        assert actions.filter(action="wagtail_sms_automation.pause").count() == 3
        html = admin_client.post(
            url("pause_all", flow.pk), follow=True
        ).content.decode()
        assert "3 automations were paused already." in html

    def test_others_stay_as_they_are(self, admin_client, flow):
        other = AutomationFactory()
        admin_client.post(url("resume_all", flow.pk))
        other.refresh_from_db()
        assert other.status == PAUSED

    def test_an_editor_who_pauses_meanwhile_makes_nothing_fail(
        self, admin_client, flow, monkeypatch
    ):
        log = flows.log
        other = step("Stage 1")
        assert other.status == ACTIVE

        def log_and_meddle(row, *args, **kwargs):
            log(row, *args, **kwargs)
            with suppress(WrongStatus):
                other.pause()

        monkeypatch.setattr(flows, "log", log_and_meddle)
        response = admin_client.post(url("pause_all", flow.pk), follow=True)
        assert "1 automation paused." in response.content.decode()

    def test_an_empty_flow_says_so(self, admin_client):
        page = url("resume_all", FlowFactory().pk)
        html = admin_client.post(page, follow=True).content.decode()
        assert "There was nothing to change." in html

    def test_it_goes_back_to_the_list(self, admin_client, flow):
        response = admin_client.post(url("pause_all", flow.pk), {"next": LIST})
        assert response.url == LIST


def test_duplicate_opens_the_copy(admin_client, flow):
    response = admin_client.post(url("duplicate", flow.pk), {"next": LIST})
    copy = Flow.objects.get(name="Copy of SMS orders")
    assert response.url == url("inspect", copy.pk)
    html = admin_client.get(response.url).content.decode()
    assert "The flow “Copy of SMS orders” is made." in html
    assert copy.automations.filter(status=PAUSED).count() == 3


class TestOrder:
    def move(self, client, name, direction):
        page = f"sms_automations_modeladmin_move_{direction}"
        return client.post(reverse(page, args=[step(name).pk]))

    def test_a_step_moves_and_the_page_opens_at_it(self, admin_client, flow):
        response = self.move(admin_client, "Stage 3", "up")
        pk = step("Stage 3").pk
        assert response.url == f"{url('inspect', flow.pk)}#step-{pk}"
        names = flow.automations.in_order().values_list("name", flat=True)
        assert list(names) == ["Stage 1", "Stage 3", "Stage 2"]
        self.move(admin_client, "Stage 1", "down")
        assert list(names.all()) == ["Stage 3", "Stage 1", "Stage 2"]
        assert ModelLogEntry.objects.filter(action="wagtail.reorder").count() == 2

    def test_it_stays_at_the_end(self, admin_client, flow):
        self.move(admin_client, "Stage 1", "up")
        html = page_of(admin_client, flow).content.decode()
        assert "was the first already." in html
        self.move(admin_client, "Stage 3", "down")
        html = page_of(admin_client, flow).content.decode()
        assert "was the last already." in html

    def test_those_without_a_flow(self, admin_client):
        AutomationFactory(name="One")
        AutomationFactory(name="Two")
        response = self.move(admin_client, "Two", "up")
        assert response.url == f"{url('loose')}#step-{step('Two').pk}"


class TestFindings:
    def findings_of(self, client, flow):
        return page_of(client, flow).context["findings"]

    def test_the_page_tells_what_the_check_finds(self, admin_client, flow):
        findings = self.findings_of(admin_client, flow)
        (found,) = [one for one in findings if one["code"] == "K8"]
        html = page_of(admin_client, flow).content.decode()

        assert found["level"] == "warning"
        assert "No text of this flow asks for a keyword of “Stage 3”." in html
        editor = reverse("sms_automations_modeladmin_edit", args=[step("Stage 3").pk])
        assert found["about"] == [("Stage 3", editor)]

    def test_each_has_a_message_to_try_on_the_phone(self, admin_client, flow):
        (found,) = [
            one for one in self.findings_of(admin_client, flow) if one["code"] == "K8"
        ]
        response = admin_client.get(found["try_url"])

        assert found["witness"].body == "LOST"
        assert response.status_code == 200
        assert 'value="LOST"' in response.content.decode() or ">LOST<" in (
            response.content.decode()
        )

    def test_a_dead_invitation_is_an_error(self, admin_client, flow):
        AutomationFactory(
            name="Stage 4", flow=flow, keywords=("X4",), actions=[reply("Reply PIZZA.")]
        )
        errors = [
            one
            for one in self.findings_of(admin_client, flow)
            if one["level"] == "error"
        ]

        assert [one["code"] for one in errors] == ["K7"]
        assert "PIZZA" in errors[0]["text"]

    def test_a_flow_without_faults_says_so(self, admin_client):
        flow = FlowFactory(announcement="Reply ORDER to begin.")
        AutomationFactory(
            flow=flow, keywords=("ORDER", "Order", "order"), actions=[reply("Thanks.")]
        )

        assert self.findings_of(admin_client, flow) == []
        assert "Nothing to mend" in page_of(admin_client, flow).content.decode()

    def test_names_and_texts_are_escaped(self, admin_client, flow):
        bad = "<script>alert(1)</script>"
        Automation.objects.filter(name="Stage 3").update(name=bad)
        html = page_of(admin_client, flow).content.decode()

        assert "<script>alert(1)" not in html

    def test_who_may_not_see_automations_sees_no_finding(self, client_of, flow):
        response = page_of(client_of("view_flow"), flow)

        assert response.context["findings"] == []
        assert "Flow check" not in response.content.decode()

    def test_what_customers_write_is_for_who_may_see_messages(self, client_of, flow):
        for _text in range(3):
            InboundMessageFactory(body="Dubois", state="processed")
        may_see = ("view_flow", "view_automation")
        without = page_of(client_of(*may_see), flow)
        response = page_of(client_of(*may_see, "view_inboundmessage"), flow)

        assert "Dubois" not in without.content.decode()
        assert "Dubois" in response.content.decode()
