"""Delivery reports of the fake provider: signed, repeated, out of order, till heard."""

import heapq
import itertools
import random
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import requests

from wagtail_sms_automation.gateways.messagebird_signatures import sign_jwt


#: Reports of one submission as (seconds after it, status), and how often that is so.
EARLY, SILENT = "early", "silent"
PLANS = {
    "in order": (70, ((0.1, "sent"), (0.4, "delivered"))),
    "out of order": (10, ((0.1, "delivered"), (0.3, "sent"))),
    "repeated": (
        10,
        ((0.1, "sent"), (0.2, "delivered"), (0.3, "delivered"), (0.5, "sent")),
    ),
    #: The first report arrives before the provider has answered.
    EARLY: (7, ((0, "delivered"), (0.2, "sent"))),
    #: None at all: the site must look the message up.
    SILENT: (3, ()),
}
#: Seconds between two attempts, and how often one is made: the web server may be dead.
RETRY_AFTER = 0.5
MOST_ATTEMPTS = 240


@dataclass(frozen=True)
class Report:
    """One report of one submission."""

    submission: object
    status: str

    @property
    def url(self):
        """The address that is called, with what the report says."""
        submission = self.submission
        fields = {
            "id": submission.id,
            "reference": submission.reference,
            "recipient": submission.recipient.lstrip("+"),
            "status": self.status,
            "statusReason": f"report of {self.status}",
            "statusDatetime": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        }
        return f"{submission.report_url}?{urlencode(fields)}"


class Reporter:
    """Threads that send reports when they are due; use it as a context manager."""

    def __init__(self, signing_key, seed, *, silent=True, threads=4):
        self.signing_key = signing_key
        self.sent = 0
        self.given_up = []
        self._plans = {k: v for k, v in PLANS.items() if silent or k != SILENT}
        self._random = random.Random(seed)
        self._due, self._count, self._busy = [], itertools.count(), 0
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._threads = [
            threading.Thread(target=self._run, daemon=True)
            for _number in range(threads)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info):
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def report(self, submission):
        """Plan the reports of a submission; the early one is sent before we return."""
        with self._lock:
            weights = [weight for weight, _plan in self._plans.values()]
            [name] = self._random.choices(list(self._plans), weights)
        reports = list(self._plans[name][1])
        if name == EARLY:
            self._try(Report(submission, reports.pop(0)[1]), 1)
        for seconds, status in reports:
            self._put(Report(submission, status), seconds)

    def is_done(self):
        """True when no report waits to be sent or heard."""
        with self._lock:
            return not self._due and not self._busy

    def _put(self, report, seconds, attempts=0):
        with self._lock:
            entry = (time.monotonic() + seconds, next(self._count), report, attempts)
            heapq.heappush(self._due, entry)

    def _run(self):
        while not self._closing.is_set():
            with self._lock:
                is_due = bool(self._due) and self._due[0][0] <= time.monotonic()
                entry = heapq.heappop(self._due) if is_due else None
                self._busy += is_due
            if entry is None:
                self._closing.wait(0.02)
                continue
            self._try(entry[2], entry[3] + 1)
            with self._lock:
                self._busy -= 1

    def _try(self, report, attempts):
        if self._is_heard(report):
            self.sent += 1
        elif attempts < MOST_ATTEMPTS:
            self._put(report, RETRY_AFTER, attempts)
        else:
            self.given_up.append(report)

    def _is_heard(self, report):
        url = report.url
        try:
            headers = sign_jwt(self.signing_key, url, b"")
            return requests.get(url, headers=headers, timeout=5).ok
        except requests.RequestException:
            return False
