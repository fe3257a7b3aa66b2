"""What the live automations would do to some texts; nothing is sent or stored.

With --json, one document is printed:

    {"originator": E.164, "recipient": our number, "is_known_contact": bool,
     "messages": [{"body", "received_at", "intent", "decisions", "effects"}, ...]}

intent is "opt_out", "opt_in", "help", "likely_opt_out" or null. decisions is the
decision record as messages keep it (engine.outcome.Decision), each with its "reason"
in words. effects have a "type" (the class in engine.outcome in snake case, such as
"send_sms" or "join_group") and that class's fields; an SMS also has "encoding",
"units" and "parts", a group its "group_name". Numbers are written in full.
"""

import json
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.text import camel_case_to_spaces
from django.utils.translation import gettext as _

from wagtail_sms_automation import contact_facts, decision_texts, rulebook, simulation
from wagtail_sms_automation.conf import settings as sms_settings
from wagtail_sms_automation.effect_texts import describe, group_names
from wagtail_sms_automation.engine import messages, outcome, segments
from wagtail_sms_automation.engine.conversation import converse
from wagtail_sms_automation.gateways.fields import clean
from wagtail_sms_automation.models import Contact
from wagtail_sms_automation.phone_numbers import (
    PhoneNumberError,
    mask,
    normalise,
    read_originator,
    region_of,
)


class Command(BaseCommand):
    """Simulate a conversation."""

    help = (
        "Say what the live automations would do to each text in turn, and why. "
        "Nothing is sent and nothing is stored."
    )

    def add_arguments(self, parser):
        """Take texts, who writes them, and the shape of the answer."""
        parser.add_argument("texts", nargs="+", metavar="TEXT")
        parser.add_argument(
            "--from",
            dest="originator",
            metavar="NUMBER",
            help="who writes: a contact, with groups and past answers, or a stranger",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="print one JSON document, described in the command's module",
        )

    def handle(self, *args, texts, originator=None, as_json=False, **options):
        """Hold the conversation, then print it."""
        now = timezone.now()
        row, contact = _who_writes(originator, now)
        recipient = read_originator(sms_settings.ORIGINATOR)
        turns = converse(
            map(clean, texts),
            contact,
            rulebook.current(),
            recipient=recipient,
            now=now,
        )
        if as_json:
            document = {
                "originator": contact.phone_number,
                "recipient": recipient,
                "is_known_contact": row is not None,
                "messages": _as_json(list(turns)),
            }
            self.stdout.write(json.dumps(document, cls=DjangoJSONEncoder, indent=2))
        else:
            self._say(0, _from_whom(row, originator))
            self._tell(list(turns))

    def _tell(self, turns):
        groups = group_names(turn.outcome for turn in turns)
        for turn in turns:
            self._say(0, "")
            self._say(0, f"> {turn.message.body}", self.style.MIGRATE_HEADING)
            self._tell_effects(None, turn.outcome, groups)
            decisions = [one.as_json() for one in turn.outcome.decisions]
            for text in decision_texts.explain(decisions):
                self._tell_decision(text)
                if text.fired:
                    self._tell_effects(text.automation, turn.outcome, groups)
            if not decisions:
                self._say(1, _("No automation is active."))

    def _tell_decision(self, text):
        verdict = _("fires") if text.fired else _("silent")
        line = _("[%(verdict)s] %(name)s: %(reason)s") % {
            "verdict": verdict,
            "name": text.name,
            "reason": f"{text.reason} {text.near_miss}".rstrip(),
        }
        self._say(1, line, self.style.SUCCESS if text.fired else None)

    def _tell_effects(self, automation, of_message, groups):
        intent = decision_texts.INTENTS.get(of_message.intent)
        if automation is None and intent:
            self._say(1, f"{intent}.", self.style.WARNING)
        for effect in of_message.effects:
            if effect.automation == automation:
                self._say(2, describe(effect, groups))

    def _say(self, depth, text, style=None):
        """Print lines without what a terminal takes for a command, or cannot show."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        shown = segments.clean(text).encode(encoding, "replace").decode(encoding)
        for line in shown.split("\n"):
            indented = "    " * depth + line
            self.stdout.write(style(indented) if style else indented)


def _who_writes(originator, now):
    """Return the contact's row, if there is one, and what the rules know of it."""
    if originator is None:
        return None, simulation.stranger()
    try:
        number = normalise(originator, sms_settings.DEFAULT_REGION)
    except PhoneNumberError as error:
        raise CommandError(f"--from: {error}") from error
    row = Contact.objects.filter(phone_number=number).first()
    if row is None:
        country = region_of(number)
        return None, messages.Contact(phone_number=number, country=country)
    return row, contact_facts.facts_of(row, now)


def _from_whom(row, originator):
    if row is not None:
        return _("From a contact: %(contact)s (%(number)s).") % {
            "contact": row,
            "number": mask(row.phone_number),
        }
    if originator is None:
        return _("From a stranger.")
    return _("From a number that is no contact’s.")


def _as_json(turns):
    groups = group_names(turn.outcome for turn in turns)
    return [
        {
            "body": turn.message.body,
            "received_at": turn.message.received_at,
            "intent": turn.outcome.intent,
            "decisions": [_decision_as_json(one) for one in turn.outcome.decisions],
            "effects": [_effect_as_json(one, groups) for one in turn.outcome.effects],
        }
        for turn in turns
    ]


def _decision_as_json(decision):
    as_json = decision.as_json()
    (text,) = decision_texts.explain([as_json])
    return as_json | {"reason": f"{text.reason} {text.near_miss}".rstrip()}


def _effect_as_json(effect, groups):
    words = camel_case_to_spaces(type(effect).__name__)
    as_json = {"type": words.replace(" ", "_")} | asdict(effect)
    if isinstance(effect, outcome.SendSms | outcome.ForwardSms):
        cost = segments.count(effect.body)
        as_json |= {
            name: getattr(cost, name) for name in ("encoding", "units", "parts")
        }
    if isinstance(effect, outcome.JoinGroup | outcome.LeaveGroup):
        as_json["group_name"] = groups.get(effect.group, "")
    return as_json
