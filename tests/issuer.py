"""An issuer of tokens: RSA keys, signed tokens, and the key set over real HTTP."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from tests.web import web_server

SECRET = "a secret of the tests, so long that any algorithm of its kind would take it"
BITS = 2048
_making_keys = Lock()


def private_key(key_id: str, bits: int) -> rsa.RSAPrivateKey:
    """Return the RSA key of an id, always the same, also to two threads that ask at once."""
    with _making_keys:
        return _private_key(key_id, bits)


@cache
def _private_key(key_id: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key_id: str) -> bytes:
    """Return the public key of an id as PEM."""
    public = private_key(key_id, BITS).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_jwk(key_id: str, bits: int = BITS, **members: str) -> dict[str, Any]:
    """Return the public key of an id as a member of a key set."""
    key: dict[str, Any] = RSAAlgorithm.to_jwk(private_key(key_id, bits).public_key(), as_dict=True)
    return {**key, "kid": key_id, "use": "sig", "alg": "RS256", **members}


def claims(**given: object) -> dict[str, Any]:
    """Return the claims of a token that outlives the suite; None takes one away."""
    everything = {"sub": "u-17", "exp": int(time.time()) + 86_400, **given}
    return {name: value for name, value in everything.items() if value is not None}


def shared_token(secret: str = SECRET, algorithm: str = "HS256", **given: object) -> str:
    """Return a token that is signed with a shared secret."""
    return jwt.encode(claims(**given), secret, algorithm)


def signed_token(key_id: str | None = "first", signer: str | None = None, **given: object) -> str:
    """Return a token that is signed with a private key.

    Args:
        key_id: Which key it names.
        signer: Whose key signs it, where that is another.
        given: Its claims.
    """
    headers = {} if key_id is None else {"kid": key_id}
    key = private_key(signer or key_id or "first", BITS)
    return jwt.encode(claims(**given), key, "RS256", headers)


def sign_with_text(signing_input: str, secret: str) -> str:
    """Return a token of HS256 over any secret, also over one that libraries refuse to use."""
    digest = hmac.digest(secret.encode(), signing_input.encode(), "sha256")
    return f"{signing_input}.{_base64(digest)}"


def raw_token(header: object, payload: object, signature: bytes = b"") -> str:
    """Return a token of any parts, such as no library would make."""
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(map(_base64, parts))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """What an identity provider serves, which a test changes as it goes.

    Attributes:
        url: Where its key set is.
        key_ids: Which keys are in it.
        status: HTTP status of its answers.
        requests: How often it was asked.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key_ids = ["first"]
        self.status = 200
        self.requests = 0

    def answer(self) -> tuple[int, str, bytes]:
        """Return the key set as it is now."""
        self.requests += 1
        keys = [public_jwk(key_id) for key_id in self.key_ids]
        return self.status, "application/json", json.dumps({"keys": keys}).encode()


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Serve a key set on a free port for the duration of a ``with`` block."""
    issuer = Issuer()
    with web_server(issuer.answer) as origin:
        issuer.url = f"{origin}/keys.json"
        yield issuer
