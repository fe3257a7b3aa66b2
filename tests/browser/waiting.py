"""Waiting for what a script will have done, under a policy that forbids eval.

Playwright's own wait_for_function evaluates its expression again and again inside the
page, where a strict policy refuses it from the second time on.
"""

import time


def wait_until(page, expression, arg=None, seconds=15):
    """Wait until an expression is true in the page."""
    give_up_at = time.monotonic() + seconds
    while not page.evaluate(expression, arg):
        assert time.monotonic() < give_up_at, f"Not within {seconds} s: {expression}"
        page.wait_for_timeout(50)
