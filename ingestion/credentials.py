"""Whom a credential stands for: a write key, a token of a person or a service, the admin token."""

from __future__ import annotations

import hmac
from urllib.parse import unquote_plus

from ingestion.answers import RefusedError
from ingestion.group import AWAY_ERRORS
from ingestion.key_ring import KeyRing
from ingestion.keys import hash_key
from ingestion.landing import UnavailableError
from ingestion.sender import ANONYMOUS, TOKEN, Sender
from ingestion.server.exchange import Exchange
from warehouse.setting_checks import split_list
from warehouse.settings import Settings
from warehouse.signing_keys import SigningKeysError
from warehouse.tokens import ADMIN, INGEST, TokenError, TokenTerms, TokenVerifier

_NO_TOKEN = ("null", "undefined")  # as scripts of pages send it whose visitor is not signed in
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
        self._administrator = Sender(
            ADMIN, settings.jwt_source, frozenset({ADMIN}), allowed_origins=None
        )
        self._anonymous = settings.anonymous_source and Sender(
            ANONYMOUS,
            settings.anonymous_source,
            frozenset(),
            allowed_origins=frozenset(split_list(settings.anonymous_origins)),
        )
        self._token_source = settings.jwt_source
        terms = TokenTerms.of(settings)
        if terms != self._tokens.terms:  # else what is known of keys and tokens is kept
            self._tokens = TokenVerifier(terms)

    async def identify(self, exchange: Exchange, *, may_be_anonymous: bool) -> Sender:
        """Return who sends a request.

        Args:
            exchange: The request.
            may_be_anonymous: Whether a sender may come without a credential.

        Raises:
            RefusedError: The credential is missing or not valid.
            UnavailableError: Nobody can tell now whether it is.
        """
        authorization = exchange.headers.get(b"authorization")
        if authorization is not None:
            scheme, _, credential = authorization.decode("latin-1").partition(" ")
            credential = credential.strip()
            if scheme.lower() != "bearer" or not credential:
                raise missing()
            if credential not in _NO_TOKEN or not may_be_anonymous:
                return await self._bearer(credential)
        open_key = _open_key(exchange)
        if open_key is not None:
            return await self._browser(open_key)
        if self._anonymous and may_be_anonymous:
            return self._anonymous
        raise missing()

    async def _bearer(self, credential: str) -> Sender:
        digest = hash_key(credential)
        if self._admin_hash is not None and hmac.compare_digest(digest, self._admin_hash):
            return self._administrator
        if self._tokens.is_set and credential.count(".") == 2:  # a write key has no full stop
            return await self._verify(credential)
        sender = await self._key(digest)
        if sender is None:
            raise invalid("the write key or token is unknown or revoked: send a valid one")
        return sender

    async def _browser(self, key: str) -> Sender:
        sender = await self._key(hash_key(key))
        if sender is None:
            raise invalid("the write key is unknown or revoked: send a valid one")
        if not sender.allowed_origins:  # else it would stand in other people's logs
            raise invalid("a key without origins is secret: send it as Authorization: Bearer <key>")
        return sender

    async def _key(self, digest: bytes) -> Sender | None:
        try:
            return await self._keys.find(digest)
        except AWAY_ERRORS as error:
            raise UnavailableError(
                "warehouse_unavailable",
                "the warehouse cannot take events now: nothing was stored, try again",
                _RETRY_SECONDS,
            ) from error

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
        return Sender(
            TOKEN,
            self._token_source,
            found.roles,
            person,
            allowed_origins=None,
            account=f"{TOKEN} {found.subject}",
        )


def _open_key(exchange: Exchange) -> str | None:
    """Return the key that a page sends where it cannot set ``Authorization``; None: none."""
    header = exchange.headers.get(b"x-write-key")
    if header is not None:
        return header.decode("latin-1").strip()
    if b"key=" in exchange.query:
        for pair in exchange.query.decode("latin-1").split("&"):
            name, _, value = pair.partition("=")
            if name == "key":
                return unquote_plus(value)
    return None


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
