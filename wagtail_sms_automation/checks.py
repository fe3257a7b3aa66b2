"""System checks: one for each setting that can be wrong, with what to do about it."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from . import phone_numbers, project_checks
from .conf import KEYS, SANDBOX, is_rate
from .conf import settings as sms_settings
from .gateways.base import Gateway
from .gateways.sandbox import SandboxGateway
from .phone_numbers import Kind, PhoneNumberError
from .project_checks import TAG, error, warning


Messages = Iterator[checks.CheckMessage]

GATEWAY_KEYS = ("BACKEND", "OPTIONS", "MESSAGES_PER_SECOND")


def register() -> None:
    """Bind every check."""
    for check in (
        check_is_dict,
        check_keys,
        check_gateways,
        check_default_gateway,
        check_backends,
        check_options,
        check_rates,
        check_originator,
        check_region,
        check_webhook_base_url,
        *project_checks.ALL,
    ):
        checks.register(check, TAG)
    checks.register(check_https, TAG, deploy=True)


def check_is_dict(app_configs: Any, **kwargs: Any) -> Messages:
    """The setting is a dict."""
    given = getattr(django_settings, "WAGTAIL_SMS_AUTOMATION", {})
    if not isinstance(given, dict):
        yield error(
            "E001",
            _("WAGTAIL_SMS_AUTOMATION is not a dict."),
            _('Write it as {"ORIGINATOR": "+33939000001", "DEFAULT_REGION": "FR"}.'),
        )


def check_keys(app_configs: Any, **kwargs: Any) -> Messages:
    """The setting, and each gateway in it, holds no key that nobody reads."""
    yield from _unknown(sms_settings.given, KEYS, "WAGTAIL_SMS_AUTOMATION")
    for alias, configured in _gateways().items():
        if isinstance(configured, dict):
            yield from _unknown(configured, GATEWAY_KEYS, f"GATEWAYS[{alias!r}]")


def _unknown(keys: Iterable[Any], known: Iterable[str], place: str) -> Messages:
    for key in keys:
        if key not in known:
            nearest = difflib.get_close_matches(str(key).upper(), known, 1, cutoff=0)
            yield warning(
                "W001",
                _("%(place)s has a key that is not read: %(key)s.")
                % {"place": place, "key": key},
                _("Did you mean %(nearest)s?") % {"nearest": nearest[0]},
            )


def check_gateways(app_configs: Any, **kwargs: Any) -> Messages:
    """GATEWAYS gives each alias, a slug, a dict with a BACKEND."""
    hint = _('Write it as {"default": {"BACKEND": "%(path)s"}}.') % {"path": SANDBOX}
    if not isinstance(sms_settings.GATEWAYS, dict):
        yield error("E002", _("GATEWAYS is not a dict."), hint)
    for alias, configured in _gateways().items():
        if not isinstance(configured, dict) or not configured.get("BACKEND"):
            text = _("The gateway %(alias)s has no BACKEND.")
            yield error("E003", text % {"alias": alias}, hint)
        if not re.fullmatch(r"[-a-zA-Z0-9_]{1,50}", str(alias)):
            yield error(
                "E006",
                _("The gateway alias %(alias)r cannot stand in a web address.")
                % {"alias": alias},
                _("Use at most 50 letters, digits, dashes and underscores."),
            )


def check_default_gateway(app_configs: Any, **kwargs: Any) -> Messages:
    """There is a gateway to send by."""
    if isinstance(sms_settings.GATEWAYS, dict) and "default" not in _gateways():
        yield error(
            "E005",
            _("GATEWAYS has no alias called default."),
            _("Messages are sent by the gateway called default: rename one."),
        )


def check_backends(app_configs: Any, **kwargs: Any) -> Messages:
    """Each BACKEND is a gateway that can be imported."""
    for alias, path in _backends():
        try:
            backend = _gateway_class(path)
        except ImportError as cause:
            names = {"alias": alias, "cause": cause}
            text = _("The gateway %(alias)s cannot be imported: %(cause)s.") % names
            yield error("E004", text, _("BACKEND is the dotted path of a class."))
            continue
        if backend is None:
            names = {"alias": alias, "path": path}
            yield error(
                "E004",
                _("The gateway %(alias)s is no gateway: %(path)s.") % names,
                _("Its class must inherit from %(name)s.")
                % {"name": f"{Gateway.__module__}.{Gateway.__qualname__}"},
            )


def check_options(app_configs: Any, **kwargs: Any) -> Messages:
    """Each gateway is content with its OPTIONS."""
    for alias, path in _backends():
        options = _gateways()[alias].get("OPTIONS") or {}
        if not isinstance(options, Mapping):
            yield error(
                "E007",
                _("The OPTIONS of the gateway %(alias)s are not a dict.")
                % {"alias": alias},
                _('Write them as {"NAME": value}.'),
            )
        elif backend := _importable(path):
            for number, text, hint in backend(alias, options).option_errors():
                names = {"alias": alias, "text": text}
                yield error(number, _("Gateway %(alias)s: %(text)s") % names, hint)


def check_rates(app_configs: Any, **kwargs: Any) -> Messages:
    """Each MESSAGES_PER_SECOND is a number that something can be sent at."""
    for alias, configured in _gateways().items():
        if not isinstance(configured, dict):
            continue
        given = configured.get("MESSAGES_PER_SECOND")
        if given is not None and not is_rate(given):
            yield error(
                "E008",
                _("MESSAGES_PER_SECOND of the gateway %(alias)s is no positive number.")
                % {"alias": alias},
                _("Give a number such as 1 or 0.5; without one, there is no limit."),
            )


def check_originator(app_configs: Any, **kwargs: Any) -> Messages:
    """ORIGINATOR is something that texts can come from and be answered to."""
    given = str(sms_settings.given.get("ORIGINATOR") or "")
    if not given:
        hint = _('Set ORIGINATOR to your number, such as "+33939000001".')
        text = _("ORIGINATOR is missing: texts have no number to come from.")
        yield _missing("W021", "E020", text, hint)
        return
    kind = phone_numbers.kind(phone_numbers.read_originator(given))
    if kind is Kind.OTHER:
        yield error(
            "E021",
            _("ORIGINATOR is neither a phone number, a short code nor a name."),
            _originator_hint(given),
        )
    elif kind is Kind.ALPHANUMERIC:
        yield warning(
            "W022",
            _("ORIGINATOR is a name: nobody can answer a text that comes from it."),
            _("Use a phone number or a short code to receive messages."),
        )


def _originator_hint(given: str) -> str:
    try:
        number = phone_numbers.normalise(given, sms_settings.DEFAULT_REGION)
    except PhoneNumberError:
        return _(
            "Give a number with its country code, such as +33939000001, a short code "
            "of 3 to 6 digits, or 1 to 11 unaccented letters, digits and spaces."
        )
    return _('Write it as "%(number)s".') % {"number": number}


def check_region(app_configs: Any, **kwargs: Any) -> Messages:
    """DEFAULT_REGION is a country."""
    given = sms_settings.given.get("DEFAULT_REGION")
    hint = _('Set it to the ISO 3166 code of your country, such as "FR" or "GB".')
    if not given:
        yield warning(
            "W023",
            _("DEFAULT_REGION is missing: numbers without a country code are refused."),
            hint,
        )
    elif not phone_numbers.is_region(str(given)):
        text = _("DEFAULT_REGION is not a country: %(region)s.")
        yield error("E022", text % {"region": given}, hint)


def check_webhook_base_url(app_configs: Any, **kwargs: Any) -> Messages:
    """WEBHOOK_BASE_URL is where the gateway reaches this site."""
    hint = _('Give the public address of this site: "https://www.example.com".')
    if not _webhook_base_urls():
        text = _("WEBHOOK_BASE_URL is missing: no webhook is accepted.")
        yield _missing("W024", "E025", text, hint)
    for url in _webhook_base_urls():
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            text = _("WEBHOOK_BASE_URL is not a whole web address: %(url)s.")
            yield error("E023", text % {"url": url}, hint)
        elif parts.query or parts.fragment:
            text = _("WEBHOOK_BASE_URL has more than an address: %(url)s.")
            yield error("E024", text % {"url": url}, hint)


def check_https(app_configs: Any, **kwargs: Any) -> Messages:
    """What customers write reaches a deployed site encrypted."""
    for url in _webhook_base_urls():
        parts = _split(url)
        is_here = parts and parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts and parts.scheme == "http" and not is_here:
            yield warning(
                "W025",
                _("WEBHOOK_BASE_URL begins with http: anybody on the way reads along."),
                _("Use an address that begins with https."),
            )


def _missing(in_sandbox: str, else_: str, text: str, hint: str) -> checks.CheckMessage:
    """A checkout runs with nothing configured; a site that sends needs it all."""
    if _is_sandbox():
        return warning(in_sandbox, text, hint)
    return error(else_, text, hint)


def _webhook_base_urls() -> list[Any]:
    given = sms_settings.given.get("WEBHOOK_BASE_URL") or []
    return list(given) if isinstance(given, list | tuple) else [given]


def _split(url: Any) -> Any:
    try:
        return urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return None


def _gateways() -> dict[Any, Any]:
    """GATEWAYS, as far as it is a dict."""
    gateways = sms_settings.GATEWAYS
    return gateways if isinstance(gateways, dict) else {}


def _backends() -> Iterator[tuple[Any, str]]:
    """Alias and path of each gateway that names a BACKEND."""
    for alias, configured in _gateways().items():
        if isinstance(configured, dict) and configured.get("BACKEND"):
            yield alias, str(configured["BACKEND"])


def _gateway_class(path: str) -> type[Gateway] | None:
    found = import_string(path)
    is_gateway = isinstance(found, type) and issubclass(found, Gateway)
    return found if is_gateway else None


def _importable(path: str) -> type[Gateway] | None:
    try:
        return _gateway_class(path)
    except ImportError:
        return None


def _is_sandbox() -> bool:
    """True while nothing leaves the machine."""
    backends = [_importable(path) for alias, path in _backends()]
    return all(one and issubclass(one, SandboxGateway) for one in backends)
