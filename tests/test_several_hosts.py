"""Web and workers on different hosts: one PostgreSQL, two clusters, each broker.

A host is a process group with an environment of its own; what they share is the
database and the broker.
"""

import contextlib
import os
import socket
import time
from collections import Counter, defaultdict

import pytest

from tests.hosts import Site, on_postgres, postgres_database, wait_for


pytestmark = pytest.mark.processes

CONTACTS = 50
MESSAGES = 200
WORDS = ("ONE", "TWO", "THREE")
#: Within which what a crash left must be found, and all be done, in seconds.
RECOVERY = 30
#: What one host may have been sending at once: two workers with 16 slots each.
MOST_IN_FLIGHT = 32

REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/13"
TIMEOUTS = "?socket_timeout=2&socket_connect_timeout=2"
BROKERS = {
    "orm": {"poll": 0.05},
    "prompt": {"broker_class": "wagtail_sms_automation.orm_broker.PromptORM"},
    "redis": {"orm": None, "redis": REDIS_URL + TIMEOUTS},
}

RULES = f"""
from tests import factories
from wagtail_sms_automation.models import SmsSettings
settings = SmsSettings.load()
settings.parts_per_day = None
settings.save()
for word in {WORDS}:
    factories.AutomationFactory(
        active=True, keywords=(word,), actions=[factories.reply(word + "!")]
    )
"""

#: Texts come one by one, as they do: each may wake either host.
RECEIVE = """
import time
from wagtail_sms_automation import inbound
from wagtail_sms_automation.gateways.base import Received
for number, originator, word in {texts}:
    inbound.receive("default", Received(
        gateway_id=str(number), originator=originator, recipient="33939000001",
        body=word,
    ))
    time.sleep(0.05)
"""

INBOUND = """
SELECT state, count(*) FROM wagtail_sms_automation_inboundmessage GROUP BY state
"""
OUTBOUND = """
SELECT reference::text, recipient, body, state
FROM wagtail_sms_automation_outboundmessage ORDER BY id
"""


def missing(reason):
    """Skip loudly; where everything must run, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """The name of a database with our tables and rules."""
    psycopg = pytest.importorskip("psycopg")
    try:
        on_postgres("SELECT 1")
    except psycopg.OperationalError as error:
        missing(f"NO POSTGRESQL: several hosts are not tested. {error}")
    with postgres_database() as url:
        site = Site(url, tmp_path_factory.mktemp("migrated"), {})
        site.migrate()
        site.run(RULES)
        yield url.rpartition("/")[2]


@pytest.fixture
def make_site(migrated, tmp_path):
    """Return a function: a site with this cluster, always on the same new database."""
    made = []
    with postgres_database(template=migrated) as url:

        def make(**cluster):
            name = f"hosts_{url.rpartition('/')[2]}"
            site = Site(
                url,
                tmp_path,
                cluster | {"name": name},
                CONN_MAX_AGE=60,
                CONN_HEALTH_CHECKS=True,
            )
            made.append(site)
            return site

        yield make
        for site in made:
            site.end()
            if "redis" in site.settings["cluster"]:
                _empty_redis(site.settings["cluster"]["name"])


@pytest.fixture(params=list(BROKERS))
def site(request, make_site):
    """A site on a database of its own, with each broker."""
    if request.param == "redis":
        _redis_must_answer()
    return make_site(**BROKERS[request.param])


def _redis_must_answer():
    import redis

    try:
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=5).ping()
    except redis.ConnectionError as error:
        missing(f"NO REDIS at {REDIS_URL}: its broker is not tested. {error}")


def _empty_redis(name):
    import redis

    with contextlib.suppress(redis.RedisError):
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=5).delete(
            f"django_q:{name}:q"
        )


def conversation():
    """Texts (gateway id, originator, body), each contact asking in another order."""
    return [
        (
            number,
            f"336120003{number % CONTACTS:02}",
            WORDS[(number // CONTACTS + number % CONTACTS) % len(WORDS)],
        )
        for number in range(MESSAGES)
    ]


def expected_answers():
    """The bodies that each contact must get, in order."""
    answers = defaultdict(list)
    for _number, originator, word in conversation():
        answers[f"+{originator}"].append(f"{word}!")
    return answers


def settled(site):
    """The outbound messages, once nothing is left to do; else None."""
    if site.query(INBOUND) != [("processed", MESSAGES)]:
        return None
    outbound = site.query(OUTBOUND)
    is_done = not any(state in ("queued", "sending") for *_row, state in outbound)
    return outbound if is_done else None


def handed_over(site):
    """The bodies that each contact was sent, in the order the provider saw."""
    answers = defaultdict(list)
    for submission in site.submitted():
        answers[submission["recipient"]].append(submission["body"])
    return answers


@pytest.fixture
def hosts(site):
    """Two running clusters, by the name of their host."""
    hosts = {host: site.start_cluster(host) for host in ("one", "two")}
    for cluster in hosts.values():
        cluster.wait_until_running()
    return hosts


def test_two_clusters_answer_each_message_once_and_in_order(site, hosts):
    site.run(RECEIVE.format(texts=conversation()))
    outbound = wait_for(lambda: settled(site), 60)

    assert {state for *_row, state in outbound} == {"sent"}
    assert handed_over(site) == expected_answers()
    assert {submission["host"] for submission in site.submitted()} == set(hosts)


def test_what_a_dead_host_left_is_done_by_the_other(site, hosts):
    receiving = site.start(RECEIVE.format(texts=conversation()))
    wait_for(lambda: len(site.submitted()) >= MESSAGES // 2, 60)

    # It has just handed a text over, and does not have the answer yet.
    dying = site.submitted()[-1]["host"]
    hosts.pop(dying).kill()
    killed_at = time.monotonic()
    before = len(site.submitted())
    assert receiving.wait(60) == 0
    since = time.monotonic() - killed_at
    outbound = wait_for(lambda: settled(site), max(RECOVERY - since, 10))

    after = site.submitted()[before:]
    assert {submission["host"] for submission in after} == set(hosts)
    check_history(site, outbound)


def check_history(site, outbound):
    """Nothing lost, doubled or out of order; and what is in doubt is said to be."""
    sent = Counter(submission["reference"] for submission in site.submitted())
    in_doubt, answers = set(), defaultdict(list)
    for reference, recipient, body, state in outbound:
        answers[recipient].append(body)
        assert state in ("sent", "unknown")
        if state == "unknown":
            in_doubt.add(reference)
        assert sent[reference] == 1 or (state == "unknown" and not sent[reference])
    assert answers == expected_answers()
    assert set(sent) <= {reference for reference, *_row in outbound}
    assert 1 <= len(in_doubt) <= MOST_IN_FLIGHT
    for recipient, bodies in handed_over(site).items():
        wanted = iter(answers[recipient])
        assert all(body in wanted for body in bodies), recipient


TIMED = """
import time
began = time.monotonic()
{receive}
answer = time.monotonic() - began
"""


def test_a_redis_that_hangs_holds_no_webhook_and_loses_no_message(make_site):
    _redis_must_answer()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0{TIMEOUTS}"
        web = make_site(orm=None, redis=url)
        receive = RECEIVE.format(texts=conversation()[:1])
        assert web.run(TIMED.format(receive=receive)) < 4.5
    assert web.query(INBOUND) == [("pending", 1)]

    # Nobody rings: a worker that starts finds it.
    workers = make_site(**BROKERS["redis"])
    workers.start_cluster("workers")
    wait_for(workers.submitted, RECOVERY)

    assert [s["body"] for s in workers.submitted()] == ["ONE!"]


def test_a_wake_up_that_another_secret_key_signed_costs_only_time(make_site):
    """While the key changes, one host after the other; django-q2 drops the task."""
    workers, web = make_site(**BROKERS["prompt"]), make_site(**BROKERS["prompt"])
    web.settings["secret_key"] = "new-" + "y" * 50
    cluster = workers.start_cluster("workers").wait_until_running()

    web.run(RECEIVE.format(texts=conversation()[:5]))
    wait_for(lambda: len(workers.submitted()) == 5, RECOVERY)

    assert "Failed to push task to queue" in cluster.log.read_text()
    wait_for(lambda: {row[-1] for row in web.query(OUTBOUND)} == {"sent"}, 10)
