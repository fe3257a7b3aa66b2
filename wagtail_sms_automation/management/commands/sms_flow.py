"""Flows as files, for deployments and continuous integration.

    manage.py sms_flow export "SMS orders" orders.json
    manage.py sms_flow import orders.json --name "Orders" --set restaurant="Chez Lea"
    manage.py sms_flow check "SMS orders"
    manage.py sms_flow check orders.json

The exit status is 0 when all is well and 1 otherwise; errors go to the standard error
stream. docs/flow-file.md describes the file.
"""

import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_sms_automation import finding_texts, flow_checks, rulebook
from wagtail_sms_automation.engine import segments
from wagtail_sms_automation.engine.flow_check.findings import Level
from wagtail_sms_automation.flow_files import importing, playing, reading, writing
from wagtail_sms_automation.flow_files.shape import MOST_BYTES, FlowFileError
from wagtail_sms_automation.models import Flow


class Command(BaseCommand):
    """Export, import or check a flow."""

    help = "Write a flow to a file, make one from a file, or hold its conversation."

    def add_arguments(self, parser):
        """Take one of three actions, each with its own."""
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="write a flow to a file")
        export.add_argument("name", metavar="NAME", help="the flow's name")
        export.add_argument(
            "file", metavar="FILE", nargs="?", help="left out, it is printed"
        )
        importer = actions.add_parser(
            "import", help="make a flow, paused, with its contact groups"
        )
        importer.add_argument("file", metavar="FILE")
        importer.add_argument("--name", help="call the flow so, not as in the file")
        check = actions.add_parser(
            "check", help="hold the sample conversation with a flow, sending nothing"
        )
        check.add_argument("name", metavar="NAME", help="a flow's name, or a file")
        for one in (importer, check):
            one.add_argument(
                "--set",
                action="append",
                default=[],
                dest="values",
                metavar="KEY=VALUE",
                help="a value that the file asks for; may be repeated",
            )

    def handle(self, *args, action, **options):
        """Do it, or say on the standard error stream why not."""
        try:
            getattr(self, f"_{action}")(options)
        except FlowFileError as error:
            lines = [segments.clean(str(problem)) for problem in error.problems]
            raise CommandError("\n".join(lines)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error

    def _export(self, options):
        text = writing.as_text(writing.flow_file(_flow(options["name"])))
        if options["file"] is None:
            self.stdout.write(text, ending="")
        else:
            Path(options["file"]).write_text(text, encoding="utf-8")

    def _import(self, options):
        data, values = _read(options["file"]), _values(options["values"])
        imported = importing.import_flow(
            reading.read(data, values, name=options["name"])
        )
        if imported.is_new:
            count = imported.flow.automations.count()
            text = ngettext(
                "“%(name)s” is imported, with %(count)s automation, paused.",
                "“%(name)s” is imported, with %(count)s automations, paused.",
                count,
            )
            self._say(text % {"name": imported.flow.name, "count": count})
        else:
            text = _("“%(name)s” is there already, just as in the file.")
            self._say(text % {"name": imported.flow.name})

    def _check(self, options):
        flow, conversation = _checked(options["name"], _values(options["values"]))
        unreadable = _unreadable(flow)
        turns = playing.play(flow, conversation)
        if difference := playing.difference(turns):
            raise CommandError(segments.clean("\n".join([*unreadable, difference])))
        findings = _findings_of(flow)
        for line in findings[Level.WARNING]:
            self._say(line)
        if not turns:
            self._say(_("The flow has no sample conversation to hold."))
        if errors := unreadable + findings[Level.ERROR]:
            raise CommandError(segments.clean("\n".join(errors)))
        if turns:
            self._say_answered(flow, turns)

    def _say_answered(self, flow, turns):
        text = ngettext(
            "“%(name)s”: %(count)s text is answered as expected.",
            "“%(name)s”: %(count)s texts are answered as expected.",
            len(turns),
        )
        self._say(text % {"name": flow.name, "count": len(turns)})

    def _say(self, text):
        """Print a line without what a terminal takes for a command, or cannot show."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        shown = segments.clean(text).encode(encoding, "replace").decode(encoding)
        self.stdout.write(shown)


def _flow(name):
    flow = Flow.objects.filter(name=name).first()
    if flow is None:
        raise CommandError(_("There is no flow named “%(name)s”.") % {"name": name})
    return flow


def _checked(name, values):
    """Return what is to be checked, of the site or of a file, and its conversation."""
    flow = Flow.objects.filter(name=name).first()
    if flow is None and os.path.isfile(name):
        file = reading.read(_read(name), values, examples=not values)
        return file, file.conversation
    flow = flow or _flow(name)
    return flow, writing.conversation_of(flow)


def _unreadable(flow):
    """Return a line for each step that the site cannot read, and so never fires."""
    if not isinstance(flow, Flow):
        return []
    automations = list(flow.automations.in_order())
    readable = {one.id for one in rulebook.compile_all(automations)}
    return [writing.unreadable(one) for one in automations if one.pk not in readable]


def _findings_of(flow):
    """Return what the flow check says of a flow, or of a file alone, by level."""
    if isinstance(flow, Flow):
        automations = list(flow.automations.in_order())
        names = {automation.pk: automation.name for automation in automations}
        found = flow_checks.check(automations)
    else:
        alone = playing.rulebook_of(flow)
        names = {automation.id: automation.name for automation in alone.automations}
        found = flow_checks.check_alone(alone, playing.announcements_of(flow))
    lines = {level: [] for level in Level}
    for finding in found:
        text = finding_texts.explain(finding, names)
        lines[finding.level].append(f"{finding.code}: {text}")
    return lines


def _values(pairs):
    values = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            text = _("--set takes KEY=VALUE, not “%(pair)s”.")
            raise CommandError(text % {"pair": pair})
        values[key] = value
    return values


def _read(path):
    """Return what a file holds, or enough of it to see that it is too big."""
    with open(path, "rb") as file:
        return file.read(MOST_BYTES + 1)
