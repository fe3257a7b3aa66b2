"""DATABASE_URL, read into what Django wants."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def database(url: str, default_file: Path) -> dict[str, Any]:
    """Return the DATABASES entry for a URL; an empty one means SQLite in a file."""
    parts = urlsplit(url)
    if parts.scheme in ("", "sqlite"):
        if url and not parts.path.strip("/"):
            raise ImproperlyConfigured("DATABASE_URL: write sqlite:///path/to/file.")
        return _sqlite(unquote(parts.path[1:]) or str(default_file))
    if parts.scheme in ("postgres", "postgresql"):
        return _postgresql(parts)
    raise ImproperlyConfigured(
        f"DATABASE_URL: {parts.scheme}:// is not supported. "
        "Write sqlite:///path/to/file or postgres://user:password@host:port/name."
    )


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {
            # A transaction that begins by reading must not fail when it then writes.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(parts: Any) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }
