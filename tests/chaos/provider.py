"""A fake provider: it accepts, fails with a seed, reports, and can be asked later.

    with Provider(fault_rate=0.15) as provider:
        site = Site(database, directory, provider)
        ...
        provider.accepted

The HTTP side is that of the gateway's tests (tests/gateways/fake_messagebird.py).
"""

import threading
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tests.gateways.fake_messagebird import (
    FakeMessageBird,
    as_json,
    error,
    html,
    message,
    reset,
)

from .faults import ACCEPTING, Fault, Faults
from .reports import Reporter


SIGNING_KEY = "chaos-" + "k" * 32
#: Seconds, longer than the site waits.
HANG = 4.0
#: Seconds between two bytes: slow, but within what the site waits.
DRIP_PAUSE = 0.003


@dataclass
class Submission:
    """A message the provider has accepted."""

    reference: str
    recipient: str
    originator: str
    body: str
    report_url: str
    fault: Fault
    accepted_at: datetime
    #: The message object, as it was answered.
    document: dict

    @property
    def id(self):
        """The provider's own id."""
        return self.document["id"]


class Provider(FakeMessageBird):
    """MessageBird on 127.0.0.1; `accepted` holds the submissions in their order."""

    signing_key = SIGNING_KEY

    def __init__(self, *, fault_rate=0.0, seed=1, silent=True, on_accept=None):
        super().__init__()
        self.accepted = []
        self.faults = Faults(fault_rate, seed)
        self.reporter = Reporter(SIGNING_KEY, seed, silent=silent)
        self._on_accept = on_accept
        self._accepting = threading.Lock()

    def __enter__(self):
        self.reporter.__enter__()
        return super().__enter__()

    def __exit__(self, *exc_info):
        super().__exit__(*exc_info)
        self.reporter.__exit__(*exc_info)

    def recorded(self, request):
        """Requests are not kept: a long run has too many."""

    def next_behaviour(self):
        """What the server does with each request."""
        return self._behave

    def _behave(self, handler, request):
        if request.method == "GET":
            return self._look_up(request)
        fault = self.faults.draw()
        if fault not in ACCEPTING:
            return _refuse(fault, handler, request)
        submission = self._accept(request, fault)
        self.reporter.report(submission)
        return self._answer(submission, handler, request)

    def _accept(self, request, fault):
        sent, now = request.json, datetime.now(UTC)
        moment = now.isoformat(timespec="seconds")
        submission = Submission(
            reference=sent.get("reference") or "",
            recipient=f"+{sent['recipients']}",
            originator=sent["originator"],
            body=sent["body"],
            report_url=sent.get("reportUrl") or "",
            fault=fault,
            accepted_at=now,
            document=message(request, id=uuid.uuid4().hex, createdDatetime=moment),
        )
        with self._accepting:
            self.accepted.append(submission)
        if self._on_accept:
            self._on_accept(submission)
        return submission

    def _answer(self, submission, handler, request):
        match submission.fault:
            case Fault.BAD_GATEWAY:
                return html(502)
            case Fault.RESET_AFTER:
                return reset(handler, request)
            case Fault.HANG:
                self.closing.wait(HANG)
                return reset(handler, request)
            case Fault.DRIP:
                answer = as_json(201, submission.document)
                return replace(answer, pause=DRIP_PAUSE)
        return as_json(201, submission.document)

    def _look_up(self, request):
        if self.faults.refuses_look_up():
            return error(503, 9, "not available")
        path, query = urlsplit(request.path)[2:4]
        found = _found(list(self.accepted), path, parse_qs(query))
        if not path.rstrip("/").endswith("/messages"):
            known = [submission.document for submission in found]
            return as_json(200, known[0]) if known else error(404, 20, "not found")
        return as_json(200, _page(found, parse_qs(query)))


def _refuse(fault, handler, request):
    match fault:
        case Fault.THROTTLED:
            return error(429, 29, "too many requests", retry_after="1")
        case Fault.UNAVAILABLE:
            return error(503, 9, "not available")
    return reset(handler, request)


def _found(accepted, path, query):
    """The submissions a look-up asks for, newest first."""
    wanted = {name: values[-1] for name, values in query.items()}
    last = path.rstrip("/").rpartition("/")[2]
    if last != "messages":
        return [submission for submission in accepted if submission.id == last]
    since, until = _moment(wanted.get("from")), _moment(wanted.get("until"))
    return [
        submission
        for submission in reversed(accepted)
        if _is_meant(submission, wanted) and _is_between(submission, since, until)
    ]


def _is_meant(submission, wanted):
    return (
        wanted.get("reference") in (None, submission.reference)
        and wanted.get("recipient", "").lstrip("+") in submission.recipient
        and wanted.get("originator", "").lstrip("+ ") in submission.originator
    )


def _is_between(submission, since, until):
    created_at = submission.accepted_at.replace(microsecond=0)
    return (since is None or created_at >= since) and (
        until is None or created_at <= until
    )


def _moment(text):
    """A moment of a query, where "+" may have become a space."""
    if not text:
        return None
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _page(found, query):
    offset, limit = (
        int(query.get(name, [default])[-1])
        for name, default in (("offset", 0), ("limit", 20))
    )
    items = [submission.document for submission in found[offset : offset + limit]]
    return {
        "offset": offset,
        "limit": limit,
        "count": len(items),
        "totalCount": len(found),
        "items": items,
    }
