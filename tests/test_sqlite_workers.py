"""Workers, a webhook, editors and imports at once, each a process, on one SQLite."""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest


SETUP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import factories
for word in ("ONE", "TWO"):
    factories.AutomationFactory(
        active=True, keywords=(word,), actions=[factories.reply(f"{word}!")]
    )
"""

RECEIVE = """
import django; django.setup()
from wagtail_sms_automation import inbound
from wagtail_sms_automation.gateways.base import Received
for number in range(20):
    for word in ("ONE", "TWO"):
        inbound.receive("default", Received(
            gateway_id=f"{number}-{word}", originator=f"336120002{number:02}",
            recipient="33939000001", body=word,
        ))
print("stored")
"""

WORK = """
import time, django; django.setup()
from wagtail_sms_automation import tasks
from wagtail_sms_automation.gateways import locmem
from wagtail_sms_automation.models import OutboundMessage
deadline = time.monotonic() + 40
while time.monotonic() < deadline:
    tasks.process(); tasks.send()
    settled = OutboundMessage.objects.filter(state="sent").count()
    if settled == 40:
        break
    time.sleep(0.02)
for submission in locmem.outbox:
    print(submission.recipient, submission.body)
"""

PREPARE = """
import django; django.setup()
from tests import factories
for name in ("first", "second"):
    factories.AutomationFactory(name=name, keywords=("PIZZA", "Pizza"))
"""

#: Without the transaction mode that we ask for, it is the first write that locks.
RESUME = """
from tests import settings
del settings.DATABASES["default"]["OPTIONS"]["transaction_mode"]
import time, django; django.setup()
from wagtail_sms_automation import resuming
from wagtail_sms_automation.models import Automation
check = resuming.flow_checks.check
def check_slowly(automations):
    findings = check(automations)
    time.sleep(3)
    return findings
resuming.flow_checks.check = check_slowly
rows = Automation.objects.filter(name="NAME")
print(len(resuming.resume(rows).warnings))
"""

READ = """
import django; django.setup()
from wagtail_sms_automation.models import OutboundMessage
rows = OutboundMessage.objects.order_by("sent_at", "pk")
for row in rows:
    print(row.recipient, row.body, row.state)
"""


#: As a host has it who left transaction_mode out: a reader cannot go on to write.
IMPORT = """
from dataclasses import replace
import sys, time, django; django.setup()
from django.db import connection, connections
from wagtail_sms_automation.flow_files import importing, templates
from wagtail_sms_automation.models import Flow
connections.close_all()
connection.settings_dict["OPTIONS"].pop("transaction_mode", None)
files = [templates.find(name).example() for name in ("order.en", "club.en")]
time.sleep(max(0, float(sys.argv[1]) - time.time()))
for number in range(10):
    for file in files:
        imported = importing.import_flow(replace(file, name=f"{file.name} {number}"))
        print(imported.flow.pk, imported.is_new)
"""

COUNT = """
import django; django.setup()
from wagtail_sms_automation.models import Automation, ContactGroup, Flow
print(Flow.objects.count())
print(Automation.objects.exclude(flow=None).count())
print(ContactGroup.objects.count())
"""


def start(script, path, *arguments):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE_URL": f"sqlite://{path}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    return output.splitlines()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "db.sqlite3"
    finish(start(SETUP, path))
    return path


def test_each_message_is_answered_once_and_in_order(path):
    receiver = start(RECEIVE, path)
    workers = [start(WORK, path) for _number in range(2)]

    assert finish(receiver)[-1] == "stored"
    handed_over = [line for worker in workers for line in finish(worker)]

    assert len(handed_over) == 40
    assert max(Counter(handed_over).values()) == 1
    rows = finish(start(READ, path))
    order = {}
    for row in rows:
        recipient, body, state = row.split()
        assert state == "sent"
        order.setdefault(recipient, []).append(body)
    assert all(bodies == ["ONE!", "TWO!"] for bodies in order.values())


def test_two_who_resume_what_collides_are_told_by_the_second(path):
    finish(start(PREPARE, path))
    names = ("first", "second")
    editors = [start(RESUME.replace("NAME", name), path) for name in names]

    warnings = [finish(editor)[-1] for editor in editors]

    assert sorted(warnings) == ["0", "1"]


def test_one_flow_file_imported_by_two_at_once_makes_one_flow(path):
    at = str(time.time() + 4)
    importers = [start(IMPORT, path, at) for _number in range(2)]

    lines = [line for importer in importers for line in finish(importer)]

    assert len(lines) == 40
    assert Counter(line.split()[1] for line in lines) == {"True": 20, "False": 20}
    assert len({line.split()[0] for line in lines}) == 20
    # Order has 5 automations and 3 groups, club 2 and 1.
    assert finish(start(COUNT, path)) == ["20", "70", "4"]
