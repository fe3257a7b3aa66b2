"""A mail server of our own on 127.0.0.1, told what to answer to each verb.

    with FakeSmtp() as smtp:
        smtp.answers["RCPT"] = "450 4.2.0 Greylisted"

Besides the verbs of SMTP there are GREETING, for the first line, and END, for the
line that ends the message.
"""

import socketserver
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage


#: In place of an answer: the connection is closed.
CUT = "cut"
#: In place of an answer: silence for as long as the server runs.
HANG = "hang"

ANSWERS = {
    "GREETING": "220 fake ESMTP",
    "EHLO": "250-fake\r\n250-AUTH PLAIN\r\n250 8BITMIME",
    "HELO": "250 fake",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 Go on",
    "END": "250 2.0.0 Queued",
    "RSET": "250 OK",
    "QUIT": "221 Bye",
}


class FakeSmtp:
    """The server. `verbs` holds what was said, `mails` what was accepted."""

    def __init__(self) -> None:
        self.answers = dict(ANSWERS)
        self.verbs: list[str] = []
        self.mails: list[EmailMessage] = []
        #: When set, the open connection is let go.
        self.closing = threading.Event()

    def __enter__(self) -> "FakeSmtp":
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self.port = self._server.server_address[1]
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

    def has_heard(self, verb: str) -> bool:
        """Wait for a verb that the client does not wait for itself."""
        until = time.monotonic() + 5
        while verb not in self.verbs and time.monotonic() < until:
            time.sleep(0.01)
        return verb in self.verbs


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    fake: FakeSmtp

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is part of the tests."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer verb by verb."""
        goes_on = self._answer("GREETING")
        while goes_on and (line := self.rfile.readline()):
            verb = line.split()[0].decode().upper() if line.strip() else "?"
            goes_on = self._answer(verb)
            if verb == "DATA" and goes_on and self._is_taken("DATA", "354"):
                goes_on = self._take_mail()
            elif verb == "QUIT":
                goes_on = False

    def _take_mail(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if self._is_taken("END", "250"):
            mail = message_from_bytes(b"".join(lines), policy=policy.default)
            self.server.fake.mails.append(mail)
        return self._answer("END")

    def _is_taken(self, verb: str, code: str) -> bool:
        return self.server.fake.answers[verb].startswith(code)

    def _answer(self, verb: str) -> bool:
        """Whether the conversation goes on."""
        fake = self.server.fake
        fake.verbs.append(verb)
        answer = fake.answers.get(verb, "502 What?")
        if answer == HANG:
            fake.closing.wait()
        if answer in (CUT, HANG):
            return False
        self.wfile.write(f"{answer}\r\n".encode())
        return True
