"""The app: hurried look-ups, and points to crash at where a test has asked for them."""

import os
from datetime import timedelta

from django.apps import AppConfig


class CrashingConfig(AppConfig):
    """Hurries, and installs the points."""

    name = "tests.chaos.crashing"
    label = "crashing"

    def ready(self):
        """Watch the database, the provider's line and the sweep."""
        from wagtail_sms_automation import claims, look_ups

        from . import points

        # What a site settles within ten minutes, a run is to see within a few seconds.
        claims.FIRST_LOOK_UP = look_ups.SHORTEST_WAIT = timedelta(seconds=3)
        look_ups.NOT_KNOWN_AFTER = timedelta(seconds=10)

        if os.environ.get("CHAOS_ORDERS"):
            points.install()
