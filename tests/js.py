"""Runs static methods of our Stimulus controllers, in node or else in Chromium."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import wagtail_sms_automation

from .chromium import ARGUMENTS, find_chromium


SCRIPTS = Path(wagtail_sms_automation.__file__).parent.joinpath(
    "static/wagtail_sms_automation/js"
)

# What Wagtail gives a controller, as far as its static methods are concerned.
STAND_INS = """
globalThis.window = globalThis;
globalThis.StimulusModule = { Controller: class {} };
globalThis.wagtail = { app: { register: (name, type) => { globalThis.type = type; } } };
"""
CALL = "(inputs) => inputs.map((input) => globalThis.type[%s](input))"
NODE = """
const input = require('node:fs').readFileSync(0, 'utf8');
const [standIns, source, call, inputs] = JSON.parse(input);
const run = require('node:vm').runInThisContext;
run(standIns); run(source);
process.stdout.write(JSON.stringify(run(call)(inputs)));
"""


def call_each(script, method, inputs):
    """Call one static method of a script's controller with each of the inputs."""
    source = (SCRIPTS / script).read_text("utf-8")
    call = CALL % json.dumps(method)
    if node := shutil.which("node"):
        given = json.dumps([STAND_INS, source, call, inputs])
        done = subprocess.run(
            [node, "-e", NODE], input=given, text=True, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return _call_each_in_chromium(source, call, inputs)


def _call_each_in_chromium(source, call, inputs):
    playwright_api = pytest.importorskip("playwright.sync_api")
    with playwright_api.sync_playwright() as playwright:
        path = find_chromium(playwright)
        if not path:
            reason = "NO JAVASCRIPT TESTS: neither node nor Chromium was found."
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page()
        # As ASCII: a lone surrogate does not survive the way otherwise.
        given = json.dumps(json.dumps(inputs))
        script = (
            f"{STAND_INS}\n{{{source}}}\nJSON.stringify(({call})(JSON.parse({given})))"
        )
        result = page.evaluate(script)
        browser.close()
    return json.loads(result)
