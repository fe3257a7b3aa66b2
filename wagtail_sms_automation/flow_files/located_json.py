"""JSON whose values know the line they stand on."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


_SPACE = re.compile(r"[ \t\n\r]*")
#: A flow file is five deep; more is no flow, and would exhaust the stack.
_MOST_DEEP = 20


class JSONLineError(ValueError):
    """A text that is no JSON, or an object with a key twice."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Located:
    """A value and the line it begins on.

    An object is a dict of str to Located, an array a list of Located.
    """

    value: Any
    line: int


def parse(text: str) -> Located:
    """Read one JSON document, or raise JSONLineError."""
    scanner = _Scanner(text)
    try:
        located, end = scanner.scan(scanner.skip(0), _MOST_DEEP)
        end = scanner.skip(end)
    except json.JSONDecodeError as error:
        written = len(text.rstrip())
        line = scanner.line(min(error.pos, written))
        if error.pos >= written or error.msg.startswith("Unterminated"):
            raise JSONLineError(line, _("the file ends too early.")) from error
        raise JSONLineError(line, _("this is no JSON.")) from error
    except JSONLineError:
        raise
    except ValueError as error:
        # Python reads no integer of more than some thousands of digits.
        reason = _("this number is too long.")
        raise JSONLineError(scanner.line(scanner.at), reason) from error
    if end != len(text):
        raise scanner.error(end, _("something follows the end of the flow."))
    return located


class _Scanner:
    """Walks objects and arrays; what holds no other value, json reads."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._decoder = json.JSONDecoder(parse_constant=self._refuse)
        self._counted = (0, 1)

    def scan(self, start: int, depth: int) -> tuple[Located, int]:
        """Return the value that starts here, and where it ends."""
        if not depth:
            raise self.error(start, _("this is nested too deeply."))
        self.at = start
        line, opening = self.line(start), self.text[start : start + 1]
        if opening == "{":
            value, end = self._object(start + 1, depth - 1)
        elif opening == "[":
            value, end = self._array(start + 1, depth - 1)
        else:
            value, end = self._decoder.raw_decode(self.text, start)
        return Located(value, line), end

    def skip(self, position: int) -> int:
        """Return where the next token starts."""
        return _SPACE.match(self.text, position).end()

    def line(self, position: int) -> int:
        """Return the line of a position, counted on from the last one asked for."""
        counted, line = self._counted
        if position < counted:
            counted, line = 0, 1
        line += self.text.count("\n", counted, position)
        self._counted = (position, line)
        return line

    def error(self, position: int, reason: str) -> JSONLineError:
        """Return the error of a position."""
        return JSONLineError(self.line(position), reason)

    def _refuse(self, constant: str) -> None:
        raise self.error(self.at, _("%(value)s is no number.") % {"value": constant})

    def _object(self, position: int, depth: int) -> tuple[dict[str, Located], int]:
        members: dict[str, Located] = {}
        position = self.skip(position)
        if self._is("}", position):
            return members, position + 1
        while True:
            key_position = position
            if not self._is('"', position):
                raise self._unexpected(position)
            self.at = position
            key, position = self._decoder.raw_decode(self.text, position)
            if key in members:
                reason = _("“%(key)s” is there twice.") % {"key": key[:50]}
                raise self.error(key_position, reason)
            position = self._expect(":", self.skip(position))
            members[key], position = self.scan(self.skip(position), depth)
            position = self.skip(position)
            if self._is("}", position):
                return members, position + 1
            position = self.skip(self._expect(",", position))

    def _array(self, position: int, depth: int) -> tuple[list[Located], int]:
        items: list[Located] = []
        position = self.skip(position)
        if self._is("]", position):
            return items, position + 1
        while True:
            item, position = self.scan(position, depth)
            items.append(item)
            position = self.skip(position)
            if self._is("]", position):
                return items, position + 1
            position = self.skip(self._expect(",", position))

    def _is(self, character: str, position: int) -> bool:
        return self.text[position : position + 1] == character

    def _expect(self, character: str, position: int) -> int:
        if not self._is(character, position):
            raise self._unexpected(position)
        return position + 1

    def _unexpected(self, position: int) -> json.JSONDecodeError:
        return json.JSONDecodeError("", self.text, position)
