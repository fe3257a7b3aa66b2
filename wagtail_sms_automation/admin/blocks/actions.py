"""The actions of an automation: done in the editor's order."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from ..choosers import ContactGroupChooserBlock
from .fields import (
    MOST_HOURS,
    EmailAddressesBlock,
    PhoneNumbersBlock,
    SmsTextBlock,
    TemplateBlock,
    new_block,
)


FORWARDED = "{{ message.originator }}: {{ message.body }}"


class ReplyBlock(blocks.StructBlock):
    """Answer by SMS."""

    body = SmsTextBlock(
        label=_("Text"),
        help_text=_(
            "For example: Hello {{ contact.first_name|there }}, write DELIVERY or "
            "PICKUP."
        ),
    )

    class Meta:
        icon = "sms-reply"
        label_format = "{body}"


class GroupActionBlock(blocks.StructBlock):
    """One contact group."""

    group = ContactGroupChooserBlock(
        label=_("Contact group"), help_text=_("For example: Delivery customers.")
    )

    class Meta:
        icon = "sms-group-add"
        label_format = "{group}"


class ForwardToPhoneBlock(blocks.StructBlock):
    """Staff phones."""

    phone_numbers = PhoneNumbersBlock(
        label=_("Mobile numbers"),
        help_text=_("For example, the kitchen: +33 6 12 34 56 78."),
    )
    body = SmsTextBlock(
        label=_("Text"),
        default=FORWARDED,
        help_text=_("For example: Order of {{ message.originator }}: …"),
    )

    class Meta:
        icon = "sms-forward"
        label_format = "{phone_numbers}"


class ForwardToEmailBlock(blocks.StructBlock):
    """Staff mailboxes."""

    addresses = EmailAddressesBlock(
        label=_("E-mail addresses"), help_text=_("For example: kitchen@example.com.")
    )
    body = TemplateBlock(
        label=_("Text"),
        default=FORWARDED,
        rows=3,
        help_text=_("For example: Order of {{ message.originator }}: …"),
    )

    class Meta:
        icon = "mail"
        label_format = "{addresses}"


class SaveAnswerBlock(blocks.StructBlock):
    """Keep the answer."""

    attribute = blocks.RegexBlock(
        regex=r"^[a-z][a-z0-9_]{0,49}\Z",
        label=_("Attribute"),
        help_text=_(
            "Where the message, without its keyword, is kept. For example: address. "
            "Texts may then say {{ contact.attributes.address }}."
        ),
        error_messages={
            "invalid": _(
                "Begin with a letter and use small letters, digits and _ only. "
                "For example: address."
            ),
        },
    )

    class Meta:
        icon = "tag"
        label_format = "{attribute}"


class OptOutBlock(blocks.StructBlock):
    """Opt the contact out."""

    class Meta:
        icon = "sms-opt-out"
        help_text = _("As if the contact had written STOP.")


class HandOverBlock(blocks.StructBlock):
    """Leave the contact to a person."""

    hours = blocks.IntegerBlock(
        min_value=1,
        max_value=MOST_HOURS,
        default=12,
        label=_("Hours"),
        help_text=_("Automations stay silent for this contact. For example: 12."),
    )

    class Meta:
        icon = "user"
        label_format = "{hours}"


def initial_actions():
    """Return the stream of a new automation: one empty reply."""
    return [new_block("reply", body="")]


class ActionsBlock(blocks.StreamBlock):
    """All actions."""

    reply = ReplyBlock(label=_("Send an SMS reply"))
    add_to_group = GroupActionBlock(label=_("Add to contact group"))
    remove_from_group = GroupActionBlock(
        label=_("Remove from contact group"), icon="sms-group-remove"
    )
    forward_to_phone = ForwardToPhoneBlock(label=_("Forward to mobile numbers"))
    forward_to_email = ForwardToEmailBlock(label=_("Forward to e-mail addresses"))
    save_answer = SaveAnswerBlock(label=_("Save the answer"))
    opt_out = OptOutBlock(label=_("Opt the contact out"))
    hand_over = HandOverBlock(label=_("Hand over to a person"))
