"""Where messages lead: to nowhere, or round and round: K8, K9."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..flow_graph import (
    ANYONE,
    Arrow,
    ArrowKind,
    followed_by,
    node_id,
    reachable,
)
from ..rules import Automation, ForwardToPhone, ReceivedBetween
from .findings import Code, Finding, MarkIntended, Reason, Witness, level_of
from .subject import Subject
from .texts import dead_words_of


#: So many texts show a circle; it may have a thousand.
_STEPS = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Yield the automations out of reach, and the circles."""
    yield from _not_invited(subject)
    yield from _follow_nobody(subject)
    yield from _paused(subject)
    yield from _expired(subject)
    yield from _cycles(subject)
    yield from _forwards(subject)


def _unreachable(
    reason: Reason,
    automations: tuple[int, ...],
    witness: Witness,
) -> Finding:
    return Finding(
        code=Code.UNREACHABLE,
        level=level_of(Code.UNREACHABLE, reason),
        reason=reason,
        automations=automations,
        witness=witness,
        repairs=(MarkIntended(),),
    )


def _not_invited(subject: Subject) -> Iterator[Finding]:
    """Yield the first of each part of a flow that its announcement leads not into.

    Without an announcement, customers know the words by other means.
    """
    arrows = [one for one in subject.graph.arrows if one.source != ANYONE]
    leading = {arrow.source for arrow in arrows}
    told = {id for id, told_by in subject.told_by.items() if told_by in leading}
    told -= {one.id for one in subject.listeners.any_text}
    roots = [node_id(one.id) for one in subject.active if one.id not in told]
    roots += [announcement.id for announcement in subject.announcements]
    reached = reachable(arrows, roots)
    lost = [
        one
        for one in subject.active
        if one.id in told and node_id(one.id) not in reached
    ]
    for automation in _heads(lost, arrows):
        if followed_by(automation) is not None:
            continue
        body = subject.first_bodies.get(automation.id)
        if body is not None:
            at = subject.meeting(automation.id)
            yield _unreachable(
                Reason.NOT_INVITED, (automation.id,), subject.witness(body, at=at)
            )


def _heads(lost: Sequence[Automation], arrows: Sequence[Arrow]) -> list[Automation]:
    """Those that no other lost one leads to, and the first of each lost circle."""
    ids = {node_id(one.id) for one in lost}
    inner = [arrow for arrow in arrows if arrow.source in ids]
    led = {arrow.target for arrow in inner if arrow.source != arrow.target}
    heads = [one for one in lost if node_id(one.id) not in led]
    covered = reachable(inner, [node_id(one.id) for one in heads])
    for automation in sorted(lost, key=lambda one: one.id):
        if node_id(automation.id) not in covered:
            heads.append(automation)
            covered |= reachable(inner, [node_id(automation.id)])
    return heads


def _follow_nobody(subject: Subject) -> Iterator[Finding]:
    for automation in subject.active:
        followed = followed_by(automation)
        if followed is not None and not followed & subject.by_id.keys():
            body = subject.first_bodies.get(automation.id, "OK")
            witness = subject.witness(body)
            found = _unreachable(Reason.FOLLOWS_NOBODY, (automation.id,), witness)
            yield replace(found, follows=followed)


def _paused(subject: Subject) -> Iterator[Finding]:
    """Yield the paused automations that a text in use asks for."""
    asked: dict[tuple[int, int | None, str | None], list[str]] = {}
    for text in subject.texts:
        for word in dead_words_of(text, subject):
            for id in subject.paused_listeners.heard(word):
                key = id, text.automation, text.announcement
                asked.setdefault(key, []).append(word)
    for (id, automation, announcement), words in asked.items():
        automations = (id,) if automation is None else (id, automation)
        found = _unreachable(Reason.PAUSED, automations, subject.witness(words[0]))
        keywords = tuple(dict.fromkeys(words))
        yield replace(found, keywords=keywords, announcement=announcement)


def _expired(subject: Subject) -> Iterator[Finding]:
    for automation in subject.active:
        ends = [
            condition.ends_at
            for condition in automation.conditions
            if isinstance(condition, ReceivedBetween) and condition.ends_at
        ]
        if ends and min(ends) <= subject.now:
            body = subject.first_bodies.get(automation.id, "OK")
            witness = subject.witness(body)
            found = _unreachable(Reason.EXPIRED, (automation.id,), witness)
            yield replace(found, ended_at=min(ends))


def _cycles(subject: Subject) -> Iterator[Finding]:
    """Yield the automations that ask for one another, round and round."""
    ids = {node_id(one.id): one.id for one in subject.active}
    arrows: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for arrow in subject.graph.arrows:
        is_invitation = arrow.kind is ArrowKind.KEYWORD and arrow.source in ids
        if is_invitation and arrow.source != arrow.target:
            arrows[ids[arrow.source]][ids[arrow.target]] = arrow.keywords[0]
    for circle in _circles(subject.by_id, arrows):
        route = _way_round(min(circle), circle, arrows)
        witness = _last_steps(route, subject)
        if min(circle) in witness.fires:
            yield Finding(
                code=Code.CYCLE,
                level=level_of(Code.CYCLE, Reason.INVITATIONS),
                reason=Reason.INVITATIONS,
                automations=tuple(sorted(circle)),
                keywords=tuple(dict.fromkeys(keyword for _, keyword in route)),
                witness=witness,
                repairs=(MarkIntended(),),
            )


def _last_steps(route: Sequence[tuple[int, str]], subject: Subject) -> Witness:
    """Say the last words of a way round, as whoever comes from the step before.

    To say all would take as long as the way is, and longer than the loop guard lets
    anybody go on.
    """
    nodes = [id for id, _ in route]
    bodies = [keyword for _, keyword in route[-_STEPS:]]
    at = subject.meeting(*nodes) or subject.anywhere
    if any(followed_by(subject.by_id[id]) is not None for id in nodes[-_STEPS:]):
        before = nodes[-_STEPS - 1] if len(nodes) > _STEPS else nodes[-1]
        at = replace(at, last_automation=before)
    return subject.witness(*bodies, at=at)


def _circles(
    nodes: Iterable[int], arrows: Mapping[int, Mapping[int, str]]
) -> list[set[int]]:
    """The sets of nodes that all lead to one another, of two or more."""
    backwards: defaultdict[int, list[int]] = defaultdict(list)
    for source, targets in arrows.items():
        for target in targets:
            backwards[target].append(source)
    # Kosaraju: walked backwards from whoever a walk forwards is done with last.
    order = [node for part in _walks(nodes, arrows) for node in part]
    parts = _walks(reversed(order), backwards)
    return [set(part) for part in parts if len(part) > 1]


def _walks(
    starts: Iterable[int], targets: Mapping[int, Iterable[int]]
) -> list[list[int]]:
    """Walk in depth from each start; the nodes each walk adds, as it is done with."""
    seen, walks = set[int](), []
    for start in starts:
        walk: list[int] = []
        path = [(start, iter(targets.get(start, ())))] if start not in seen else []
        seen.add(start)
        while path:
            node, rest = path[-1]
            following = next((one for one in rest if one not in seen), None)
            if following is None:
                walk.append(node)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(targets.get(following, ()))))
        walks.append(walk)
    return walks


def _way_round(
    start: int, circle: set[int], arrows: Mapping[int, Mapping[int, str]]
) -> list[tuple[int, str]]:
    """The shortest way from a node back to it: each node reached, and by which word."""
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for target in sorted(arrows[node]):
            if target in circle and target not in came_from:
                came_from[target] = node
                waiting.append(target)
    route: list[tuple[int, str]] = []
    node = start
    while not route or node != start:
        source = came_from[node]
        route.append((node, arrows[source][node]))
        node = source
    return route[::-1]


def _forwards(subject: Subject) -> Iterator[Finding]:
    for automation in subject.active:
        numbers = {
            number
            for action in automation.actions
            if isinstance(action, ForwardToPhone)
            for number in action.phone_numbers
        }
        for reason, taken in (
            (Reason.OWN_NUMBER, subject.rulebook.own_numbers),
            (Reason.CONTACT, subject.contact_numbers),
        ):
            if found := sorted(numbers & taken):
                body = subject.first_bodies.get(automation.id, "OK")
                yield Finding(
                    code=Code.CYCLE,
                    level=level_of(Code.CYCLE, reason),
                    reason=reason,
                    automations=(automation.id,),
                    numbers=tuple(found),
                    witness=subject.witness(body, at=subject.meeting(automation.id)),
                )
