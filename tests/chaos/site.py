"""A site under fire: a web server and a cluster, each in a process group of its own."""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

from .databases import ROOT
from .processes import ProcessGroup


NUMBER = "+33937000037"
#: What would change the site under test.
OURS = ("DATABASE_", "DJANGO_", "CHAOS_", "COV_", "TEST_DATABASE_", "COVERAGE_")

PROLOGUE = """
import json, sys, django
django.setup()
answer = None
"""

#: The parts that can be killed.
WORKER, CLUSTER, WEB_WORKER, WEB = "worker", "cluster", "web worker", "web"

CLUSTER_COMMAND = [sys.executable, "-m", "django", "qcluster"]


class Site:
    """One site on one database; use it as a context manager, or it is not ended."""

    def __init__(self, database, directory, provider, *, redis_url="", number=NUMBER):
        self.database, self.redis_url, self.number = database, redis_url, number
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.inbound_url = f"{self.url}/sms/default/inbound/"
        self.name = f"chaos-{uuid.uuid4().hex}"
        self.orders = self.directory / "orders"
        self.kills = 0
        self._environment = self._make_environment(provider)
        self.web = self._group(WEB, self._web_command())
        self.cluster = self._group(CLUSTER, CLUSTER_COMMAND)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.web.kill()
        self.cluster.kill()
        self._flush_broker()
        # Shown where a test fails.
        for log in sorted(self.directory.glob("*.log")):
            sys.stdout.write(f"--- {log.name}\n{log.read_text()[-20_000:]}\n")

    def load(self, code):
        """Run code in the site's Django; return what it leaves in `answer`."""
        code = f"{PROLOGUE}\n{code}\njson.dump(answer, sys.stdout, default=str)"
        result = subprocess.run(
            [sys.executable, "-c", code],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if result.returncode:
            raise AssertionError(result.stderr)
        return json.loads(result.stdout)

    def start(self):
        """Start what does not run, and wait until the web server answers."""
        for group in (self.web, self.cluster):
            if not group.is_running():
                group.kill()
                group.start()
        wait_for(self._is_open, 60)

    def kill(self, part, rng):
        """Kill -9 a part, and start it again where nothing else would."""
        if part == WORKER:
            self.kills += self.cluster.kill_one(self.workers(), rng)
        elif part == WEB_WORKER:
            self.kills += self.web.kill_one(self.web.forks(), rng)
        else:
            group = self.cluster if part == CLUSTER else self.web
            self.kills += 1
            group.kill()
            group.start()

    def workers(self):
        """The ids of the cluster's workers, not of its pusher and its monitor."""
        told = (path.suffix for path in self.directory.glob("worker.*"))
        return sorted({int(pid[1:]) for pid in told} & self.cluster.members().keys())

    def order_crash(self, point):
        """Let the process that reaches a point next die there."""
        for left in self.directory.glob("orders*"):
            left.unlink()
        draft = self.directory / "draft"
        draft.write_text(point)
        draft.rename(self.orders)

    def has_crashed(self):
        """True once the order was carried out."""
        return self.orders.with_suffix(".done").exists()

    def wake_ups(self):
        """How many wake-ups the broker holds."""
        if not self.redis_url:
            return self.database.rows(
                f"SELECT COUNT(*) FROM django_q_ormq WHERE key = '{self.name}'"  # noqa: S608
            )[0][0]
        return self._redis().llen(f"django_q:{self.name}:q")

    def _make_environment(self, provider):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        return {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TEST_DATABASE_URL": self.database.url,
            "CHAOS_NAME": self.name,
            "CHAOS_REDIS_URL": self.redis_url,
            "CHAOS_URL": self.url,
            "CHAOS_NUMBER": self.number,
            "CHAOS_ENDPOINT": provider.url,
            "CHAOS_SIGNING_KEY": provider.signing_key,
            "CHAOS_ORDERS": str(self.orders),
        }

    def _group(self, part, command):
        environment = {**self._environment, "CHAOS_PART": part}
        return ProcessGroup(command, environment, self.directory / f"{part}.log", ROOT)

    def _web_command(self):
        application = "tests.chaos.wsgi"
        options = f"--bind 127.0.0.1:{self.port} --workers 2 --log-level warning"
        options += " --graceful-timeout 2 --preload --no-control-socket"
        return [sys.executable, "-m", "gunicorn", application, *options.split()]

    def _is_open(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _redis(self):
        import redis

        return redis.Redis.from_url(self.redis_url)

    def _flush_broker(self):
        if self.redis_url:
            client = self._redis()
            for key in client.scan_iter(f"django_q:{self.name}*"):
                client.delete(key)


def wait_for(condition, seconds, pause=0.1):
    """Wait until condition() is true, and return its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(pause)
    raise AssertionError(f"Waited {seconds} seconds in vain.")


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
