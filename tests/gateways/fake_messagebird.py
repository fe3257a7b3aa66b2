"""A stand-in for rest.messagebird.com on 127.0.0.1, told what to answer.

    with FakeMessageBird() as fake:
        fake.will(error(422, 25, "Not enough balance"), hang)
        gateway = MessageBirdGateway("default", fake.options())

Each request uses up one answer; with none left, it is answered by accepted().
"""

import contextlib
import json
import socket
import struct
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Recorded:
    """One request as it came; connection counts from 1."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass
class Answer:
    """What to send back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    #: Announced instead of the body's own length.
    length: int | None = None
    #: Seconds between two bytes of the body.
    pause: float = 0


#: An answer, or what to do with the open connection instead.
Behaviour = Answer | Callable[["_Handler", Recorded], Answer | None]


class FakeMessageBird:
    """The server. `requests` holds what came, `connections` how many were opened."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.connections = 0
        #: How many of the next connections are torn down before anything is read.
        self.resets = 0
        self._behaviours: list[Behaviour] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()

    def __enter__(self) -> "FakeMessageBird":
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def options(self, **options: Any) -> dict[str, Any]:
        """OPTIONS of a MessageBirdGateway that talks to this server."""
        return {
            "ACCESS_KEY": "test_key",
            "SIGNING_KEYS": ["x" * 32],
            "ENDPOINT": self.url,
            **options,
        }

    def will(self, *behaviours: Behaviour) -> None:
        """Answer the next requests like this, one each."""
        with self._lock:
            self._behaviours.extend(behaviours)

    def next_behaviour(self) -> Behaviour:
        """What to do with the request that has just come."""
        with self._lock:
            return self._behaviours.pop(0) if self._behaviours else accepted

    def takes_connection(self) -> bool:
        """Use up one of the resets."""
        with self._lock:
            takes, self.resets = self.resets == 0, max(0, self.resets - 1)
            return takes

    def opened(self) -> int:
        """Count a connection."""
        with self._lock:
            self.connections += 1
            return self.connections

    def recorded(self, request: Recorded) -> None:
        """Keep a request."""
        with self._lock:
            self.requests.append(request)


def message(request: Recorded, **changes: Any) -> dict[str, Any]:
    """The message object MessageBird answers this request with."""
    sent = request.json
    moment = "2026-07-01T16:16:51+00:00"
    items = [
        {"recipient": int(number), "status": "sent", "statusDatetime": moment}
        for number in sent["recipients"].split(",")
    ]
    return {
        "id": uuid.uuid4().hex,
        "direction": "mt",
        "type": "sms",
        "originator": sent["originator"],
        "body": sent["body"],
        "reference": sent.get("reference"),
        "datacoding": sent.get("datacoding", "plain"),
        "scheduledDatetime": None,
        "createdDatetime": moment,
        "recipients": {"totalCount": len(items), "items": items},
        **changes,
    }


def as_json(status: int, document: Any, **headers: str) -> Answer:
    """An answer of JSON."""
    headers = {"Content-Type": "application/json", **headers}
    return Answer(status, json.dumps(document).encode(), headers)


def accepted(handler: "_Handler", request: Recorded) -> Answer:
    """201 and the message."""
    return as_json(201, message(request))


def accepted_but(**changes: Any) -> Behaviour:
    """201 and the message, with some of its values replaced."""
    return lambda handler, request: as_json(201, message(request, **changes))


def accepted_without(name: str) -> Behaviour:
    """201 and the message, without one of its values."""

    def answer(handler: "_Handler", request: Recorded) -> Answer:
        document = message(request)
        del document[name]
        return as_json(201, document)

    return answer


def error(
    status: int, code: int, description: str, *, retry_after: str | None = None
) -> Answer:
    """A refusal in MessageBird's words."""
    errors = [{"code": code, "description": description, "parameter": None}]
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return as_json(status, {"errors": errors}, **headers)


def redirect(status: int, location: str) -> Answer:
    """The way to somewhere else."""
    return Answer(status, headers={"Location": location})


def html(status: int = 200) -> Answer:
    """A page, as a proxy in between would send."""
    page = b"<!doctype html><title>Hello</title>"
    return Answer(status, page, {"Content-Type": "text/html"})


def cut_json(handler: "_Handler", request: Recorded) -> Answer:
    """The first half of the message, as if it were all."""
    body = as_json(201, message(request)).body
    return Answer(201, body[: len(body) // 2])


def cut_off(handler: "_Handler", request: Recorded) -> Answer:
    """The first half of the message, and then the end of the connection."""
    body = as_json(201, message(request)).body
    handler.close_connection = True
    return Answer(201, body[: len(body) // 2], length=len(body))


def reset(handler: "_Handler", request: Recorded) -> None:
    """No answer: the connection is torn down once the request is read."""
    _reset_when_closed(handler.connection)
    handler.close_connection = True


def hang(handler: "_Handler", request: Recorded) -> None:
    """No answer for as long as the server runs."""
    handler.server.fake.closing.wait()
    handler.close_connection = True


def drip(pause: float) -> Behaviour:
    """201 and the message, byte by byte."""

    def answer(handler: "_Handler", request: Recorded) -> Answer:
        document = {"id": "slow", "recipients": {"items": []}}
        return Answer(201, json.dumps(document).encode(), pause=pause)

    return answer


def _reset_when_closed(connection: socket.socket) -> None:
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    #: Connections that wait to be taken: a batch of sends opens many at once.
    request_queue_size = 128
    # Not waiting for the connections that clients keep open.
    block_on_close = False
    fake: FakeMessageBird

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Tear the connection down where the test asked for it."""
        takes = self.fake.takes_connection()
        if not takes:
            # Before the first byte, the client would still be connecting.
            request.recv(1, socket.MSG_PEEK)
            _reset_when_closed(request)
        return takes

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise the kernel holds a small answer back for 40 ms.
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.number = self.server.fake.opened()

    def do_POST(self) -> None:
        """Record the request and behave as told."""
        length = int(self.headers.get("Content-Length") or 0)
        request = Recorded(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            self.number,
        )
        self.server.fake.recorded(request)
        behaviour = self.server.fake.next_behaviour()
        answer = behaviour(self, request) if callable(behaviour) else behaviour
        if answer is not None:
            with contextlib.suppress(OSError):
                self._send(answer)

    do_GET = do_PUT = do_DELETE = do_POST

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        length = len(answer.body) if answer.length is None else answer.length
        for name, value in {**answer.headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        step = 1 if answer.pause else max(1, len(answer.body))
        for start in range(0, len(answer.body), step):
            self.wfile.write(answer.body[start : start + step])
            if answer.pause and self.server.fake.closing.wait(answer.pause):
                return

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""
