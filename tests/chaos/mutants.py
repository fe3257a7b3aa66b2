"""Mutants: the product with one promise broken, and the tests that must notice.

A mutant is an exact replacement in one file. A place that is not there exactly once
needs its author's care: the mutant is then out of date.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[2]
PACKAGE = "wagtail_sms_automation"
#: Whatever is run there is over long before.
TIMEOUT = 120

SENDING = "tests/test_sending.py::test_"
PROCESSING = "tests/test_processing.py::test_"
OPT_OUT = "tests/test_opt_out.py::test_"
OUTBOUND = "tests/test_outbound.py::test_"
TASK_QUEUE = "tests/test_task_queue.py::test_"
REPORTS = "tests/webhooks/test_delivery_report_webhook.py::test_"
WEBHOOK = "tests/webhooks/test_inbound_webhook.py::test_"
SIGNATURES = "tests/gateways/test_messagebird_signatures.py::test_"
TIME = "tests/chaos/test_limits_of_time.py::test_"


@dataclass(frozen=True)
class Mutant:
    """One broken promise: in this file, new stands for old; this test must fail."""

    name: str
    path: str
    old: str
    new: str
    test: str

    def break_promise(self, root: Path) -> None:
        """Replace the one place; ValueError if it is not there exactly once."""
        file = root / PACKAGE / self.path
        source = file.read_text()
        if source.count(self.old) != 1:
            raise ValueError(
                f"The mutant “{self.name}” needs care: {self.path} has its place "
                f"{source.count(self.old)} times."
            )
        file.write_text(source.replace(self.old, self.new))


def run(tests, directory, mutant=None):
    """Run tests on a copy of everything, broken or not; the finished process."""
    for name in (PACKAGE, "tests"):
        # Compiled modules come along: all but the broken one stay as they are.
        shutil.copytree(ROOT / name, directory / name)
    shutil.copy2(ROOT / "setup.cfg", directory)
    if mutant is not None:
        mutant.break_promise(directory)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-q", "--no-migrations"),
            *("--tb=line", "-p", "no:cacheprovider", "-p", "no:randomly", *tests),
        ],
        cwd=directory,
        env=_environment(directory),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def is_killed(process):
    """True where a test failed: an error before any test ran proves nothing."""
    summary = process.stdout.rstrip().rpartition("\n")[2]
    has_failed = re.search(r"\b[0-9]+ failed\b", summary)
    return process.returncode == 1 and bool(has_failed) and "error" not in summary


def _environment(directory):
    """This process's, but SQLite in memory: databases are not what is mutated."""
    left_out = ("TEST_DATABASE_URL", "CHAOS_LONG", "PYTEST_ADDOPTS")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in left_out and not name.startswith("COV_")
    }
    return environment | {"PYTHONPATH": str(directory)}


MUTANTS = [
    Mutant(
        "retry on unknown",
        "gateways/base.py",
        "class Unknown(GatewayError):\n",
        "class Unknown(GatewayError):\n    is_retryable = True\n\n",
        SENDING + "unknown_is_never_sent_again",
    ),
    Mutant(
        "an odd error is taken for not sent",
        "sending.py",
        'return base.Unknown(f"{type(error)',
        'return base.NotSent(f"{type(error)',
        SENDING + "unknown_is_never_sent_again",
    ),
    Mutant(
        "the cause of the outbox is not unique",
        "outbound_models.py",
        "    #: What asked for it: the same cause is never stored twice.\n"
        '    cause = models.CharField(_("cause"), max_length=400, unique=True,',
        '    cause = models.CharField(_("cause"), max_length=400,',
        PROCESSING + "processing_twice_changes_nothing",
    ),
    Mutant(
        "the gateway id of an inbound message is not unique",
        "inbound_models.py",
        'fields=["gateway", "gateway_id"], name="sms_inbound_once"',
        'fields=["gateway", "gateway_id", "id"], name="sms_inbound_once"',
        WEBHOOK + "the_same_message_again_is_ok_and_not_stored",
    ),
    Mutant(
        "STOP after the automations",
        "engine/respond.py",
        "        effects = actions.effects_of_word(intent, situation)\n"
        "        decisions = _all_silent(rulebook, _SILENCE_AFTER[intent])\n",
        "        judged = _judge_all(reading, situation)\n"
        "        decisions = tuple(_give_way(rulebook.automations, judged))\n"
        "        word = actions.effects_of_word(intent, situation)\n"
        "        effects = (*_effects(decisions, situation), *word)\n",
        OPT_OUT + "stop_is_confirmed_once_and_fires_nothing",
    ),
    Mutant(
        "STOP only counts once it is processed",
        "inbound.py",
        "    if not _may_speak_of_opting(message):\n",
        "    if not message.media_urls:\n",
        OPT_OUT + "stop_holds_before_any_task_runs",
    ),
    Mutant(
        "the payload_hash is not checked",
        "gateways/messagebird_signatures.py",
        '_verify_body(claims.get("payload_hash"), request.body)',
        "pass",
        SIGNATURES + "forgery",
    ),
    Mutant(
        "a payload_hash may be missing",
        "gateways/messagebird_signatures.py",
        "if not body and payload_hash is None:",
        "if payload_hash is None:",
        SIGNATURES + "forgery",
    ),
    Mutant(
        "claimed, and not marked as being sent",
        "claims.py",
        "                state=State.SENDING,\n                owner=owner,\n",
        "                owner=owner,\n",
        SENDING + "what_the_gateway_is_given",
    ),
    Mutant(
        "a lease that never runs out",
        "claims.py",
        "                leased_until=now + LEASE,\n",
        "                leased_until=now + 9999 * LEASE,\n",
        TIME + "what_a_dead_worker_held_is_in_doubt_within_half_a_minute",
    ),
    Mutant(
        "a lease that nobody renews",
        "sending.py",
        ").update(leased_until=timezone.now() + claims.LEASE)",
        ").update(leased_until=timezone.now())",
        SENDING + "a_worker_that_still_sends_renews_its_leases",
    ),
    Mutant(
        "a dead lease is sent again",
        "claims.py",
        "        state=State.UNKNOWN,\n"
        "        due_at=timezone.now() + FIRST_LOOK_UP,\n"
        '        error="The worker that sent it did not come back.",\n',
        "        state=State.QUEUED,\n",
        TIME + "what_a_dead_worker_held_is_in_doubt_within_half_a_minute",
    ),
    Mutant(
        "no owner fences an answer",
        "sending.py",
        "OutboundMessage.objects.filter(pk=message.pk, owner=message.owner)",
        "OutboundMessage.objects.filter(pk=message.pk)",
        SENDING + "a_late_worker_does_not_record_over_a_settled_message",
    ),
    Mutant(
        "reports move a state back",
        "outbound.py",
        "mine.filter(Q(state__in=before) | was_unknown).update(**changes)",
        "mine.update(**changes)",
        REPORTS + "failed_is_not_undone_by_a_late_sent",
    ),
    Mutant(
        "a report for another recipient counts",
        "outbound.py",
        "_digits(report.recipient) != _digits(found.recipient)",
        "_digits(report.recipient) == _digits(found.recipient) + '0'",
        REPORTS + "a_report_for_another_recipient_moves_nothing",
    ),
    Mutant(
        "each retry has its time anew",
        "sending.py",
        'return {"state": State.QUEUED, "due_at": due_at}',
        'return {"state": State.QUEUED, "due_at": due_at,\n'
        '            "expires_at": due_at + timedelta(minutes=20)}',
        TIME + "however_often_it_is_refused_an_answer_has_twenty_minutes",
    ),
    Mutant(
        "two people send the same message again",
        "outbound.py",
        "    if not to_review.update(review=review):\n",
        "    if to_review.update(review=review) and False:\n",
        OUTBOUND + "two_who_send_it_again_at_once_send_one",
    ),
    Mutant(
        "the bell rings before the commit",
        "task_queue.py",
        "transaction.on_commit(partial(_ring, kind))",
        "_ring(kind)",
        TASK_QUEUE + "the_bell_rings_after_the_commit",
    ),
    Mutant(
        "a worker does not look again after those who believed the bell",
        "task_queue.py",
        "        or _look_again(settled_at, looked_at)\n",
        "",
        TASK_QUEUE + "what_a_believed_bell_did_not_ring_for_is_found",
    ),
    Mutant(
        "a slow look is taken for the last",
        "task_queue.py",
        "    if looked_at >= settled_at:\n",
        "    if time.monotonic() >= settled_at:\n",
        TASK_QUEUE + "a_slow_look_is_not_the_last",
    ),
    Mutant(
        "a paused automation fires",
        "rulebook.py",
        "Automation.objects.active().in_order()",
        "Automation.objects.in_order()",
        PROCESSING + "the_matching_automation_answers",
    ),
    Mutant(
        "a message that is put off is overtaken",
        "processing.py",
        "the next message must not overtake it.\n                    break\n",
        "the next message may overtake it.\n                    pass\n",
        "tests/test_processing.py",
    ),
]
