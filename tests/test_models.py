"""Rows keep what they promise: constraints, transitions, references, revisions."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from wagtail.models import ModelLogEntry

from tests import factories
from wagtail_sms_automation.models import (
    Automation,
    AutomationGroup,
    Contact,
    ContactGroup,
    InboundMessage,
    OptOut,
    OutboundMessage,
    RulebookRevision,
    SmsSettings,
    WrongStatus,
)


pytestmark = pytest.mark.django_db


def refuses(function):
    with pytest.raises(IntegrityError), transaction.atomic():
        function()


def test_a_new_automation_is_paused_and_last():
    first = Automation.objects.create(name="A", actions=[])
    second = Automation.objects.create(name="B", actions=[])

    assert first.status == Automation.Status.PAUSED
    assert list(Automation.objects.in_order()) == [first, second]


def test_resume_and_pause_are_logged_with_who_did_it(superuser):
    automation = factories.AutomationFactory()

    automation.resume(user=superuser)
    automation.pause(user=superuser)

    log = ModelLogEntry.objects.filter(action__startswith="wagtail_sms_automation.")
    entries = list(log.order_by("pk"))
    assert [entry.action for entry in entries] == [
        "wagtail_sms_automation.resume",
        "wagtail_sms_automation.pause",
    ]
    assert {entry.user for entry in entries} == {superuser}


@pytest.mark.parametrize("move", ["pause", "resume"])
def test_a_move_in_the_wrong_status_raises(move):
    automation = factories.AutomationFactory(active=move == "resume")

    with pytest.raises(WrongStatus):
        getattr(automation, move)()

    assert not ModelLogEntry.objects.exists()


def test_of_two_who_resume_at_once_one_is_told(superuser):
    automation = factories.AutomationFactory()
    same = Automation.objects.get(pk=automation.pk)

    automation.resume(user=superuser)

    with pytest.raises(WrongStatus):
        same.resume(user=superuser)


def test_a_revision_never_brings_a_status_back():
    automation = factories.AutomationFactory(active=True, name="Before")
    revision = automation.save_revision()
    automation.pause()

    reverted = revision.as_object()

    assert reverted.status == Automation.Status.PAUSED
    assert reverted.name == "Before"


def test_saving_keeps_the_references_to_groups():
    group, other = factories.ContactGroupFactory.create_batch(2)
    automation = factories.AutomationFactory(
        conditions=[factories.in_group(other)], actions=[factories.add_to_group(group)]
    )
    assert {r.group for r in automation.group_references.all()} == {group, other}

    automation.conditions = []
    automation.save()

    assert AutomationGroup.objects.get().group == group


def test_a_named_group_cannot_be_deleted():
    group = factories.ContactGroupFactory()
    automation = factories.AutomationFactory(actions=[factories.add_to_group(group)])

    with pytest.raises(models.ProtectedError):
        group.delete()

    automation.delete()
    group.delete()
    assert not ContactGroup.objects.exists()


def test_every_change_of_the_rules_counts_up():
    before = RulebookRevision.objects.current()
    automation = factories.AutomationFactory()
    saved = RulebookRevision.objects.current()
    automation.resume()
    resumed = RulebookRevision.objects.current()
    automation.delete()

    numbers = [before, saved, resumed, RulebookRevision.objects.current()]
    assert numbers == sorted(set(numbers))


def test_a_gateway_id_is_stored_once():
    factories.InboundMessageFactory(gateway_id="1")

    refuses(lambda: factories.InboundMessageFactory(gateway_id="1"))
    factories.InboundMessageFactory(gateway_id="1", gateway="other")


def test_a_cause_is_stored_once():
    factories.OutboundMessageFactory(cause="inbound:1:2:x:+336")

    refuses(lambda: factories.OutboundMessageFactory(cause="inbound:1:2:x:+336"))


def test_a_contact_is_in_a_group_once():
    membership = factories.MembershipFactory()

    refuses(
        lambda: factories.MembershipFactory(
            contact=membership.contact, group=membership.group
        )
    )


@pytest.mark.parametrize(
    ("model", "field"),
    [(Automation, "status"), (InboundMessage, "state"), (OutboundMessage, "state")],
)
def test_the_database_knows_the_states(model, field):
    factory = {
        Automation: factories.AutomationFactory,
        InboundMessage: factories.InboundMessageFactory,
        OutboundMessage: factories.OutboundMessageFactory,
    }[model]
    row = factory()

    refuses(lambda: model.objects.filter(pk=row.pk).update(**{field: "odd"}))


def test_a_contact_has_one_open_opt_out():
    contact = factories.ContactFactory()
    OptOut.objects.start(contact, OptOut.Cause.KEYWORD)
    OptOut.objects.start(contact, OptOut.Cause.GATEWAY)

    assert OptOut.objects.get().cause == OptOut.Cause.KEYWORD
    refuses(lambda: OptOut.objects.create(contact=contact, cause="keyword"))


def test_opted_out_contacts():
    stopped, _other = factories.ContactFactory.create_batch(2)
    OptOut.objects.start(stopped, OptOut.Cause.KEYWORD)

    assert list(Contact.objects.opted_out()) == [stopped]
    OptOut.objects.end(stopped)
    assert not Contact.objects.opted_out().exists()


def test_a_contact_without_a_name_is_shown_masked():
    contact = Contact(phone_number="+33612345678")

    assert str(contact) == "+336•••••678"


def test_a_number_is_stored_as_e164():
    contact = Contact(phone_number="+33 6 12 34 56 78")
    contact.full_clean()
    assert contact.phone_number == "+33612345678"

    with pytest.raises(ValidationError, match="letters"):
        Contact(phone_number="+33 6 12 34 56 78 (perso)").full_clean()


@pytest.mark.parametrize(
    "field", ["replies_per_minute", "identical_replies", "pause_hours"]
)
def test_a_limit_of_nothing_would_silence_the_site(field):
    with pytest.raises(ValidationError) as error:
        SmsSettings(**{field: 0}).full_clean()

    assert set(error.value.error_dict) == {field}


def test_obtaining_a_contact_twice_gives_one():
    first = Contact.objects.obtain("+33612345678")

    assert Contact.objects.obtain("+33612345678") == first
