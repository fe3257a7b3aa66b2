"""What can be wrong with the OPTIONS of a MessageBird gateway."""

import difflib
import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _


def option_errors(
    options: Mapping[str, Any], known: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Check id, text and hint of each fault."""
    yield from _access_key_errors(options["ACCESS_KEY"])
    yield from _signing_keys_errors(options["SIGNING_KEYS"])
    if not _is_web_address(options["ENDPOINT"]):
        yield (
            "E013",
            _("ENDPOINT is not a web address."),
            _("Write it with its scheme, such as https://rest.messagebird.com/."),
        )
    if not is_seconds(options["SIGNATURE_LEEWAY"]):
        yield (
            "E014",
            _("SIGNATURE_LEEWAY is not a number of seconds."),
            _("Give a number that is not negative, such as 300."),
        )
    if not isinstance(options["LEGACY_SIGNATURES"], bool):
        yield (
            "E016",
            _("LEGACY_SIGNATURES is neither True nor False."),
            _("A text such as 'False' leaves the older signatures off."),
        )
    yield from _unknown_option_errors(options, known)


def is_header_text(value: str) -> bool:
    """Can this stand in a header, as a word?"""
    return re.fullmatch(r"[!-~]+", value) is not None


def is_seconds(value: object) -> bool:
    """Is this a length of time?"""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= 0


def usable_keys(keys: object) -> list[str]:
    """The keys a signature may be checked with; anyone can sign with an empty one."""
    if not isinstance(keys, list | tuple):
        return []
    return [key for key in keys if isinstance(key, str) and key.strip()]


def _access_key_errors(access_key: object) -> Iterator[tuple[str, str, str]]:
    hint = _("Copy it from the MessageBird dashboard: Developers, API access.")
    if not access_key:
        yield "E011", _("ACCESS_KEY is missing."), hint
    elif not isinstance(access_key, str) or not is_header_text(access_key):
        yield "E011", _("ACCESS_KEY holds a space, a line break or an accent."), hint


def _signing_keys_errors(keys: object) -> Iterator[tuple[str, str, str]]:
    hint = _(
        "Give a list with the signing key of the MessageBird dashboard (Developers, "
        "API settings); with two keys, both are accepted."
    )
    if not isinstance(keys, list | tuple):
        yield "E012", _("SIGNING_KEYS is not a list."), hint
    elif not keys:
        yield "E012", _("SIGNING_KEYS holds no key: no webhook is accepted."), hint
    elif len(usable_keys(keys)) < len(keys):
        yield "E012", _("SIGNING_KEYS holds an empty key."), hint


def _is_web_address(value: object) -> bool:
    try:
        address = urlsplit(str(value))
        return address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        return False


def _unknown_option_errors(
    options: Mapping[str, Any], known: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    for name in options:
        if name in known:
            continue
        nearest = difflib.get_close_matches(str(name).upper(), known, n=1, cutoff=0)
        yield (
            "E015",
            _("There is no option %(name)s.") % {"name": name},
            _("Did you mean %(nearest)s?") % {"nearest": nearest[0]},
        )
