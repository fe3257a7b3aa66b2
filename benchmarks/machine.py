"""On what it was measured: figures of another machine are not to be compared."""

import os
import platform
import sqlite3
from datetime import date
from importlib.metadata import version
from pathlib import Path

from . import databases


PACKAGES = ("Django", "wagtail", "django-q2", "gunicorn", "psycopg")


def describe() -> str:
    """The head of RESULTS.md."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"""\
# Results of `make bench`

Ratios of one run on one machine: compare the ratios, not the figures.

| | |
|---|---|
| date | {date.today():%Y-%m-%d} |
| processor | {os.cpu_count()} x {_processor()} |
| system | {platform.system()} {platform.release()} |
| Python | {platform.python_version()} |
| packages | {packages} |
| databases | SQLite {sqlite3.sqlite_version}, PostgreSQL {databases.version()} |
"""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.split(":")[1] for line in lines if line.startswith("model name"))
    return next(names, platform.machine()).strip()
