"""The public keys with which an identity provider signs tokens: a JSON Web Key Set (RFC 7517)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWKClient, PyJWKSet

logger = logging.getLogger(__name__)

PUBLIC_KEY_ALGORITHM = "RS256"
MAX_AGE_SECONDS = 300.0
MIN_INTERVAL_SECONDS = 10.0
_TIMEOUT_SECONDS = 5.0
_LEAST_BITS = 2048  # RFC 7518, section 3.3
_HEADERS = {"user-agent": "footfall", "accept": "application/json"}

Keys = Mapping[str | None, RSAPublicKey]


class SigningKeysError(RuntimeError):
    """The keys could never be read, so that nobody can tell whether a token is valid."""


class SigningKeys:
    """The keys as read a while ago; they stay in force while they cannot be read anew.

    Attributes:
        version: Grows whenever the keys have changed.
        problem: Why the keys could not be read when last tried; None where they could.
    """

    def __init__(self, location: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Know no key yet.

        Args:
            location: URL, or path of a file.
            clock: Seconds since any moment.
        """
        self._location = location
        self._clock = clock
        self._keys: Keys = {}
        self._tried_at = float("-inf")
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self.version = 0
        self.problem: str | None = None

    def refresh_when_old(self) -> None:
        """Begin to read the keys anew where they are older than :data:`MAX_AGE_SECONDS`."""
        if self._clock() - self._read_at > MAX_AGE_SECONDS:
            self._refresh()

    async def find(self, key_id: str | None) -> RSAPublicKey | None:
        """Return the key of an id; None where there is none.

        For an id that is unknown, the keys are read anew, at most every
        :data:`MIN_INTERVAL_SECONDS`.

        Args:
            key_id: As a token names it; without one, the only key there is.

        Raises:
            SigningKeysError: No keys could be read yet.
        """
        found = self._match(key_id)
        if found is None:
            await asyncio.shield(self._refresh())
            found = self._match(key_id)
        if not self._keys:
            raise SigningKeysError(self.problem)
        return found

    def _match(self, key_id: str | None) -> RSAPublicKey | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _refresh(self) -> asyncio.Task[None]:
        """Return the reading that is under way, or that has just ended; else begin one."""
        now = self._clock()
        if self._reading is None or (
            self._reading.done() and now - self._tried_at >= MIN_INTERVAL_SECONDS
        ):
            self._tried_at = now
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        try:
            keys = await asyncio.to_thread(_read, self._location)
        except Exception as error:
            # the log may say where they are; what anybody may read may not
            self.problem = f"the public keys of tokens cannot be read ({type(error).__name__})"
            logger.warning("%s: %s", self.problem, error)
            return
        self.problem = None
        self._read_at = self._clock()
        if keys != self._keys:
            self._keys = keys
            self.version += 1


def _read(location: str) -> Keys:
    """Return the keys that sign with :data:`PUBLIC_KEY_ALGORITHM`, by id.

    Raises:
        OSError: They cannot be reached; so too ``jwt.PyJWTError``.
        ValueError: What is there is no key set, or has no such key.
    """
    if "://" in location:
        client = PyJWKClient(
            location, cache_jwk_set=False, headers=_HEADERS, timeout=_TIMEOUT_SECONDS
        )
        known = client.get_jwk_set()
    else:
        content = json.loads(Path(location).read_bytes())
        if not isinstance(content, dict):
            raise ValueError("the file holds no JSON object")
        known = PyJWKSet.from_dict(content)
    keys = {
        key.key_id: key.key
        for key in known
        if key.algorithm_name == PUBLIC_KEY_ALGORITHM
        and key.public_key_use in ("sig", None)
        and isinstance(key.key, RSAPublicKey)
        and key.key.key_size >= _LEAST_BITS
    }
    if not keys:
        raise ValueError(
            f"there is no public key for {PUBLIC_KEY_ALGORITHM} of {_LEAST_BITS} bits or more"
        )
    return keys
