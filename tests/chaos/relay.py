"""A provider between two sites: what one sends, the other receives, signed."""

import queue
import threading
import time
import uuid

from .customers import Text, Webhook
from .provider import SIGNING_KEY, Provider


#: Seconds from one site to the other. Without it the guard would be all that limits.
LATENCY = 0.2


class Relay(Provider):
    """The provider of one site, which hands everything to the webhook of `other`."""

    def __init__(self):
        super().__init__(silent=False, on_accept=self._pass_on)
        self.other = None
        self._underway = queue.Queue()
        self._courier = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self):
        self._courier.start()
        return super().__enter__()

    def __exit__(self, *exc_info):
        self.closing.set()
        self._courier.join()
        super().__exit__(*exc_info)

    def _pass_on(self, submission):
        self._underway.put((time.monotonic() + LATENCY, submission))

    def _carry(self):
        while not self.closing.is_set():
            try:
                due_at, submission = self._underway.get(timeout=0.1)
            except queue.Empty:
                continue
            self.closing.wait(max(0, due_at - time.monotonic()))
            self._hand_over(submission)

    def _hand_over(self, submission):
        webhook = Webhook(self.other, SIGNING_KEY)
        text = Text(f"+{submission.originator}", 0, submission.body, uuid.uuid4().hex)
        while not self.closing.is_set() and not webhook(text):
            self.closing.wait(0.2)
