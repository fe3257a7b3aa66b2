"""System checks of the project around the app: its apps, queue, database and URLs."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _


Messages = Iterator[checks.CheckMessage]

TAG = "wagtail_sms_automation"

#: Id of the check -> the app without which nothing works.
REQUIRED_APPS = {
    "E031": "django_q",
    "E032": "wagtail_modeladmin",
    "E033": "wagtail.contrib.settings",
}


#: The ORM broker that is woken instead of polling.
PROMPT_ORM = f"{TAG}.orm_broker.PromptORM"

#: How long a cluster waits on Redis for a task, in seconds: no timeout may be shorter.
REDIS_IS_WAITED_FOR = 1


def error(number: str, text: str, hint: str) -> checks.Error:
    """Return an error with an id of ours."""
    return checks.Error(text, hint=hint, id=f"{TAG}.{number}")


def warning(number: str, text: str, hint: str) -> checks.Warning:
    """Return a warning with an id of ours."""
    return checks.Warning(text, hint=hint, id=f"{TAG}.{number}")


def check_installed_apps(app_configs: Any, **kwargs: Any) -> Messages:
    """The apps that ours stands on are installed."""
    for number, name in REQUIRED_APPS.items():
        if not apps.is_installed(name):
            names = {"name": name}
            yield error(
                number,
                _("%(name)s is not installed.") % names,
                _('Add "%(name)s" to INSTALLED_APPS.') % names,
            )


def check_time_zones(app_configs: Any, **kwargs: Any) -> Messages:
    """Moments know their time zone: those that a gateway gives do."""
    if not django_settings.USE_TZ:
        yield error(
            "E034",
            _("USE_TZ is off: the moments that a gateway names cannot be stored."),
            _("Set USE_TZ = True."),
        )


def check_cluster(app_configs: Any, **kwargs: Any) -> Messages:
    """The queue is configured."""
    if not _cluster():
        yield warning(
            "W041",
            _("Q_CLUSTER is missing: no worker answers a message."),
            _(
                'Begin with Q_CLUSTER = {"orm": "default", "workers": 2, '
                '"queue_limit": 4, "timeout": 60, "retry": 200, "max_attempts": 3, '
                '"ack_failures": True, "save_limit": -1, "catch_up": False}.'
            ),
        )


def check_timeout(app_configs: Any, **kwargs: Any) -> Messages:
    """A task that hangs is ended."""
    if _cluster() and not _cluster().get("timeout"):
        yield warning(
            "W043",
            _(
                "Q_CLUSTER has no timeout: a task that hangs is never ended, and is "
                "started again after %(retry)s seconds (retry)."
            )
            % {"retry": _cluster().get("retry", 60)},
            _('Set "timeout": 60 and "retry": 200.'),
        )


def check_retry(app_configs: Any, **kwargs: Any) -> Messages:
    """A task is ended before it is started again."""
    timeout, retry = _seconds("timeout", None), _seconds("retry", 60)
    if timeout and retry is not None and retry <= timeout:
        yield warning(
            "W042",
            _(
                "In Q_CLUSTER, retry (%(retry)s) is not larger than timeout "
                "(%(timeout)s): a task is started again while it still runs."
            )
            % {"retry": retry, "timeout": timeout},
            _('Set "retry" to more than %(timeout)s, such as %(better)s.')
            % {"timeout": timeout, "better": _enough(timeout)},
        )


def check_queue_limit(app_configs: Any, **kwargs: Any) -> Messages:
    """A task that waits behind others in the cluster is not started twice."""
    timeout, retry = _seconds("timeout", None), _seconds("retry", 60)
    if not timeout or retry is None or not _repeats() or retry <= timeout:
        return
    workers, limit = _workers_and_limit()
    if retry <= (limit / workers + 1) * timeout:
        yield warning(
            "W044",
            _(
                "In Q_CLUSTER, retry (%(retry)s) is short: %(limit)s tasks may wait "
                "(queue_limit) for %(workers)s workers, each up to %(timeout)s seconds "
                "(timeout), and retry counts while they wait."
            )
            % {
                "retry": retry,
                "limit": limit,
                "workers": workers,
                "timeout": timeout,
            },
            _('Set "retry" to %(better)s, or lower "queue_limit".')
            % {"better": _enough(timeout)},
        )


def check_max_attempts(app_configs: Any, **kwargs: Any) -> Messages:
    """A task that always fails is given up."""
    if _cluster() and not _cluster().get("max_attempts") and _repeats():
        yield warning(
            "W045",
            _("In Q_CLUSTER, max_attempts is 0: a task that fails is tried for ever."),
            _('Set "max_attempts": 3.'),
        )


def check_broker_class(app_configs: Any, **kwargs: Any) -> Messages:
    """The broker of one's own can be loaded."""
    path = _cluster().get("broker_class")
    if not path or not apps.is_installed("django_q"):
        return
    try:
        import_string(str(path))
    except ImportError as reason:
        yield error(
            "E046",
            _("In Q_CLUSTER, broker_class is no broker: %(reason)s.")
            % {"reason": str(reason).rstrip(".")},
            _('To be woken instead of polling, set it to "%(path)s".')
            % {"path": PROMPT_ORM},
        )


def check_queue_database(app_configs: Any, **kwargs: Any) -> Messages:
    """The ORM broker has a database, and finds its table there."""
    if not _is_on_orm() or not apps.is_installed("django_q"):
        return
    alias = _cluster().get("orm")
    home = router.db_for_write(apps.get_model("django_q", "OrmQ"))
    hint = _('Set "orm": "%(alias)s".') % {"alias": home}
    if not alias:
        yield warning(
            "W048",
            _("In Q_CLUSTER, broker_class needs orm, the database of the queue."),
            hint,
        )
    elif alias not in connections.settings:
        yield error(
            "E047",
            _("In Q_CLUSTER, orm is “%(alias)s”: there is no such database.")
            % {"alias": alias},
            hint,
        )
    elif alias != home:
        yield warning(
            "W049",
            _(
                "In Q_CLUSTER, orm is “%(alias)s”, but django_q keeps its tables in "
                "“%(home)s”."
            )
            % {"alias": alias, "home": home},
            hint,
        )


def check_redis(app_configs: Any, **kwargs: Any) -> Messages:
    """A Redis that hangs is given up, before the webhooks hang with it."""
    if not _is_on_redis():
        return
    timeout = _redis_timeout(_cluster().get("redis"))
    if timeout is None or timeout <= REDIS_IS_WAITED_FOR:
        yield warning(
            "W050",
            _(
                "In Q_CLUSTER, redis has no socket_timeout above %(seconds)s: a Redis "
                "that hangs may hold the webhooks."
            )
            % {"seconds": REDIS_IS_WAITED_FOR},
            _(
                'Write "redis": "redis://localhost:6379/0?socket_timeout=2'
                '&socket_connect_timeout=2".'
            ),
        )


def check_sqlite(app_configs: Any, **kwargs: Any) -> Messages:
    """SQLite takes its write lock when a transaction begins."""
    alias = router.db_for_write(apps.get_model(TAG, "InboundMessage"))
    options = connections[alias].settings_dict.get("OPTIONS", {})
    is_immediate = str(options.get("transaction_mode")).upper() == "IMMEDIATE"
    if connections[alias].vendor == "sqlite" and not is_immediate:
        yield warning(
            "W052",
            _("SQLite gives up at once when web server and worker write together."),
            _(
                'Set DATABASES["%(alias)s"]["OPTIONS"] = '
                '{"transaction_mode": "IMMEDIATE", "timeout": 20}.'
            )
            % {"alias": alias},
        )


def check_database(app_configs: Any, **kwargs: Any) -> Messages:
    """The rows live where their transactions are."""
    alias = router.db_for_write(apps.get_model(TAG, "InboundMessage"))
    if alias != DEFAULT_DB_ALIAS:
        yield error(
            "E051",
            _("A database router keeps the messages in “%(alias)s”.")
            % {"alias": alias},
            _("Keep wagtail_sms_automation in the default database."),
        )


def check_statements(app_configs: Any, **kwargs: Any) -> Messages:
    """The database understands what the fast statements say."""
    connection = connections[router.db_for_write(apps.get_model(TAG, "InboundMessage"))]
    if connection.vendor not in ("sqlite", "postgresql"):
        yield error(
            "E054",
            _("Messages cannot be kept in this database (%(vendor)s).")
            % {"vendor": connection.display_name},
            _("Use PostgreSQL, or SQLite for a small site."),
        )
    elif not connection.features.can_return_columns_from_insert:
        yield error(
            "E055",
            _("This SQLite is too old: it does not say what it has stored."),
            _("Use SQLite 3.35 or later."),
        )


def check_urls(app_configs: Any, **kwargs: Any) -> Messages:
    """The webhooks have an address."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return
    try:
        reverse("wagtail_sms_automation:inbound", args=["default"])
    except NoReverseMatch:
        yield warning(
            "W053",
            _("The webhooks have no address: no message can come in."),
            _(
                'Add path("sms/", include("wagtail_sms_automation.urls")) to the '
                "urlpatterns of %(urlconf)s, before those of Wagtail."
            )
            % {"urlconf": django_settings.ROOT_URLCONF},
        )


ALL = (
    check_installed_apps,
    check_time_zones,
    check_cluster,
    check_timeout,
    check_retry,
    check_queue_limit,
    check_max_attempts,
    check_broker_class,
    check_queue_database,
    check_redis,
    check_sqlite,
    check_database,
    check_statements,
    check_urls,
)


def _cluster() -> dict[str, Any]:
    cluster = getattr(django_settings, "Q_CLUSTER", None)
    return cluster if isinstance(cluster, dict) else {}


def _seconds(name: str, default: int | None) -> float | None:
    value = _cluster().get(name, default)
    return value if isinstance(value, int | float) else None


def _workers_and_limit() -> tuple[int, int]:
    """What django-q2 makes of these settings."""
    workers = int(_cluster().get("workers") or os.cpu_count() or 4)
    return workers, int(_cluster().get("queue_limit") or workers**2)


def _enough(timeout: float) -> int:
    """A retry that is long enough, with a little to spare."""
    workers, limit = _workers_and_limit()
    return int((limit / workers + 1) * timeout) + 20


def _is_on_orm() -> bool:
    """True where tasks are rows: django-q2 asks for the settings in this order."""
    if broker_class := _cluster().get("broker_class"):
        return bool(broker_class == PROMPT_ORM)
    others = ("iron_mq", "sqs")
    return bool(_cluster().get("orm")) and not any(map(_cluster().get, others))


def _is_on_redis() -> bool:
    """True where django-q2 connects to Redis by its own settings: its default."""
    others = ("broker_class", "iron_mq", "sqs", "orm", "mongo", "django_redis")
    return bool(_cluster()) and not any(map(_cluster().get, others))


def _redis_timeout(redis: Any) -> float | None:
    """The socket_timeout of a URL or a dict, where there is one that is a number."""
    if isinstance(redis, str):
        redis = {k: v[-1] for k, v in parse_qs(urlsplit(redis).query).items()}
    try:
        return float(redis["socket_timeout"])
    except (TypeError, ValueError, KeyError):
        return None


def _repeats() -> bool:
    """True for a broker that starts a task again; Redis, the default, forgets it."""
    brokers = ("orm", "sqs", "iron_mq", "mongo", "broker_class")
    return any(_cluster().get(name) for name in brokers)
