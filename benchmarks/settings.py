"""The example site as it would run, with the gateway and the views of the benchmarks.

DATABASE_URL says where; what is not named here is as in example_site.
"""

import os
import sys
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parent.parent / "example_site"))
os.environ["DEBUG"] = "0"

from config.settings import *  # noqa: F403
from config.settings import (
    INSTALLED_APPS,
    Q_CLUSTER,
    WAGTAIL_SMS_AUTOMATION,
)

from .site import BASE_URL, ORIGINATOR, SIGNING_KEY


INSTALLED_APPS = ["benchmarks", *INSTALLED_APPS]
ROOT_URLCONF = "benchmarks.urls"

WAGTAIL_SMS_AUTOMATION = {
    **WAGTAIL_SMS_AUTOMATION,
    "GATEWAYS": {
        "default": {
            "BACKEND": "benchmarks.gateway.AtOnceGateway",
            "OPTIONS": {"ACCESS_KEY": "none", "SIGNING_KEYS": [SIGNING_KEY]},
        }
    },
    "ORIGINATOR": ORIGINATOR,
    "WEBHOOK_BASE_URL": BASE_URL,
}

# A line for each task costs the peer more than it costs us.
Q_CLUSTER = {**Q_CLUSTER, "log_level": "WARNING"}


class _FromModels(dict):
    """Tables made from the models: the same ones, in a twentieth of the time."""

    def __contains__(self, app_label):
        return True

    def __getitem__(self, app_label):
        return None


MIGRATION_MODULES = _FromModels()
