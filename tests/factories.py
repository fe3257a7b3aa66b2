"""Rows for tests: say only what the test is about, the rest is filled in."""

import uuid

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone
from factory.django import DjangoModelFactory

from wagtail_sms_automation import models


class FlowFactory(DjangoModelFactory):
    class Meta:
        model = models.Flow

    name = factory.Sequence(lambda n: f"Flow {n}")


class FlowTemplateFactory(DjangoModelFactory):
    class Meta:
        model = models.FlowTemplate

    name = factory.Sequence(lambda n: f"Template {n}")
    document = "{}"


class ContactGroupFactory(DjangoModelFactory):
    class Meta:
        model = models.ContactGroup

    name = factory.Sequence(lambda n: f"Group {n}")


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = models.Contact

    phone_number = factory.Sequence(lambda n: f"+336{12000000 + n}")
    first_name = "Ana"
    last_name = factory.Sequence(lambda n: f"Client{n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = models.Membership

    contact = factory.SubFactory(ContactFactory)
    group = factory.SubFactory(ContactGroupFactory)


def block(block_type, **value):
    """Return one block of a stream, as it is stored."""
    return {"type": block_type, "value": value, "id": str(uuid.uuid4())}


def content(*keywords, operator="any", **switches):
    """Return a content condition."""
    switches = {"ignore_case": False, "ignore_accents": False} | switches
    switches.setdefault("anywhere", False)
    return block("content", operator=operator, keywords=list(keywords), **switches)


def in_group(*groups, block_type="in_group"):
    """Return a group condition; block_type "not_in_group" turns it round."""
    items = [
        {"type": "item", "value": group.pk, "id": str(uuid.uuid4())} for group in groups
    ]
    return block(block_type, groups=items)


def follows(*automations, within_hours=24):
    """Return a follows condition."""
    items = [
        {"type": "item", "value": automation.pk, "id": str(uuid.uuid4())}
        for automation in automations
    ]
    return block("follows", automations=items, within_hours=within_hours)


def reply(body="Thank you."):
    """Return an action that answers by SMS."""
    return block("reply", body=body)


def add_to_group(group):
    """Return an action that puts the contact in a group."""
    return block("add_to_group", group=group.pk)


def remove_from_group(group):
    """Return an action that takes the contact out of a group."""
    return block("remove_from_group", group=group.pk)


class AutomationFactory(DjangoModelFactory):
    """An automation; keywords=("ORDER",) is short for one content condition.

    An active one is stored so, without a log entry: use resume() to test the move.
    """

    class Meta:
        model = models.Automation

    class Params:
        keywords = ()
        active = factory.Trait(status=models.Automation.Status.ACTIVE)

    name = factory.Sequence(lambda n: f"Automation {n}")
    conditions = factory.LazyAttribute(
        lambda o: [content(*o.keywords)] if o.keywords else []
    )
    actions = factory.LazyFunction(lambda: [reply()])


def break_conditions(automation):
    """Store what no form could have saved, and no stream can read."""
    table = connection.ops.quote_name(models.Automation._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET conditions = %s WHERE id = %s",  # noqa: S608
            ['[{"type": "in_group", "value": 7}]', automation.pk],
        )


class InboundMessageFactory(DjangoModelFactory):
    class Meta:
        model = models.InboundMessage

    gateway = "default"
    gateway_id = factory.LazyFunction(lambda: uuid.uuid4().hex)
    contact = factory.SubFactory(ContactFactory)
    message_type = models.MessageType.SMS
    body = "ORDER"
    originator = factory.LazyAttribute(
        lambda o: o.contact.phone_number if o.contact else "+33612000000"
    )
    recipient = "+33939000001"

    class Params:
        processed = factory.Trait(
            state=models.InboundMessage.State.PROCESSED,
            processed_at=factory.LazyFunction(timezone.now),
        )


class MatchFactory(DjangoModelFactory):
    class Meta:
        model = models.Match

    inbound = factory.SubFactory(InboundMessageFactory)
    automation = factory.SubFactory(AutomationFactory)
    contact = factory.SelfAttribute("inbound.contact")
    keyword = "ORDER"


class OutboundMessageFactory(DjangoModelFactory):
    """An answer; with inbound=... it goes to the contact who wrote."""

    class Meta:
        model = models.OutboundMessage

    cause = factory.LazyFunction(lambda: f"test:{uuid.uuid4()}")
    contact = factory.LazyAttribute(
        lambda o: o.inbound.contact if getattr(o, "inbound", None) else ContactFactory()
    )
    inbound = None
    gateway = "default"
    originator = "+33939000001"
    recipient = factory.LazyAttribute(
        lambda o: o.contact.phone_number if o.contact else "+33612999999"
    )
    body = "Thank you."
    parts = 1


class DeliveryReportFactory(DjangoModelFactory):
    class Meta:
        model = models.DeliveryReport

    outbound = factory.SubFactory(OutboundMessageFactory)
    gateway = "default"
    reference = factory.LazyAttribute(
        lambda o: str(o.outbound.reference) if o.outbound else ""
    )
    status = "delivered"


class OptOutFactory(DjangoModelFactory):
    class Meta:
        model = models.OptOut

    contact = factory.SubFactory(ContactFactory)
    cause = models.OptOut.Cause.KEYWORD


class UserFactory(DjangoModelFactory):
    """A user of the admin with these permissions of ours, by codename."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda o: f"{o.username}@example.com")
    password = factory.django.Password("password")

    @factory.post_generation
    def permissions(self, create, codenames):
        """Grant the permissions, and with them the right to enter the admin."""
        if not create or self.is_superuser:
            return
        self.user_permissions.add(
            Permission.objects.get(
                content_type__app_label="wagtailadmin", codename="access_admin"
            ),
            *Permission.objects.filter(
                content_type__app_label="wagtail_sms_automation",
                codename__in=codenames or (),
            ),
        )


class SuperuserFactory(UserFactory):
    username = factory.Sequence(lambda n: f"owner{n}")
    is_superuser = True
    is_staff = True
