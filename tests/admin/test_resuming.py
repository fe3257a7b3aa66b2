"""What stops a Resume: from the three dots, in bulk, and of a whole flow."""

import re

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.models import Automation

from ..factories import AutomationFactory, FlowFactory, UserFactory, content, reply


pytestmark = pytest.mark.django_db

LIST = "/admin/sms/automations/"
FLOWS = "/admin/sms/flows/"
TITLE = "Not resumed"
BUTTON = "Resume in spite of this"
PERMISSION = "Can resume automations in spite of errors"
ACTIVE, PAUSED = Automation.Status


@pytest.fixture
def flow():
    """A flow of two steps; one listens to a word that is the law's."""
    flow = FlowFactory(name="Orders", announcement="Reply MENU.")
    for name, keywords in (("Good", ("MENU", "Menu")), ("Bad", ("STOP", "Stop"))):
        AutomationFactory(
            name=name,
            flow=flow,
            conditions=[content(*keywords)],
            actions=[reply(f"{name} text.")],
        )
    return flow


def step(name):
    """Return the automation of a name."""
    return Automation.objects.get(name=name)


def row_url():
    """Return the URL of the row's Resume."""
    return reverse("sms_automations_modeladmin_resume", args=[step("Bad").pk])


def bulk_url(*more):
    """Return the URL of the bulk action on both, and what else is ticked."""
    ids = [*Automation.objects.values_list("pk", flat=True), *more]
    query = "".join(f"&id={pk}" for pk in ids)
    return f"/admin/bulk/wagtail_sms_automation/automation/resume/?next={LIST}{query}"


def flow_url():
    """Return the URL of the flow's Resume all."""
    pk = FlowFactory._meta.model.objects.get().pk
    return reverse("sms_flows_modeladmin_resume_all", args=[pk])


#: The three ways to resume.
WAYS = {"row": row_url, "bulk": bulk_url, "flow": flow_url}
every_way = pytest.mark.parametrize("way", WAYS)


def text_of(response):
    """Return what a page says, without its markup."""
    html = re.sub(r"<bdi>|</bdi>", "", response.content.decode())
    return re.sub(r"\s+", " ", html)


def seen_in(response):
    """Return the hidden field that names the findings of a page."""
    return re.search(r'name="seen" value="([^"]*)"', response.content.decode())[1]


def override(client, url, **data):
    """Ask to resume, then send what a user fills in on the page."""
    seen = seen_in(client.post(url))
    return client.post(url, {"seen": seen, "reason": "Legal said so."} | data)


def is_as_it_was():
    """Fail if anything has moved."""
    assert not Automation.objects.filter(status=ACTIVE).exists()
    assert not ModelLogEntry.objects.exists()


@every_way
def test_errors_stop_it_and_are_shown(admin_client, flow, way):
    response = admin_client.post(WAYS[way]())
    assert response.status_code == 200
    text = text_of(response)
    assert TITLE in text
    assert "K4" in text
    assert "STOP, Stop: the law or your provider takes this word first." in text
    assert "For example, “STOP”." in text
    assert "None of your automations answers it." in text
    editor = reverse("sms_automations_modeladmin_edit", args=[step("Bad").pk])
    assert f'<a href="{editor}" dir="auto">Bad</a>' in text
    assert BUTTON in text
    is_as_it_was()


@pytest.mark.parametrize("way", ["bulk", "flow"])
def test_of_several_the_faulty_ones_are_named(admin_client, flow, way):
    text = text_of(admin_client.post(WAYS[way]()))
    assert "2 automations stay paused" in text
    assert "Errors concern: Bad." in text
    assert "1 other has none" in text


def test_an_error_of_the_announcement_is_no_automations(admin_client, flow):
    flow.announcement = "Reply GIFT."
    flow.save()
    text = text_of(admin_client.post(flow_url()))
    assert "Errors concern: Bad." in text
    assert "other has none" not in text


def test_of_one_its_name_is_enough(admin_client, flow):
    text = text_of(admin_client.post(row_url()))
    assert "“Bad” stays paused: the flow check found errors." in text
    assert "Errors concern" not in text


def test_the_page_says_what_the_customer_would_get(admin_client, flow):
    Automation.objects.filter(name="Bad").delete()
    AutomationFactory(
        name="Bad",
        conditions=[content("1234")],
        actions=[reply("A <b>bold</b> text.")],
    )
    text = text_of(admin_client.post(row_url()))
    assert "A &lt;b&gt;bold&lt;/b&gt; text.</q>" in text


def test_an_announcement_leads_to_the_form_of_its_flow(admin_client, client_of, flow):
    flow.announcement = "Reply GIFT."
    flow.save()
    step("Bad").delete()
    editor = reverse("sms_flows_modeladmin_edit", args=[flow.pk])
    text = text_of(admin_client.post(flow_url()))
    assert f'<a href="{editor}" dir="auto">The announcement of “Orders”</a>' in text
    client = client_of("view_flow", "pause_automation")
    text = text_of(client.post(flow_url()))
    assert "GIFT" in text
    assert editor not in text
    assert "The announcement of “Orders”" in text
    is_as_it_was()


@every_way
def test_who_may_not_override_is_told_who_can(client_of, flow, way):
    client = client_of("pause_automation", "view_flow")
    text = text_of(client.post(WAYS[way]()))
    assert f"somebody with the permission “{PERMISSION}”" in text
    assert BUTTON not in text
    assert "<textarea" not in text
    # Who may not change them gets no link to an editor.
    assert "/edit/" not in text.split("<main")[1]
    is_as_it_was()


@every_way
def test_a_reason_without_the_permission_moves_nothing(
    admin_client, client_of, flow, way
):
    seen = seen_in(admin_client.post(WAYS[way]()))
    client = client_of("pause_automation", "change_automation", "view_flow")
    response = client.post(WAYS[way](), {"reason": "I want it.", "seen": seen})
    assert TITLE in text_of(response)
    is_as_it_was()


@every_way
def test_the_permission_to_override_alone_resumes_nothing(client_of, flow, way):
    client = client_of("override_automation", "change_automation", "view_flow")
    data = {"reason": "I want it.", "seen": ""}
    assert client.post(WAYS[way](), data).url == "/admin/"
    is_as_it_was()


@every_way
def test_the_bare_admin_user_is_refused(client_of, flow, way):
    assert client_of().post(WAYS[way]()).url == "/admin/"
    is_as_it_was()


@every_way
def test_an_override_with_a_reason_resumes_and_is_logged(client, flow, way):
    user = UserFactory(
        permissions=["pause_automation", "override_automation", "view_flow"]
    )
    client.force_login(user)
    assert override(client, WAYS[way]()).status_code == 302
    assert step("Bad").status == ACTIVE
    entry = ModelLogEntry.objects.for_instance(step("Bad")).get()
    assert entry.user == user
    assert entry.data == {"reason": "Legal said so.", "errors": ["K4"]}
    good = ModelLogEntry.objects.for_instance(step("Good"))
    assert [entry.data for entry in good] == ([] if way == "row" else [{}])


BAD_REASONS = {
    "empty": "",
    "blanks only": " \t\n ",
    "dots only": "...",
    "invisible only": "\u200b\u2060",
    "too long": "x" * 501,
    "a null character": "a\0b",
}


@pytest.mark.parametrize("reason", BAD_REASONS.values(), ids=BAD_REASONS)
@every_way
def test_a_bad_reason_moves_nothing_and_says_so(admin_client, flow, way, reason):
    response = override(admin_client, WAYS[way](), reason=reason)
    assert response.status_code == 200
    text = text_of(response)
    assert TITLE in text
    assert 'aria-invalid="true"' in text
    assert "error-message" in text
    is_as_it_was()


def test_a_reason_of_500_characters_is_kept_whole(admin_client, flow):
    override(admin_client, row_url(), reason="x" * 500)
    entry = ModelLogEntry.objects.for_instance(step("Bad")).get()
    assert entry.data["reason"] == "x" * 500


def test_history_shows_the_reason_and_escapes_it(admin_client, flow):
    override(admin_client, row_url(), reason="<script>alert(1)</script> & more %(x)s")
    words = (
        "Resumed in spite of errors (K4): "
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more %(x)s"
    )
    pages = (
        reverse("sms_automations_modeladmin_history", args=[step("Bad").pk]),
        "/admin/reports/site-history/",
    )
    for page in pages:
        html = admin_client.get(page).content.decode()
        assert words in html
        assert "<script>alert(1)" not in html


def test_errors_that_came_since_are_shown_first(admin_client, flow):
    url = flow_url()
    seen = seen_in(admin_client.post(url))
    AutomationFactory(name="New", flow=flow, conditions=[content("77")])
    response = admin_client.post(url, {"seen": seen, "reason": "Legal said so."})
    text = text_of(response)
    assert "other errors than those you saw" in text
    assert "K3" in text
    # What was typed is kept.
    assert "Legal said so." in text
    is_as_it_was()
    data = {"seen": seen_in(response), "reason": "Legal said so."}
    assert admin_client.post(url, data).status_code == 302
    assert step("New").status == ACTIVE


@pytest.mark.parametrize("seen", ["", "x" * 5000, "K4-0000000000000000"])
def test_what_was_seen_cannot_be_made_up(admin_client, flow, seen):
    data = {"reason": "Legal said so.", "seen": seen}
    assert TITLE in text_of(admin_client.post(row_url(), data))
    assert TITLE in text_of(admin_client.post(row_url(), {"reason": "Legal said so."}))
    is_as_it_was()


def test_errors_mended_meanwhile_need_no_reason(admin_client, flow):
    seen = seen_in(admin_client.post(row_url()))
    bad = step("Bad")
    bad.conditions = [content("PAUSE", "Pause")]
    bad.save()
    admin_client.post(row_url(), {"seen": seen, "reason": "Legal said so."})
    assert ModelLogEntry.objects.for_instance(bad).get().data == {}


@pytest.mark.parametrize("way", ["row", "flow"])
def test_it_goes_back_where_the_user_came_from(admin_client, flow, way):
    target = f"{LIST}?status=paused&p=1"
    response = admin_client.post(WAYS[way](), {"next": target})
    html = response.content.decode()
    escaped = target.replace("&", "&amp;")
    assert f'<input type="hidden" name="next" value="{escaped}">' in html
    assert f'<a href="{escaped}" class="button button-secondary">' in html
    assert override(admin_client, WAYS[way](), next=target).url == target


def test_in_bulk_it_goes_back_to_the_list(admin_client, flow):
    html = admin_client.post(bulk_url()).content.decode()
    assert f'<a href="{LIST}" class="button button-secondary">' in html
    assert override(admin_client, bulk_url()).url == LIST


@every_way
def test_it_never_leaves_the_site(admin_client, flow, way):
    evil = "https://evil.example/"
    url = WAYS[way]().replace(f"next={LIST}", f"next={evil}")
    response = admin_client.post(url, {"next": evil})
    links = re.findall(r'(?:href|value)="([^"]*)"', response.content.decode())
    assert evil not in links
    assert not override(admin_client, url, next=evil).url.startswith("https:")


@every_way
def test_a_row_deleted_meanwhile_makes_nothing_fail(admin_client, flow, way):
    url = WAYS[way]()
    seen = seen_in(admin_client.post(url))
    Automation.objects.filter(name="Bad").delete()
    data = {"seen": seen, "reason": "Legal said so."}
    response = admin_client.post(url, data)
    assert response.status_code == (404 if way == "row" else 302)
    assert step("Good").status == (PAUSED if way == "row" else ACTIVE)


def test_one_deleted_in_the_very_moment_is_told(admin_client, flow, monkeypatch):
    rows = type(Automation.objects.all())
    lock = rows.lock

    def delete_and_lock(queryset):
        Automation.objects.filter(name="Bad").delete()
        lock(queryset)

    url = row_url()
    monkeypatch.setattr(rows, "lock", delete_and_lock)
    response = admin_client.post(url, follow=True)
    assert "“Bad” is gone: somebody has deleted it." in text_of(response)


def test_ids_that_are_none_are_left_out(admin_client, flow):
    text = text_of(admin_client.post(bulk_url("x", "1 OR 1", "99999", "9" * 30)))
    assert "2 automations stay paused" in text
    is_as_it_was()


def test_somebody_who_pauses_meanwhile_is_not_undone(admin_client, flow):
    seen = seen_in(admin_client.post(flow_url()))
    step("Good").resume()
    step("Good").pause()
    Automation.objects.filter(name="Bad").update(status=ACTIVE)
    data = {"seen": seen, "reason": "Legal said so."}
    text = text_of(admin_client.post(flow_url(), data, follow=True))
    assert "1 automation resumed." in text
    assert "1 automation was active already." in text


def test_a_flow_of_none_has_nothing_to_resume(admin_client, flow):
    Automation.objects.all().delete()
    text = text_of(admin_client.post(flow_url(), follow=True))
    assert "There was nothing to change." in text


@every_way
def test_the_page_cannot_be_opened_by_a_link(admin_client, flow, way):
    response = admin_client.get(WAYS[way]())
    assert response.status_code == (200 if way == "bulk" else 405)
    assert TITLE not in text_of(response)


def break_(name):
    """Make a row that the rulebook cannot read, as code or an old version may."""
    condition = content("MENU", operator="unheard_of")
    Automation.objects.filter(name=name).update(conditions=[condition])


UNREADABLE = "These automations cannot be read."


@every_way
def test_one_that_cannot_be_read_stops_it(admin_client, client_of, flow, way):
    break_("Bad")
    flow.announcement = ""
    flow.save()
    text = text_of(admin_client.post(WAYS[way]()))
    assert TITLE in text
    assert UNREADABLE in text
    editor = reverse("sms_automations_modeladmin_edit", args=[step("Bad").pk])
    assert f'<a href="{editor}" dir="auto">Bad</a>' in text
    # Nothing was checked that could be wrong, or overridden.
    assert "found errors" not in text
    assert "What is wrong" not in text
    assert BUTTON not in text
    assert PERMISSION not in text
    assert ("1 other has none" in text) == (way != "row")
    page = client_of("pause_automation", "view_flow").post(WAYS[way]())
    assert UNREADABLE in text_of(page)
    assert editor not in text_of(page)
    data = {"reason": "I want it.", "seen": ""}
    assert UNREADABLE in text_of(admin_client.post(WAYS[way](), data))
    is_as_it_was()


@pytest.mark.parametrize("way", ["bulk", "flow"])
def test_beside_errors_those_that_cannot_be_read_are_named(admin_client, flow, way):
    break_("Good")
    text = text_of(admin_client.post(WAYS[way]()))
    assert UNREADABLE in text
    assert "STOP, Stop: the law or your provider takes this word first." in text
    assert "Errors concern: Good, Bad." in text
    assert "other has none" not in text
    assert BUTTON not in text
    is_as_it_was()


@pytest.fixture
def warned():
    """A flow whose step has the keyword of another one."""
    flow = FlowFactory(name="Pizza <i>")
    AutomationFactory(name="Old", conditions=[content("PIZZA", "Pizza")], active=True)
    AutomationFactory(name="Bad", conditions=[content("PIZZA", "Pizza")], flow=flow)
    return flow


@every_way
def test_warnings_do_not_stop_it_and_lead_to_the_flow(admin_client, warned, way):
    response = admin_client.post(WAYS[way](), follow=True)
    assert step("Bad").status == ACTIVE
    text = text_of(response)
    assert "The flow check gives 1 warning." in text
    page = reverse("sms_flows_modeladmin_inspect", args=[warned.pk])
    assert f'href="{page}#flow-check"' in text
    assert "See “Pizza &lt;i&gt;”" in text
    assert "“Old” and “Bad” both answer PIZZA, Pizza" in text
    assert 'id="flow-check"' in admin_client.get(page).content.decode()


@pytest.mark.parametrize("has_flow", [True, False])
def test_without_a_page_that_lists_them_warnings_are_told(client_of, warned, has_flow):
    if not has_flow:
        Automation.objects.update(flow=None)
    permissions = (
        ["pause_automation"] if has_flow else ["pause_automation", "view_flow"]
    )
    text = text_of(client_of(*permissions).post(row_url(), follow=True))
    assert "The flow check gives" in text
    assert "“Old” and “Bad” both answer PIZZA, Pizza" in text
    assert "#flow-check" not in text


def test_warnings_that_no_page_lists_are_told_beside_the_button(admin_client, warned):
    for name, active in (("Here", True), ("Loose", False)):
        AutomationFactory(
            name=name, conditions=[content("SODA", "Soda")], active=active
        )
    text = text_of(admin_client.post(bulk_url(), follow=True))
    assert "The flow check gives 2 warnings." in text
    assert "“Old” and “Bad” both answer PIZZA" in text
    assert "“Here” and “Loose” both answer SODA" in text
    assert text.count("#flow-check") == 1


def test_of_many_warnings_the_first_three_are_told(admin_client, warned):
    for word in ("SODA", "WINE", "CAKE", "SOUP"):
        for active in (True, False):
            AutomationFactory(
                conditions=[content(word, word.title())], active=active, flow=warned
            )
    text = text_of(admin_client.post(bulk_url(), follow=True))
    assert "The flow check gives 5 warnings." in text
    assert text.count("both answer") == 3


def test_what_only_a_flow_half_resumed_does_wrong_is_told(admin_client):
    """The page of the flow does not list it: there, all steps are active."""
    flow = FlowFactory(announcement="Reply ORDER.")
    for name, word, body in (("Bad", "ORDER", "Reply MENU."), ("Next", "MENU", "!")):
        AutomationFactory(
            name=name,
            flow=flow,
            conditions=[content(word, word.title())],
            actions=[reply(body)],
        )
    text = text_of(admin_client.post(row_url(), follow=True))
    assert "The flow check gives 1 warning. " in text
    assert "MENU" in text.split("The flow check gives 1 warning. ")[1].split("</")[0]


def test_without_warnings_none_are_told(admin_client, flow):
    step("Bad").delete()
    text = text_of(admin_client.post(flow_url(), follow=True))
    assert "1 automation resumed." in text
    assert "The flow check gives" not in text


@pytest.mark.parametrize("way", ["bulk", "flow"])
def test_the_page_asks_as_much_for_many_as_for_two(
    admin_client, flow, count_queries, way
):
    def queries():
        return count_queries(lambda: admin_client.post(WAYS[way]()))

    queries()
    few = queries()
    for number in range(20):
        AutomationFactory(flow=flow, conditions=[content("STOP", f"12{number}")])
    # What is active has not changed, and is compiled anew once.
    queries()
    assert queries() == few
