"""What is wrong with a keyword by itself: K3, K4, K5, K10, K11."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .. import invitations, text
from ..content import Content, Operator
from ..invitations import plain
from ..listeners import Listeners, contents_of
from ..opt_outs import read_intent
from .common_words import SENTENCES
from .findings import (
    AddKeywords,
    Code,
    Finding,
    MarkIntended,
    Reason,
    ReplaceKeyword,
    SwitchToExact,
    level_of,
)
from .subject import Listed, Subject, keywords_of


# Capitals and small letters that look the same in Latin.
_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеоѕіјрсхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧονԌԚԜ",
    "ABESIJKMHOPCTXYaeosijpcxyABEZHIKMNOPTYXovGQW",
)
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with keywords, automation by automation."""
    yield from _empty(subject)
    yield from _duplicate(subject)
    by_automation: defaultdict[int, list[Listed]] = defaultdict(list)
    for one in subject.listed:
        by_automation[one.automation.id].append(one)
    common = _common(subject.listeners)
    for listed in by_automation.values():
        reserved = [one for one in listed if is_reserved(one, subject)]
        digits = [one for one in listed if one not in reserved and _is_number(one)]
        rest = [one for one in listed if one not in reserved and one not in digits]
        yield from _reserved(reserved, subject)
        yield from _digits(digits, subject)
        yield from _common_words(rest, common, subject)
        yield from _mixed_scripts(rest, subject)
        yield from _case_variants(rest, subject)


def is_reserved(listed: Listed, subject: Subject) -> bool:
    """Tell whether the law or the provider takes a keyword before any automation."""
    is_alone = listed.content.operator is not Operator.ALL or listed.body == (
        listed.keyword
    )
    return is_alone and is_reserved_word(listed.keyword, subject)


def is_reserved_word(word: str, subject: Subject) -> bool:
    """Tell the same of a word of a text."""
    return plain(word) in subject.reserved_words or bool(
        read_intent(word, subject.rulebook.default_country)
    )


def may_be_keyword(word: str, beside: Listed, subject: Subject) -> bool:
    """Tell whether a word may be offered instead of or beside an automation's own.

    Not if it would be reserved, a number or met by accident there.
    """
    content = replace(beside.content, keywords=(word,))
    automation = replace(beside.automation, conditions=(content,))
    written = Listed(automation, content, word, word)
    common = _common(Listeners([automation])).get(automation.id, {})
    return not (
        is_reserved_word(word, subject)
        or _is_number(written)
        or _everyday(written, common)
    )


def _reserved(listed: list[Listed], subject: Subject) -> Iterator[Finding]:
    if listed:
        yield Finding(
            code=Code.RESERVED,
            level=level_of(Code.RESERVED, Reason.NONE),
            automations=(listed[0].automation.id,),
            keywords=keywords_of(listed),
            witness=subject.witness(listed[0].keyword),
        )


def _is_number(listed: Listed) -> bool:
    if listed.content.operator is Operator.EXACT:
        return False
    characters = [c for c in plain(listed.keyword) if c.isalnum()]
    return bool(characters) and all(map(str.isdigit, characters))


def _digits(listed: list[Listed], subject: Subject) -> Iterator[Finding]:
    if not listed:
        return
    automation, number = listed[0].automation, listed[0].keyword
    # What a text of ours tells people to send is the best of witnesses.
    bodies = [
        *(one for text in subject.texts for one in invitations.examples(text.body)),
        f"{listed[0].body} x 2, {number}",
        listed[0].body,
    ]
    at = subject.meeting(automation.id)
    for body in bodies:
        if automation.id in subject.listeners.heard(body):
            witness = subject.witness(body, at=at)
            if automation.id in witness.fires:
                yield Finding(
                    code=Code.DIGITS,
                    level=level_of(Code.DIGITS, Reason.NONE),
                    automations=(automation.id,),
                    keywords=keywords_of(listed),
                    witness=witness,
                    repairs=(SwitchToExact(automation=automation.id, keyword=number),),
                )
                return


def _common(listeners: Listeners) -> Mapping[int, Mapping[str, str]]:
    """By automation, its keywords that stand in an everyday sentence, and which."""
    common: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for sentences in SENTENCES.values():
        for sentence in sentences:
            for id, places in listeners.heard(sentence).items():
                for place in places:
                    common[id].setdefault(place.keyword, sentence)
    return common


def _common_words(
    listed: list[Listed], common: Mapping[int, Mapping[str, str]], subject: Subject
) -> Iterator[Finding]:
    bodies = {
        one.keyword: body
        for one in listed
        if (body := _everyday(one, common.get(one.automation.id, {})))
    }
    for keyword, body in bodies.items():
        automation = listed[0].automation.id
        witness = subject.witness(body, at=subject.meeting(automation))
        if automation in witness.fires:
            yield Finding(
                code=Code.COMMON,
                level=level_of(Code.COMMON, Reason.NONE),
                automations=(automation,),
                keywords=(keyword,),
                witness=witness,
                repairs=(
                    SwitchToExact(automation=automation, keyword=keyword),
                    MarkIntended(),
                ),
            )


def _everyday(listed: Listed, common: Mapping[str, str]) -> str:
    content, keyword = listed.content, listed.keyword
    if content.operator in (Operator.EXACT, Operator.ALL):
        return ""
    if keyword in common:
        return common[keyword]
    is_lower = not content.match_case or keyword == keyword.lower()
    letters = plain(keyword)
    is_short = len(letters) <= 2 and letters.isalpha() and letters.isascii()
    return listed.body if is_lower and is_short else ""


def _empty(subject: Subject) -> Iterator[Finding]:
    for automation in subject.active:
        empty = [
            keyword
            for content in contents_of(automation)
            for keyword in content.keywords
            if text.is_empty(keyword)
        ]
        if empty:
            yield Finding(
                code=Code.SPELLING,
                level=level_of(Code.SPELLING, Reason.EMPTY),
                reason=Reason.EMPTY,
                automations=(automation.id,),
                keywords=tuple(dict.fromkeys(empty)),
                witness=subject.witness(empty[0]),
                repairs=tuple(
                    ReplaceKeyword(automation=automation.id, old=keyword)
                    for keyword in dict.fromkeys(empty)
                ),
            )


def _duplicate(subject: Subject) -> Iterator[Finding]:
    for automation in subject.active:
        spare = [
            keyword
            for content in contents_of(automation)
            for keyword in _spare(content)
        ]
        if spare:
            yield Finding(
                code=Code.SPELLING,
                level=level_of(Code.SPELLING, Reason.DUPLICATE),
                reason=Reason.DUPLICATE,
                automations=(automation.id,),
                keywords=tuple(dict.fromkeys(spare)),
                witness=subject.witness(spare[0], at=subject.meeting(automation.id)),
                repairs=tuple(
                    ReplaceKeyword(automation=automation.id, old=keyword)
                    for keyword in dict.fromkeys(spare)
                ),
            )


def _spare(content: Content) -> Iterator[str]:
    """Yield the keywords that another one before them makes needless."""
    seen = set[str]()
    for keyword in content.keywords:
        form = text.normalise(keyword, content.match_case, content.match_accents)
        if form and form in seen:
            yield keyword
        seen.add(form)


def _mixed_scripts(listed: list[Listed], subject: Subject) -> Iterator[Finding]:
    for one in listed:
        latin = one.keyword.translate(_LATIN)
        is_suspect = _is_mixed(one.keyword) or _is_look_alike(latin, subject)
        if latin == one.keyword or not is_suspect:
            continue
        automation = one.automation
        if automation.id in subject.listeners.heard(latin):
            continue
        repair = ReplaceKeyword(automation=automation.id, old=one.keyword, new=latin)
        yield Finding(
            code=Code.SPELLING,
            level=level_of(Code.SPELLING, Reason.MIXED_SCRIPTS),
            reason=Reason.MIXED_SCRIPTS,
            automations=(automation.id,),
            keywords=(one.keyword,),
            witness=subject.witness(latin, at=subject.meeting(automation.id)),
            repairs=(repair,) if may_be_keyword(latin, one, subject) else (),
        )


def _is_mixed(keyword: str) -> bool:
    """Tell whether a keyword has letters of two scripts."""
    names = {
        unicodedata.name(character, "").split(" ")[0]
        for character in keyword
        if character.isalpha()
    }
    return len(names.intersection(_SCRIPTS)) > 1


def _is_look_alike(latin: str, subject: Subject) -> bool:
    """Tell whether our texts ask for the Latin letters that a keyword looks like."""
    return latin.isascii() and any(latin in text.body for text in subject.texts)


def _case_variants(listed: list[Listed], subject: Subject) -> Iterator[Finding]:
    done = set[str]()
    for one in listed:
        folded = one.keyword.casefold()
        if folded in done or not one.content.match_case:
            continue
        done.add(folded)
        lower = one.keyword.lower()
        first = lower[:1].title() + lower[1:]
        automation = one.automation.id
        # Phones write the first letter of a message large.
        body = one.body.replace(one.keyword, first, 1)
        if first == lower or automation in subject.listeners.heard(body):
            continue
        witness = subject.witness(body, at=subject.meeting(automation))
        # In small letters, the article warns, it would be met by accident.
        missing = {first, one.keyword.upper()} - set(one.content.keywords)
        yield Finding(
            code=Code.CASE_VARIANTS,
            level=level_of(Code.CASE_VARIANTS, Reason.NONE),
            automations=(automation,),
            keywords=(one.keyword,),
            witness=witness,
            repairs=(
                AddKeywords(
                    automation=automation,
                    beside=one.keyword,
                    keywords=tuple(sorted(missing)),
                ),
            ),
        )
