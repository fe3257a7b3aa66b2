"""Conditions of an automation in words, for its preview."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import rulebook


def _names(rows) -> str:
    return ", ".join(str(row) for row in rows if row is not None)


def _window(value) -> str:
    window = rulebook.CONDITIONS["received_between"](value)
    zone = timezone.get_default_timezone()
    shown = {
        name: date_format(timezone.localtime(moment, zone), "SHORT_DATETIME_FORMAT")
        for name in ("starts_at", "ends_at")
        if (moment := getattr(window, name))
    }
    if len(shown) == 2:
        return _("Only from %(starts_at)s until %(ends_at)s.") % shown
    if "starts_at" in shown:
        return _("Only from %(starts_at)s.") % shown
    return _("Only until %(ends_at)s.") % shown


def _opening_hours(value) -> str:
    if value["when"] == "open":
        return _("Only inside opening hours.")
    return _("Only outside opening hours.")


def _frequency(value) -> str:
    if value["limit"] == "once":
        return _("Only once for each contact.")
    return ngettext(
        "At most once in %(count)s hour for each contact.",
        "At most once in %(count)s hours for each contact.",
        value["hours"],
    ) % {"count": value["hours"]}


def _follows(value) -> str:
    return ngettext(
        "Only within %(count)s hour after an answer of: %(automations)s.",
        "Only within %(count)s hours after an answer of: %(automations)s.",
        value["within_hours"],
    ) % {"count": value["within_hours"], "automations": _names(value["automations"])}


#: Each condition that a text alone does not decide, in words.
CONDITIONS = {
    "receiving_number": lambda value: (
        _("Only for messages to %(numbers)s.")
        % {"numbers": ", ".join(value["numbers"])}
    ),
    "received_between": _window,
    "opening_hours": _opening_hours,
    "in_group": lambda value: (
        _("Only for contacts in: %(groups)s.") % {"groups": _names(value["groups"])}
    ),
    "not_in_group": lambda value: (
        _("Not for contacts in: %(groups)s.") % {"groups": _names(value["groups"])}
    ),
    "follows": _follows,
    "frequency": _frequency,
}
