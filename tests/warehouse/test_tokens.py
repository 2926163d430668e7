"""Tokens: what is valid, and that nothing else is."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests import issuer
from tests.issuer import SECRET, public_pem, raw_token, shared_token, signed_token
from warehouse.tokens import (
    ADMIN,
    INGEST,
    LEEWAY_SECONDS,
    LONGEST_SUBJECT,
    Token,
    TokenError,
    TokenTerms,
)
from warehouse.tokens import TokenVerifier as Verifier

NOT_YET = "the token is not valid yet: check the clock of its issuer"
DAMAGED = "the token is no JSON Web Token, or is damaged"
SHARED = TokenTerms(SECRET, None, None, None, "roles")
IN_2100 = 4_102_444_800


def in_file(path: Path, *keys: dict[str, Any]) -> TokenTerms:
    """Return terms that take the tokens of a key set in a file, and no others."""
    file = path / "keys.json"
    file.write_text(json.dumps({"keys": list(keys)}))
    return TokenTerms(None, str(file), None, None, "roles")


def verify(terms: TokenTerms, token: str) -> Token:
    async def run() -> Token:
        return await Verifier(terms).verify(token)

    return asyncio.run(run())


def why_refused(terms: TokenTerms, token: str) -> str:
    with pytest.raises(TokenError) as error:
        verify(terms, token)
    return str(error.value)


def test_a_token_signed_with_the_shared_secret_says_who_sends() -> None:
    expires_at = int(time.time()) + 60
    token = shared_token(sub="u-17", exp=expires_at, roles=["ingest"])
    assert verify(SHARED, token) == Token("u-17", frozenset({INGEST}), expires_at)


def test_a_token_signed_with_a_private_key_says_who_sends(tmp_path: Path) -> None:
    terms = in_file(tmp_path, issuer.public_jwk("other"), issuer.public_jwk("first"))
    assert verify(terms, signed_token("first", sub="u-18")).subject == "u-18"


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        (None, set()),
        ("ingest", {INGEST}),
        ("openid ingest  admin", {INGEST, ADMIN}),
        (["admin", "owner", 7, ["ingest"]], {ADMIN}),
        ({"ingest": True}, set()),
        (7, set()),
    ],
)
def test_roles_are_a_text_with_spaces_or_an_array(claim: object, roles: set[str]) -> None:
    assert verify(SHARED, shared_token(roles=claim)).roles == roles


def test_another_claim_may_list_the_roles() -> None:
    terms = SHARED._replace(roles_claim="https://shop.example/roles")
    token = shared_token(roles="admin", **{"https://shop.example/roles": "ingest"})
    assert verify(terms, token).roles == {INGEST}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"exp": int(time.time()) - 60}, "the token has expired: get a new one"),
        ({"exp": None}, "the token has no exp"),
        ({"exp": "soon"}, DAMAGED),
        ({"exp": float("inf")}, DAMAGED),
        (
            {"nbf": int(time.time()) + 3_600},
            NOT_YET,
        ),
        (
            {"iat": int(time.time()) + 3_600},
            NOT_YET,
        ),
        ({"sub": None}, "the token has no sub"),
        ({"sub": 17}, "the sub of the token is no text"),
        ({"sub": ""}, "the sub of the token is empty, or longer than 255"),
        (
            {"sub": "u" * (LONGEST_SUBJECT + 1)},
            "the sub of the token is empty, or longer than 255",
        ),
        ({"iss": "https://evil.example"}, "the token is of another issuer: its iss is another"),
        ({"iss": None}, "the token has no iss"),
        ({"aud": "another"}, "the token is for somebody else: its aud is another"),
        ({"aud": ["another", "a third"]}, "the token is for somebody else: its aud is another"),
        ({"aud": None}, "the token has no aud"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused_with_the_reason(
    given: dict[str, object], why: str
) -> None:
    terms = SHARED._replace(issuer="https://id.example", audience="footfall")
    right: dict[str, Any] = {"iss": "https://id.example", "aud": ["footfall", "shop"]}
    assert verify(terms, shared_token(**right)).subject == "u-17"
    assert why_refused(terms, shared_token(**{**right, **given})) == why


def test_issuer_and_audience_are_any_where_none_is_set() -> None:
    assert verify(SHARED, shared_token(iss="https://id.example", aud="shop")).subject == "u-17"


def test_a_token_of_another_secret_is_refused() -> None:
    token = shared_token("another secret, which has as many bytes")
    assert why_refused(SHARED, token) == "the signature of the token is wrong"


def test_a_token_of_another_private_key_under_a_known_id_is_refused(tmp_path: Path) -> None:
    terms = in_file(tmp_path, issuer.public_jwk("first"))
    token = signed_token("first", signer="other")
    assert why_refused(terms, token) == "the signature of the token is wrong"


def test_a_public_key_is_never_taken_for_a_shared_secret(tmp_path: Path) -> None:
    public = public_pem("first").decode()
    signing_input, _, _ = shared_token().rpartition(".")
    forged = issuer.sign_with_text(signing_input, public)
    only_keys = in_file(tmp_path, issuer.public_jwk("first"))
    assert why_refused(only_keys, forged) == "tokens of this algorithm are not taken"
    both = only_keys._replace(secret=SECRET)
    assert why_refused(both, forged) == "the signature of the token is wrong"


def test_a_shared_secret_in_a_key_set_is_not_used(tmp_path: Path) -> None:
    symmetric = {
        "kty": "oct",
        "kid": "first",
        "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA",
    }
    terms = in_file(tmp_path, symmetric, issuer.public_jwk("other"))
    token = signed_token("first")
    assert "does not list" in why_refused(terms, token)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "ES256", "", None, ["HS256"], 7])
def test_a_token_of_any_other_algorithm_is_refused(algorithm: object) -> None:
    token = raw_token({"typ": "JWT", "alg": algorithm}, issuer.claims())
    assert why_refused(SHARED, token) == "tokens of this algorithm are not taken"


def test_a_signature_of_another_algorithm_is_refused_although_the_secret_is_right() -> None:
    token = shared_token(algorithm="HS512")
    assert why_refused(SHARED, token) == "tokens of this algorithm are not taken"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b.c",
        "eyJ.eyJ.x",
        raw_token({}, {}),
        raw_token([], {}),
        raw_token({"alg": "HS256"}, ["sub"], b"x"),
        raw_token({"alg": "HS256", "kid": 7}, issuer.claims(exp=IN_2100)),
        raw_token({"alg": "HS256", "crit": ["b64"], "b64": False}, issuer.claims(exp=IN_2100)),
        ".".join(["W" * 200_000, "e30", "e30"]),
        "ü.ü.ü",
        shared_token(exp=IN_2100) + ".x",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenError):
        verify(SHARED, token)


@pytest.mark.parametrize(
    "key",
    [
        issuer.public_jwk("first", use="enc"),
        issuer.public_jwk("first", alg="RS512"),
        issuer.public_jwk("first", bits=1024),
    ],
    ids=["for encryption", "of another algorithm", "short"],
)
def test_a_key_that_is_not_for_such_signatures_is_not_used(
    tmp_path: Path, key: dict[str, Any]
) -> None:
    terms = in_file(tmp_path, key, issuer.public_jwk("other"))
    assert "does not list" in why_refused(terms, signed_token("first"))


def test_a_token_without_a_key_id_is_verified_with_the_only_key(tmp_path: Path) -> None:
    terms = in_file(tmp_path, issuer.public_jwk("first"))
    assert verify(terms, signed_token(None)).subject == "u-17"
    two = in_file(tmp_path, issuer.public_jwk("first"), issuer.public_jwk("other"))
    assert "does not list" in why_refused(two, signed_token(None))


def test_a_token_that_was_valid_is_refused_once_it_has_expired() -> None:
    now = time.time()
    token = shared_token(exp=int(now) + 60)

    elapsed = 0

    async def steps() -> None:
        nonlocal elapsed
        verifier = Verifier(SHARED, clock=lambda: now + elapsed)
        await verifier.verify(token)
        elapsed = 60 + LEEWAY_SECONDS - 1
        await verifier.verify(token)
        elapsed = 60 + LEEWAY_SECONDS + 1
        with pytest.raises(TokenError, match="expired"):
            await verifier.verify(token)

    asyncio.run(steps())


def test_a_reason_repeats_nothing_of_the_token() -> None:
    for token in (shared_token(sub="jane@example.com", exp=1), "jane.jane.jane"):
        assert "jane" not in why_refused(SHARED, token)
