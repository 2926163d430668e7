"""The keys of tokens: read over real HTTP, rotated, and kept while their issuer is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import issuer
from tests.conftest import free_port
from tests.issuer import Issuer, running_issuer, signed_token
from warehouse.signing_keys import (
    MAX_AGE_SECONDS,
    MIN_INTERVAL_SECONDS,
    SigningKeys,
    SigningKeysError,
)
from warehouse.tokens import TokenError, TokenTerms, TokenVerifier


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


def run(provider: Issuer, steps: Callable[[SigningKeys, Clock], Coroutine[Any, Any, None]]) -> None:
    clock = Clock()
    asyncio.run(steps(SigningKeys(provider.url, clock), clock))


async def reread(keys: SigningKeys) -> None:
    """Wait until a reading in the background, which may have begun, has ended."""
    await keys.find("of nobody")


def test_keys_are_read_once_for_any_number_of_tokens(provider: Issuer) -> None:
    async def steps(keys: SigningKeys, clock: Clock) -> None:
        found = await asyncio.gather(*(keys.find("first") for _ in range(20)))
        assert all(found)
        assert provider.requests == 1

    run(provider, steps)


def test_a_key_that_was_rotated_in_is_found_at_once(provider: Issuer) -> None:
    async def steps(keys: SigningKeys, clock: Clock) -> None:
        assert await keys.find("first")
        provider.key_ids = ["second"]
        clock.now += MIN_INTERVAL_SECONDS
        assert await keys.find("second")
        assert await keys.find("first") is None

    run(provider, steps)


def test_unknown_ids_ask_the_issuer_no_more_than_every_some_seconds(provider: Issuer) -> None:
    async def steps(keys: SigningKeys, clock: Clock) -> None:
        for number in range(20):
            assert await keys.find(f"guess-{number}") is None
        assert provider.requests == 1
        clock.now += MIN_INTERVAL_SECONDS
        assert await keys.find("guess") is None
        assert provider.requests == 2

    run(provider, steps)


def test_keys_stay_in_force_while_the_issuer_is_away(provider: Issuer) -> None:
    async def steps(keys: SigningKeys, clock: Clock) -> None:
        before = await keys.find("first")
        provider.status = 503
        clock.now += MAX_AGE_SECONDS + 1
        keys.refresh_when_old()
        await reread(keys)
        assert keys.problem
        assert await keys.find("first") is before
        assert provider.requests == 2
        provider.status = 200
        clock.now += MIN_INTERVAL_SECONDS
        keys.refresh_when_old()
        await reread(keys)
        assert keys.problem is None

    run(provider, steps)


def test_where_no_key_could_ever_be_read_nobody_can_tell(tmp_path: Path) -> None:
    for location in (
        f"http://127.0.0.1:{free_port()}/keys.json",
        str(tmp_path / "missing.json"),
    ):
        keys = SigningKeys(location)
        with pytest.raises(SigningKeysError):
            asyncio.run(keys.find("first"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": 7}', '{"keys": [7, {}]}', "jane"])
def test_a_key_set_that_is_none_is_a_problem(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    keys = SigningKeys(str(file))
    with pytest.raises(SigningKeysError):
        asyncio.run(keys.find("first"))
    assert "cannot be read" in (keys.problem or "")
    assert str(tmp_path) not in (keys.problem or "")


def test_a_key_set_in_a_file_is_read_anew_for_an_unknown_id(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [issuer.public_jwk("first")]}))

    async def steps() -> None:
        clock = Clock()
        keys = SigningKeys(str(file), clock)
        assert await keys.find("first")
        file.write_text(json.dumps({"keys": [issuer.public_jwk("second")]}))
        clock.now += MIN_INTERVAL_SECONDS
        assert await keys.find("second")

    asyncio.run(steps())


def test_a_token_that_was_valid_is_not_once_its_key_is_taken_back(provider: Issuer) -> None:
    async def steps() -> None:
        clock = Clock()
        terms = TokenTerms(None, provider.url, None, None, "roles")
        verifier = TokenVerifier(terms, steady_clock=clock)
        token = signed_token("first")
        await verifier.verify(token)
        provider.key_ids = ["second"]
        clock.now += MAX_AGE_SECONDS + 1
        await verifier.verify(token)  # which begins to read the keys anew
        await verifier.verify(signed_token("second"))
        with pytest.raises(TokenError, match="does not list"):
            await verifier.verify(token)

    asyncio.run(steps())
