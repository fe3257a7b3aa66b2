"""Repairs of what the flow check finds: done to the rows, or said to be needless."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from wagtail.log_actions import log

from . import flow_checks
from .engine.content import Operator
from .engine.flow_check.findings import (
    AddKeywords,
    Finding,
    Level,
    MarkIntended,
    Repair,
    ReplaceKeyword,
    SwitchToExact,
)
from .engine.invitations import plain
from .engine.text import is_empty, normalise
from .models import Automation, IntendedFinding


class NotThere(Exception):
    """The finding, or this repair of it, is not there any more."""


class NotValid(Exception):
    """An automation that the editor could not save either, as it stands."""

    def __init__(self, automation: Automation):
        super().__init__(f"Automation {automation.pk} is not valid.")
        self.automation = automation


def rows_of(findings: Iterable[Finding]) -> dict[int, Automation]:
    """Return the automations that findings concern, by key."""
    return Automation.objects.in_bulk(
        {pk for finding in findings for pk in finding.automations}
    )


def possible(finding: Finding, rows: Mapping[int, Automation]) -> dict[str, Repair]:
    """Return the repairs that can be done to the rows as they stand, by name."""
    return {
        name_of(repair): repair
        for repair in finding.repairs
        if _is_possible(repair, finding, rows)
    }


def name_of(repair: Repair) -> str:
    """Return what a repair is called in a form: the same for the same change."""
    digest = sha256(repr(repair).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:16]


def _is_possible(repair, finding, rows):
    if isinstance(repair, MarkIntended):
        return finding.level is Level.WARNING
    automation = rows.get(repair.automation)
    return automation is not None and bool(_mended(automation, repair, finding))


def do(
    automations: QuerySet[Automation],
    key: str,
    name: str,
    *,
    user=None,
    with_use: bool = False,
) -> tuple[Repair, Automation | None]:
    """Do a repair of what the check of automations finds; return what was changed.

    The check is made anew, with everybody else who saves waiting: NotThere if it
    does not find this any more. NotValid if the automation is not valid then.
    """
    with transaction.atomic():
        finding, rows = _found(automations, key, with_use)
        repair = possible(finding, rows).get(name)
        if repair is None:
            raise NotThere(key)
        if isinstance(repair, MarkIntended):
            IntendedFinding.objects.get_or_create(key=key, defaults={"user": user})
            _log_all(rows, "mark_intended", finding, user)
            return repair, None
        automation = rows[repair.automation]
        automation.conditions = _mended(automation, repair, finding)
        _save(automation, finding, user)
        return repair, automation


def take_back(
    automations: QuerySet[Automation], key: str, *, user=None, with_use: bool = False
) -> None:
    """Forget that a finding was said to be meant so; NotThere if it was not."""
    with transaction.atomic():
        finding, rows = _found(automations, key, with_use)
        if not finding.is_intended:
            raise NotThere(key)
        IntendedFinding.objects.filter(key=finding.key).delete()
        _log_all(rows, "unmark_intended", finding, user)


def _found(automations, key, with_use):
    """Return a finding by its key, and the rows it concerns, all locked."""
    Automation.objects.lock()
    for finding in flow_checks.check(automations.in_order(), with_use=with_use):
        if finding.key == key:
            return finding, rows_of([finding])
    raise NotThere(key)


def _mended(automation, repair, finding):
    """Return the conditions with a repair done, or None where it would do harm."""
    before = list(automation.conditions.raw_data)
    after = deepcopy(before)
    contents = [
        child["value"]
        for child in after
        if child["type"] == "content"
        and child["value"].get("operator") != Operator.NONE
    ]
    _MENDING[type(repair)](contents, repair, finding)
    is_harmed = not all(map(_keywords, contents))
    return None if is_harmed or after == before else after


def _keywords(value):
    return value.get("keywords") or []


def _add(contents, repair: AddKeywords, finding):
    beside = [value for value in contents if repair.beside in _keywords(value)]
    if any(value.get("operator") == Operator.ALL for value in beside):
        # One more would be wanted besides, not instead.
        return
    for value in beside:
        keywords = value["keywords"]
        new = [one for one in repair.keywords if one not in keywords]
        place = keywords.index(repair.beside) + 1
        value["keywords"] = [*keywords[:place], *new, *keywords[place:]]


def _replace(contents, repair: ReplaceKeyword, finding):
    for value in contents:
        if repair.new:
            new = {repair.old: repair.new}
            renamed = (new.get(one, one) for one in _keywords(value))
            value["keywords"] = list(dict.fromkeys(renamed))
        else:
            value["keywords"] = list(_without(value, repair.old))


def _without(value, old):
    """Yield the keywords but for one that cannot be seen, or that is there already."""
    seen = set()
    for keyword in _keywords(value):
        form = normalise(
            keyword,
            match_case=not value.get("ignore_case"),
            match_accents=not value.get("ignore_accents"),
        )
        if keyword != old or not (is_empty(keyword) or form in seen):
            yield keyword
        seen.add(form)


def _switch(contents, repair: SwitchToExact, finding):
    """Switch the one content condition there is, if that is right for all its words.

    A message that is exactly one keyword has no room for another condition's, nor for
    all of several. Conditions are not parted: both parts would have to hold.
    """
    if len(contents) != 1 or repair.keyword not in _keywords(contents[0]):
        return
    (value,) = contents
    keywords = _keywords(value)
    meant = {_word(one) for one in (repair.keyword, *finding.keywords)}
    is_alone = value.get("operator") != Operator.ALL or len(keywords) == 1
    if is_alone and meant.issuperset(map(_word, keywords)):
        value["operator"] = Operator.EXACT.value


def _word(keyword):
    return plain(keyword) or keyword


_MENDING = {AddKeywords: _add, ReplaceKeyword: _replace, SwitchToExact: _switch}


def _save(automation, finding, user):
    """Save as the editor does: only what is valid, with a revision and its log."""
    try:
        for name in ("conditions", "actions"):
            block = Automation._meta.get_field(name).stream_block
            setattr(automation, name, block.clean(getattr(automation, name)))
        automation.full_clean()
    except ValidationError as error:
        raise NotValid(automation) from error
    automation.save()
    revision = automation.save_revision(user=user, log_action=False)
    _log(automation, "repair", finding, user, revision=revision, content_changed=True)


def _log_all(rows, action, finding, user):
    for automation in rows.values():
        _log(automation, action, finding, user)


def _log(automation, action, finding, user, **kwargs):
    name = f"wagtail_sms_automation.{action}"
    data = {"code": finding.code.value}
    log(automation, name, user=user, data=data, **kwargs)
