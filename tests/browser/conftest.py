"""A real browser on a real server: Chromium by Playwright, axe for accessibility.

page          a logged-out page; page.console_errors lists what went wrong in it
strict_page   the same under a strict Content-Security-Policy
log_in        log_in(page, user) -> page; without a user, as a superuser
check_axe     check_axe(page) fails on any violation inside <main>
"""

import pytest
from django.conf import settings as django_settings
from django.test import Client, override_settings
from pytest_django.live_server_helper import LiveServer

from .. import factories


MIDDLEWARE = [
    "tests.browser.middleware.one_at_a_time",
    "tests.browser.middleware.strict_csp",
]


@pytest.fixture(scope="session")
def live_server(django_db_setup, django_db_blocker):
    """Serve the test site, one request at a time."""
    middleware = [*MIDDLEWARE, *django_settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=middleware), django_db_blocker.unblock():
        server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def open_page(browser, live_server, settings):
    """Return a function: a page of its own context, errors of the console kept."""
    settings.WAGTAIL_GRAVATAR_PROVIDER_URL = None
    contexts = []

    def open_page(**options):
        options = {"viewport": {"width": 1280, "height": 900}} | options
        context = browser.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.console_errors = []
        page.on(
            "console",
            lambda message: (
                page.console_errors.append(message.text)
                if message.type == "error"
                else None
            ),
        )
        page.on("pageerror", lambda error: page.console_errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    """A page, logged out."""
    return open_page()


@pytest.fixture
def strict_page(open_page):
    """A page under a strict Content-Security-Policy, logged out."""
    return open_page(extra_http_headers={"X-Strict-CSP": "1"})


@pytest.fixture
def log_in(live_server):
    """Return a function that logs a page in, as a superuser unless told who."""

    def log_in(page, user=None):
        client = Client()
        client.force_login(user or factories.SuperuserFactory())
        name = django_settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        page.context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url}]
        )
        return page

    return log_in


@pytest.fixture
def check_axe():
    """Return a function that fails on any accessibility violation inside <main>."""
    axe_module = pytest.importorskip("axe_playwright_python.sync_playwright")

    def check_axe(page, include="main"):
        # What still fades in has no contrast yet.
        page.evaluate(
            """() => Promise.allSettled(
                document.getAnimations()
                    .filter((one) => one.effect.getComputedTiming().endTime < 1e4)
                    .map((one) => one.finished)
            )"""
        )
        results = axe_module.Axe().run(page, context=include)
        assert not results.response["violations"], results.generate_report()
        assert results.response["testEngine"]["name"] == "axe-core"

    return check_axe
