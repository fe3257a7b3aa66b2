"""One Chromium for all tests that want a browser, by Playwright."""

import os
import shutil

import pytest


ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """Start Chromium once."""
    playwright_api = pytest.importorskip(
        "playwright.sync_api",
        reason="NO BROWSER TESTS: install playwright to run them.",
    )
    # Playwright's loop runs in this thread, where the tests use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with playwright_api.sync_playwright() as playwright:
            path = find_chromium(playwright)
            if not path:
                give_up()
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def find_chromium(playwright):
    """Return the path of a Chromium on this machine, or ""."""
    for path in (
        os.environ.get("CHROMIUM", ""),
        shutil.which("chromium"),
        shutil.which("chromium-browser"),
        shutil.which("google-chrome"),
        playwright.chromium.executable_path,
    ):
        if path and os.path.exists(path):
            return path
    return ""


def give_up():
    """Skip with a loud reason; where CI runs, fail."""
    reason = "NO BROWSER TESTS: no Chromium found. Install it or set CHROMIUM."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
