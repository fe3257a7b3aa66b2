"""The steps of the README, in a project that Wagtail has just made."""

import json
import os
import re
import subprocess
import sys
import uuid
from urllib.parse import urlencode

import pytest
import requests

from ..example_site.site_processes import free_port, wait_for
from ..example_site.test_journey import signature


pytestmark = pytest.mark.processes

INCLUDE = "urlpatterns = urlpatterns + ["

USER = """
import django
django.setup()
from django.contrib.auth.models import User
User.objects.create_superuser("owner", "owner@example.com", "password")
"""

COUNT = """
import django
django.setup()
from wagtail_sms_automation.models import InboundMessage
print(InboundMessage.objects.count())
"""


class Project:
    """A Wagtail project with an environment of its own."""

    def __init__(self, directory, address):
        self.directory = directory
        self.bin = directory / "venv" / "bin"
        self.site = directory / "bakery"
        self.address = address
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DJANGO_", "PYTHONPATH", "DATABASE_"))
        }
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "bakery.settings.dev",
            "MESSAGEBIRD_ACCESS_KEY": "live_key",
            "MESSAGEBIRD_SIGNING_KEY": "journey-signing-key-of-32-characters",
        }

    def run(self, program, *arguments, cwd=None):
        """Run a program of the environment; return what it wrote."""
        result = subprocess.run(
            [self.bin / program, *arguments],
            cwd=cwd or self.site,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def follow(self, readme):
        """Do what the README says."""
        settings, urls = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
        settings = settings.replace("https://www.example.com", self.address)
        with open(self.site / "bakery" / "settings" / "base.py", "a") as file:
            file.write(settings)
        path = self.site / "bakery" / "urls.py"
        before, _, after = path.read_text().partition(INCLUDE)
        path.write_text(f"{before}{urls}\n{INCLUDE}{after}")


@pytest.fixture(scope="module")
def project(wheel, root, tmp_path_factory):
    """The project, after the README's steps."""
    directory = tmp_path_factory.mktemp("project")
    project = Project(directory, f"http://127.0.0.1:{free_port()}")
    subprocess.run([sys.executable, "-m", "venv", directory / "venv"], check=True)
    try:
        project.run("pip", "install", "--quiet", wheel, cwd=directory)
    except AssertionError as error:
        if os.environ.get("CI") or "No matching distribution" not in str(error):
            raise
        pytest.skip("NO PACKAGE INDEX: the wheel is not tried in a new project.")
    project.run("wagtail", "start", "bakery", cwd=directory)
    project.follow((root / "README.md").read_text())
    project.run("python", "manage.py", "migrate", "--verbosity", "0")
    project.run("python", "-c", USER)
    return project


@pytest.fixture(scope="module")
def server(project):
    """The project's web server, answering."""
    port = project.address.rpartition(":")[2]
    process = subprocess.Popen(
        [project.bin / "python", "manage.py", "runserver", "--noreload", port],
        cwd=project.site,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers():
        try:
            return requests.get(project.address, timeout=20).ok
        except requests.ConnectionError:
            return False

    wait_for(answers)
    yield project.address
    process.terminate()
    process.wait(20)


def test_the_checks_are_content(project):
    output = project.run("python", "manage.py", "check", "--fail-level", "WARNING")

    assert "no issues" in output


def test_no_migration_is_missing(project):
    project.run("python", "manage.py", "makemigrations", "--check", "--dry-run")


def test_the_webhook_takes_what_is_signed_and_nothing_else(project, server):
    url = f"{server}/sms/default/inbound/"
    form = {
        "id": uuid.uuid4().hex,
        "originator": "33612345678",
        "recipient": "33937000037",
        "body": "ORDER",
        "createdDatetime": "2026-07-01T18:30:00+00:00",
    }
    content = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    unsigned = requests.post(url, content, headers=headers, timeout=20)
    assert unsigned.status_code == 401
    assert project.run("python", "-c", COUNT).strip() == "0"

    headers |= signature(url, content)
    signed = requests.post(url, content, headers=headers, timeout=20)
    assert (signed.status_code, signed.text) == (200, "OK")
    assert project.run("python", "-c", COUNT).strip() == "1"


def test_the_section_appears_in_the_admin(server):
    with requests.Session() as session:
        page = session.get(f"{server}/admin/login/", timeout=20).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        form = {
            "csrfmiddlewaretoken": token,
            "username": "owner",
            "password": "password",
            "next": "/admin/",
        }
        home = session.post(f"{server}/admin/login/", form, timeout=20)
        assert home.url == f"{server}/admin/"
        data = re.search(r'id="wagtail-sidebar-props"[^>]*>(.*?)</script>', home.text)
        menu = json.dumps(json.loads(data[1]))
        links = re.findall(r'"(/admin/sms/[^"]+)"', menu)

        assert "Automations" in menu
        assert links
        for link in links:
            page = session.get(server + link, timeout=20)
            assert page.status_code == 200, link
