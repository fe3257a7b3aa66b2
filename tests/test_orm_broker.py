"""The broker that is woken: by a commit, not before, and with no news it polls.

On SQLite the queue is a file: what is in memory has one process, and nobody to wake.
"""

import os
import pickle
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, connections, transaction
from django_q.conf import Conf
from django_q.models import OrmQ

from tests.hosts import Site, postgres_database, wait_for
from wagtail_sms_automation import orm_broker
from wagtail_sms_automation.orm_broker import PollingWait, PromptORM


pytestmark = pytest.mark.django_db(transaction=True)

CLASS = "wagtail_sms_automation.orm_broker.PromptORM"


@pytest.fixture
def queue(tmp_path, monkeypatch, db):
    """The database of the queue, one that several connections can share."""
    if connection.vendor == "postgresql":
        yield
        return
    in_memory = connections["default"]
    given = connections.settings["default"] | {
        "NAME": str(tmp_path / "queue.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
    monkeypatch.setitem(connections.settings, "default", given)
    connections["default"] = connections.create_connection("default")
    call_command("migrate", "django_q", verbosity=0)
    yield
    connections["default"].close()
    connections["default"] = in_memory


@pytest.fixture
def make_broker(queue):
    """Return a function: a broker whose connection is closed after the test."""
    made = []

    def make():
        made.append(PromptORM(list_key="tests"))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def broker(make_broker):
    """A broker."""
    return make_broker()


@pytest.fixture
def patient(monkeypatch):
    """Let nothing but a commit end the wait in time."""
    monkeypatch.setattr(orm_broker, "LONGEST_WAIT", 30)
    monkeypatch.setattr(Conf, "POLL", 30)


@contextmanager
def waiting(broker):
    """Let a broker wait for a task in a thread of its own, as a cluster does."""
    is_woken, found = threading.Event(), []

    def wait():
        try:
            while not found:
                found.extend(broker.dequeue() or [])
        finally:
            is_woken.set()
            broker.close()
            connections.close_all()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_for(lambda: broker._wait is not None, 20)
    assert type(broker._wait) is not PollingWait
    # Let it look in vain, and begin to wait.
    time.sleep(0.3)
    yield is_woken, found
    thread.join(40)


def payloads(tasks):
    return [payload for _pk, payload in tasks or []]


def test_a_commit_wakes_who_waits_and_nothing_before(make_broker, patient):
    with waiting(make_broker()) as (is_woken, found):
        with transaction.atomic():
            make_broker().enqueue("task")
            assert not is_woken.wait(0.5)

        assert is_woken.wait(10)
    assert payloads(found) == ["task"]


def test_a_task_that_was_rolled_back_wakes_nobody(make_broker, patient):
    with waiting(make_broker()) as (is_woken, found):
        with pytest.raises(ValueError), transaction.atomic():
            make_broker().enqueue("task")
            raise ValueError
        assert not is_woken.wait(0.5)
        make_broker().enqueue("next")
        assert is_woken.wait(10)
    assert payloads(found) == ["next"]


def test_a_task_committed_between_the_look_and_the_wait_is_not_missed(
    broker, make_broker, patient, monkeypatch
):
    broker.enqueue("earlier")
    assert payloads(broker.dequeue()) == ["earlier"]
    look = PromptORM.get_connection

    def look_and_be_overtaken(list_key=None):
        tasks = look().none()
        monkeypatch.setattr(PromptORM, "get_connection", staticmethod(look))
        with ThreadPoolExecutor() as pool:
            pool.submit(enqueue_elsewhere, make_broker(), "task").result()
        return tasks

    monkeypatch.setattr(
        PromptORM, "get_connection", staticmethod(look_and_be_overtaken)
    )
    began = time.monotonic()
    assert broker.dequeue() is None
    assert time.monotonic() - began < 10
    assert payloads(broker.dequeue()) == ["task"]


def enqueue_elsewhere(broker, task):
    try:
        broker.enqueue(task)
    finally:
        connections.close_all()


def test_a_cluster_that_is_asked_to_stop_waits_no_longer_than_a_moment(broker):
    began = time.monotonic()
    assert broker.dequeue() is None
    assert broker.dequeue() is None
    assert time.monotonic() - began < 5


def test_the_oldest_task_comes_first(broker):
    for task in ("first", "second", "third"):
        broker.enqueue(task)
    # PostgreSQL moves a row that is written: without an order it would come last.
    rows = OrmQ.objects.order_by("pk")
    rows.filter(pk=rows.first().pk).update(payload="first")

    taken = [payloads(broker.dequeue()) for _number in range(3)]

    assert taken == [["first"], ["second"], ["third"]]


def test_a_task_is_taken_once_and_again_when_its_retry_is_due(broker, monkeypatch):
    broker.enqueue("task")

    assert payloads(broker.dequeue()) == ["task"]
    assert broker.dequeue() is None
    assert (broker.queue_size(), broker.lock_size()) == (0, 1)

    with time_machine.travel(time.time() + Conf.RETRY + 1, tick=True):
        if connection.vendor == "postgresql":
            # Its own clock counts, whatever the hosts' say.
            assert broker.dequeue() is None
            OrmQ.objects.update(lock="2000-01-01T00:00:00Z")
        assert payloads(broker.dequeue()) == ["task"]


def test_as_many_are_taken_as_bulk_says(broker, monkeypatch):
    monkeypatch.setattr(Conf, "BULK", 2)
    for task in ("first", "second", "third"):
        broker.enqueue(task)

    assert payloads(broker.dequeue()) == ["first", "second"]


def test_another_queue_is_another_queue(make_broker, patient):
    other = PromptORM(list_key="other")
    with waiting(make_broker()) as (is_woken, found):
        other.enqueue("not ours")
        assert not is_woken.wait(0.5)
        make_broker().enqueue("ours")
        assert is_woken.wait(10)
    assert payloads(found) == ["ours"]


def test_several_clusters_share_the_tasks(make_broker, patient):
    """Who loses the race for a task must look again, not wait for the next commit."""
    brokers = [make_broker() for _number in range(3)]
    taken, lock = [], threading.Lock()

    def work(broker):
        try:
            while len(taken) < 30:
                tasks = payloads(broker.dequeue())
                with lock:
                    taken.extend(tasks)
        finally:
            broker.close()
            connections.close_all()

    threads = [threading.Thread(target=work, args=(broker,)) for broker in brokers]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    enqueuing = make_broker()
    for number in range(30):
        enqueuing.enqueue(str(number))
    wait_for(lambda: len(taken) == 30, 20)
    assert time.monotonic() - began < 20
    # The others still wait: a commit ends that.
    while any(thread.is_alive() for thread in threads):
        enqueuing.purge_queue()
        enqueuing.enqueue("end")
        time.sleep(0.05)

    assert sorted(taken[:30], key=int) == [str(number) for number in range(30)]


def test_a_host_whose_clock_is_ahead_is_answered_at_once(broker):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one host and one clock.")
    with time_machine.travel(time.time() + 3600, tick=True):
        broker.enqueue("task")

    assert payloads(broker.dequeue()) == ["task"]


def test_enqueuing_keeps_the_connection_of_the_request(broker):
    """Its CONN_MAX_AGE is 0: the parent closes it, in the middle of the request."""
    broker.enqueue("first")
    before = connection.connection

    broker.enqueue("second")

    assert connection.connection is before is not None


def test_without_news_from_the_database_it_is_polled(broker, monkeypatch, caplog):
    """A pooler between us and PostgreSQL takes LISTEN and passes nothing on."""
    monkeypatch.setattr(orm_broker, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(Conf, "POLL", 0.1)
    monkeypatch.setattr(orm_broker, "_notify", lambda key: None)
    monkeypatch.delattr(orm_broker.FileWait, "_read_version")

    assert broker.dequeue() is None
    assert type(broker._wait) is PollingWait
    assert "polled instead" in caplog.text
    broker.enqueue("task")
    assert payloads(broker.dequeue()) == ["task"]


def test_a_database_with_nothing_to_listen_to_is_polled(broker, monkeypatch):
    monkeypatch.setattr(connections["default"], "vendor", "mysql", raising=False)
    monkeypatch.setattr(Conf, "POLL", 0.1)

    assert broker.dequeue() is None
    assert type(broker._wait) is PollingWait
    broker.enqueue("task")
    assert payloads(broker.dequeue()) == ["task"]


def test_a_database_in_memory_is_polled(monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("Only SQLite has databases in memory.")
    monkeypatch.setattr(Conf, "POLL", 0.1)
    broker = PromptORM(list_key="tests")
    broker.enqueue("task")

    assert payloads(broker.dequeue()) == ["task"]
    assert broker.dequeue() is None
    assert type(broker._wait) is PollingWait


def test_connections_that_were_lost_are_opened_anew(broker, monkeypatch, caplog):
    assert broker.dequeue() is None
    if connection.vendor == "postgresql":
        with ThreadPoolExecutor() as pool:
            pool.submit(terminate_all).result()
    else:
        broker._wait._database.connection.close()
        connection.close()

    # Nothing raised: django-q2 would put its pusher out of work for ten seconds.
    assert broker.dequeue() is None
    assert "opened anew" in caplog.text
    assert_it_is_woken(broker, monkeypatch)


def assert_it_is_woken(broker, monkeypatch):
    monkeypatch.setattr(orm_broker, "LONGEST_WAIT", 30)
    news = threading.Timer(0.5, enqueue_elsewhere, [PromptORM("tests"), "task"])
    began = time.monotonic()
    news.start()
    found = []
    while not found:
        found = payloads(broker.dequeue())
    assert time.monotonic() - began < 15
    assert found == ["task"]
    news.join()


def terminate_all():
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    finally:
        connections.close_all()


def test_a_connection_is_not_trusted_for_ever(broker, monkeypatch):
    monkeypatch.setattr(orm_broker, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(orm_broker, "TRUSTED_FOR", 0)
    assert broker.dequeue() is None
    first = broker._wait

    assert broker.dequeue() is None

    assert broker._wait is not first
    assert first._database.connection is None


def test_a_forked_process_waits_on_a_connection_of_its_own(broker, monkeypatch):
    assert broker.dequeue() is None
    inherited = broker._wait
    # As the cluster does before it starts another process.
    connections.close_all()
    if not (child := os.fork()):
        try:
            is_new = broker.dequeue() is None and broker._wait is not inherited
            os._exit(0 if is_new else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert broker._wait is inherited
    assert_it_is_woken(broker, monkeypatch)


def test_a_broker_that_was_handed_to_another_process_works(broker):
    assert broker.dequeue() is None
    handed_over = pickle.loads(pickle.dumps(broker))  # noqa: S301 - our own
    broker.enqueue("task")

    assert payloads(handed_over.dequeue()) == ["task"]
    handed_over.close()


#: What a host connects to SQLite with: as the README says, and as the docs do.
IMMEDIATE = {"transaction_mode": "IMMEDIATE", "timeout": 20}
WAL = IMMEDIATE | {"init_command": "PRAGMA journal_mode=WAL;"}


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory):
    """A file of SQLite with all tables."""
    directory = tmp_path_factory.mktemp("migrated")
    Site(f"sqlite://{directory}/db.sqlite3", directory, {}, OPTIONS=IMMEDIATE).migrate()
    return directory / "db.sqlite3"


@pytest.fixture(params=[IMMEDIATE, WAL], ids=["rollback journal", "WAL"])
def site(request, tmp_path):
    """A site whose cluster would otherwise look every 20 seconds."""
    cluster = {"broker_class": CLASS, "poll": 20}
    if connection.vendor == "postgresql":
        if request.param is WAL:
            pytest.skip("PostgreSQL has one journal.")
        with postgres_database() as url:
            site = Site(url, tmp_path, cluster)
            site.migrate()
            yield site
            site.end()
        return
    path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path)
    site = Site(f"sqlite://{path}", tmp_path, cluster, OPTIONS=request.param)
    yield site
    site.end()


ENQUEUE = """
import random, time
from django_q.tasks import async_task
for number in range(20):
    async_task("tests.hosts.note_start", {path!r}, time.time(), task_name="note")
    time.sleep(random.uniform(0.05, 0.15))
"""


@pytest.mark.processes
def test_a_cluster_starts_tasks_when_they_come_and_stops_when_asked(site, tmp_path):
    cluster = site.start_cluster("host").wait_until_running()
    path = tmp_path / "waited"
    time.sleep(1)

    site.run(ENQUEUE.format(path=str(path)))
    wait_for(lambda: len(path.read_text().splitlines()) == 20, 30)

    waited = [float(line) for line in path.read_text().splitlines()]
    assert median(waited) < 0.5
    assert cluster.stop() < 15
    assert "Traceback" not in cluster.log.read_text()
