"""Databases for sites of their own: a migrated one, and copies of it."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit


ROOT = Path(__file__).resolve().parents[2]
POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"


def migrate(database):
    """Make the tables."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE_URL": database.url,
            "PYTHONPATH": str(ROOT),
        },
        cwd=ROOT,
        check=True,
        timeout=180,
    )


class SqliteDatabase:
    """A file."""

    kind = "sqlite"

    def __init__(self, directory):
        self.path = Path(directory) / f"{uuid.uuid4().hex}.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def create(self):
        """Nothing to do: connecting makes the file."""

    def copy(self, directory):
        """Return a new database like this one."""
        copied = SqliteDatabase(directory)
        shutil.copy(self.path, copied.path)
        return copied

    def rows(self, sql):
        """Read."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def drop(self):
        """Remove the file."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()


class PostgresDatabase:
    """A database of the server that the tests may use."""

    kind = "postgres"

    def __init__(self, directory=None):
        given = os.environ.get("TEST_DATABASE_URL", "")
        self.server = given if given.startswith("postgres") else POSTGRES
        self.name = f"chaos_{uuid.uuid4().hex}"
        self.url = urlsplit(self.server)._replace(path=f"/{self.name}").geturl()

    def create(self):
        """Create it, empty."""
        self._on_server(f"CREATE DATABASE {self.name}")

    def copy(self, directory=None):
        """Return a new database like this one."""
        copied = PostgresDatabase()
        self._on_server(f"CREATE DATABASE {copied.name} TEMPLATE {self.name}")
        return copied

    def rows(self, sql):
        """Read."""
        import psycopg

        with psycopg.connect(self.url, connect_timeout=10) as connection:
            return connection.execute(sql).fetchall()

    def drop(self):
        """Drop it, whoever is connected."""
        self._on_server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def why_not(self):
        """Why the server cannot be used, or an empty text."""
        import psycopg

        try:
            psycopg.connect(self.server, connect_timeout=5).close()
        except psycopg.Error as error:
            return f"PostgreSQL does not answer at {self.server}: {error}"
        return ""

    def _on_server(self, statement):
        import psycopg

        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)
