"""Requests sent over 16 connections, from a process of its own."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Lock


CONNECTIONS = 16

#: When a request is to be sent, and its bytes.
Due = tuple[float, bytes]


class Generator:
    """Sends prepared requests, each a whole HTTP request, from another process."""

    def __init__(self, port: int, process: ProcessPoolExecutor) -> None:
        self._port, self._process = port, process

    def per_second(self, requests: list[bytes]) -> float:
        """Send all as fast as they are answered; how many a second."""
        seconds = self._process.submit(_send_all, self._port, requests, 0.0).result()[0]
        return len(requests) / seconds

    def latencies(self, requests: list[bytes], rate: float) -> list[float]:
        """Send so many a second, answered or not; the seconds each one took.

        They count from when it was due: a server that stands still cannot hide it.
        """
        return self._process.submit(_send_all, self._port, requests, rate).result()[1]


@contextmanager
def generator(port: int) -> Iterator[Generator]:
    """Start the process that sends."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield Generator(port, process)


def _send_all(
    port: int, requests: list[bytes], rate: float
) -> tuple[float, list[float]]:
    """Seconds for all, and for each one."""
    started_at = time.perf_counter()
    interval = 1 / rate if rate else 0.0
    due = ((started_at + n * interval, request) for n, request in enumerate(requests))
    taken: list[float] = []
    take = _one_at_a_time(due)
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        senders = [
            threads.submit(_send, port, take, taken, bool(rate))
            for _number in range(CONNECTIONS)
        ]
        for sender in senders:
            sender.result()
    return time.perf_counter() - started_at, taken


def _one_at_a_time(due: Iterator[Due]) -> Callable[[], Due | None]:
    """A generator cannot be read by two threads at once."""
    lock = Lock()

    def take() -> Due | None:
        with lock:
            return next(due, None)

    return take


def _send(
    port: int,
    take: Callable[[], Due | None],
    taken: list[float],
    is_paced: bool,
) -> None:
    connection = _Connection(port)
    while item := take():
        due_at, request = item
        if is_paced:
            time.sleep(max(0.0, due_at - time.perf_counter()))
        connection.send(request)
        taken.append(time.perf_counter() - due_at)
    connection.close()


class _Connection:
    """Kept open for as long as the server keeps it (a sync worker does not)."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> None:
        """Send one request and read its answer, which must be a 200."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=30)
        self._socket.sendall(request)
        head, body = self._read_head()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"The server answered {head[:60]!r}.")
        length = int(_field(head, b"content-length"))
        while len(body) < length:
            body += self._socket.recv(65536)
        if _field(head, b"connection") == b"close":
            self.close()

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read_head(self) -> tuple[bytes, bytes]:
        assert self._socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._socket.recv(65536)
            if not piece:
                raise RuntimeError("The server closed the connection unasked.")
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        return head, body


def _field(head: bytes, name: bytes) -> bytes:
    """A header of the answer, in lower case."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(name + b":"):
            return line.partition(b":")[2].strip()
    return b"0"
