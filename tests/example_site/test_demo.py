"""make demo: everything starts together and stops together."""

import os
import signal
import socket

import pytest

from .site_processes import ExampleSite, free_port, wait_for


pytestmark = pytest.mark.processes


def command_lines(site):
    """What the site's processes are."""
    lines = []
    for pid in site.processes():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                lines.append((pid, file.read().replace(b"\0", b" ").decode()))
        except OSError:
            continue
    return lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_of_it(site, tmp_path, number):
    with site.demo(tmp_path / "log") as demo:
        printed = demo.wait_until_open()
        assert f"{demo.url}/phone/" in printed
        assert "changeme" in printed
        names = " ".join(line for _, line in command_lines(site))
        assert "qcluster" in names
        assert "runserver" in names

        demo.process.send_signal(number)

        assert demo.process.wait(30) == 0
        assert site.processes() == []


def test_killing_make_stops_all_of_it(site, tmp_path):
    with site.demo(tmp_path / "log", runner=["sh", "-c", '"$@"; true', "sh"]) as demo:
        demo.wait_until_open()

        demo.process.kill()

        wait_for(lambda: site.processes() == [], 30)


def test_an_empty_database_is_made_ready(tmp_path):
    site = ExampleSite(f"sqlite:///{tmp_path}/new.sqlite3")
    with site.demo(tmp_path / "log") as demo:
        demo.wait_until_open()

        assert "Wood-fired pizza" in demo.get("/").text
        for path in ("/menu/", "/opening-hours/", "/phone/", "/admin/login/"):
            assert demo.get(path).status_code == 200
        assert "19:00–22:30" in demo.get("/opening-hours/").text
        assert "Margherita" in demo.get("/menu/").text


def test_when_one_ends_the_other_ends_too(site, tmp_path):
    with site.demo(tmp_path / "log") as demo:
        demo.wait_until_open()
        server = next(pid for pid, line in command_lines(site) if "runserver" in line)

        os.kill(server, signal.SIGKILL)

        assert demo.process.wait(30) == 1
        assert "runserver has ended." in demo.printed()
        assert site.processes() == []


def test_a_port_in_use_is_an_error_before_anything_starts(site, tmp_path):
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        site.demo(tmp_path / "log", port=port) as demo,
    ):
        assert demo.process.wait(20) == 1
        wait_for(demo.printed)

    assert f"make demo PORT={port + 1}" in demo.printed()
    assert "is open" not in demo.printed()
