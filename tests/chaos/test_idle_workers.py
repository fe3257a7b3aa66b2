"""Workers killed while they wait for a task, as by a kernel that needs their memory.

Such a worker takes the lock of django-q2's inner queue with it: the cluster's processes
all live on, and none of them is ever given a task again.
"""

import os
import signal

import pytest

from . import history, rules
from .customers import Text, Webhook
from .provider import Provider
from .site import Site, wait_for


ANSWERED_WITHIN = 30


@pytest.fixture
def provider():
    with Provider(silent=False) as provider:
        yield provider


@pytest.fixture
def site(make_database, tmp_path_factory, provider):
    database, directory = make_database("sqlite"), tmp_path_factory.mktemp("site")
    with Site(database, directory, provider) as site:
        site.load(rules.LOAD)
        site.start()
        yield site


def test_a_cluster_whose_idle_workers_were_killed_still_answers(site, provider):
    webhook = Webhook(site, provider.signing_key)
    before, after = (
        Text("+33612000001", 0, "ECHO 1."),
        Text("+33612000002", 0, "ECHO 2."),
    )
    expect_answers(site, provider, before, webhook)

    killed = site.workers()
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(set(site.workers()) - set(killed)) == len(killed), 30)

    expect_answers(site, provider, after, webhook)


def expect_answers(site, provider, text, webhook):
    text.is_acknowledged = webhook(text)

    def are_given():
        return not history.faults_of(history.read(site, provider, [text]))

    wait_for(are_given, ANSWERED_WITHIN)
