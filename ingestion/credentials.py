"""Whom a credential stands for: a write key, a token of a person or a service, the admin token."""

from __future__ import annotations

import hmac

import asyncpg

from ingestion.answers import RefusedError
from ingestion.keys import KeyRing, hash_key
from ingestion.landing import UnavailableError
from ingestion.sender import Sender
from warehouse.settings import Settings
from warehouse.signing_keys import SigningKeysError
from warehouse.tokens import ADMIN, INGEST, TokenError, TokenTerms, TokenVerifier

_CHALLENGE = 'Bearer realm="footfall"'
_RETRY_SECONDS = 2


class Credentials:
    """Tells senders by their credentials, as the settings say at the moment."""

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        """Begin with settings, which :meth:`obey` replaces.

        Args:
            settings: Which tokens are taken.
            keys: The write keys.
        """
        self._keys = keys
        self._tokens = TokenVerifier(TokenTerms.of(settings))
        self.obey(settings)

    @property
    def problem(self) -> str | None:
        """Why the public keys of tokens could not be read when last tried; None: they could."""
        return self._tokens.problem

    def obey(self, settings: Settings) -> None:
        """Put other settings in force."""
        token = settings.admin_token.get_secret_value() if settings.admin_token else ""
        self._admin_hash = hash_key(token) if token else None
        self._administrator = Sender(ADMIN, settings.jwt_source, frozenset({ADMIN}))
        self._token_source = settings.jwt_source
        terms = TokenTerms.of(settings)
        if terms != self._tokens.terms:  # else what is known of keys and tokens is kept
            self._tokens = TokenVerifier(terms)

    async def find(self, credential: str) -> Sender:
        """Return whom a bearer credential stands for.

        Raises:
            RefusedError: Nobody.
            UnavailableError: Nobody can tell now.
        """
        if self._tokens.is_set and credential.count(".") == 2:  # a write key has no full stop
            return await self._verify(credential)
        digest = hash_key(credential)
        if self._admin_hash is not None and hmac.compare_digest(digest, self._admin_hash):
            return self._administrator
        try:
            sender = await self._keys.find(digest)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise UnavailableError(
                "warehouse_unavailable",
                "the warehouse cannot take events now: nothing was stored, try again",
                _RETRY_SECONDS,
            ) from error
        if sender is None:
            raise invalid("the write key or token is unknown or revoked: send a valid one")
        return sender

    async def _verify(self, token: str) -> Sender:
        try:
            found = await self._tokens.verify(token)
        except TokenError as error:
            raise invalid(str(error)) from error
        except SigningKeysError as error:
            raise UnavailableError(
                "signing_keys_unavailable",
                "the keys of the token's issuer cannot be read now: nothing was stored, try again",
                _RETRY_SECONDS,
            ) from error
        person = None if INGEST in found.roles else found.subject
        return Sender("jwt", self._token_source, found.roles, person)


def missing() -> RefusedError:
    """Return the refusal of a request without a credential."""
    return RefusedError(
        401,
        "unauthorized",
        "send a valid write key or token as Authorization: Bearer <key or token>",
        {"www-authenticate": _CHALLENGE},
    )


def invalid(why: str) -> RefusedError:
    """Return the refusal of a credential that is not valid.

    Args:
        why: In ASCII, and without quotation marks.
    """
    challenge = f'{_CHALLENGE}, error="invalid_token", error_description="{why}"'
    return RefusedError(401, "unauthorized", why, {"www-authenticate": challenge})


def insufficient(role: str) -> RefusedError:
    """Return the refusal of a sender that lacks a role."""
    return RefusedError(
        403,
        "forbidden",
        f"this needs the role {role}: send a token that lists it, or FOOTFALL_ADMIN_TOKEN",
        {"www-authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{role}"'},
    )
