"""Placeholders in texts: an allow-list, one pass, never Django's template engine."""

import re
from collections.abc import Mapping

from .messages import Contact, InboundMessage


#: Every name a text may use, and contact.attributes.NAME besides.
PLACEHOLDERS = (
    "contact.first_name",
    "contact.last_name",
    "contact.name",
    "contact.phone_number",
    "contact.phone",
    "contact.language",
    "message.body",
    "message.media_urls",
    "message.originator",
    "message.recipient",
    "keyword",
)

_ATTRIBUTE = re.compile(r"contact\.attributes\.[\w-]+")
#: A whole placeholder, else the start of one never closed, else a stray end.
_TOKEN = re.compile(r"\{\{([^{}]*)\}\}|\{\{[^{}\n]*\}?|\}\}")


class PlaceholderError(ValueError):
    """A text holds a placeholder that is unknown or half typed."""

    def __init__(self, placeholders: tuple[str, ...]) -> None:
        self.placeholders = placeholders
        super().__init__(
            f"Unknown or incomplete placeholder: {', '.join(placeholders)}"
        )


def check(template: str) -> tuple[str, ...]:
    """Return the placeholders that are unknown or malformed, as they were typed."""
    return tuple(
        dict.fromkeys(
            token[0].strip()
            for token in _TOKEN.finditer(template)
            if not _is_known(token)
        )
    )


def names(template: str) -> tuple[str, ...]:
    """Return what the known placeholders of a text name, in order, once each."""
    known = (token for token in _TOKEN.finditer(template) if _is_known(token))
    return tuple(dict.fromkeys(_name(token) for token in known))


def values(
    message: InboundMessage, contact: Contact | None, keyword: str
) -> Mapping[str, str]:
    """Return what each placeholder stands for in the answers to one message."""
    # An originator that is no phone number still tells staff who wrote.
    contact = contact or Contact(phone_number=message.originator)
    return {
        "contact.first_name": contact.first_name,
        "contact.last_name": contact.last_name,
        "contact.name": f"{contact.first_name} {contact.last_name}".strip(),
        "contact.phone_number": contact.phone_number,
        "contact.phone": contact.phone_number,
        "contact.language": contact.language,
        **{
            f"contact.attributes.{name}": value
            for name, value in contact.attributes.items()
        },
        "message.body": message.body,
        "message.media_urls": " ".join(message.media_urls),
        "message.originator": message.originator,
        "message.recipient": message.recipient,
        "keyword": keyword,
    }


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders in, once; what a value holds is never read again."""
    if problems := check(template):
        raise PlaceholderError(problems)
    return _TOKEN.sub(lambda token: _value(token, values), template)


def _value(token: re.Match[str], values: Mapping[str, str]) -> str:
    name, _, fallback = token[1].partition("|")
    value = values.get(name.strip(), "")
    return value if value.strip() else fallback.strip()


def _name(token: re.Match[str]) -> str:
    return (token[1] or "").partition("|")[0].strip()


def _is_known(token: re.Match[str]) -> bool:
    name = _name(token)
    return name in PLACEHOLDERS or _ATTRIBUTE.fullmatch(name) is not None
