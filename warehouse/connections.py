"""How the pipeline and the command connect to Postgres: psycopg for work, SQLAlchemy for tools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def connect(dsn: str, *, autocommit: bool = False, name: str = "footfall") -> Iterator[Connection]:
    """Open a connection for the duration of a ``with`` block.

    Args:
        dsn: libpq connection string or URL.
        autocommit: Commit each statement by itself; else the block is one transaction, committed
            at its end and rolled back where it raises.
        name: Shown as ``application_name`` in ``pg_stat_activity``.

    Raises:
        psycopg.OperationalError: Postgres is away or refuses the log-in.
    """
    with psycopg.connect(
        dsn, autocommit=autocommit, application_name=name, connect_timeout=10
    ) as connection:
        yield connection


def engine(dsn: str) -> Engine:
    """Return an SQLAlchemy engine over psycopg for a libpq URL, without a pool of its own."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return create_engine(sqlalchemy_url(dsn), poolclass=NullPool)


def sqlalchemy_url(dsn: str, driver: str = "psycopg") -> str:
    """Return a libpq URL in SQLAlchemy's spelling, naming the driver.

    >>> sqlalchemy_url("postgresql://me:secret@127.0.0.1:5433/footfall")
    'postgresql+psycopg://me:secret@127.0.0.1:5433/footfall'
    """
    scheme, _, rest = dsn.partition("://")
    if scheme not in ("postgresql", "postgres"):
        raise ValueError("a DSN must start with postgresql://")
    return f"postgresql+{driver}://{rest}"


def with_credentials(dsn: str, *, user: str, password: str, database: str | None = None) -> str:
    """Return a URL to the same server as ``dsn`` for another user, and maybe another database.

    Args:
        dsn: URL of a server, with a host.
        user: Role to log in as.
        password: Its password.
        database: Database; that of ``dsn`` where None.
    """
    from sqlalchemy.engine import make_url

    url = make_url(dsn).set(username=user, password=password)
    if database is not None:
        url = url.set(database=database)
    return url.render_as_string(hide_password=False)


def describe(dsn: str) -> str:
    """Return where a DSN leads, without its password: ``host:port/database as user``."""
    parts = conninfo_to_dict(dsn)
    return "{}:{}/{} as {}".format(
        parts.get("host", "localhost"),
        parts.get("port", "5432"),
        parts.get("dbname", "?"),
        parts.get("user", "?"),
    )
