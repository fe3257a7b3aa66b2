"""Gateways: providers of SMS, both ways. get_gateway(alias) gives a configured one."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from wagtail_sms_automation.conf import settings as sms_settings
from wagtail_sms_automation.gateways.base import Gateway


class UnknownGateway(KeyError):
    """No gateway is configured under this alias."""

    def __str__(self) -> str:
        # KeyError shows its text in quotes.
        return str(self.args[0])


@cache
def get_gateway(alias: str = "default") -> Gateway:
    """The gateway configured under this alias, made once per process."""
    try:
        configured = sms_settings.GATEWAYS[alias]
    except KeyError:
        raise UnknownGateway(
            f"No gateway is called {alias!r}. WAGTAIL_SMS_AUTOMATION['GATEWAYS'] has: "
            f"{', '.join(aliases()) or 'none'}."
        ) from None
    backend, options = _read(alias, configured)
    gateway_class: type[Gateway] = import_string(backend)
    return gateway_class(alias, options)


def aliases() -> list[str]:
    """The aliases of all configured gateways."""
    return list(sms_settings.GATEWAYS)


def _read(alias: str, configured: Any) -> tuple[str, Mapping[str, Any]]:
    place = f"WAGTAIL_SMS_AUTOMATION['GATEWAYS'][{alias!r}]"
    if not isinstance(configured, Mapping):
        raise ImproperlyConfigured(f"{place} is not a dict.")
    backend = configured.get("BACKEND")
    if not backend or not isinstance(backend, str):
        raise ImproperlyConfigured(
            f"{place} has no BACKEND: give the dotted path of a gateway class."
        )
    options = configured.get("OPTIONS") or {}
    if not isinstance(options, Mapping):
        raise ImproperlyConfigured(f"The OPTIONS of {place} are not a dict.")
    return backend, options


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "WAGTAIL_SMS_AUTOMATION":
        get_gateway.cache_clear()


setting_changed.connect(_forget)
