"""Settings of a site under fire, all of them from the environment (see site.py)."""

import os

from tests.settings import *  # noqa: F403


DATABASES["default"] |= {  # noqa: F405
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
}
if "sqlite" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    )

INSTALLED_APPS = ["tests.chaos.crashing", *INSTALLED_APPS]  # noqa: F405
MIDDLEWARE = ["tests.chaos.crashing.points.watch_answers", *MIDDLEWARE]  # noqa: F405

# A killed worker's wake-up is back after "retry" with the ORM broker: a run that is
# to end with an empty queue has to wait for it. Too soon only rings twice.
SILENCED_SYSTEM_CHECKS = ["wagtail_sms_automation.W044"]
Q_CLUSTER = {
    "name": os.environ["CHAOS_NAME"],
    "workers": 2,
    "queue_limit": 2,
    "timeout": 28,
    "retry": 30,
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": -1,
    "poll": 0.05,
    "bulk": 1,
    "recycle": 5000,
    "catch_up": False,
    **(
        {"redis": os.environ["CHAOS_REDIS_URL"]}
        if os.environ.get("CHAOS_REDIS_URL")
        else {"orm": "default"}
    ),
}

WAGTAIL_SMS_AUTOMATION = {
    "GATEWAYS": {
        "default": {
            "BACKEND": "tests.chaos.gateway.ImpatientMessageBird",
            "OPTIONS": {
                "ACCESS_KEY": "chaos",
                "SIGNING_KEYS": [os.environ["CHAOS_SIGNING_KEY"]],
                "ENDPOINT": os.environ["CHAOS_ENDPOINT"],
            },
        }
    },
    "ORIGINATOR": os.environ["CHAOS_NUMBER"],
    "DEFAULT_REGION": "FR",
    "WEBHOOK_BASE_URL": os.environ["CHAOS_URL"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "timed": {"format": "%(asctime)s %(process)d %(levelname)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "timed"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
