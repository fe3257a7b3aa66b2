"""Actions in the editor: what is kept, and what is refused at which field."""

import pytest

from wagtail_sms_automation.admin.blocks import ActionsBlock
from wagtail_sms_automation.models import SmsSettings

from .. import factories
from .blocks import errors, save


pytestmark = pytest.mark.django_db

NUMBER = "06 12 34 56 78"


def action(name):
    return ActionsBlock().child_blocks[name]


def body_errors(body):
    return errors(action("reply"), body=body).get("body", [])


def test_a_reply_is_kept_as_it_is_sent():
    stored = save(action("reply"), body="  Bonjour,\r\ne\u0301te\u0301\u200b !  ")
    assert stored == {"body": "Bonjour,\nété !"}


@pytest.mark.parametrize("body", ["", "   ", "\u200b\n"])
def test_an_empty_reply_is_refused(body):
    assert body_errors(body) == ["Write the text that is sent."]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("Hi {{ contact.birthday }}", "{{ contact.birthday }}"),
        ("Hi {{ contact.first_name and so on", "{{ contact.first_name and so on"),
        ("Hi {{ message.__class__ }}", "{{ message.__class__ }}"),
        ("Hi {{}}", "{{}}"),
    ],
)
def test_a_wrong_placeholder_is_named(body, named):
    (message,) = body_errors(body)
    assert message.startswith(f"Unknown or incomplete placeholder: {named}.")
    known = message.split("You can use:")[1]
    assert "{{ contact.first_name }}" in known
    assert "{{ contact.attributes.NAME }}" in known
    assert "{{ contact.phone }}" not in known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("{{ contact.firstname }}", "{{ contact.first_name }}"),
        ("{{ First_Name|there }}", "{{ contact.first_name|there }}"),
        ("{{name}}", "{{ contact.name }}"),
        ("{{ contact.phonenumber }}", "{{ contact.phone_number }}"),
        ("{{ contact.attributes }}", "{{ contact.attributes.NAME }}"),
        ("{{ keywords }}", "{{ keyword }}"),
    ],
)
def test_a_mistyped_placeholder_is_answered_with_the_nearest(typed, meant):
    assert body_errors(f"Hi {typed}!") == [
        f"Unknown placeholder {typed}. Did you mean {meant}?"
    ]


@pytest.mark.parametrize("typed", ["{{ contact.first_name", "{{ contact.first_name }"])
def test_a_placeholder_without_end_is_answered_with_the_whole(typed):
    assert body_errors(f"Hi {typed}") == [
        f"Incomplete placeholder {typed}. Did you mean {{{{ contact.first_name }}}}?"
    ]


def test_each_mistyped_placeholder_is_named_and_the_others_together():
    messages = body_errors("{{ keywords }} {{ x }} {{ contact.nam }} {{ y }}")
    assert messages[:2] == [
        "Unknown placeholder {{ keywords }}. Did you mean {{ keyword }}?",
        "Unknown placeholder {{ contact.nam }}. Did you mean {{ contact.name }}?",
    ]
    assert "placeholder: {{ x }}, {{ y }}. You can" in messages[2]
    assert len(messages) == 3


def test_placeholders_with_a_fallback_and_attributes_are_kept():
    body = "{{ contact.first_name|there }} {{ contact.attributes.address }} {{keyword}}"
    assert save(action("reply"), body=body) == {"body": body}


def test_a_reply_of_more_parts_than_can_be_sent_is_refused():
    assert body_errors("a" * 1377) == []
    assert body_errors("a" * 1378) == [
        "This text takes 10 SMS parts; at most 9 can be sent."
    ]
    assert body_errors("ê" * 604) == [
        "This text takes 10 SMS parts; at most 9 can be sent."
    ]


def test_parts_are_counted_as_the_text_is_sent():
    assert body_errors("’" + "a" * 1376) == []
    SmsSettings.objects.create(replaces_typography=False)
    assert len(body_errors("’" + "a" * 1376)) == 1


@pytest.mark.parametrize("name", ["add_to_group", "remove_from_group"])
def test_a_group_action_needs_its_group(name):
    group = factories.ContactGroupFactory()
    assert save(action(name), group=str(group.pk)) == {"group": group.pk}
    group.delete()
    (message,) = errors(action(name), group="")["group"]
    assert "has been deleted" in message


def test_forward_numbers_are_kept_as_e164():
    stored = save(action("forward_to_phone"), phone_numbers=NUMBER, body="Order")
    assert stored == {"phone_numbers": ["+33612345678"], "body": "Order"}


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("38111", "This is a short code, not a phone number."),
        ("kitchen", "A phone number has no letters."),
        ("+33 6 12", "This is not a valid phone number."),
    ],
)
def test_a_bad_forward_number_is_named_with_its_reason(number, reason):
    found = errors(
        action("forward_to_phone"), phone_numbers=f"{NUMBER}\n{number}", body="Order"
    )
    if number == "+33 6 12":
        assert found["phone_numbers"][0].startswith(number)
    else:
        assert found == {"phone_numbers": [f"{number}: {reason}"]}


def test_a_forward_without_number_or_text_is_refused():
    assert errors(action("forward_to_phone"), phone_numbers="", body="") == {
        "phone_numbers": ["Add at least one number."],
        "body": ["Write the text that is sent."],
    }


def test_addresses_are_kept():
    stored = save(
        action("forward_to_email"),
        addresses="kitchen@example.com\nfront@example.com\nkitchen@example.com",
        body="{{ message.body }}",
    )
    assert stored["addresses"] == ["kitchen@example.com", "front@example.com"]


@pytest.mark.parametrize("address", ["kitchen", "a@b", "a b@example.com", "a@b@c.fr"])
def test_a_bad_address_is_named(address):
    found = errors(
        action("forward_to_email"), addresses=f"ok@example.com\n{address}", body="x"
    )
    assert found == {"addresses": [f"{address}: This is not a valid e-mail address."]}


def test_a_mail_may_be_long_but_its_placeholders_are_checked():
    addresses = "kitchen@example.com"
    block = action("forward_to_email")
    assert errors(block, addresses=addresses, body="a" * 5000) == {}
    (message,) = errors(block, addresses=addresses, body="{{ nonsense }}")["body"]
    assert "{{ nonsense }}" in message


@pytest.mark.parametrize("attribute", ["Address", "2nd", "my address", "é", "a\n", ""])
def test_a_bad_attribute_is_refused(attribute):
    assert "attribute" in errors(action("save_answer"), attribute=attribute)


def test_an_attribute_is_kept():
    assert save(action("save_answer"), attribute="address_2") == {
        "attribute": "address_2"
    }


def test_opt_out_has_nothing_to_fill_in():
    assert save(action("opt_out")) == {}


@pytest.mark.parametrize("hours", ["", "0", "999999999"])
def test_bad_hours_of_a_hand_over_are_refused(hours):
    assert "hours" in errors(action("hand_over"), hours=hours)
