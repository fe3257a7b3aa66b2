"""Settings of a host in the tests: its cluster and database from the environment."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, Q_CLUSTER, SECRET_KEY, WAGTAIL_SMS_AUTOMATION


GIVEN = json.loads(os.environ["TEST_HOST_SETTINGS"])

SECRET_KEY = GIVEN.get("secret_key", SECRET_KEY)

DATABASES["default"].update(GIVEN["database"])

Q_CLUSTER = Q_CLUSTER | {"ack_failures": True, "recycle": 5000} | GIVEN["cluster"]
Q_CLUSTER = {name: value for name, value in Q_CLUSTER.items() if value is not None}

WAGTAIL_SMS_AUTOMATION = WAGTAIL_SMS_AUTOMATION | {
    "GATEWAYS": {"default": {"BACKEND": "tests.hosts.RecordingGateway"}}
}
