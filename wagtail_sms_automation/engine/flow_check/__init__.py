"""What would go wrong in a flow, each finding with a message that shows it.

findings   what is found: a code, a level, a witness, repairs
subject    what is checked, and the production engine that witnesses go through
meetings   when the conditions of several automations hold at once
pairs      K1, K2: two automations fire on one message
keywords   K3, K4, K5, K10, K11: a keyword by itself; common_words for K5
texts      K6, K7: what our own texts make people send
routes     K8, K9: out of reach, and round and round
use        K12: what the messages of the last weeks say
"""

from dataclasses import replace

from . import keywords, pairs, routes, texts, use
from .findings import Code, Finding, Level, MarkIntended
from .subject import Subject


_BADNESS = {Level.ERROR: 0, Level.WARNING: 1, Level.INFO: 2}
_CODES = list(Code)


def check(subject: Subject) -> tuple[Finding, ...]:
    """Check automations against one another and by themselves; the worst come first.

    What somebody said is meant so is information, unless it is an error.
    """
    found = [
        finding
        for part in (pairs, keywords, texts, routes, use)
        for finding in part.check(subject)
    ]
    judged = {finding.key: _judged(finding, subject) for finding in found}
    return tuple(sorted(judged.values(), key=_order))


def _judged(finding: Finding, subject: Subject) -> Finding:
    if finding.level is not Level.WARNING or finding.key not in subject.intended:
        return finding
    repairs = tuple(one for one in finding.repairs if not isinstance(one, MarkIntended))
    return replace(finding, level=Level.INFO, is_intended=True, repairs=repairs)


def _order(finding: Finding) -> tuple[int, int, tuple[int, ...], str]:
    code = _CODES.index(finding.code)
    return _BADNESS[finding.level], code, finding.automations, finding.key
