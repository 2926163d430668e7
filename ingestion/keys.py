"""Write keys in the database: creating, changing and revoking them.

A key is stored nowhere: the database has its SHA-256. Keys are long and random, so a slow hash
would protect nothing further.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ingestion.plan import SNAKE_CASE
from ingestion.sender import ANONYMOUS, TOKEN
from warehouse.errors import OperatorError
from warehouse.origins import ORIGIN_FORM, is_pattern
from warehouse.tokens import ADMIN, INGEST

if TYPE_CHECKING:
    from warehouse.connections import Connection

DEFAULT_KEY = "default"  # the name of FOOTFALL_WRITE_KEY
_RESERVED = (ANONYMOUS, TOKEN, ADMIN)
_PREFIX = "fw_"  # lets secret scanners and people recognise one
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME_FORM = "up to 64 letters, digits, full stops, hyphens and underscores"


class KnownKey(NamedTuple):
    """A write key as people see it.

    Attributes:
        name: What people call it.
        source: Source of the events that are sent with it.
        scopes: ``ingest``: any category; ``ingest:<category>``: that one.
        allowed_origins: Web pages that may send with it.
        created_at: When it was created.
        revoked_at: When it was revoked; None where it is valid.
    """

    name: str
    source: str
    scopes: list[str]
    allowed_origins: list[str]
    created_at: dt.datetime
    revoked_at: dt.datetime | None


def hash_key(key: str) -> bytes:
    """Return the SHA-256 of a write key: what the database has of it."""
    return hashlib.sha256(key.encode()).digest()


def create_key(
    connection: Connection,
    *,
    name: str,
    source: str,
    scopes: Sequence[str] = (INGEST,),
    allowed_origins: Sequence[str] = (),
) -> str:
    """Create a write key.

    Args:
        connection: Of the owner.
        name: What people call it; unique.
        source: Source of the events that are sent with it.
        scopes: What it may send: ``ingest``, or ``ingest:<category>`` any number of times.
        allowed_origins: Web pages that may send with it. Such a key is no secret.

    Returns:
        The key, which cannot be had again.

    Raises:
        OperatorError: The name is taken, or something is not as it must be.
    """
    _check(name, source, scopes, allowed_origins)
    key = _new_key()
    cursor = connection.execute(
        "insert into ops.write_keys (key_hash, name, source, scopes, allowed_origins)"
        " values (%s, %s, %s, %s, %s) on conflict (name) do nothing",
        (hash_key(key), name, source, list(scopes), list(allowed_origins)),
    )
    if not cursor.rowcount:
        raise OperatorError(
            f"There is or was a key {name}: choose another name, or replace the key by "
            f"`footfall keys rotate {name}`."
        )
    return key


def ensure_key(connection: Connection, *, name: str, source: str, key: str) -> None:
    """Make sure that a write key of this name is valid; it replaces an earlier one of the name.

    Args:
        connection: Of the owner.
        name: What people call it.
        source: Source of the events that are sent with it.
        key: The key.
    """
    connection.execute(
        "insert into ops.write_keys as known (key_hash, name, source) values (%s, %s, %s)"
        " on conflict (name) do update"
        " set key_hash = excluded.key_hash, source = excluded.source, revoked_at = null"
        " where (known.key_hash, known.source) <> (excluded.key_hash, excluded.source)"
        " or known.revoked_at is not null",
        (hash_key(key), name, source),
    )


def rotate_key(connection: Connection, *, name: str) -> str:
    """Put a new write key in the place of a valid one; ingestion refuses that within seconds.

    Args:
        connection: Of the owner.
        name: What people call it.

    Returns:
        The new key, which cannot be had again.

    Raises:
        OperatorError: There is no valid key of that name.
    """
    key = _new_key()
    cursor = connection.execute(
        "update ops.write_keys set key_hash = %s where name = %s and revoked_at is null",
        (hash_key(key), name),
    )
    if not cursor.rowcount:
        raise _unknown(name)
    return key


def revoke_key(connection: Connection, *, name: str) -> None:
    """Revoke a write key; ingestion refuses it within seconds.

    Args:
        connection: Of the owner.
        name: What people call it.

    Raises:
        OperatorError: There is no valid key of that name.
    """
    cursor = connection.execute(
        "update ops.write_keys set revoked_at = now() where name = %s and revoked_at is null",
        (name,),
    )
    if not cursor.rowcount:
        raise _unknown(name)


def list_keys(connection: Connection) -> list[KnownKey]:
    """Return all write keys, the revoked ones too, by name.

    Args:
        connection: Of the owner.
    """
    rows = connection.execute(
        "select name, source, scopes, allowed_origins, created_at, revoked_at"
        " from ops.write_keys order by name"
    )
    return [KnownKey(*row) for row in rows]


def _new_key() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def _unknown(name: str) -> OperatorError:
    return OperatorError(f"There is no valid key {name}; `footfall keys list` has them.")


def _check(name: str, source: str, scopes: Sequence[str], allowed_origins: Sequence[str]) -> None:
    if not _NAME.fullmatch(name):
        raise OperatorError(f"The name of a key is {_NAME_FORM}.")
    if name in _RESERVED:
        raise OperatorError(f"{name} is no name for a key: logs and metrics mean others by it.")
    if not _NAME.fullmatch(source):
        raise OperatorError(f"A source is {_NAME_FORM}.")
    for scope in scopes:
        base, _, category = scope.partition(":")
        if base != INGEST or (scope != INGEST and not SNAKE_CASE.fullmatch(category)):
            raise OperatorError(
                f"{scope!r} is no scope: it is {INGEST}, or {INGEST}:<category>, such as "
                f"{INGEST}:order."
            )
    for origin in allowed_origins:
        if not is_pattern(origin):
            raise OperatorError(f"{origin!r} is no origin: {ORIGIN_FORM}.")
