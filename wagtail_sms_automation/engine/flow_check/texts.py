"""What our own texts make people send: K6, K7."""

from collections.abc import Iterator

from .. import invitations
from ..flow_graph import ArrowKind, dead_words, node_id
from .findings import Code, Finding, MarkIntended, Reason, SwitchToExact, level_of
from .keywords import is_reserved_word
from .subject import Subject, Text


def check(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with texts, announcements first."""
    for text in subject.texts:
        yield from _examples(text, subject)
        yield from _dead_invitations(text, subject)
        # Answers come from the number that was written to.
        if text.announcement is not None and not subject.can_receive:
            yield from _unanswerable(text, subject)
    yield from _own_replies(subject)


def _examples(text: Text, subject: Subject) -> Iterator[Finding]:
    """Yield who else fires on the message that a text shows as an example."""
    for example in invitations.examples(text.body):
        heard = subject.listeners.heard(example)
        if len(heard) < 2:
            continue
        asked = {
            id
            for word in invitations.read(text.body).words
            for id in subject.listeners.heard(word.word)
        }
        first = min(place.start for places in heard.values() for place in places)
        for id, places in heard.items():
            if id in asked or any(place.start == first for place in places):
                continue
            witness = subject.witness(example, at=subject.meeting(id))
            if id not in witness.fires:
                continue
            keywords = tuple(place.keyword for place in places)
            author = (text.automation,) if text.automation is not None else ()
            yield Finding(
                code=Code.OWN_TEXT,
                level=level_of(Code.OWN_TEXT, Reason.EXAMPLE),
                reason=Reason.EXAMPLE,
                automations=tuple(dict.fromkeys((id, *author))),
                announcement=text.announcement,
                keywords=keywords,
                witness=witness,
                repairs=(
                    SwitchToExact(automation=id, keyword=keywords[0]),
                    MarkIntended(),
                ),
            )


def _own_replies(subject: Subject) -> Iterator[Finding]:
    """Yield the automations whose reply asks for what it answers."""
    nodes = {node_id(one.id): one.id for one in subject.active}
    for arrow in subject.graph.arrows:
        if arrow.source != arrow.target or arrow.kind is not ArrowKind.KEYWORD:
            continue
        automation = nodes[arrow.source]
        keyword = arrow.keywords[0]
        witness = subject.witness(keyword, at=subject.meeting(automation))
        if automation in witness.fires:
            yield Finding(
                code=Code.OWN_TEXT,
                level=level_of(Code.OWN_TEXT, Reason.OWN_REPLY),
                reason=Reason.OWN_REPLY,
                automations=(automation,),
                keywords=arrow.keywords,
                witness=witness,
                repairs=(MarkIntended(),),
            )


def dead_words_of(text: Text, subject: Subject) -> Iterator[str]:
    """Yield the words of a text that no active automation listens to."""
    for word in dead_words(text.body, subject.listeners, text.automation):
        if not is_reserved_word(word, subject):
            yield word


def _dead_invitations(text: Text, subject: Subject) -> Iterator[Finding]:
    for word in dead_words_of(text, subject):
        if not subject.paused_listeners.heard(word):
            yield Finding(
                code=Code.DEAD_INVITATION,
                level=level_of(Code.DEAD_INVITATION, Reason.NOBODY_LISTENS),
                reason=Reason.NOBODY_LISTENS,
                automations=() if text.automation is None else (text.automation,),
                announcement=text.announcement,
                keywords=(word,),
                witness=subject.witness(word),
            )


def _unanswerable(text: Text, subject: Subject) -> Iterator[Finding]:
    words = invitations.read(text.body).words
    if words:
        yield Finding(
            code=Code.DEAD_INVITATION,
            level=level_of(Code.DEAD_INVITATION, Reason.CANNOT_RECEIVE),
            reason=Reason.CANNOT_RECEIVE,
            announcement=text.announcement,
            keywords=tuple(dict.fromkeys(word.word for word in words)),
            witness=subject.witness(words[0].word),
        )
