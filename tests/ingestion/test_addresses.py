"""IP addresses: how they are read, and what is left of them."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.addresses import parse_address, pseudonym, remove_addresses, truncate
from ingestion.personal_names import Kind, kind_of, may_name

OF_ADDRESSES = """
    ip IP Ip ips ip_address ipAddress IPAddress ip-address IP_ADDR ipaddr ipv4 IPv6 clientIPv6
    client_ip clientIp clientip userIP visitor.ip source_ip x-real-ip CF-Connecting-IP
    last_sign_in_ip remote_addr REMOTE_ADDR remoteAddress peer_address x_forwarded_for
    X-Forwarded-For xForwardedFor forwardedFor HTTP_X_FORWARDED_FOR
"""
OF_USER_AGENTS = """
    user_agent userAgent User-Agent useragent HTTP_USER_AGENT ua browserUa user_agent_string
    uaString
"""
OF_OTHERS = """
    zip ship tooltip membership recipient vip is_vip description address billing_address
    client_address forwarded ip_country ip_version agent quantity trip
"""
PIECES = """
    ip IP Ip ips v4 V6 addr Addr address ADDRESS user User agent Agent ua UA string x forwarded
    Forwarded for For remote client _ - . / é
"""
addresses = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:5123", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.1", "203.0.113.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_an_address_is_read_as_headers_and_programs_write_it(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text", ["", "unknown", "203.0.113", "203.0.113.256", "203.0.113.7/24", ":", "1" * 100, "[]"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("text", "network"),
    [("203.0.113.7", "203.0.113.0/24"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48")],
)
def test_a_truncated_address_is_its_network(text: str, network: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert truncate(address) == network


def test_a_pseudonym_is_the_same_only_for_the_same_address_and_salt() -> None:
    one, other = IPv4Address("203.0.113.7"), IPv6Address("2001:db8::7")
    assert pseudonym(one, b"monday") == pseudonym(IPv4Address("203.0.113.7"), b"monday")
    assert (
        len({pseudonym(one, b"monday"), pseudonym(one, b"tuesday"), pseudonym(other, b"monday")})
        == 3
    )
    assert len(pseudonym(one, b"monday")) == 32


@pytest.mark.parametrize("name", OF_ADDRESSES.split())
def test_the_usual_names_of_addresses_are_known(name: str) -> None:
    assert kind_of(name) is Kind.ADDRESS


@pytest.mark.parametrize("name", OF_USER_AGENTS.split())
def test_the_usual_names_of_user_agents_are_known(name: str) -> None:
    assert kind_of(name) is Kind.USER_AGENT


@pytest.mark.parametrize("name", OF_OTHERS.split())
def test_other_names_are_left_alone(name: str) -> None:
    assert kind_of(name) is None


@st.composite
def likely_names(draw: st.DrawFn) -> str:
    """Draw a name that is made of pieces of such names, with what people put between them."""
    pieces = st.sampled_from([*PIECES.split(), " ", "\n", "\x00", '"', "\\"])
    return "".join(draw(st.lists(pieces, max_size=5)))


@given(name=likely_names())
def test_the_fast_look_misses_no_name(name: str) -> None:
    if kind_of(name) is not None:
        assert may_name(json.dumps({name: 1}).encode())
        assert may_name(json.dumps({name: 1}, ensure_ascii=False).encode())


def test_the_fast_look_misses_no_name_that_is_spelt_with_escapes() -> None:
    assert may_name(rb'{"\u0069p": 1}')
    assert may_name(rb'{"i\u0050": 1}')


@given(
    before=st.text("abcxyz .:/=\"'", max_size=5),
    address=addresses,
    after=st.text(" .:;\"'", max_size=3),
)
def test_no_address_is_left_in_text(before: str, address: str, after: str) -> None:
    assert address not in remove_addresses(f"{before} {address}{after}")


@pytest.mark.parametrize(
    "text", ["at 12:30:45", "version 1.2.3", "a: b: c", "std:x", "https://shop.example:8000/a"]
)
def test_what_is_no_address_is_left_in_text(text: str) -> None:
    assert remove_addresses(text) == text


def test_long_text_is_looked_through_in_no_time() -> None:
    for text in ("a" * 300_000, ":" * 300_000, "1." * 150_000, "a:" * 150_000):
        remove_addresses(text)
