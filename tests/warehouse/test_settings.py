"""Settings that would open a door are refused, and no message repeats what was given."""

from __future__ import annotations

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
