"""Templates: the gallery, making a flow, files in and out."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from wagtail_sms_automation.models import Automation, ContactGroup, Flow

from ..factories import AutomationFactory, FlowFactory, follows
from ..flow_files.files import as_bytes, automation, document


pytestmark = pytest.mark.django_db

GALLERY = "/admin/sms/flow-templates/"
CHOOSE = f"{GALLERY}choose/club.en/"
UPLOAD = f"{GALLERY}upload/"
FILLED = {"name": "Club", "value_restaurant": "Léa & co", "value_club_group": "Club"}


def upload(client, data):
    """Send a file."""
    return client.post(UPLOAD, {"file": SimpleUploadedFile("flow.json", data)})


def html_of(response):
    """Return the page."""
    assert response.status_code == 200
    return response.content.decode()


def test_the_gallery_shows_each_template_of_a_language(admin_client):
    html = html_of(admin_client.get(GALLERY))
    for text in ("SMS orders", "Booking reminder", "Hours, address", "Club with"):
        assert text in html
    assert "Chez Lea: thanks! Reply MENU" in html
    assert "Commandes par SMS" in html_of(admin_client.get(f"{GALLERY}?language=fr"))
    assert "SMS orders" in html_of(admin_client.get(f"{GALLERY}?language=<x>"))


def test_filled_in_previewed_and_made(admin_client):
    assert "For example: Chez Lea" in html_of(admin_client.get(CHOOSE))
    html = html_of(admin_client.post(CHOOSE, FILLED))
    assert "Léa &amp; co: would you like about 2 offers" in html
    assert "This contact group is made with it: Club" in html
    assert not Flow.objects.exists()
    response = admin_client.post(CHOOSE, FILLED | {"create": "1"}, follow=True)
    flow = Flow.objects.get()
    assert response.redirect_chain == [(f"/admin/sms/flows/inspect/{flow.pk}/", 302)]
    assert "2 automations. They are paused" in html_of(response)
    assert {one.status for one in flow.automations.all()} == {"paused"}
    assert ContactGroup.objects.get().name == "Club"


def test_once_more_makes_nothing(admin_client):
    for _time in range(2):
        response = admin_client.post(CHOOSE, FILLED | {"create": "1"}, follow=True)
    assert "is there already, just so." in html_of(response)
    assert Automation.objects.count() == 2


def test_a_name_that_is_taken(admin_client):
    FlowFactory(name="Club")
    html = html_of(admin_client.post(CHOOSE, FILLED | {"create": "1"}))
    assert "Choose another name." in html
    assert not Automation.objects.exists()


@pytest.mark.parametrize(
    ("template", "changes", "error"),
    [
        ("club.en", {"value_restaurant": ""}, "This value is needed."),
        ("club.en", {"name": " "}, "This field is required."),
        ("order.en", {"value_staff_mobile": "12345678"}, "phone number"),
        ("order.en", {"value_staff_email": "k"}, "valid e-mail address"),
    ],
)
def test_values_that_are_none(admin_client, template, changes, error):
    values = {
        "name": "New",
        "value_restaurant": "Lea",
        "value_address": "3 Quay Road",
        "value_phone": "020",
        "value_staff_mobile": "+447911123456",
        "value_staff_email": "k@lea.example",
        "value_delivery_group": "D",
        "value_pickup_group": "P",
        "value_orders_group": "O",
        "value_club_group": "C",
    }
    url = f"{GALLERY}choose/{template}/"
    html = html_of(admin_client.post(url, values | changes | {"create": "1"}))
    assert error in html
    assert not Flow.objects.exists()


@pytest.mark.parametrize("name", ["nothing.en", "order", "..", "order.en.json"])
def test_no_such_template(admin_client, name):
    assert admin_client.get(f"{GALLERY}choose/{name}/").status_code == 404


def test_a_file_is_uploaded_looked_at_and_imported(admin_client):
    whole = document(name="<script>alert(1)</script>")
    html = html_of(upload(admin_client, as_bytes(whole)))
    assert "Reply MENU." in html
    assert "<script>alert(1)" not in html
    values = {"name": whole["name"], "document": as_bytes(whole).decode()}
    html = html_of(admin_client.post(UPLOAD, values, follow=True))
    assert "Make the flow, paused" in html
    response = admin_client.post(UPLOAD, values | {"create": "1"}, follow=True)
    assert "<script>alert(1)" not in html_of(response)
    assert Flow.objects.get().name == whole["name"]


def test_a_file_that_asks_is_filled_in(admin_client):
    whole = document(
        values=[{"key": "who", "label": "Who <b>?", "example": "Chez Lea"}],
        automations=[automation(actions=[{"type": "reply", "body": "I am [[who]]."}])],
    )
    html = html_of(upload(admin_client, as_bytes(whole)))
    assert "Who &lt;b&gt;?" in html
    assert "Make the flow, paused" not in html
    values = {"name": "Mine", "value_who": "Léa", "document": as_bytes(whole).decode()}
    assert "I am Léa." in html_of(admin_client.post(UPLOAD, values))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "The submitted file is empty."),
        (b'{"format":', "Line 1: the file ends too early."),
        (as_bytes(document(version=2)), "Line 3: this file is of another version"),
        (as_bytes(document(name="")), "Line 4: name: This field is required."),
        (b"\xff\xfe", "Line 1: this is not UTF-8."),
        (b" " * 1_000_001, "The file is too big"),
    ],
)
def test_a_bad_file_is_refused_with_line_and_reason(admin_client, data, error):
    html = html_of(upload(admin_client, data))
    assert error in html
    assert "Nothing is imported." in html
    assert not Flow.objects.exists()


def test_a_document_that_was_tampered_with(admin_client):
    values = {"name": "Mine", "document": "{", "create": "1"}
    html = html_of(admin_client.post(UPLOAD, values))
    assert "Line 1: the file ends too early." in html
    assert not Flow.objects.exists()


def test_a_flow_is_downloaded(admin_client):
    flow = FlowFactory(name="Été <b>")
    AutomationFactory(flow=flow, keywords=("ORDER",))
    url = f"{GALLERY}download/{flow.pk}/"
    assert url in html_of(admin_client.get(GALLERY))
    response = admin_client.get(url)
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert json.loads(response.content)["name"] == "Été <b>"
    assert admin_client.post(url).status_code == 405


def test_a_flow_that_no_file_can_hold_says_why(admin_client):
    flow = FlowFactory()
    other = AutomationFactory(name="Elsewhere")
    AutomationFactory(name="Here", flow=flow, conditions=[follows(other)])
    response = admin_client.get(f"{GALLERY}download/{flow.pk}/", follow=True)
    assert "“Elsewhere”, which is not in this flow." in html_of(response)


MAKING = ("add_flow", "add_automation")


@pytest.mark.parametrize("permissions", [(), *((one,) for one in MAKING)])
@pytest.mark.parametrize("url", [GALLERY, CHOOSE, UPLOAD])
def test_who_may_not_make_both_is_refused(client_of, permissions, url):
    client = client_of(*permissions)
    for response in (client.get(url), client.post(url, FILLED | {"create": "1"})):
        assert response.status_code == 302
        assert response.url == "/admin/"
    assert not Flow.objects.exists()


def test_who_may_make_both_sees_the_menu_entry(client_of):
    assert GALLERY in html_of(client_of(*MAKING).get("/admin/"))
    assert GALLERY not in html_of(client_of("add_flow").get("/admin/"))


def test_contact_groups_need_their_own_permission(client_of):
    client = client_of(*MAKING)
    html = html_of(client.post(CHOOSE, FILLED | {"create": "1"}))
    assert "You may not add contact groups" in html
    assert not Flow.objects.exists()
    ContactGroup.objects.create(name="Club")
    assert client.post(CHOOSE, FILLED | {"create": "1"}).status_code == 302
    client = client_of(*MAKING, "add_contactgroup")
    more = FILLED | {"create": "1", "name": "More", "value_club_group": "More"}
    assert client.post(CHOOSE, more).status_code == 302
    assert ContactGroup.objects.count() == 2


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (("view_flow", "view_automation"), 302),
        (("change_automation",), 302),
        (("view_flow",), 302),
        (("view_flow", "change_automation"), 200),
        (("view_flow", "add_automation"), 200),
    ],
)
def test_who_may_read_a_flow_may_download_it(client_of, permissions, status):
    url = f"{GALLERY}download/{FlowFactory().pk}/"
    assert client_of(*permissions).get(url).status_code == status
