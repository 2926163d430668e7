"""What a first look rules out is not there, and what a request tells is told either way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.addresses import parse_address
from ingestion.event import Incoming
from ingestion.first_look import looks_plain
from ingestion.limits import check_numbers
from ingestion.personal_names import may_name
from ingestion.privacy import Privacy, tell
from ingestion.visitor import Visitor
from warehouse.settings import Settings

NAMES = st.sampled_from(
    ["ip", "clientIp", "IPv4", "ips", "remote_addr", "User-Agent", "ua", "x-forwarded-for", "page"]
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False).map(float),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(), NAMES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(NAMES, st.text()), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(context=st.dictionaries(NAMES, VALUES), is_ascii=st.booleans())
def test_what_looks_plain_names_nobody_and_has_no_number_that_cannot_be_stored(
    context: dict[str, Any], is_ascii: bool
) -> None:
    text = json.dumps(context, ensure_ascii=is_ascii).encode("utf-8", "replace")
    if looks_plain(text):
        assert not may_name(text)
        check_numbers(text, b"{}")


@pytest.mark.parametrize(
    "text",
    [
        '{"ip": "203.0.113.7"}',
        '{"IP": 1}',
        r'{"\u0069p": 1}',
        '{"a": {"b": [{"User-Agent": "x"}]}}',
        '{"a": 1e400}',
        '{"a": 1E400}',
        '{"a": 1234567890123456789}',
        '{"a": 0.123456789012345678901}',
    ],
)
def test_what_is_not_plain_is_seen(text: str) -> None:
    assert not looks_plain(text.encode())


def test_most_events_are_plain() -> None:
    assert looks_plain(b'{"page_path": "/products/9529", "price": 29.99, "name": "Water bottle"}')


@pytest.mark.parametrize("addresses", ["off", "truncated", "hashed", "full"])
@pytest.mark.parametrize("agents", ["off", "reduced", "full"])
@pytest.mark.parametrize(
    "context",
    [
        {},
        None,
        [],
        "text",
        {"page_path": "/"},
        {"country": "NZ"},
        {"city": "", "country": None},
        {"device": "watch", "browser": ""},
    ],
)
def test_what_a_request_tells_is_told_to_plain_events_as_to_others(
    addresses: str, agents: str, context: Any, tmp_path: Path
) -> None:
    privacy = Privacy(Settings(home=tmp_path, ip_addresses=addresses, user_agents=agents))
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    visitor = Visitor(parse_address("1.1.1.1"), agent, objects=False, is_known=True)
    plain, other = (Incoming(context=msgspec.Raw(json.dumps(context).encode())) for _ in range(2))
    tell(plain, privacy.told_by(visitor))
    privacy.reduce(other, visitor)
    assert json.loads(bytes(plain.context)) == json.loads(bytes(other.context))
