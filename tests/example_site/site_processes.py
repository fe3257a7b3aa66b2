"""The example site as its owner runs it: in processes of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import requests


SITE = Path(__file__).resolve().parents[2] / "example_site"
#: What would change the site under test.
OURS = ("DATABASE_", "DJANGO_", "EMAIL_", "MESSAGEBIRD_", "REDIS_", "SMS_")
MARK = "EXAMPLE_SITE_MARK"

PROLOGUE = """
import json, sys
import django
django.setup()
from wagtail_sms_automation.models import *
"""


class ExampleSite:
    """The site on one database, with one environment."""

    def __init__(self, database_url, **environment):
        self.mark = uuid.uuid4().hex
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        self.environment = {
            **inherited,
            "DATABASE_URL": database_url,
            "PYTHONDONTWRITEBYTECODE": "1",
            MARK: self.mark,
            **environment,
        }

    def manage(self, *arguments, check=True):
        """Run a command of manage.py; return what it wrote."""
        return self._run(["manage.py", *arguments], check)

    def ask(self, code):
        """Run code in the site's Django and return what it leaves in `answer`."""
        code = f"{PROLOGUE}\n{code}\njson.dump(answer, sys.stdout, default=str)"
        return json.loads(self._run(["-c", code], check=True).stdout)

    def _run(self, arguments, check):
        environment = {
            **self.environment,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(SITE),
        }
        result = subprocess.run(
            [sys.executable, *arguments],
            cwd=SITE,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and result.returncode:
            raise AssertionError(f"{arguments}: {result.stderr}")
        return result

    @contextlib.contextmanager
    def demo(self, log_path, *, port=None, runner=()):
        """Run what make demo runs, and end it."""
        port = port or free_port()
        with open(log_path, "w+") as log:
            process = subprocess.Popen(
                [*runner, sys.executable, SITE / "demo.py", "--port", str(port)],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                yield Demo(self, process, port, Path(log_path))
            finally:
                self._end(process)
                # Shown where a test fails.
                sys.stdout.write(Path(log_path).read_text())

    def _end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)

    def processes(self):
        """The ids of the processes that this site has started and that still run."""
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted in (directory / "environ").read_bytes().split(b"\0"):
                    found.append(int(directory.name))
        return found


class Demo:
    """A running demonstration."""

    def __init__(self, site, process, port, log):
        self.site, self.process, self.log = site, process, log
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_open(self):
        """Wait for the addresses to be printed, and return what was printed."""
        wait_for(lambda: "is open" in self.printed() or self.process.poll() is not None)
        assert self.process.poll() is None, self.printed()
        return self.printed()

    def printed(self):
        """All it has written so far."""
        return self.log.read_text()

    def get(self, path, **options):
        """Ask for a page."""
        return requests.get(self.url + path, timeout=20, **options)


def wait_for(condition, seconds=60):
    """Wait until condition() is true, and return its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds} seconds in vain.")


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
