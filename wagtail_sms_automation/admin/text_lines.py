"""Breaks a text into lines for SVG, which cannot do so itself.

The server has no fonts: widths are estimated, for the sans-serif fonts of Wagtail's
admin, rather too wide than too narrow.
"""

import unicodedata


_NARROW = frozenset("iIjl.,:;'|!()[]ftr \u2019")
_WIDE = frozenset("mwMW@%&—")
#: Shares of the font's size.
_NARROW_WIDTH, _WIDTH, _CAPITAL_WIDTH, _WIDE_WIDTH, _FULL_WIDTH = (
    0.38,
    0.61,
    0.74,
    0.96,
    1.05,
)
_BOLD = 1.13


def width_of(text, size, *, is_bold=False):
    """Estimate the width of a text, in the unit of the font's size."""
    width = sum(map(_width_of_character, text)) * size
    return width * _BOLD if is_bold else width


def lines_of(text, *, width, size, most, is_bold=False):
    """Break a text into at most so many lines; "…" tells that something is missing."""
    lines = []
    for paragraph in text.splitlines():
        for word in paragraph.split():
            for piece in _pieces(word, width, size, is_bold):
                longer = f"{lines[-1]} {piece}" if lines and lines[-1] else piece
                if lines and width_of(longer, size, is_bold=is_bold) <= width:
                    lines[-1] = longer
                else:
                    lines.append(piece)
                # One line too many is enough to know that the text does not fit.
                if len(lines) > most:
                    return [*lines[: most - 1], _cut(lines[most - 1], width, size)]
    return lines


def is_right_to_left(text):
    """True if the first letter of a text belongs to a right-to-left script."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _width_of_character(character):
    if unicodedata.combining(character):
        return 0
    if character in _NARROW:
        return _NARROW_WIDTH
    if character in _WIDE:
        return _WIDE_WIDTH
    if unicodedata.east_asian_width(character) in "WF":
        return _FULL_WIDTH
    return _CAPITAL_WIDTH if character.isupper() else _WIDTH


def _pieces(word, width, size, is_bold):
    """Break a word that is wider than a line."""
    piece, used = "", 0
    for character in word:
        wide = width_of(character, size, is_bold=is_bold)
        if piece and used + wide > width:
            yield piece
            piece, used = "", 0
        piece += character
        used += wide
    yield piece


def _cut(line, width, size):
    while line and width_of(f"{line}…", size, is_bold=True) > width:
        line = line[:-1]
    return f"{line.rstrip(' .,;:')}…"
