"""The one setting, WAGTAIL_SMS_AUTOMATION, read when it is asked for."""

import math
from typing import Any

from django.conf import settings as django_settings


#: Every key the setting may hold.
KEYS = ("GATEWAYS", "ORIGINATOR", "DEFAULT_REGION", "WEBHOOK_BASE_URL")

SANDBOX = "wagtail_sms_automation.gateways.sandbox.SandboxGateway"


def is_rate(value: object) -> bool:
    """Is this so many in a second?"""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value < math.inf


class Settings:
    """One property a key, each with its default."""

    @property
    def given(self) -> dict[str, Any]:
        """The dict as the integrator wrote it; empty when it is no dict."""
        given = getattr(django_settings, "WAGTAIL_SMS_AUTOMATION", {})
        return given if isinstance(given, dict) else {}

    @property
    def GATEWAYS(self) -> dict[str, dict[str, Any]]:
        """Alias -> {"BACKEND": dotted path, "OPTIONS": dict, "MESSAGES_PER_SECOND": n}.

        With nothing set, it is the sandbox.
        """
        return self.given.get("GATEWAYS") or {"default": {"BACKEND": SANDBOX}}

    @property
    def RATES(self) -> dict[str, float]:
        """Alias -> texts a second from one number; a gateway without has no limit."""
        return {
            alias: configured["MESSAGES_PER_SECOND"]
            for alias, configured in self.GATEWAYS.items()
            if isinstance(configured, dict)
            and is_rate(configured.get("MESSAGES_PER_SECOND"))
        }

    @property
    def ORIGINATOR(self) -> str:
        """What texts come from when they answer no number of ours."""
        return str(self.given.get("ORIGINATOR") or "")

    @property
    def DEFAULT_REGION(self) -> str:
        """ISO 3166 code that national numbers and opt-out words are read in."""
        return str(self.given.get("DEFAULT_REGION") or "").upper()

    @property
    def WEBHOOK_BASE_URLS(self) -> tuple[str, ...]:
        """The public addresses the gateway may call us by, without a final slash."""
        urls = self.given.get("WEBHOOK_BASE_URL") or ""
        urls = [urls] if isinstance(urls, str) else urls
        return tuple(url.rstrip("/") for url in urls if url)


settings = Settings()
