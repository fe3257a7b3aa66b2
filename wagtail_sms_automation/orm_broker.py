"""django-q2's ORM broker, woken by a commit instead of polling.

    Q_CLUSTER = {
        "orm": "default",
        "broker_class": "wagtail_sms_automation.orm_broker.PromptORM",
        ...
    }

On PostgreSQL whoever enqueues a task notifies, and every cluster listens; on SQLite
the cluster watches the file for commits. Any other database is polled, as ever.
"""

import logging
import os
import time
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.functions import Now
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ


logger = logging.getLogger(__name__)

#: The channel of PostgreSQL; what is said on it is the name of the queue.
CHANNEL = "wagtail_sms_automation"
#: How long one dequeue waits, in seconds: a cluster is asked to stop in between, and
#: tasks whose retry is due ring no bell.
LONGEST_WAIT = 1.0
#: How often a SQLite file is looked at, in seconds; a look costs about 10 µs.
LOOK_EVERY = 0.005
#: How long a connection is trusted, in seconds: a firewall forgets a silent one and
#: tells neither end, and the file of SQLite may be another one by now.
TRUSTED_FOR = 300


class PromptORM(ORM):
    """The tasks of the ORM broker, oldest first and as soon as they are committed."""

    _wait = None

    @staticmethod
    def get_connection(list_key=None):
        """Return the table of tasks, on a connection that works.

        The parent closes what is older than CONN_MAX_AGE. By default that is 0, and
        means the end of a request, not the middle of one, nor each look at the queue.
        """
        database = _database()
        is_idle = database.connection is not None and not database.in_atomic_block
        if is_idle and not database.is_usable():
            database.close()
        return OrmQ.objects.using(database.alias)

    def enqueue(self, task):
        """Store a task; who waits for one hears of it when it is committed."""
        row = self.get_connection().create(
            key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=_now()
        )
        if _database().vendor == "postgresql":
            _notify(row.key)
        return row.pk

    def dequeue(self):
        """Claim the oldest tasks; without any, wait for a commit and return None."""
        # Before looking: what is committed after the look must end the wait.
        wait = self._trusted_wait()
        due = self.get_connection().filter(key=self.list_key, lock__lt=_now())
        tasks = list(due.order_by("pk")[: Conf.BULK])
        if tasks:
            return [(task.pk, task.payload) for task in tasks if self._claim(task)]
        try:
            wait.for_commit()
        except Exception:
            logger.exception("The connection that waits for tasks is opened anew.")
            self.close()
        return None

    def timeout(self, task):
        """When a task that is claimed now may be claimed again."""
        return _now() + timedelta(seconds=Conf.RETRY)

    def close(self):
        """Close the connection that waits."""
        if self._wait is not None:
            self._wait.close()
        self._wait = None

    def _claim(self, task):
        """Put a task off; False when another cluster was faster."""
        same = self.get_connection().filter(pk=task.pk, lock=task.lock)
        return bool(same.update(lock=self.timeout(task)))

    def _trusted_wait(self):
        if self._wait is None or not self._wait.is_trusted():
            self.close()
            if not _database().in_atomic_block:
                _database().close()
            self._wait = _open_wait(self.list_key)
        return self._wait


class PollingWait:
    """Waits as django-q2 does: `poll` seconds, whatever happens."""

    def __init__(self, key):
        self.key = key
        self._pid = os.getpid()
        self._trusted_until = time.monotonic() + TRUSTED_FOR

    def is_trusted(self):
        """True where it was opened by this process and not too long ago."""
        return self._pid == os.getpid() and time.monotonic() < self._trusted_until

    def open(self):
        """Connect."""

    def for_commit(self):
        """Return once something may have been enqueued."""
        time.sleep(Conf.POLL)

    def close(self):
        """Disconnect."""


class ConnectionWait(PollingWait):
    """Waits on a connection of its own: django-q2 closes the others as it likes."""

    def __init__(self, key):
        super().__init__(key)
        self._database = _database().copy()
        self._database.settings_dict["AUTOCOMMIT"] = True
        self._database.settings_dict["OPTIONS"].pop("pool", None)

    def open(self):
        """Connect."""
        self._database.ensure_connection()

    def close(self):
        """Disconnect, unless the connection is another process's."""
        if self._pid == os.getpid():
            self._database.close()


class NotifyWait(ConnectionWait):
    """Waits for PostgreSQL to say that a task of this queue was committed."""

    def open(self):
        """Connect, listen, and hear a first notification: a pooler loses them."""
        with self._database.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        _notify(self.key)
        if not self.for_commit():
            raise ConnectionError("PostgreSQL's notifications do not arrive.")

    def for_commit(self):
        """Wait; True when a notification ended it."""
        heard = self._database.connection.notifies(timeout=LONGEST_WAIT)
        return any(notification.payload == self.key for notification in heard)


class FileWait(ConnectionWait):
    """Waits for the number that SQLite changes at each commit of somebody else."""

    def open(self):
        """Connect, and read the number for the first time."""
        super().open()
        self._version = self._read_version()

    def for_commit(self):
        """Wait; True when a commit ended it."""
        deadline = time.monotonic() + LONGEST_WAIT
        before = self._version
        while self._version == before and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            self._version = self._read_version()
        return self._version != before

    def _read_version(self):
        return self._database.connection.execute("PRAGMA data_version").fetchall()


def _open_wait(key):
    """The best way to wait that this database has and that works."""
    wait = _wait_class()(key)
    try:
        wait.open()
    except Exception:
        logger.exception("No news of tasks from the database: it is polled instead.")
        wait.close()
        return PollingWait(key)
    return wait


def _wait_class():
    database = _database()
    if database.vendor == "postgresql":
        return NotifyWait
    if database.vendor == "sqlite" and not database.is_in_memory_db():
        return FileWait
    return PollingWait


def _now():
    """The clock of the server where there is one: those of the hosts differ."""
    return Now() if _database().vendor == "postgresql" else timezone.now()


def _notify(key):
    with _database().cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, key])


def _database():
    return connections[Conf.ORM or DEFAULT_DB_ALIAS]
