"""Customers who text, and a provider that hands each text over until it is answered."""

import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

import requests

from wagtail_sms_automation.gateways.messagebird_signatures import sign_jwt

from .rules import KEYWORDS


#: How often a text is handed over again though it was answered: 0.6 times on average.
REPEATS, WEIGHTS = (0, 1, 2, 3), (60, 25, 10, 5)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Text:
    """One text of a customer; number counts the customer's own."""

    originator: str
    number: int
    body: str
    gateway_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    sent_at: str = ""
    is_acknowledged: bool = False


def plan(count, contacts, rng):
    """Return lanes of texts, one a contact: count of them in all."""
    lanes = [[] for _contact in range(contacts)]
    for number in range(count):
        place = number % contacts
        lane = lanes[place]
        keyword = rng.choice(KEYWORDS)
        body = f"{keyword} {place}-{len(lane)}."
        lane.append(Text(f"+33612{place:06}", len(lane), body))
    return lanes


class Customers:
    """A few threads that hand over texts, each contact's in order."""

    def __init__(self, lanes, deliver, *, seed=1, threads=6, per_second=None):
        self.texts = [text for lane in lanes for text in lane]
        self.deliveries = 0
        self._deliver, self._threads = deliver, []
        self._pause = threads / per_second if per_second else 0
        self._stopping, self._lock = threading.Event(), threading.Lock()
        for number in range(threads):
            mine = [list(lane) for lane in lanes[number::threads]]
            rng = random.Random(f"{seed}-{number}")
            thread = threading.Thread(target=self._run, args=(mine, rng), daemon=True)
            self._threads.append(thread)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def are_done(self):
        """True when every text has been handed over as often as it will be."""
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, lanes, rng):
        again = []
        while lanes and not self._stopping.is_set():
            lane = rng.choice(lanes)
            text = lane.pop(0)
            if not lane:
                lanes.remove(lane)
            self._hand_over(text)
            again += [text] * rng.choices(REPEATS, WEIGHTS)[0]
            if again and rng.random() < 0.7:
                self._hand_over(again.pop(rng.randrange(len(again))))
            self._stopping.wait(self._pause)
        for text in again:
            self._hand_over(text)

    def _hand_over(self, text):
        while not self._stopping.is_set():
            with self._lock:
                self.deliveries += 1
            if self._deliver(text):
                text.is_acknowledged = True
                return
            self._stopping.wait(0.5)


class Webhook:
    """The inbound webhook of a site, called as the provider calls it."""

    def __init__(self, site, signing_key):
        self.site, self.signing_key = site, signing_key

    def __call__(self, text):
        """Hand one text over; was it answered with 200?"""
        text.sent_at = text.sent_at or time.strftime(
            "%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()
        )
        body = urlencode(self._fields(text)).encode()
        headers = FORM | sign_jwt(self.signing_key, self.site.inbound_url, body)
        try:
            answer = requests.post(
                self.site.inbound_url, data=body, headers=headers, timeout=10
            )
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def _fields(self, text):
        return {
            "id": text.gateway_id,
            "originator": text.originator.lstrip("+"),
            "recipient": self.site.number.lstrip("+"),
            "body": text.body,
            "createdDatetime": text.sent_at,
        }
