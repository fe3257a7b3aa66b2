"""The app: it watches only where a test has said where orders to crash are left."""

import os

from django.apps import AppConfig


class CrashingConfig(AppConfig):
    """Installs the points."""

    name = "tests.chaos.crashing"
    label = "crashing"

    def ready(self):
        """Watch the database, the provider's line and the sweep."""
        from . import points

        if os.environ.get("CHAOS_ORDERS"):
            points.install()
