"""Who gets in: every URL of this app, tried by somebody without its permission."""

import re

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from wagtail.models import ModelLogEntry

from wagtail_sms_automation.models import (
    Automation,
    Contact,
    ContactGroup,
    InboundMessage,
    OutboundMessage,
    SmsSettings,
)

from ..factories import (
    AutomationFactory,
    ContactGroupFactory,
    FlowFactory,
    FlowTemplateFactory,
    InboundMessageFactory,
    MembershipFactory,
    OutboundMessageFactory,
)


pytestmark = pytest.mark.django_db

REFUSED = "/admin/"


def our_names():
    """Return (URL name, names of its arguments) of every page this app registers."""
    found = []

    def walk(patterns, prefix, groups):
        for pattern in patterns:
            route = str(pattern.pattern)
            arguments = groups + re.findall(r"\(\?P<(\w+)>", route)
            arguments += re.findall(r"<(?:\w+:)?(\w+)>", re.sub(r"\(.*?\)", "", route))
            if hasattr(pattern, "url_patterns"):
                namespace = f"{pattern.namespace}:" if pattern.namespace else ""
                walk(pattern.url_patterns, prefix + namespace, arguments)
            elif pattern.name and f"{prefix}{pattern.name}".startswith("sms_"):
                found.append((prefix + pattern.name, tuple(arguments)))

    walk(get_resolver().url_patterns, "", [])
    return found


#: Model -> its bulk actions.
BULK = {
    "automation": ("resume", "pause"),
    "outboundmessage": ("send_again", "leave"),
    "inboundmessage": ("try_again",),
}


def other_urls(rows):
    """Return the URLs of Wagtail's own that show our rows."""
    keys = {
        "automation": rows["automation"].pk,
        "outboundmessage": rows["unsent"].pk,
        "inboundmessage": rows["message"].pk,
    }
    # Without a key, this URL sends everybody on to the one with a key.
    settings = reverse(
        "wagtailsettings:edit", args=["wagtail_sms_automation", "smssettings", 1]
    )
    bulk = [
        f"/admin/bulk/wagtail_sms_automation/{model}/{action}/?id={keys[model]}"
        for model, actions in BULK.items()
        for action in actions
    ]
    return [settings, *bulk]


@pytest.fixture
def rows():
    """One row of each model, all with the same key as far as that can be."""
    message = InboundMessageFactory(
        body="My secret", state="parked", contact__is_flagged=True
    )
    automation = AutomationFactory(name="My secret", description="My secret")
    automation.save_revision()
    automation.save_revision()
    MembershipFactory(contact=message.contact)
    flow = FlowFactory(name="My secret")
    # The same key: some pages are about the one, some about the other.
    FlowTemplateFactory(name="My secret", pk=flow.pk)
    return {
        "pk": automation.pk,
        "revision_id": automation.latest_revision_id,
        "revision_id_a": "earliest",
        "revision_id_b": "latest",
        "template": "order.en",
        "automation": automation,
        "message": message,
        "group": ContactGroupFactory(name="My secret"),
        "flow": flow,
        "unsent": OutboundMessageFactory(
            body="My secret", state="failed", contact=message.contact
        ),
    }


def key_for(name, rows):
    """Return the key of the row a URL is about."""
    if "automation" in name:
        return rows["automation"].pk
    if "group" in name:
        return rows["group"].pk
    if "flow" in name:
        return rows["flow"].pk
    if "unsent" in name:
        return rows["unsent"].pk
    return rows["message"].contact_id if "contacts" in name else rows["message"].pk


def url_of(name, arguments, rows):
    """Return the URL of a page about our rows."""
    values = rows | {"pk": key_for(name, rows)}
    return reverse(name, kwargs={argument: values[argument] for argument in arguments})


def test_the_walk_finds_every_section():
    names = [name for name, _arguments in our_names()]
    parts = ("automations", "flows", "contact-groups", "contacts", "messages", "unsent")
    for part in parts:
        assert any(f"sms_{part}_modeladmin_" in name for name in names), part
    for chooser in ("contact_group", "automation", "flow"):
        assert f"sms_{chooser}_chooser:choose" in names
    assert len(names) >= 40


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "arguments"), our_names())
def test_someone_with_admin_access_only_is_refused(
    client_of, rows, name, arguments, method
):
    response = getattr(client_of(), method)(url_of(name, arguments, rows))
    assert response.status_code == 302, response.content[:500]
    assert response.url == REFUSED


@pytest.mark.parametrize(("name", "arguments"), our_names())
def test_scripts_are_refused_too(client_of, rows, name, arguments):
    response = client_of().get(
        url_of(name, arguments, rows), headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert response.status_code == 403
    assert b"My secret" not in response.content


@pytest.mark.parametrize(("name", "arguments"), our_names())
def test_strangers_must_log_in(client, rows, name, arguments):
    response = client.get(url_of(name, arguments, rows))
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("index", range(6))
def test_wagtails_own_pages_about_our_rows_are_refused(client_of, rows, index, method):
    SmsSettings.objects.create(pk=1)
    url = other_urls(rows)[index]
    response = getattr(client_of(), method)(url)
    assert response.status_code == 302
    assert response.url == REFUSED
    is_as_it_was(rows)


def is_as_it_was(rows):
    """Check that nobody has moved our rows, and that nothing is logged."""
    for name in ("automation", "unsent", "message"):
        rows[name].refresh_from_db()
    assert rows["automation"].status == Automation.Status.PAUSED
    assert (rows["unsent"].state, rows["unsent"].review) == ("failed", "")
    assert rows["message"].state == InboundMessage.State.PARKED
    assert Contact.objects.get().is_flagged
    assert OutboundMessage.objects.count() == 1
    assert not ModelLogEntry.objects.exclude(action__startswith="wagtail.").exists()


def test_the_settings_open_for_those_who_may_change_them(client_of, rows):
    url = other_urls(rows)[0]
    SmsSettings.objects.create(pk=1)
    assert client_of("change_smssettings").get(url).status_code == 200


def test_nothing_changed_and_nothing_was_logged(client_of, rows):
    client = client_of()
    before = ModelLogEntry.objects.count()
    for name, arguments in our_names():
        client.post(url_of(name, arguments, rows), {"name": "Changed"})
    assert ModelLogEntry.objects.count() == before
    assert Automation.objects.get().name == "My secret"
    assert ContactGroup.objects.count() == 2
    assert InboundMessage.objects.count() == 1
    assert Contact.objects.count() == 1
    assert not SmsSettings.objects.exists()
    is_as_it_was(rows)


#: What answers a POST only.
POSTED = (
    *("resume", "pause", "reorder", "send_again", "leave", "try_again"),
    *("clear_flag", "move_up", "move_down", "resume_all", "pause_all", "duplicate"),
    "place",
    *("simulator_draft", "simulator_replay_draft"),
)

#: Permission -> the automation pages it opens, by GET.
OPENS = {
    "view_automation": {"index", "results", "history", "history_results"},
    "pause_automation": {"index", "results", "history", "history_results"},
    "delete_automation": {"index", "results", "history", "history_results", "delete"},
    "add_automation": {
        "index",
        "results",
        "history",
        "history_results",
        "create",
        "preview_create",
    },
    "change_automation": {
        "index",
        "results",
        "history",
        "history_results",
        "edit",
        "rename",
        "usage",
        "compare",
        "revert",
        "preview",
    },
}


@pytest.mark.parametrize("permission", OPENS)
def test_each_permission_opens_its_own_pages_only(client_of, rows, permission):
    client, opened = client_of(permission), set()
    for name, arguments in our_names():
        _section, _separator, action = name.partition("_modeladmin_")
        if not action or action in POSTED:
            continue
        if client.get(url_of(name, arguments, rows)).status_code == 200:
            assert name.startswith("sms_automations_"), name
            opened.add(action)
    assert opened == OPENS[permission]


#: Permission -> (section, pages it opens by GET, what it lets one post).
READS_AND_POSTS = {
    "view_outboundmessage": ("unsent", {"index", "results", "inspect"}, set()),
    "review_outboundmessage": (
        "unsent",
        {"index", "results", "inspect", "confirm"},
        {"send_again", "leave"},
    ),
    "view_inboundmessage": ("messages", {"index", "results", "inspect"}, set()),
    "retry_inboundmessage": (
        "messages",
        {"index", "results", "inspect"},
        {"try_again"},
    ),
    "view_contact": ("contacts", {"index", "results", "inspect"}, set()),
    "change_contact": ("contacts", {"index", "results", "inspect"}, {"clear_flag"}),
}


@pytest.mark.parametrize("permission", READS_AND_POSTS)
def test_each_permission_posts_its_own_actions_only(client_of, rows, permission):
    client, opened, posted = client_of(permission), set(), set()
    section, pages, actions = READS_AND_POSTS[permission]
    for name, arguments in our_names():
        _section, _separator, action = name.partition("_modeladmin_")
        if not action:
            continue
        url = url_of(name, arguments, rows)
        if action not in POSTED and client.get(url).status_code == 200:
            assert name.startswith(f"sms_{section}_"), name
            opened.add(action)
        if action in POSTED and client.post(url).url != REFUSED:
            assert name.startswith(f"sms_{section}_"), name
            posted.add(action)
    assert (opened, posted) == (pages, actions)
    if not actions:
        is_as_it_was(rows)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        found
        for found in our_names()
        if found[0].rpartition("_modeladmin_")[2] in POSTED
    ],
)
def test_a_link_can_do_nothing(admin_client, rows, name, arguments):
    assert admin_client.get(url_of(name, arguments, rows)).status_code == 405
    is_as_it_was(rows)


@pytest.mark.parametrize("name", ["send_again", "leave", "try_again", "clear_flag"])
def test_another_site_can_do_nothing(superuser, rows, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    (full,) = [one for one, _ in our_names() if one.endswith(f"_modeladmin_{name}")]
    assert client.post(url_of(full, ("pk",), rows)).status_code == 403
    is_as_it_was(rows)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_to_read_answer_no_other_method(admin_client, rows, method):
    for section in ("contacts", "messages", "unsent"):
        name = f"sms_{section}_modeladmin_inspect"
        url = url_of(name, ("pk",), rows)
        assert getattr(admin_client, method)(url).status_code == 405


@pytest.mark.parametrize("key", ["x", "4711", "9" * 30, "0"])
def test_a_key_that_is_none_is_a_404(admin_client, key):
    for name, arguments in our_names():
        if "pk" not in arguments or "chooser" in name:
            continue
        values = {"pk": key, "revision_id": 1, "revision_id_a": 1, "revision_id_b": 1}
        try:
            url = reverse(name, kwargs={key: values[key] for key in arguments})
        except NoReverseMatch:
            continue
        method = "post" if name.endswith(POSTED) else "get"
        assert getattr(admin_client, method)(url).status_code == 404, name
