"""Serving's connections to the warehouse: few, read-only, and opened when they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

MAX_CONNECTIONS = 4
CONNECT_SECONDS = 5
QUERY_SECONDS = 30
CLOSE_SECONDS = 5

_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.OperatorInterventionError,
)
_MISSING = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


class DatabaseAwayError(RuntimeError):
    """The warehouse does not answer, or not in time."""


class NotBuiltError(RuntimeError):
    """The table that was asked for has not been built yet."""


class Database:
    """A pool of read-only connections.

    Args:
        dsn: URL of the warehouse as the serving role.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: Any = None

    async def open(self) -> None:
        """Make the pool. It connects at the first query, so the database may be away now."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=MAX_CONNECTIONS,
            timeout=CONNECT_SECONDS,
            command_timeout=QUERY_SECONDS,
            # a mart is replaced by a run while we hold the connection
            statement_cache_size=0,
            server_settings={"application_name": "footfall serving"},
        )

    async def close(self) -> None:
        """Close every connection, by force where a query does not end in time."""
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, query: str, *arguments: object) -> Sequence[Any]:
        """Run a query.

        Args:
            query: SQL with ``$1``, ``$2`` … for the arguments.
            arguments: Values of the parameters.

        Returns:
            Rows, readable by column name.

        Raises:
            DatabaseAwayError: The warehouse does not answer.
            NotBuiltError: A table of the query does not exist.
        """
        try:
            async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                rows: Sequence[Any] = await connection.fetch(query, *arguments)
                return rows
        except _MISSING as error:
            raise NotBuiltError(str(error)) from error
        except _AWAY as error:
            raise DatabaseAwayError(f"{type(error).__name__}: {error}") from error
