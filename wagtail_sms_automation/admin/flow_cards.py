"""What is written in the diagram of a flow: on its cards, and on its arrows."""

import re
from dataclasses import dataclass, field

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from ..engine.flow_graph import ArrowKind, NodeKind
from ..engine.segments import clean
from .text_lines import is_right_to_left, lines_of, width_of


_CARD_WIDTH = 248
_PADDING = 14
_ICON = 12
_NAME, _BODY, _NOTE, _KEYWORD, _COUNT = 14, 13, 12, 13, 11
_NAME_LINES, _BODY_LINES, _NOTE_LINES, _KEYWORD_LINES = 2, 5, 3, 3
_KEYWORD_WIDTH = 168
_LEADING = 1.4
#: What XML does not allow; clean() takes away the controls.
_NO_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of text; y is its base."""

    text: str
    x: float
    y: float
    size: float
    kind: str = "body"
    is_bold: bool = False
    anchor: str = "start"
    is_right_to_left: bool = False
    icon: str = ""
    icon_x: float = 0


@dataclass(kw_only=True)
class Card:
    """One node of the graph, as it is drawn."""

    id: str
    label: str
    title: str
    classes: str
    shape: str
    url: str = ""
    height: float = _PADDING
    lines: list[Line] = field(default_factory=list)
    x: float = 0
    y: float = 0
    outline: str = ""

    width = _CARD_WIDTH

    def write(self, text, *, size, most, kind="body", is_bold=False, icon=""):
        """Write a text below what is there already."""
        indent = _ICON + 6 if icon else 0
        room = _CARD_WIDTH - 2 * _PADDING - indent
        turned = is_right_to_left(text)
        x = _CARD_WIDTH - _PADDING - indent if turned else _PADDING + indent
        lines = lines_of(text, width=room, size=size, most=most, is_bold=is_bold)
        for number, line in enumerate(lines):
            self.lines.append(
                Line(
                    text=line,
                    x=x,
                    y=round(self.height + size, 1),
                    size=size,
                    kind=kind,
                    is_bold=is_bold,
                    is_right_to_left=turned,
                    icon="" if number else icon,
                    icon_x=_CARD_WIDTH - _PADDING - _ICON if turned else _PADDING,
                )
            )
            self.height += size * _LEADING

    def space(self, height):
        """Leave room, but for the first line."""
        if self.lines:
            self.height += height


@dataclass(kw_only=True)
class Label:
    """What stands on an arrow; without lines, nothing does."""

    lines: list[Line] = field(default_factory=list)
    width: float = 0
    height: float = 0

    def write(self, text, *, size, kind, is_bold=False, most=_KEYWORD_LINES):
        """Write a text below what is there already, in the middle."""
        lines = lines_of(
            text, width=_KEYWORD_WIDTH, size=size, most=most, is_bold=is_bold
        )
        for line in lines:
            self.height = self.height or 5
            wide = width_of(line, size, is_bold=is_bold)
            self.width = max(self.width, round(wide + 16))
            self.lines.append(
                Line(
                    text=line,
                    x=0,
                    y=self.height + size,
                    size=size,
                    kind=kind,
                    is_bold=is_bold,
                    anchor="middle",
                    is_right_to_left=is_right_to_left(text),
                )
            )
            self.height += round(size * _LEADING, 1)


def card_of(node, url):
    """Return the card of a node, which leads to a URL."""
    name = _text(node.name) or _NAMES[node.kind]()
    notes = _notes(node)
    card = Card(
        id=node.id,
        label=" ".join([name, *(text for _, text in notes)]),
        title="\n\n".join([name, *map(_text, node.bodies)]),
        classes=_classes(node),
        shape=node.kind.value,
        url=url,
    )
    if node.kind == NodeKind.ANYONE:
        card.space(4)
    if node.kind == NodeKind.ANNOUNCEMENT and node.name:
        card.write(_NAMES[node.kind](), size=_NOTE, most=1, kind="note")
        card.space(2)
    card.write(name, size=_NAME, most=_NAME_LINES, kind="name", is_bold=True)
    _write_bodies(card, [_text(body) for body in node.bodies])
    for icon, note in notes:
        card.space(6)
        kind = "paused" if icon == "pause" else "warning"
        card.write(
            note, size=_NOTE, most=_NOTE_LINES, kind=kind, is_bold=True, icon=icon
        )
    card.height = round(card.height + _PADDING - 2, 1)
    return card


def _write_bodies(card, bodies):
    """Several texts share the lines; what has no room is counted."""
    shown = bodies[:2]
    for body in shown:
        card.space(4)
        card.write(body, size=_BODY, most=_BODY_LINES if len(bodies) == 1 else 3)
    more = len(bodies) - len(shown)
    if more:
        text = ngettext("And %(count)s more text.", "And %(count)s more texts.", more)
        card.space(4)
        card.write(text % {"count": number_format(more)}, size=_NOTE, most=1)


def _notes(node):
    notes = []
    if node.is_paused:
        notes.append(("pause", gettext("Paused")))
    if not node.is_reachable:
        notes.append(("warning", gettext("Nothing leads here.")))
    if node.dead_words:
        words = ", ".join(map(_text, node.dead_words))
        text = gettext("No automation answers: %(words)s") % {"words": words}
        notes.append(("warning", text))
    return notes


def _classes(node):
    classes = [f"sms-flow__card--{node.kind.value}"]
    if node.is_paused:
        classes.append("is-paused")
    if node.dead_words or not node.is_reachable:
        classes.append("is-warning")
    return " ".join(classes)


def labels_of(arrows, counts):
    """Write on each arrow; a count belongs to the first arrow of a pair of nodes."""
    counts = dict(counts)
    labels = []
    for arrow in arrows:
        label = Label()
        if arrow.keywords:
            words = ", ".join(map(_text, arrow.keywords))
            label.write(words, size=_KEYWORD, kind="keyword", is_bold=True)
        elif arrow.kind in _WORDS:
            label.write(_WORDS[arrow.kind](), size=_NOTE, kind="note")
        count = counts.pop((arrow.source, arrow.target), None)
        if count is not None:
            text = ngettext("%(shown)s contact", "%(shown)s contacts", count)
            text %= {"shown": number_format(count, force_grouping=True)}
            label.write(text, size=_COUNT, kind="count", most=1)
        if label.lines:
            label.height = round(label.height + 4)
        labels.append(label)
    return labels


def _text(text):
    return _NO_XML.sub("", clean(text)).strip()


_NAMES = {
    NodeKind.AUTOMATION: lambda: gettext("Automation without a name"),
    NodeKind.ANNOUNCEMENT: lambda: gettext("Announcement"),
    NodeKind.ANYONE: lambda: gettext("Anyone who texts"),
}
_WORDS = {
    ArrowKind.FOLLOWS: lambda: gettext("the next text"),
    ArrowKind.ANY_TEXT: lambda: gettext("any text"),
}
