"""The points at which a process can be told to die, found from the outside.

A point is named by the part of the site (web or cluster), how far it is, and what it is
about to write or has written: "web before inbound", "web after inbound" (written, not
committed), "web committed inbound", "web answers inbound".
"""

import os
import re
import signal
import threading
from functools import wraps
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from requests.adapters import HTTPAdapter


PART = os.environ.get("CHAOS_PART", "")
ORDERS = Path(os.environ.get("CHAOS_ORDERS") or "none")

#: What a statement is about: what it does to which table, and a value that it writes.
EVENTS = {
    ("INSERT", "inboundmessage", None): "inbound",
    ("INSERT", "outboundmessage", None): "outbox",
    ("INSERT", "deliveryreport", None): "report",
    ("UPDATE", "doorbell", None): "doorbell",
    ("UPDATE", "outboundmessage", "sending"): "claim",
    ("UPDATE", "outboundmessage", "sent"): "record",
}
#: INSERT OR IGNORE INTO "wagtail_sms_automation_inboundmessage", and the like.
STATEMENT = re.compile(
    r'\s*(INSERT|UPDATE)(?: OR \w+)?(?: INTO)? "?wagtail_sms_automation_(\w+)'
)

_local = threading.local()


def install():
    """Watch everything that leads past a point."""
    from django_q.signals import post_spawn

    from wagtail_sms_automation import tasks

    post_spawn.connect(_say_who_we_are, dispatch_uid="crashing")
    connection_created.connect(_watch_connection, dispatch_uid="crashing")
    BaseDatabaseWrapper._commit = _watch_commit(BaseDatabaseWrapper._commit)
    BaseDatabaseWrapper._rollback = _watch_rollback(BaseDatabaseWrapper._rollback)
    HTTPAdapter.send = _watch_call(HTTPAdapter.send)
    tasks.sweep = _watch_sweep(tasks.sweep)


def reach(point):
    """Die here if that is the order; it is carried out once, by one process."""
    try:
        if ORDERS.read_text() != f"{PART} {point}":
            return
        ORDERS.rename(ORDERS.with_suffix(".done"))
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def watch_answers(get_response):
    """Middleware: the work is done, the answer has not left."""

    def handle(request):
        response = get_response(request)
        for path, event in (("inbound", "inbound"), ("delivery-report", "report")):
            if request.path.rstrip("/").endswith(path):
                reach(f"answers {event}")
        return response

    return handle


def event_of(sql, params):
    """What a statement is about, or None."""
    statement = STATEMENT.match(sql)
    if statement is None:
        return None
    for (verb, table, value), event in EVENTS.items():
        is_written = value is None or f"THEN '{value}'" in sql or value in params
        if statement.groups() == (verb, table) and is_written:
            return event
    return None


def _say_who_we_are(**kwargs):
    """Leave word that this process is a worker, not the pusher or the monitor."""
    ORDERS.with_name(f"worker.{os.getpid()}").touch()


def _watch_connection(connection, **kwargs):
    connection.uncommitted_events = set()
    if _watch_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_watch_statement)


def _watch_statement(execute, sql, params, many, context):
    event = event_of(sql, () if many else params or ())
    if event:
        reach(f"before {event}")
    result = execute(sql, params, many, context)
    if event:
        reach(f"after {event}")
        _note(event, context["connection"])
    if getattr(_local, "is_sweeping", False) and sql.startswith("UPDATE"):
        reach("sweeps")
    return result


def _note(event, connection):
    if connection.in_atomic_block:
        connection.uncommitted_events.add(event)
    else:
        reach(f"committed {event}")


def _watch_commit(commit):
    @wraps(commit)
    def watched(connection):
        result = commit(connection)
        events = getattr(connection, "uncommitted_events", set())
        for event in sorted(events):
            reach(f"committed {event}")
        events.clear()
        return result

    return watched


def _watch_rollback(rollback):
    @wraps(rollback)
    def watched(connection):
        getattr(connection, "uncommitted_events", set()).clear()
        return rollback(connection)

    return watched


def _watch_call(send):
    @wraps(send)
    def watched(adapter, request, *args, **kwargs):
        is_submission = request.method == "POST"
        if is_submission:
            reach("calls the provider")
        response = send(adapter, request, *args, **kwargs)
        if is_submission:
            reach("has called the provider")
        return response

    return watched


def _watch_sweep(sweep):
    @wraps(sweep)
    def watched():
        _local.is_sweeping = True
        try:
            return sweep()
        finally:
            _local.is_sweeping = False

    return watched
