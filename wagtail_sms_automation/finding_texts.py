"""The findings of the flow check in words."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .engine.flow_check.findings import (
    AddKeywords,
    Code,
    Finding,
    Level,
    MarkIntended,
    Reason,
    Repair,
    ReplaceKeyword,
    SwitchToExact,
)


LEVELS = {
    Level.ERROR: gettext_lazy("Error"),
    Level.WARNING: gettext_lazy("Warning"),
    Level.INFO: gettext_lazy("Good to know"),
}

_TEXTS = {
    (Code.SAME_KEYWORD, Reason.NONE): gettext_lazy(
        "“%(first)s” and “%(second)s” both answer %(keywords)s: the customer gets both "
        "texts."
    ),
    (Code.CONTAINED, Reason.NONE): gettext_lazy(
        "Whoever writes to “%(second)s” sets off “%(first)s” too: a keyword of one is "
        "part of a keyword of the other (%(keywords)s)."
    ),
    (Code.DIGITS, Reason.NONE): gettext_lazy(
        "%(keywords)s: a number is found in orders, times and addresses, and would set "
        "off “%(first)s” there."
    ),
    (Code.RESERVED, Reason.NONE): gettext_lazy(
        "%(keywords)s: the law or your provider takes this word first. “%(first)s” "
        "cannot have it."
    ),
    (Code.COMMON, Reason.NONE): gettext_lazy(
        "%(keywords)s: people write this without meaning “%(first)s”."
    ),
    (Code.OWN_TEXT, Reason.EXAMPLE): gettext_lazy(
        "An order written as your example shows sets off “%(first)s” too "
        "(%(keywords)s)."
    ),
    (Code.OWN_TEXT, Reason.OWN_REPLY): gettext_lazy(
        "The answer of “%(first)s” asks for its own keyword (%(keywords)s): the "
        "customer gets the same text again."
    ),
    (Code.DEAD_INVITATION, Reason.NOBODY_LISTENS): gettext_lazy(
        "A text asks for %(keywords)s, but no active automation listens to it."
    ),
    (Code.DEAD_INVITATION, Reason.CANNOT_RECEIVE): gettext_lazy(
        "The announcement asks for %(keywords)s, but your texts come from a name, "
        "which nobody can answer."
    ),
    (Code.UNREACHABLE, Reason.NOT_INVITED): gettext_lazy(
        "No text of this flow asks for a keyword of “%(first)s”."
    ),
    (Code.UNREACHABLE, Reason.FOLLOWS_NOBODY): gettext_lazy(
        "“%(first)s” follows automations that are paused or gone: it never fires."
    ),
    (Code.UNREACHABLE, Reason.PAUSED): gettext_lazy(
        "A text asks for %(keywords)s, but “%(first)s” is paused."
    ),
    (Code.UNREACHABLE, Reason.EXPIRED): gettext_lazy(
        "The dates of “%(first)s” are over: it never fires."
    ),
    (Code.CYCLE, Reason.INVITATIONS): gettext_lazy(
        "The texts of %(names)s ask for one another: the customer may go round in "
        "circles."
    ),
    (Code.CYCLE, Reason.OWN_NUMBER): gettext_lazy(
        "“%(first)s” forwards messages to a number of your own: they would come back."
    ),
    (Code.CYCLE, Reason.CONTACT): gettext_lazy(
        "“%(first)s” forwards messages to a customer: a number that is in a contact "
        "group."
    ),
    (Code.SPELLING, Reason.EMPTY): gettext_lazy(
        "A keyword of “%(first)s” holds nothing that can be seen: it never matches."
    ),
    (Code.SPELLING, Reason.MIXED_SCRIPTS): gettext_lazy(
        "%(keywords)s: this keyword of “%(first)s” has letters of another alphabet "
        "that look like yours. Nobody can type it."
    ),
    (Code.SPELLING, Reason.DUPLICATE): gettext_lazy(
        "%(keywords)s: “%(first)s” has this keyword twice."
    ),
    (Code.CASE_VARIANTS, Reason.NONE): gettext_lazy(
        "%(keywords)s: phones write the first letter large, and “%(first)s” does not "
        "listen to “%(body)s”."
    ),
}

_REPAIRS = {
    AddKeywords: gettext_lazy("Add %(keywords)s"),
    SwitchToExact: gettext_lazy("Answer only messages that are exactly the keyword"),
    MarkIntended: gettext_lazy("It is meant so"),
}
# The only one that is offered where a finding concerns several automations.
_SWITCH_OF = gettext_lazy(
    "“%(name)s”: answer only messages that are exactly the keyword"
)


#: Forgets that a finding was said to be meant so.
TAKE_BACK = gettext_lazy("Take the mark back")


def explain(finding: Finding, names: Mapping[int, str]) -> str:
    """Put a finding into a sentence or two; names are the automations', by id."""
    if finding.code is Code.USE:
        return _use(finding, names)
    called = [names.get(id, "") for id in finding.automations]
    return str(_TEXTS[finding.code, finding.reason]) % {
        "first": called[0] if called else "",
        "second": called[1] if len(called) > 1 else "",
        "names": ", ".join(_("“%(name)s”") % {"name": name} for name in called),
        "keywords": ", ".join(finding.keywords),
        "body": finding.witness.body,
    }


def repair_label(repair: Repair, name: str = "") -> str:
    """Say what a repair does, for its button; to which automation, if named."""
    if name and isinstance(repair, SwitchToExact):
        return str(_SWITCH_OF) % {"name": name}
    if isinstance(repair, ReplaceKeyword):
        if not repair.new:
            return _("Take the keyword out")
        return _("Write it as %(keyword)s") % {"keyword": repair.new}
    added = repair.keywords if isinstance(repair, AddKeywords) else ()
    return str(_REPAIRS[type(repair)]) % {"keywords": ", ".join(added)}


def _use(finding, names):
    if finding.reason is Reason.NEVER_FIRED:
        text = ngettext(
            "“%(name)s” has not fired for %(count)d day.",
            "“%(name)s” has not fired for %(count)d days.",
            finding.count,
        )
        return text % {
            "name": names.get(finding.automations[0], ""),
            "count": finding.count,
        }
    text = ngettext(
        "“%(word)s” came %(count)d time, and no automation answers it.",
        "“%(word)s” came %(count)d times, and no automation answers it.",
        finding.count,
    )
    return text % {"word": finding.keywords[0], "count": finding.count}
