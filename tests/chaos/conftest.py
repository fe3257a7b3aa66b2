"""Databases for the sites under fire, and the services they may use."""

import os

import pytest

from .databases import PostgresDatabase, SqliteDatabase, migrate


IS_LONG = os.environ.get("CHAOS_LONG") == "1"
REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"


def pytest_collection_modifyitems(items):
    """Whatever starts a site of its own says so."""
    for item in items:
        if {"make_database", "migrated_sqlite"} & set(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker("processes")
            item.add_marker("chaos")


def pytest_terminal_summary(terminalreporter):
    """Say what each run went through."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, summary in report.user_properties:
                if name == "chaos":
                    terminalreporter.write_line(f"chaos: {summary}")


def missing(reason):
    """Skip loudly; where everything must run, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """A file with our tables in it."""
    database = SqliteDatabase(tmp_path_factory.mktemp("migrated"))
    migrate(database)
    return database


@pytest.fixture(scope="session")
def migrated_postgres():
    """A database of PostgreSQL with our tables in it."""
    database = PostgresDatabase()
    if reason := database.why_not():
        missing(reason)
    database.create()
    try:
        migrate(database)
        yield database
    finally:
        database.drop()


@pytest.fixture(scope="module")
def make_database(request, tmp_path_factory):
    """Return a function: a new database of a kind, with our tables and no rows."""
    made = []

    def make(kind):
        migrated = request.getfixturevalue(f"migrated_{kind}")
        made.append(migrated.copy(tmp_path_factory.mktemp("copy")))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture(scope="session")
def redis_url():
    """Where Redis answers."""
    redis = pytest.importorskip("redis")
    try:
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        missing(f"Redis does not answer at {REDIS_URL}: {error}")
    return REDIS_URL
