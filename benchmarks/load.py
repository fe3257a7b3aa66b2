"""Requests sent over 16 connections, from a process of its own."""

import math
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from multiprocessing import get_context
from threading import Lock


CONNECTIONS = 16

#: When a request is to be sent, and its bytes.
Due = tuple[float, bytes]


class Generator:
    """Sends prepared requests, each a whole HTTP request, from another process."""

    def __init__(self, port: int, process: ProcessPoolExecutor) -> None:
        self._port, self._process = port, process

    def per_second(self, requests: list[bytes], seconds: float) -> float:
        """Send as fast as they are answered; how many a second.

        It ends with the time, or with the requests.
        """
        arguments = self._port, requests, seconds, None
        return self._process.submit(_send_all, *arguments).result().per_second

    def latencies(self, requests: list[bytes], rate: float) -> list[float]:
        """Send so many a second, answered or not; the seconds each one took.

        They count from when it was due: a server that stands still cannot hide it.
        """
        arguments = self._port, requests, None, rate
        return self._process.submit(_send_all, *arguments).result().latencies


@dataclass(frozen=True, slots=True)
class _Sent:
    latencies: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


@contextmanager
def generator(port: int) -> Iterator[Generator]:
    """Start the process that sends."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield Generator(port, process)


def _send_all(
    port: int, requests: list[bytes], seconds: float | None, rate: float | None
) -> _Sent:
    started_at = time.perf_counter()
    stop_at = started_at + seconds if seconds else math.inf
    interval = 1 / rate if rate else 0.0
    due = ((started_at + n * interval, request) for n, request in enumerate(requests))
    until_then = takewhile(lambda _due: time.perf_counter() < stop_at, due)
    taken: list[float] = []
    take = _one_at_a_time(until_then)
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        senders = [
            threads.submit(_send, port, take, taken, bool(rate))
            for _number in range(CONNECTIONS)
        ]
        for sender in senders:
            sender.result()
    return _Sent(taken, time.perf_counter() - started_at)


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
    with closing(_Connection(port)) as connection:
        while item := take():
            due_at, request = item
            if is_paced:
                time.sleep(max(0.0, due_at - time.perf_counter()))
            connection.send(request)
            taken.append(time.perf_counter() - due_at)


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
