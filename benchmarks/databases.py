"""A database for one measurement: made, and dropped again."""

import importlib
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit


SQLITE, POSTGRESQL = VENDORS = ("SQLite", "PostgreSQL")

#: Where databases may be created; the one it names is only connected to.
SERVER = os.environ.get(
    "BENCH_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)


def measure(vendor: str, function: str, *args: Any) -> Any:
    """Call "module.function" on a new database, in a process of its own.

    Django knows one set of settings in a process, and here each has another database.
    """
    signal.signal(signal.SIGTERM, _leave)
    with _database(vendor) as url:
        os.environ["DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        context = get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_call, args=[sender, function, args])
        process.start()
        sender.close()
        try:
            return receiver.recv()
        except EOFError:
            raise SystemExit(f"{function} on {vendor} failed; see above.") from None
        except BaseException:
            # Told to stop: it stops its servers first.
            process.terminate()
            raise
        finally:
            process.join()


def version() -> str:
    """The version of the PostgreSQL server."""
    with _connection() as connection:
        return str(connection.execute("SHOW server_version").fetchone()[0])


def _leave(_number: int, _frame: object) -> None:
    """Unwind on SIGTERM as well, so that no server and no database is left."""
    sys.exit("Stopped.")


def _call(sender: Connection, function: str, args: tuple[Any, ...]) -> None:
    import django
    from django.core.management import call_command

    signal.signal(signal.SIGTERM, _leave)
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    module, _, name = function.rpartition(".")
    sender.send(getattr(importlib.import_module(f"benchmarks.{module}"), name)(*args))
    sender.close()


@contextmanager
def _database(vendor: str) -> Iterator[str]:
    if vendor == SQLITE:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'db.sqlite3'}"
    else:
        name = f"bench_{uuid.uuid4().hex[:12]}"
        with _connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
        finally:
            with _connection() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _connection() -> Any:
    import psycopg

    try:
        return psycopg.connect(SERVER, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        sys.exit(f"Set BENCH_POSTGRES_URL to where databases may be made. {error}")
