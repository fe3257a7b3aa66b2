"""The members of a file's objects, by name and type, with the line of each."""

from django.utils.translation import gettext as _

from .located_json import Located
from .shape import MOST_TEXTS, Problem


class Fields:
    """The members of an object, asked for by name and type; problems are noted."""

    def __init__(self, located: Located, problems: list[Problem]) -> None:
        self.problems = problems
        self.line = located.line
        self.members: dict[str, Located] = located.value
        self.seen: set[str] = set()

    def line_of(self, name: str) -> int:
        """Return the line of a member, or the object's own."""
        member = self.members.get(name)
        return member.line if member else self.line

    def note(self, name: str, reason: str) -> None:
        """Note a problem of a member."""
        text = _("%(field)s: %(reason)s") % {"field": name, "reason": reason}
        self.problems.append(Problem(self.line_of(name), text))

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        located = self._take(name, str, _("this must be a text."))
        if located is None:
            return default
        self.check_characters(name, located)
        return located.value

    def number(self, name: str) -> int | None:
        """Return a whole number."""
        located = self._take(name, int, _("this must be a whole number."))
        return located.value if located else None

    def switch(self, name: str) -> bool:
        """Return true or false; left out, it is false."""
        located = self._take(name, bool, _("this must be true or false."))
        return bool(located and located.value)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        texts = []
        for item in self.items(name, MOST_TEXTS):
            if isinstance(item.value, str):
                self.check_characters(name, item)
                texts.append(item.value)
            else:
                self._note_at(item.line, name, _("this must be a list of texts."))
        return texts

    def objects(self, name: str, most: int) -> list["Fields"]:
        """Return a list of objects, their own members to be asked for."""
        found = []
        for item in self.items(name, most):
            if isinstance(item.value, dict):
                found.append(Fields(item, self.problems))
            else:
                self._note_at(item.line, name, _("this must be a list of objects."))
        return found

    def items(self, name: str, most: int) -> list[Located]:
        """Return the items of a list; left out, there are none."""
        located = self._take(name, list, _("this must be a list."))
        items = located.value if located else []
        if len(items) > most:
            reason = _("there are too many: at most %(most)s.")
            self.note(name, reason % {"most": most})
            return []
        return items

    def is_null(self, name: str) -> bool:
        """Tell whether a member is null, which only some may be."""
        member = self.members.get(name)
        if member is None or member.value is not None:
            return False
        self.seen.add(name)
        return True

    def check_characters(self, name: str, located: Located) -> None:
        """Refuse what no database keeps."""
        try:
            located.value.encode()
        except UnicodeEncodeError:
            self._note_at(located.line, name, _("half a character is missing."))
        if "\0" in located.value:
            self._note_at(located.line, name, _("null characters are not allowed."))

    def finish(self) -> None:
        """Refuse members that nobody asked for: a misspelt one would be lost."""
        for name in self.members.keys() - self.seen:
            shown = name[:50].encode("utf-8", "replace").decode()
            reason = _("“%(name)s” has no place here.") % {"name": shown}
            self.problems.append(Problem(self.line_of(name), reason))

    def _take(self, name: str, wanted: type, reason: str) -> Located | None:
        self.seen.add(name)
        located = self.members.get(name)
        if located is None:
            return None
        # True is an int to Python, but no number to anybody else.
        is_right = isinstance(located.value, wanted)
        if not is_right or (wanted is int and isinstance(located.value, bool)):
            self.note(name, reason)
            return None
        return located

    def _note_at(self, line: int, name: str, reason: str) -> None:
        text = _("%(field)s: %(reason)s") % {"field": name, "reason": reason}
        self.problems.append(Problem(line, text))
