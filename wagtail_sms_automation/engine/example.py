"""An example of what an automation answers: the text, and how long answers may get."""

from collections.abc import Sequence

from . import rendering, segments
from .content import Content, Operator


#: Lengths that a long, but plausible, value has: for the dearest rendering.
LENGTHS = {
    "contact.first_name": 15,
    "contact.last_name": 20,
    "contact.name": 36,
    "contact.phone_number": 16,
    "contact.phone": 16,
    "contact.language": 5,
    "message.body": 160,
    "message.media_urls": 160,
    "message.originator": 16,
    "message.recipient": 16,
}
LENGTH_OF_ATTRIBUTE = 40


def body(contents: Sequence[Content], any_text: str) -> str:
    """Return a text that content conditions want: first keywords, or just any text."""
    wanted = [content for content in contents if content.keywords]
    by_operator = {
        operator: [content for content in wanted if content.operator is operator]
        for operator in Operator
    }
    if by_operator[Operator.EXACT]:
        return by_operator[Operator.EXACT][0].keywords[0]
    words = [
        *(content.keywords[0] for content in by_operator[Operator.BEGINS]),
        *(word for content in by_operator[Operator.ALL] for word in content.keywords),
        *(content.keywords[0] for content in by_operator[Operator.ANY]),
    ]
    return " ".join(dict.fromkeys(words)) or any_text


def longest(template: str, keywords: Sequence[str]) -> str:
    """Fill a text with long values; a text without placeholders stays as it is.

    Raise PlaceholderError where one is unknown or half typed.
    """
    values = {name: "m" * length for name, length in LENGTHS.items()}
    values["keyword"] = max(keywords, key=len, default="")
    for name in rendering.names(template):
        values.setdefault(name, "m" * LENGTH_OF_ATTRIBUTE)
    return segments.clean(rendering.render(template, values))
