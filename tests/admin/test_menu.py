"""The menu entry, its icons and the settings page."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.utils.functional import Promise
from wagtail import hooks

import wagtail_sms_automation
from wagtail_sms_automation.admin import icons, modeladmin
from wagtail_sms_automation.models import SmsSettings


pytestmark = pytest.mark.django_db

PACKAGE = Path(wagtail_sms_automation.__file__).parent


#: In the order of the menu.
SECTIONS = (
    "automations",
    "flows",
    "flow-templates",
    "contact-groups",
    "contacts",
    "messages",
    "unsent",
)


def sections_of(client):
    """Return the labels of our submenu as a user sees it."""
    html = client.get("/admin/").content.decode()
    return [label for label in SECTIONS if f"/admin/sms/{label}/" in html]


def test_the_owner_sees_every_section(admin_client):
    assert sections_of(admin_client) == list(SECTIONS)


@pytest.mark.parametrize(
    ("permission", "section"),
    [
        ("pause_automation", "automations"),
        ("view_flow", "flows"),
        ("view_contactgroup", "contact-groups"),
        ("view_contact", "contacts"),
        ("view_inboundmessage", "messages"),
        ("retry_inboundmessage", "messages"),
        ("view_outboundmessage", "unsent"),
        ("review_outboundmessage", "unsent"),
    ],
)
def test_everybody_else_sees_what_opens_for_them(client_of, permission, section):
    client = client_of(permission)
    assert sections_of(client) == [section]
    assert client.get(f"/admin/sms/{section}/").status_code == 200


def test_someone_with_admin_access_only_sees_nothing(client_of):
    client = client_of()
    assert sections_of(client) == []
    assert '"label": "SMS"' not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    "section",
    [modeladmin.SmsGroup, *modeladmin.SmsGroup.items],
    ids=lambda s: s.__name__,
)
def test_labels_follow_the_visitor_not_the_first_one(section):
    assert isinstance(section.menu_label, Promise)


def test_titles_are_whole_phrases():
    for section in (modeladmin.AutomationAdmin, modeladmin.ContactGroupAdmin):
        assert isinstance(section.add_label, Promise)
        assert isinstance(section.new_title, Promise)


def icon_names():
    """Return the names of all registered icons."""
    templates = []
    for hook in hooks.get_hooks("register_icons"):
        templates = hook(templates)
    return {Path(template).stem for template in templates}


def used_icon_names():
    """Return every icon named in our Python and templates."""
    named = set()
    for path in [*PACKAGE.glob("*models.py"), *(PACKAGE / "admin").rglob("*.py")]:
        source = path.read_text()
        named |= set(
            re.findall(
                r'(?<!, )\b(?:icon|icon_name|menu_icon|header_icon)\s*=\s*"([^"]+)"',
                source,
            )
        )
        named |= set(re.findall(r'"(sms-[a-z-]+)"', source))
    for path in PACKAGE.rglob("*.html"):
        source = path.read_text()
        named |= set(re.findall(r'{% icon name="([^"]+)"', source))
        named |= set(re.findall(r'\bicon="([^"]+)"', source))
    # Classes of our style sheets and parts of names are no icons.
    return {name for name in named if not name.startswith(("sms-wide",))}


def test_every_icon_named_is_registered():
    assert {"sms-automation", "sms-flow", "sms-pause", "sms-play"} <= used_icon_names()
    controllers = {path.stem for path in PACKAGE.rglob("*-controller.js")}
    controllers = {f"sms-{name.removesuffix('-controller')}" for name in controllers}
    assert used_icon_names() - controllers <= icon_names()


@pytest.mark.parametrize("template", icons.icon_templates())
def test_a_drawing_is_one_small_symbol(template):
    svg = get_template(template).render()
    name = Path(template).stem
    assert f'id="icon-{name}"' in svg
    assert 'viewBox="0 0 16 16"' in svg
    assert "fill=" not in svg
    assert "<script" not in svg


def test_the_settings_page_is_in_chapters(admin_client):
    url = "/admin/settings/wagtail_sms_automation/smssettings/"
    html = admin_client.get(url, follow=True).content.decode()
    for heading in (
        "Opening hours",
        "Answers to STOP, START and HELP",
        "Loop guard",
        "Daily limits",
    ):
        assert heading in html


def test_the_settings_can_be_saved(admin_client):
    url = "/admin/settings/wagtail_sms_automation/smssettings/"
    data = {
        "opening_hours-count": "0",
        "opt_out_text": "You will get no more texts.",
        "opt_in_text": "",
        "help_text": "",
        "replies_per_minute": "3",
        "replies_per_hour": "20",
        "replies_per_day": "40",
        "identical_replies": "3",
        "pause_hours": "6",
        "fallback_hours": "12",
        "reads_together_seconds": "0",
    }
    target = admin_client.get(url, follow=True).redirect_chain
    admin_client.post(target[-1][0] if target else url, data)
    settings = SmsSettings.objects.get()
    assert settings.replies_per_minute == 3
    assert settings.opt_out_text == "You will get no more texts."


def test_permissions_can_be_given_to_groups(admin_client):
    html = admin_client.get("/admin/groups/new/").content.decode()
    assert "Can pause and resume automations" in html
    assert "Can send again, or leave, what was not sent" in html
    assert "Can try parked messages again" in html
    for model in (
        "Automation",
        "Contact group",
        "Contact",
        "Message",
        "Outbound message",
        "Flow",
    ):
        assert model in html


def test_no_template_of_ours_has_inline_code():
    for path in PACKAGE.rglob("*.html"):
        source = path.read_text()
        for script in re.findall(r"<script[^>]*>", source):
            assert "src=" in script or "application/json" in script, path
        assert "<style" not in source, path
        assert not re.search(r"\s(style|on[a-z]+)=\"", source), path
