"""The benchmarks judge rightly, and measure what they say they measure."""

import math
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from benchmarks import __main__ as bench
from benchmarks import load, report, site
from benchmarks.requests import signed_requests
from wagtail_sms_automation.gateways.base import BadSignature, RawRequest
from wagtail_sms_automation.gateways.messagebird import MessageBirdGateway


PATH = "/sms/default/inbound/"


def measurement(ours, peer=None, **limit):
    limit = report.Limit(**limit) if limit else None
    return report.Measurement(
        what="speed", ours=ours, unit="/s", peer=peer, peer_name="bare", limit=limit
    )


@pytest.mark.parametrize(
    ("ours", "peer", "limit", "holds"),
    [
        (80, 100, {"at_least": 0.8}, True),
        (79, 100, {"at_least": 0.8}, False),
        (100, 100, {"more_than": 1}, False),
        (101, 100, {"more_than": 1}, True),
        (110, 100, {"at_most": 1.1}, True),
        (111, 100, {"at_most": 1.1}, False),
        (50, 1, {"at_most": 50, "is_of_ratio": False}, True),
        (50.1, 999, {"at_most": 50, "is_of_ratio": False}, False),
        (math.nan, 100, {"at_least": 0.8}, False),
        (80, 0, {"at_least": 0.8}, False),
        (80, None, {"at_least": 0.8}, False),
        (1, 100, {}, True),
    ],
)
def test_a_limit_holds_or_does_not(ours, peer, limit, holds):
    assert measurement(ours, peer, **limit).holds is holds


def test_the_table_shows_ratio_limit_and_verdict(capsys):
    good = measurement(1_234, 1_000, at_least=0.8)
    bad = measurement(7.25, 10, at_least=0.8)

    assert report.show("Speed", [good]) is True
    assert report.show("Speed", [good, bad]) is False

    rows = capsys.readouterr().out.splitlines()
    assert (
        "| speed | 1,234 /s | 1,000 /s (bare) | 1.23 | at least 0.8 x | pass |" in rows
    )
    assert "| speed | 7.2 /s | 10.0 /s (bare) | 0.72 | at least 0.8 x | FAIL |" in rows


def test_percentiles_are_of_the_values_given():
    values = list(range(101))

    assert report.percentile(values, 50) == 50
    assert report.percentile(values, 95) == 95


@pytest.mark.parametrize(
    ("holds", "code", "verdict"),
    [
        (True, 0, "All limits hold."),
        (False, 1, "Limits that do not hold: webhook, journey, memory, matching."),
    ],
)
def test_the_results_and_the_exit_status_tell_the_same(
    holds, code, verdict, monkeypatch, tmp_path
):
    results = tmp_path / "RESULTS.md"
    monkeypatch.delenv("BENCH_SHORT", raising=False)
    monkeypatch.setattr(bench, "RESULTS", results)
    monkeypatch.setattr(bench.machine, "describe", lambda: "# Results")
    monkeypatch.setattr(bench, "_run", lambda module: (f"## {module}", holds))

    with pytest.raises(SystemExit) as stopped:
        bench.main()

    assert stopped.value.code == code
    text = results.read_text()
    assert text.endswith(f"{verdict}\n")
    assert all(f"## {module}" in text for module in bench.MODULES)


def test_a_short_run_leaves_the_results_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_SHORT", "1")
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(bench.machine, "describe", lambda: "# Results")
    monkeypatch.setattr(bench, "_run", lambda module: ("", True))

    with pytest.raises(SystemExit):
        bench.main()

    assert not (tmp_path / "RESULTS.md").exists()


def test_the_requests_are_signed_and_differ():
    gateway = MessageBirdGateway("default", {"SIGNING_KEYS": [site.SIGNING_KEY]})
    read = [as_gateways_see(request) for request in signed_requests(PATH, 3)]

    for request in read:
        gateway.verify(request)
    assert len({gateway.parse_inbound(request).gateway_id for request in read}) == 3
    with pytest.raises(BadSignature):
        gateway.verify(as_gateways_see(signed_requests("/other/", 1)[0]))


def as_gateways_see(request):
    head, _, body = request.partition(b"\r\n\r\n")
    fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return RawRequest(
        method="POST",
        urls=(site.BASE_URL + PATH,),
        headers={name.lower(): value for name, value in fields},
        body=body,
    )


class Handler(BaseHTTPRequestHandler):
    """Answers POST; refuses a path that says so."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.05)
        self.send_response(503 if self.path == "/refused/" else 200)
        self.send_header("Content-Length", "2")
        if self.path == "/closing/":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *args):
        """Keep the output of the tests clean."""


class Server(ThreadingHTTPServer):
    """Room for all connections: one that is dropped is opened a second later."""

    request_queue_size = 64


@pytest.fixture
def port():
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/kept/", "/closing/"])
def test_the_load_is_sent_side_by_side(port, path):
    sent = load._send_all(port, signed_requests(path, 32), None, None)

    assert len(sent.latencies) == 32
    # One after the other they would take 1.6 seconds.
    assert 0.1 <= sent.seconds < 1


def test_the_load_ends_with_its_time(port):
    sent = load._send_all(port, signed_requests("/kept/", 500), 0.2, None)

    assert 0 < len(sent.latencies) < 500


def test_a_paced_load_measures_from_when_it_was_due(port):
    sent = load._send_all(port, signed_requests("/kept/", 10), None, 50)

    assert sent.seconds >= 9 / 50
    assert all(0.05 <= latency < 0.5 for latency in sent.latencies)


def test_a_refusal_stops_the_measurement(port):
    with pytest.raises(RuntimeError, match="503"):
        load._send_all(port, signed_requests("/refused/", 2), None, None)
