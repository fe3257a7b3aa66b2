"""Texts under fire: processes killed, a provider that fails; nothing lost or doubled.

CHAOS_LONG=1 (make chaos) runs the long form; CHAOS_MESSAGES says how many texts.
"""

import itertools
import os
import random
import time

import pytest

from . import history, rules
from .conftest import IS_LONG
from .customers import Customers, Webhook, plan
from .provider import Provider
from .site import CLUSTER, WEB, WEB_WORKER, WORKER, Site, wait_for


MESSAGES = int(os.environ.get("CHAOS_MESSAGES") or (10_000 if IS_LONG else 300))
#: SQLite has one writer at a time.
SQLITE_MESSAGES = min(MESSAGES, 1_000)
SEED = int(os.environ.get("CHAOS_SEED") or 1)
FAULT_RATE = 0.15
#: Seconds between two kills, and what is killed, round and round.
KILL_EVERY = 3
KILLED = (WORKER, WEB_WORKER, CLUSTER, WORKER, WEB, WORKER, WORKER, WEB_WORKER)
#: Seconds for the texts to be taken, and then for all to settle, undisturbed.
MOST_SECONDS = 1_800 if IS_LONG else 90
RECOVERY = 900 if IS_LONG else 90
#: Of these, for all that was stored to be answered and sent.
WORKED_OFF = 180 if IS_LONG else 90
#: Sends a worker may have in flight when it is killed, and workers of a cluster.
IN_FLIGHT = 32 * 2


@pytest.fixture(
    params=[("postgres", "orm"), ("postgres", "redis"), ("sqlite", "orm")],
    ids="-".join,
    scope="module",
)
def run(request, make_database, tmp_path_factory):
    """One run: the history of it, the site and the provider."""
    kind, broker = request.param
    redis_url = request.getfixturevalue("redis_url") if broker == "redis" else ""
    database, directory = make_database(kind), tmp_path_factory.mktemp("site")
    count = SQLITE_MESSAGES if kind == "sqlite" else MESSAGES
    with (
        Provider(fault_rate=FAULT_RATE, seed=SEED) as provider,
        Site(database, directory, provider, redis_url=redis_url) as site,
    ):
        yield Run(site, provider, count)


class Run:
    """Texts, kills, and then the quiet in which everything must settle."""

    def __init__(self, site, provider, count):
        self.site, self.provider = site, provider
        self.site.load(rules.LOAD)
        self.site.start()
        self._rng = random.Random(SEED)
        self.worked_off_in = None
        lanes = plan(count, max(20, count // 20), self._rng)
        webhook = Webhook(site, provider.signing_key)
        # Stretched, so that the kills fall into it.
        pace = 40 if IS_LONG else 25
        started = time.monotonic()
        customers = Customers(lanes, webhook, seed=SEED, per_second=pace)
        with customers:
            self._kill_until(customers.are_done)
        self.texts, self.deliveries = customers.texts, customers.deliveries
        self.fired_at = time.monotonic() - started
        self.history = self._when_quiet()
        self.seconds = time.monotonic() - started

    def _kill_until(self, is_over):
        deadline = time.monotonic() + MOST_SECONDS
        for part in itertools.cycle(KILLED):
            next_at = time.monotonic() + KILL_EVERY
            while time.monotonic() < next_at:
                if is_over() or time.monotonic() > deadline:
                    return
                time.sleep(0.05)
            self.site.kill(part, self._rng)

    def _when_quiet(self):
        """The history once nothing waits any more, or as it is when time is up."""
        # The last blow: a cluster whose idle worker was killed before hands out no task
        # until it is started anew.
        self.site.kill(CLUSTER, self._rng)
        self.site.start()
        quiet_since = time.monotonic()
        deadline = quiet_since + RECOVERY
        while True:
            read = history.read(self.site, self.provider, self.texts)
            if self.worked_off_in is None and not history.waiting(read):
                self.worked_off_in = time.monotonic() - quiet_since
            is_quiet = self.provider.reporter.is_done() and not (
                history.left_over(read) or history.unsettled_of(read)
            )
            if is_quiet or time.monotonic() > deadline:
                return read
            time.sleep(0.5)

    def summary(self):
        """What happened, in one line."""
        states = history.Counter(row.state for row in self.history.outbound)
        return (
            f"{self.site.database.kind} {'redis' if self.site.redis_url else 'orm'}: "
            f"{len(self.texts)} texts as {self.deliveries} deliveries, "
            f"{self.site.kills} kills, {len(self.provider.accepted)} accepted, "
            f"{self.provider.faults.ambiguous} ambiguous, {dict(states)}, "
            f"{self.fired_at:.0f} s under fire, {self.seconds:.0f} s in all"
        )


def test_nothing_is_lost_doubled_or_out_of_order(run, record_property):
    record_property("chaos", run.summary())

    assert run.site.kills >= 4
    assert all(text.is_acknowledged for text in run.texts)
    assert history.faults_of(run.history) == []


def test_what_is_in_doubt_is_flagged_and_settled_by_reports_and_look_ups(run):
    unknown = [row for row in run.history.outbound if row.state == "unknown"]

    assert run.provider.faults.ambiguous
    assert len(unknown) <= run.provider.faults.ambiguous + run.site.kills * IN_FLIGHT
    assert run.provider.reporter.given_up == []
    assert history.unsettled_of(run.history) == []


def test_nothing_waits_in_the_end(run):
    assert run.worked_off_in is not None
    assert run.worked_off_in <= WORKED_OFF
    assert history.left_over(run.history) == []
    wait_for(lambda: run.site.wake_ups() == 0, 30)
