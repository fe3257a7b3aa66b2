"""The fake provider does what it says: the runs are worth no more than that."""

import time

import pytest
import requests

from .faults import ACCEPTING, Fault
from .provider import Provider
from .reports import Report, Reporter


def submit(provider, **fields):
    """Send as the gateway does; return the answer."""
    body = {"originator": "33937000037", "recipients": "33612000001", "body": "Hello"}
    return requests.post(
        f"{provider.url}messages", json=body | {"reference": "r-1"} | fields, timeout=1
    )


@pytest.fixture
def provider():
    with Provider(silent=False) as provider:
        yield provider


@pytest.fixture
def heard(monkeypatch):
    """The reports that were heard; the first attempt of each is not."""
    heard, tried = [], set()

    def is_heard(self, report):
        if id(report) not in tried:
            tried.add(id(report))
            return False
        heard.append(report.status)
        return True

    monkeypatch.setattr(Reporter, "_is_heard", is_heard)
    return heard


@pytest.mark.parametrize("fault", Fault)
def test_a_submission_is_accepted_or_not_whatever_its_answer(
    provider, heard, monkeypatch, fault
):
    monkeypatch.setattr(provider.faults, "draw", lambda: fault)

    try:
        status = submit(provider).status_code
    except requests.RequestException:
        status = None

    assert status == {
        Fault.NONE: 201,
        Fault.DRIP: 201,
        Fault.THROTTLED: 429,
        Fault.UNAVAILABLE: 503,
        Fault.BAD_GATEWAY: 502,
    }.get(fault)
    assert [sent.reference for sent in provider.accepted] == ["r-1"] * (
        fault in ACCEPTING
    )


def test_about_as_many_submissions_fail_as_told():
    provider = Provider(fault_rate=0.15, seed=7)

    drawn = [provider.faults.draw() for _number in range(2_000)]

    assert 0.12 < sum(fault != Fault.NONE for fault in drawn) / 2_000 < 0.18
    assert set(drawn) == set(Fault)


def test_the_same_seed_brings_the_same_faults():
    one, two = (Provider(fault_rate=0.5, seed=3).faults for _number in range(2))

    assert [one.draw() for _n in range(50)] == [two.draw() for _n in range(50)]


def test_reports_are_repeated_until_they_are_heard(provider, heard):
    submit(provider)

    deadline = time.monotonic() + 10
    while not provider.reporter.is_done() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert "delivered" in heard
    assert provider.reporter.given_up == []


def test_a_report_names_the_submission(provider, heard):
    submit(provider, reportUrl="http://127.0.0.1:1/report")

    url = Report(provider.accepted[0], "sent").url

    assert url.startswith("http://127.0.0.1:1/report?id=")
    assert "reference=r-1" in url
    assert "recipient=33612000001&status=sent" in url


def test_what_was_accepted_is_found_by_recipient_and_moment(provider, heard):
    submit(provider)
    submit(provider, reference="r-2", recipients="33612000002")

    def references(**query):
        answer = requests.get(f"{provider.url}messages", query, timeout=1).json()
        assert answer["totalCount"] == len(answer["items"])
        return [item["reference"] for item in answer["items"]]

    assert references() == ["r-2", "r-1"]
    assert references(recipient="33612000002") == ["r-2"]
    assert references(**{"from": "2030-01-01T00:00:00+00:00"}) == []
    assert references(**{"from": "2020-01-01T00:00:00+00:00"}) == ["r-2", "r-1"]
