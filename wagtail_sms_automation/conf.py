"""The one setting, WAGTAIL_SMS_AUTOMATION, read when it is asked for."""

from typing import Any

from django.conf import settings as django_settings


#: Every key the setting may hold.
KEYS = ("GATEWAYS", "ORIGINATOR", "DEFAULT_REGION", "WEBHOOK_BASE_URL")

SANDBOX = "wagtail_sms_automation.gateways.sandbox.SandboxGateway"


class Settings:
    """One property a key, each with its default."""

    @property
    def given(self) -> dict[str, Any]:
        """The dict as the integrator wrote it; empty when it is no dict."""
        given = getattr(django_settings, "WAGTAIL_SMS_AUTOMATION", {})
        return given if isinstance(given, dict) else {}

    @property
    def GATEWAYS(self) -> dict[str, dict[str, Any]]:
        """Alias -> {"BACKEND": dotted path, "OPTIONS": dict}. Nothing set: sandbox."""
        return self.given.get("GATEWAYS") or {"default": {"BACKEND": SANDBOX}}

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
