"""Tokens of users and services: JSON Web Tokens (RFC 7519), verified as the settings say.

Which algorithms are taken follows from the settings alone, and each has a key of its own kind: a
token that names another algorithm, or none, is refused before any key is looked at.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt
from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.exceptions import InvalidSubjectError
from jwt.types import Options

from warehouse.settings import Settings
from warehouse.signing_keys import PUBLIC_KEY_ALGORITHM, SigningKeys

INGEST = "ingest"  # may send events for anybody
READER = "reader"  # may read
ADMIN = "admin"  # may do what takes back or decides
ROLES = frozenset({INGEST, READER, ADMIN})

SYMMETRIC_ALGORITHM = "HS256"
LEEWAY_SECONDS = 10
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2
_MOST_KNOWN = 10_000
_EXPIRED = "the token has expired: get a new one"
_PROBLEMS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, _EXPIRED),
    (jwt.ImmatureSignatureError, "the token is not valid yet: check the clock of its issuer"),
    (jwt.InvalidAudienceError, "the token is for somebody else: its aud is another"),
    (jwt.InvalidIssuerError, "the token is of another issuer: its iss is another"),
    (InvalidSubjectError, "the sub of the token is no text"),
    (jwt.InvalidSignatureError, "the signature of the token is wrong"),
)


class Token(NamedTuple):
    """What a valid token says.

    Attributes:
        subject: Whom it stands for (``sub``).
        roles: Those of :data:`ROLES` that it lists.
        expires_at: When it expires, in seconds since 1970.
    """

    subject: str
    roles: frozenset[str]
    expires_at: int


class TokenError(Exception):
    """A token is not valid; the message says why, and repeats nothing of the token."""


class TokenTerms(NamedTuple):
    """What the settings say of tokens.

    Attributes:
        secret: Shared secret of HS256; None: such tokens are refused.
        key_set: Where the public keys of RS256 are; None: such tokens are refused.
        issuer: Whom ``iss`` must name; None: anybody.
        audience: Whom ``aud`` must name; None: anybody.
        roles_claim: Claim that lists roles.
    """

    secret: str | None
    key_set: str | None
    issuer: str | None
    audience: str | None
    roles_claim: str

    @classmethod
    def of(cls, settings: Settings) -> TokenTerms:
        """Return the terms that follow from settings; what is empty there is not set."""
        secret = settings.jwt_secret
        return cls(
            (secret and secret.get_secret_value()) or None,
            settings.jwt_jwks or None,
            settings.jwt_issuer or None,
            settings.jwt_audience or None,
            settings.jwt_roles_claim,
        )


class TokenVerifier:
    """Verifies tokens, and remembers those that are valid until they expire.

    Attributes:
        terms: What is held against them.
    """

    def __init__(
        self,
        terms: TokenTerms,
        *,
        clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Know no token yet.

        Args:
            terms: What tokens are held against.
            clock: Seconds since 1970, by which a token that was valid expires.
            steady_clock: Seconds since any moment, by which public keys grow old.
        """
        self.terms = terms
        self._clock = clock
        self._keys = None if terms.key_set is None else SigningKeys(terms.key_set, steady_clock)
        self._keys_version = 0
        # by their hashes, so that none can be read from this process's memory
        self._known: LRUCache[bytes, Token] = LRUCache(_MOST_KNOWN)
        self._options: Options = {
            "require": ["exp", "sub"],
            "verify_aud": terms.audience is not None,
            "enforce_minimum_key_length": True,
        }

    @property
    def is_set(self) -> bool:
        """Whether any token can be valid."""
        return self.terms.secret is not None or self._keys is not None

    @property
    def problem(self) -> str | None:
        """Why public keys could not be read when last tried; None where they could."""
        return None if self._keys is None else self._keys.problem

    async def verify(self, token: str) -> Token:
        """Return what a token says, once it is known to be valid.

        Raises:
            TokenError: It is not valid.
            SigningKeysError: It is signed with a public key's, and none could be read yet.
        """
        if self._keys is not None:
            self._keys.refresh_when_old()
            if self._keys.version != self._keys_version:  # what was valid may be so no more
                self._known.clear()
                self._keys_version = self._keys.version
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._known[digest] = self._read(await self._decode(token))
        elif known.expires_at <= self._clock() - LEEWAY_SECONDS:
            raise TokenError(_EXPIRED)
        return known

    async def _decode(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key = await self._key(header)
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.terms.audience,
                issuer=self.terms.issuer,
                leeway=LEEWAY_SECONDS,
                options=self._options,
            )
        except (jwt.PyJWTError, RecursionError) as error:
            raise TokenError(_explain(error)) from error

    async def _key(self, header: Mapping[str, Any]) -> tuple[str, str | RSAPublicKey]:
        """Return the algorithm that a token names, where that is taken, and its key."""
        named = header.get("alg")
        if named == SYMMETRIC_ALGORITHM and self.terms.secret is not None:
            return SYMMETRIC_ALGORITHM, self.terms.secret
        if named == PUBLIC_KEY_ALGORITHM and self._keys is not None:
            key = await self._keys.find(header.get("kid"))
            if key is None:
                raise TokenError("the token is signed with a key that its issuer does not list")
            return PUBLIC_KEY_ALGORITHM, key
        raise TokenError("tokens of this algorithm are not taken")

    def _read(self, claims: dict[str, Any]) -> Token:
        subject: str = claims["sub"]
        if not 0 < len(subject) <= LONGEST_SUBJECT:
            raise TokenError(f"the sub of the token is empty, or longer than {LONGEST_SUBJECT}")
        return Token(subject, _roles(claims.get(self.terms.roles_claim)), int(claims["exp"]))


def _roles(claim: object) -> frozenset[str]:
    listed = claim.split() if isinstance(claim, str) else claim
    if not isinstance(listed, list):
        return frozenset()
    return ROLES.intersection(role for role in listed if isinstance(role, str))


def _explain(error: Exception) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"the token has no {error.claim}"
    return next(
        (problem for kind, problem in _PROBLEMS if isinstance(error, kind)),
        "the token is no JSON Web Token, or is damaged",
    )
