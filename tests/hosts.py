"""Hosts of one site: each runs processes of its own on the same database."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from wagtail_sms_automation.gateways.base import Sent, Submission
from wagtail_sms_automation.gateways.sandbox import SandboxGateway


ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("TEST_DATABASE_URL") or (
    "postgres://postgres@127.0.0.1:5432/postgres"
)
#: How long the provider of RecordingGateway takes, in seconds.
PROVIDER_TAKES = 0.5


class RecordingGateway(SandboxGateway):
    """Writes down which host handed over what, then takes a moment to answer."""

    def send(self, submission: Submission) -> Sent:
        """Take one SMS; it counts as sent even if the worker dies while it waits."""
        line = {
            "host": os.environ["TEST_HOST"],
            "pid": os.getpid(),
            "reference": submission.reference,
            "recipient": submission.recipient,
            "body": submission.body,
        }
        append(os.environ["TEST_SUBMISSIONS"], json.dumps(line))
        time.sleep(PROVIDER_TAKES)
        return Sent(gateway_id=uuid.uuid4().hex)


def append(path, line):
    """Add a line to a file that several processes write to."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)


def note_start(path, enqueued_at):
    """Write down how many seconds a task waited; what clusters run in the tests."""
    append(path, str(time.time() - enqueued_at))


class Site:
    """One database, and the files that its hosts write to."""

    def __init__(self, database_url, directory, cluster, **options):
        self.database_url = database_url
        self.submissions = directory / "submissions"
        self.directory = directory
        self.settings = {"cluster": cluster, "database": options}
        self.clusters = []

    def environment(self, host):
        """The environment of a process on a host."""
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.host_settings",
            "PYTHONPATH": str(ROOT),
            "TEST_DATABASE_URL": self.database_url,
            "TEST_HOST": host,
            "TEST_HOST_SETTINGS": json.dumps(self.settings),
            "TEST_SUBMISSIONS": str(self.submissions),
        }

    def run(self, code, host="web"):
        """Run code in the site's Django; return what it leaves in `answer`."""
        process = self.start(code, host)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return json.loads(output.splitlines()[-1])

    def start(self, code, host="web"):
        """Start to run code in the site's Django."""
        code = (
            "import json, django; django.setup(); answer = None\n"
            f"{code}\nprint(json.dumps(answer, default=str))"
        )
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=self.environment(host),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def migrate(self):
        """Make the tables."""
        self.run("from django.core.management import call_command as call\n"
                 "call('migrate', verbosity=0)")  # fmt: skip

    def start_cluster(self, host):
        """Start a cluster on a host."""
        with open(self.directory / f"{host}.log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "django", "qcluster"],
                env=self.environment(host),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.clusters.append(Cluster(process, self.directory / f"{host}.log"))
        return self.clusters[-1]

    def query(self, statement):
        """The rows that a statement finds in the site's PostgreSQL."""
        import psycopg

        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def submitted(self):
        """What was handed over so far, oldest first."""
        if not self.submissions.exists():
            return []
        return [json.loads(line) for line in self.submissions.read_text().splitlines()]

    def end(self):
        """Kill what still runs, and show what it said where a test fails."""
        for cluster in self.clusters:
            cluster.kill()
            sys.stdout.write(cluster.log.read_text()[-5000:])


class Cluster:
    """A running `manage.py qcluster`, the leader of a process group."""

    def __init__(self, process, log):
        self.process, self.log = process, log

    def wait_until_running(self):
        """Wait until it says that it works."""
        wait_for(lambda: "running." in self.log.read_text())
        return self

    def stop(self):
        """Ask it to stop; return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        return time.monotonic() - began

    def kill(self):
        """End all of its processes at once, as a power cut does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def wait_for(condition, seconds=60):
    """Wait until condition() is true, and return its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds} seconds in vain.")


@contextlib.contextmanager
def postgres_database(template="template1"):
    """Make a database of PostgreSQL and give its URL; it is dropped after."""
    name = f"hosts_{uuid.uuid4().hex}"
    on_postgres(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    finally:
        on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


def on_postgres(statement):
    """Run a statement outside of any transaction."""
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)
