"""Run the restaurant: web server and django-q2 cluster, started and stopped together.

Each runs in a process group of its own, and a whole group is ended: a cluster whose
head dies would leave its workers behind.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path


SITE = Path(__file__).resolve().parent
#: Seconds for the servers to finish what they are doing before they are killed.
GRACE = 8


class Demo:
    """The processes of one demonstration."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.address = f"http://{host}:{port}"
        self._parent = os.getppid()
        self._running: list[subprocess.Popen[bytes]] = []
        # Only a flag: an exception raised by a signal could lose a process just made.
        self._asked_to_stop = threading.Event()

    def run(self) -> int:
        """Prepare the site, run it until it is stopped, and return the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._asked_to_stop.set())
        os.environ.setdefault("SMS_WEBHOOK_BASE_URL", self.address)
        try:
            return self._prepare() or self._serve()
        finally:
            self._stop()

    def _prepare(self) -> int:
        for command in (["migrate", "--verbosity", "0"], ["load_restaurant"]):
            process = self._start(*command)
            while process.poll() is None and not self._must_stop(0.1):
                pass
            if process.returncode != 0:
                return process.returncode or 1
        return 0

    def _serve(self) -> int:
        self._running = []
        self._start("qcluster")
        self._start("runserver", "--noreload", f"{self.host}:{self.port}")
        is_welcomed = False
        while not self._must_stop(0.2):
            for process in self._running:
                if process.poll() is not None:
                    print(f"{process.args[2]} has ended.", file=sys.stderr)
                    return 1
            if not is_welcomed and self._answers():
                is_welcomed = True
                print(WELCOME.format(address=self.address), flush=True)
        print("\nStopping ...", flush=True)
        return 0

    def _must_stop(self, seconds: float) -> bool:
        """Wait a little; true when asked to stop, or when make was killed."""
        asked = self._asked_to_stop.wait(seconds)
        return asked or os.getppid() != self._parent

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(SITE / "manage.py"), *command],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    def _answers(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _stop(self) -> None:
        """End every group: politely, then not."""
        for process in self._running:
            # The head alone: a cluster tells its workers itself.
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(map(is_alive, self._running)):
            time.sleep(0.1)
        for process in self._running:
            if is_alive(process):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_alive(process: subprocess.Popen[bytes]) -> bool:
    """True while anything of the process's group is left."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def why_not(host: str, port: int) -> str:
    """Say why the address cannot be served; empty if it can."""
    try:
        with socket.create_server((host, port)):
            return ""
    except OSError as error:
        reason = error.strerror or error
        return f"{host}:{port}: {reason}. Another port: make demo PORT={port + 1}"


WELCOME = """
  Chez Léa is open. Ctrl-C closes it.

    The site        {address}/
    A phone         {address}/phone/        text ORDER
    The admin       {address}/admin/        SMS > Automations

    Log in as       editor, manager or admin
    Password        changeme
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the restaurant.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    if problem := why_not(options.host, options.port):
        sys.exit(problem)
    sys.exit(Demo(options.host, options.port).run())
