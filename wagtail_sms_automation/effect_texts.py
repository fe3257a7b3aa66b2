"""Effects in words: what follows from a message, a line each."""

from functools import singledispatch

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .engine import outcome, segments
from .models import ContactGroup, OutboundMessage
from .phone_numbers import mask


def group_names(outcomes):
    """Return the names of the groups that outcomes join or leave, by id."""
    named = {
        effect.group
        for one in outcomes
        for effect in one.effects
        if isinstance(effect, outcome.JoinGroup | outcome.LeaveGroup)
    }
    return dict(ContactGroup.objects.filter(pk__in=named).values_list("pk", "name"))


def mask_address(address):
    """Hide who reads an e-mail address: k…@example.com."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…{at}{domain}"


@singledispatch
def describe(effect, groups):
    """Say in a line what one effect does."""
    raise TypeError(f"No function describes {type(effect).__name__}.")


@describe.register
def _send_sms(effect: outcome.SendSms, groups):
    return _("Reply (%(cost)s): %(body)s") % {
        "cost": cost_of(effect),
        "body": effect.body,
    }


@describe.register
def _forward_sms(effect: outcome.ForwardSms, groups):
    return _("Forwarded to %(recipient)s (%(cost)s): %(body)s") % {
        "recipient": mask(effect.recipient),
        "cost": cost_of(effect),
        "body": effect.body,
    }


@describe.register
def _forward_mail(effect: outcome.ForwardMail, groups):
    return _("Forwarded to %(recipient)s: %(body)s") % {
        "recipient": mask_address(effect.recipient),
        "body": effect.body,
    }


@describe.register
def _join_group(effect: outcome.JoinGroup, groups):
    return _("Joins the group %(group)s.") % {"group": _group(effect, groups)}


@describe.register
def _leave_group(effect: outcome.LeaveGroup, groups):
    return _("Leaves the group %(group)s.") % {"group": _group(effect, groups)}


@describe.register
def _set_attribute(effect: outcome.SetAttribute, groups):
    if not effect.value:
        text = _("Clears %(attribute)s: the text holds nothing but a keyword.")
        return text % {"attribute": effect.attribute}
    return _("Keeps “%(value)s” as %(attribute)s.") % {
        "value": effect.value,
        "attribute": effect.attribute,
    }


@describe.register
def _start_opt_out(effect: outcome.StartOptOut, groups):
    if effect.is_likely:
        return _("Opts the contact out, until a person has looked at it.")
    return _("Opts the contact out.")


@describe.register
def _end_opt_out(effect: outcome.EndOptOut, groups):
    return _("Opts the contact in again.")


@describe.register
def _keep_silent(effect: outcome.KeepSilent, groups):
    until = timezone.localtime(effect.until)
    text = _("Leaves the contact to a person until %(until)s.")
    if effect.is_loop:
        text = _("Too many answers: automations say nothing until %(until)s.")
    return text % {"until": date_format(until, "DATETIME_FORMAT")}


def cost_of(effect):
    """Say what an SMS costs, or why it is not sent."""
    if effect.held:
        reason = OutboundMessage.HeldBy(effect.held).label
        return _("not sent: %(reason)s") % {"reason": reason}
    cost = segments.count(effect.body)
    text = ngettext(
        "%(count)d part, %(encoding)s",
        "%(count)d parts, %(encoding)s",
        cost.parts,
    )
    return text % {"count": cost.parts, "encoding": cost.encoding}


def _group(effect, groups):
    return groups.get(effect.group, f"#{effect.group}")
