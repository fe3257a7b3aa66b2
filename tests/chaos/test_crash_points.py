"""SIGKILL at each point of a message's journey: found again within half a minute.

The process dies by its own hand at the point itself (tests/chaos/crashing), so the
crash lies exactly there; gunicorn and django-q2 start another in its place.
"""

import threading
from dataclasses import replace

import pytest

from . import history, rules
from .conftest import IS_LONG
from .customers import Text, Webhook
from .provider import Provider
from .site import CLUSTER, WEB, Site, wait_for


RECOVERS_WITHIN = 30

#: The long form crashes on every broker.
PLACES = [("sqlite", "orm")]
if IS_LONG:
    PLACES += [("postgres", "orm"), ("postgres", "redis")]

#: The points, in the order of the journey, each with what to expect of the reader.
POINTS = {
    "the text is about to be stored": f"{WEB} before inbound",
    "it is stored and not committed": f"{WEB} after inbound",
    "it is committed and nobody was woken": f"{WEB} committed inbound",
    "a worker was woken and nothing answered": f"{WEB} answers inbound",
    "a worker has taken the wake-up": f"{CLUSTER} after doorbell",
    "the answers are about to be written": f"{CLUSTER} before outbox",
    "they are written and not committed": f"{CLUSTER} after outbox",
    "they are committed and nobody was woken": f"{CLUSTER} committed outbox",
    "an answer is claimed and not committed": f"{CLUSTER} after claim",
    "an answer is claimed": f"{CLUSTER} committed claim",
    "the provider is about to be called": f"{CLUSTER} calls the provider",
    "the provider has answered": f"{CLUSTER} has called the provider",
    "its answer is recorded": f"{CLUSTER} after record",
    "a report is stored and not committed": f"{WEB} after report",
    "a report is committed and not answered": f"{WEB} committed report",
    "a report is about to be answered": f"{WEB} answers report",
}


@pytest.fixture(scope="module", params=PLACES, ids="-".join)
def place(request):
    """A kind of database, and a broker."""
    return request.param


@pytest.fixture(scope="module")
def provider(place):
    # Every message is reported: a look-up comes later than half a minute.
    with Provider(silent=False) as provider:
        yield provider


@pytest.fixture(scope="module")
def site(request, place, make_database, tmp_path_factory, provider):
    kind, broker = place
    redis_url = request.getfixturevalue("redis_url") if broker == "redis" else ""
    database, directory = make_database(kind), tmp_path_factory.mktemp("site")
    with Site(database, directory, provider, redis_url=redis_url) as site:
        site.load(rules.LOAD)
        site.start()
        yield site


@pytest.fixture(scope="module")
def texts(site):
    """Every text to this site: what is doubled later is found in the end."""
    return []


@pytest.fixture
def text_us(site, provider, texts):
    """Return a function: text, and have it handed over until it is acknowledged."""
    webhook, threads = Webhook(site, provider.signing_key), []
    stopping = threading.Event()

    def hand_over(text):
        while not stopping.is_set() and not text.is_acknowledged:
            text.is_acknowledged = webhook(text)
            stopping.wait(0.2)

    def send():
        number = len(texts)
        texts.append(Text(f"+33612{number:06}", 0, f"ECHO {number}-0."))
        threads.append(threading.Thread(target=hand_over, args=texts[-1:], daemon=True))
        threads[-1].start()
        return texts[-1]

    yield send
    stopping.set()
    for thread in threads:
        thread.join()


def what_is_wrong(site, provider, texts):
    """What is lost, doubled, waiting, or in doubt without a flag."""
    read = history.read(site, provider, texts)
    return [
        *(
            f"not acknowledged: {text.body}"
            for text in texts
            if not text.is_acknowledged
        ),
        *history.faults_of(read),
        *history.unsettled_of(taken_of(read)),
        *(fault for fault in history.left_over(read) if "wake-ups" not in fault),
    ]


def taken_of(read):
    """The history of what the provider took: that it took nothing is believed later."""
    taken = {sent.reference.replace("-", "") for sent in read.accepted}
    rows = [row for row in read.outbound if row.reference in taken]
    return replace(read, outbound=rows)


def expect_recovery(site, provider, texts):
    """Wait until nothing is wrong, or say what is."""
    wrong = []

    def is_well():
        wrong[:] = what_is_wrong(site, provider, texts)
        return not wrong

    try:
        wait_for(is_well, RECOVERS_WITHIN, pause=0.3)
    except AssertionError:
        assert wrong == []


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_a_crash_loses_and_doubles_nothing(site, provider, text_us, point):
    site.order_crash(point)
    text = text_us()
    wait_for(site.has_crashed, 60)

    expect_recovery(site, provider, [text])


def test_a_crash_of_the_sweep_that_mends_another_does_so_too(site, provider, text_us):
    site.order_crash(f"{CLUSTER} has called the provider")
    text = text_us()
    wait_for(site.has_crashed, 60)
    site.order_crash(f"{CLUSTER} sweeps")
    wait_for(site.has_crashed, 60)

    expect_recovery(site, provider, [text])


def test_nothing_was_doubled_or_lost_later(site, provider, texts):
    assert texts
    expect_recovery(site, provider, texts)
