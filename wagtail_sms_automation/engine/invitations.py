"""Which words a text asks its reader to text back."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from . import text
from .opt_out_words import DEFAULT, WORDS


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


#: "Reply ORDER", "envoyez PLATS", "stuur GERECHT": lower case, without accents.
_VERBS = _words(
    "reply replying respond text texting send sending type answer write sms "
    "repondez repondre reponds repondant envoyez envoyer envoie envoyant renvoyez "
    "tapez taper tape ecrivez ecrire ecris textez texter "
    "antwoord antwoordt beantwoord stuur stuurt zend typ typt schrijf reageer smst "
    "sms't"
)
# "par SMS" is a way to write, not a request to.
_BEFORE_NOUNS = _words("by per par via of de le un een your votre je")
_NEGATIONS = _words("not don't dont never ne n'envoyez niet")
#: What may stand between the verb and its word.
_FILLERS = _words(
    "with back us me the word words by to at just simply either sms a text message "
    "par avec nous moi le la les mot mots au simplement juste un message en ce "
    "met het woord ons terug naar aan op dit bericht een gewoon per via : ="
)
_MOST_FILLERS = 6
_JOINS = _words(", / or ou of and et en oder | -")
#: What may follow a number that is asked for: "1 for delivery, 2 = pickup".
_AFTER_NUMBERS = _JOINS | _words("for to if pour a si voor om = : . ! ? ; )")
#: Capitals that nobody texts back.
_ABBREVIATIONS = _words(
    "SMS MMS EUR USD GBP CHF CAD TTC TVA HT BTW VAT AM PM SVP STP AUB PS NB PDF QR "
    "URL WWW HTTP HTTPS TEL RCS"
)

_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_TOKEN = re.compile(
    r"(?P<quoted>\"[^\"\n]{1,60}\"|“[^”\n]{1,60}”|«[^»\n]{1,60}»|‘[^’\n]{1,60}’"
    r"|(?<!\w)'[^'\n]{1,60}'(?!\w))"
    r"|(?P<number>\d+(?![\w.,]*\w))|(?P<word>\w+(?:['’-]\w+)*)|(?P<aside>\([^()\n]*\))"
    r"|(?P<mark>[^\w\s])|(?P<line>\n)"
)
_SENTENCE_ENDS = frozenset(".!?;\n")
_EXAMPLE = re.compile(
    r"(?<!\w)(?:for example|example|e\.g\.|eg|par exemple|exemple|p\. ?ex\.|ex\.?"
    r"|bijvoorbeeld|voorbeeld|bijv\.?|bv\.?)\s*[:,]?\s+([^\n]+)",
    re.IGNORECASE,
)
_EXAMPLE_END = re.compile(r"[.!?](?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A word, a number or a quoted phrase that a text asks for: offsets in the text."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    start: int
    end: int

    @property
    def plain(self) -> str:
        return _plain(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    """What one text asks for."""

    #: In the text's order. STOP, START and HELP are not among them.
    words: tuple[Invitation, ...]
    #: Where a request is open: what stands here is asked for, in capitals or not.
    openings: frozenset[int]
    #: Words in capitals, in a text that is not all in capitals.
    capitals: tuple[tuple[int, int], ...]

    def ask_for(self, start: int, end: int) -> bool:
        """Tell whether a slice of the text is asked for by a verb."""
        return start in self.openings or any(
            start < word.end and word.start < end for word in self.words
        )

    def show(self, start: int, end: int) -> bool:
        """Tell whether a slice of the text stands out in capitals."""
        return any(first <= start and end <= last for first, last in self.capitals)


@lru_cache(maxsize=4096)
def read(body: str) -> Invitations:
    """Read the invitations of a text."""
    # As long as the placeholder, so that offsets stay.
    body = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), body)
    tokens = [
        _Token(match.lastgroup or "", match[0], *match.span())
        for match in _TOKEN.finditer(body)
    ]
    is_shouted = not any(character.islower() for character in body)
    words: dict[int, Invitation] = {}
    openings: set[int] = set()
    for position in range(len(tokens)):
        if _is_request(tokens, position):
            for invitation in _requested(tokens, position + 1, is_shouted, openings):
                words.setdefault(invitation.start, invitation)
    capitals: tuple[tuple[int, int], ...] = ()
    if not is_shouted:
        capitals = tuple(
            (token.start, token.end) for token in tokens if _is_capital(token)
        )
    return Invitations(
        words=tuple(
            words[start] for start in sorted(words) if not is_stop(words[start].word)
        ),
        openings=frozenset(openings),
        capitals=capitals,
    )


def examples(body: str) -> tuple[str, ...]:
    """The messages that a text shows as an example: "Example: FOOD 2x1, 1x5"."""
    return tuple(
        example
        for match in _EXAMPLE.finditer(body)
        if (example := _EXAMPLE_END.split(match[1])[0].strip(" \"'“”«»"))
    )


def plain(phrase: str) -> str:
    """The words of a phrase alone: no case, accent or punctuation."""
    form = text.read(phrase).form(match_case=False, match_accents=False)
    return " ".join(form.text[start:end] for start, end in form.words)


def is_stop(word: str) -> bool:
    """Tell whether a word asks for silence, for texts or for help, not for a flow."""
    return plain(word) in _stop_words()


@cache
def _stop_words() -> frozenset[str]:
    known = [*DEFAULT.opt_out, *DEFAULT.opt_in, *DEFAULT.help]
    for words in WORDS.values():
        known += words.opt_out
    return frozenset(map(plain, known))


def _is_request(tokens: Sequence[_Token], position: int) -> bool:
    token = tokens[position]
    if token.kind != "word" or token.plain not in _VERBS:
        return False
    before = tokens[position - 1].plain if position else ""
    return before not in _NEGATIONS and not (
        token.plain in ("sms", "text") and before in _BEFORE_NOUNS
    )


def _requested(
    tokens: Sequence[_Token], position: int, is_shouted: bool, openings: set[int]
) -> Iterator[Invitation]:
    """Walk on from a verb: its word, and the others that are joined to it."""
    for _ in range(_MOST_FILLERS):
        if position >= len(tokens):
            return
        openings.add(tokens[position].start)
        if _length(tokens, position, is_shouted):
            break
        if not _is_filler(tokens[position]):
            return
        position += 1
    is_open, kind = True, ""
    while position < len(tokens) and tokens[position].value not in _SENTENCE_ENDS:
        token = tokens[position]
        length = _length(tokens, position, is_shouted) if is_open else 0
        # Numbers go with numbers: "Reply FOOD, 2 pizzas" asks for one word.
        if length and (not kind or (kind == "number") == (token.kind == "number")):
            kind = token.kind
            last = tokens[position + length - 1]
            yield _invitation(tokens[position : position + length])
            position, token = position + length - 1, last
        is_open = token.plain in _JOINS or (is_open and _is_filler(token))
        position += 1


def _length(tokens: Sequence[_Token], position: int, is_shouted: bool) -> int:
    """How many tokens from here are one thing to text back; 0 for none."""
    token = tokens[position]
    after = tokens[position + 1] if position + 1 < len(tokens) else None
    if token.kind == "quoted":
        return 1
    if token.kind == "number" or (token.kind == "word" and len(token.value) == 1):
        is_apart = after is None or after.kind in ("line", "aside")
        is_apart = is_apart or (after is not None and after.plain in _AFTER_NUMBERS)
        fits = len(token.value) <= 2 and (token.kind == "number" or _is_upper(token))
        return int(fits and is_apart)
    if not _is_capital(token) or (is_shouted and _is_filler(token)):
        return 0
    length = 1
    while (
        not is_shouted
        and position + length < len(tokens)
        and _is_capital(tokens[position + length])
        and tokens[position + length].start == tokens[position + length - 1].end + 1
    ):
        length += 1
    return length


def _invitation(tokens: Sequence[_Token]) -> Invitation:
    start, end = tokens[0].start, tokens[-1].end
    if tokens[0].kind == "quoted":
        quoted = tokens[0].value[1:-1]
        start += 1 + len(quoted) - len(quoted.lstrip())
        return Invitation(
            word=quoted.strip(), start=start, end=start + len(quoted.strip())
        )
    word = " ".join(token.value for token in tokens)
    return Invitation(word=word, start=start, end=end)


def _is_filler(token: _Token) -> bool:
    # The short code that a text names: "text to 36180 the word MENU".
    is_number = token.kind == "number" and len(token.value) > 2
    return token.plain in _FILLERS or is_number


def _is_upper(token: _Token) -> bool:
    return token.value == token.value.upper() != token.value.lower()


def _is_capital(token: _Token) -> bool:
    return (
        token.kind == "word"
        and len(token.value) > 1
        and not token.value[0].isdigit()
        and _is_upper(token)
        and token.value not in _ABBREVIATIONS
    )


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.casefold()).replace("’", "'")
    return "".join(c for c in decomposed if not unicodedata.combining(c))
