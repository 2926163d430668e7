"""Web origins: what a list of patterns lets in, and how a pattern is written."""

from __future__ import annotations

import pytest

from warehouse.origins import Origins, is_pattern

ALLOWED = Origins(
    ["https://shop.example", "https://*.shop.example", "http://*.lan.example:8080", "http://[::1]"]
)


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "https://www.shop.example",
        "https://a.b.shop.example",
        "http://my_pc.lan.example:8080",
        "http://[::1]",
    ],
)
def test_an_origin_on_the_list_is_let_in(origin: str) -> None:
    assert origin in ALLOWED


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "https://*.shop.example",
        "http://shop.example",
        "http://www.shop.example",
        "https://shop.example:8443",
        "https://www.shop.example:8443",
        "https://shop.example/",
        "https://.shop.example",
        "https://evilshop.example",
        "https://shop.example.evil.example",
        "https://evil.example/.shop.example",
        "https://evil.example:80.shop.example",
        "https://evil.example@www.shop.example",
        "https://www.shopXexample",
        "http://lan.example:8080",
        "http://pc.lan.example",
        "https://www.shop.example\n",
    ],
)
def test_any_other_origin_is_not(origin: str) -> None:
    assert origin not in ALLOWED


def test_an_empty_list_lets_nobody_in() -> None:
    assert "https://shop.example" not in Origins(())


@pytest.mark.parametrize(
    "pattern",
    [
        "https://shop.example",
        "https://shop.example:8443",
        "https://*.shop.example",
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "capacitor://localhost",
    ],
)
def test_patterns_are_origins_as_browsers_send_them_and_subdomains(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "shop.example",
        "https://",
        "https://Shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://shop.example:443",
        "http://shop.example:80",
        "https://shop.example:0",
        "https://*",
        "https://*.",
        "https://www.*.example",
        "https://*shop.example",
        "https://*.*.example",
        "https://me@shop.example",
        "https://shop..example",
        " https://shop.example",
    ],
)
def test_what_no_browser_sends_is_no_pattern(text: str) -> None:
    assert not is_pattern(text)
