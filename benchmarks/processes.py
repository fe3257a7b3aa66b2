"""The servers and clusters of a measurement; none outlives it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


ROOT = Path(__file__).parent.parent
#: Seconds to start, and to stop before a process group is killed.
PATIENCE = 30


@contextmanager
def web_server() -> Iterator[int]:
    """Run gunicorn with two sync workers; its port on 127.0.0.1."""
    port = _free_port()
    command = (
        *("gunicorn", "django.core.wsgi:get_wsgi_application()"),
        *("--bind", f"127.0.0.1:{port}", "--workers", "2"),
        *("--log-level", "warning", "--no-control-socket"),
    )
    with _running(*command) as process:
        _wait_for_port(process, port)
        yield port


@contextmanager
def cluster() -> Iterator[int]:
    """Run a cluster with the Q_CLUSTER of the settings; the id of its head."""
    with _running("django", "qcluster") as process:
        yield process.pid


@contextmanager
def _running(*module: str) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
            if process.poll() is not None:
                raise RuntimeError(f"{module[0]} ended by itself.")
        except Exception:
            output.seek(0)
            sys.stderr.write(output.read()[-4000:].decode(errors="replace"))
            raise
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: politely, then not."""
    if process.poll() is None:
        # The head alone: it tells its workers itself.
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    while _is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    if _is_alive(process):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The web server does not answer.")
