"""Settings that would open a door are refused, and no message repeats what was given."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from warehouse.setting_checks import LEAST_SECRET_BYTES
from warehouse.settings import Settings, explain_invalid


@pytest.mark.parametrize("secret", ["", "s" * LEAST_SECRET_BYTES, "ü" * (LEAST_SECRET_BYTES // 2)])
def test_a_secret_of_tokens_is_empty_or_long(secret: str) -> None:
    settings = Settings(_env_file=None, jwt_secret=secret)
    assert settings.require("jwt_secret") == secret


@pytest.mark.parametrize(
    "location",
    [
        "https://id.example/keys.json",
        "http://127.0.0.1:8080/keys.json",
        "http://[::1]/keys.json",
        "http://localhost/keys.json",
        "/etc/footfall/keys.json",
        "",
    ],
)
def test_keys_of_tokens_come_encrypted_or_from_this_machine(location: str) -> None:
    assert Settings(_env_file=None, jwt_jwks=location).jwt_jwks == location


@pytest.mark.parametrize(
    "location",
    [
        "http://id.example/hunter2.json",
        "http://127.0.0.1.hunter2.example/",
        "ftp://hunter2/",
        "file:///etc/hunter2",
        "http:///hunter2",
    ],
)
def test_keys_of_tokens_that_others_could_replace_are_refused(location: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, jwt_jwks=location)
    assert explain_invalid(error.value).startswith("FOOTFALL_JWT_JWKS: it must be an https URL")
    assert "hunter2" not in str(error.value)


def test_a_short_secret_is_refused_and_not_shown() -> None:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, jwt_secret="hunter2")
    assert explain_invalid(error.value).startswith(
        "FOOTFALL_JWT_SECRET: it has 7 bytes, and must have 32 or more"
    )
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("trusted_proxies", "10.0.0.0/8, hunter2", "number 2 of the list is neither an address"),
        ("trusted_proxies", "10.0.0.0/99", "number 1 of the list is neither an address"),
        ("anonymous_origins", "https://shop.example,hunter2", "number 2 of the list is no origin"),
        ("anonymous_origins", "*", "number 1 of the list is no origin"),
    ],
)
def test_a_list_with_a_wrong_entry_is_refused_by_its_place(name: str, value: str, why: str) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, **given)
    assert explain_invalid(error.value).startswith(f"FOOTFALL_{name.upper()}: {why}")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("value", ["", " ", "10.0.0.1", "10.1.2.3/8, fd00::/8,", "::1"])
def test_a_list_of_networks_may_hold_addresses_and_blanks(value: str) -> None:
    assert Settings(_env_file=None, trusted_proxies=value).trusted_proxies == value
