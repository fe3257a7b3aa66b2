"""The example site, loaded once, and a copy of its database for each test."""

import os
import shutil
import uuid
from urllib.parse import urlsplit

import pytest

from .site_processes import ExampleSite


POSTGRES = os.environ.get("TEST_DATABASE_URL", "")
FORWARD_MOBILE = "+33612999888"
FORWARD_EMAIL = "kitchen@example.com"


@pytest.fixture(scope="session")
def loaded_database(tmp_path_factory):
    """The name of a database with the restaurant in it."""
    if POSTGRES:
        name = f"example_site_{uuid.uuid4().hex}"
        _on_postgres(f"CREATE DATABASE {name}")
    else:
        name = str(tmp_path_factory.mktemp("loaded") / "site.sqlite3")
    site = ExampleSite(
        _url(name), SMS_FORWARD_MOBILE=FORWARD_MOBILE, SMS_FORWARD_EMAIL=FORWARD_EMAIL
    )
    site.manage("migrate", "--verbosity", "0")
    site.manage("load_restaurant")
    yield name
    if POSTGRES:
        _on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def copy_database(loaded_database, tmp_path_factory):
    """Return a function: the URL of a new copy of it."""
    copies = []

    def copy():
        if not POSTGRES:
            target = tmp_path_factory.mktemp("copy") / "site.sqlite3"
            return _url(shutil.copy(loaded_database, target))
        copies.append(f"example_site_{uuid.uuid4().hex}")
        _on_postgres(f"CREATE DATABASE {copies[-1]} TEMPLATE {loaded_database}")
        return _url(copies[-1])

    yield copy
    for name in copies:
        _on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(copy_database):
    """The URL of a copy for one test."""
    return copy_database()


@pytest.fixture
def make_site(database_url):
    """Return a function: the site with this environment."""

    def make(**environment):
        return ExampleSite(database_url, **environment)

    return make


@pytest.fixture
def site(make_site):
    """The site as it comes."""
    return make_site()


def _url(name):
    if POSTGRES:
        return urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    return f"sqlite:///{name}"


def _on_postgres(statement):
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statement)
