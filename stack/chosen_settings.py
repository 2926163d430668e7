"""Settings as an operator sees and changes them: what is in force, where from, and setting one."""

from __future__ import annotations

import difflib
import os
from typing import Any, NamedTuple

from pydantic import SecretStr

from stack.launch import read_launches
from stack.parts import INGESTION
from stack.state import DSN_VARIABLES, URL_VARIABLES, read_env_file, write_env_file
from warehouse.errors import OperatorError
from warehouse.live_settings import LIVE_SETTINGS, RETENTION_SETTINGS
from warehouse.settings import ENV_FILE, ENV_PREFIX, Settings, home_directory

_HIDDEN = "********"
_MADE_BY_UP = {*DSN_VARIABLES, *URL_VARIABLES}


class ChosenSetting(NamedTuple):
    """One setting.

    Attributes:
        name: Its variable.
        value: Its text, secrets hidden; None where it has none.
        origin: ``environment``, ``footfall.env`` or ``default``.
        is_live: Whether ingestion follows a change of the file at its next request.
    """

    name: str
    value: str | None
    origin: str
    is_live: bool


def list_settings() -> list[ChosenSetting]:
    """Return every setting as this process would have it.

    Raises:
        pydantic.ValidationError: A value is wrong.
    """
    home = home_directory()
    chosen = read_env_file(home)
    settings = Settings(_env_file=home / ENV_FILE)
    found = []
    for field in Settings.model_fields:
        name = f"{ENV_PREFIX}{field.upper()}"
        value = getattr(settings, field)
        origin = "environment" if name in os.environ else ENV_FILE if name in chosen else "default"
        text = _HIDDEN if isinstance(value, SecretStr) else _text(value)
        found.append(ChosenSetting(name, text, origin, field in LIVE_SETTINGS))
    return found


def change_setting(name: str, value: str) -> str:
    """Write a setting into footfall.env.

    Args:
        name: Its variable, or its name without the prefix, in any case.
        value: Its text; empty: what its default is.

    Returns:
        A sentence that says what follows.

    Raises:
        OperatorError: There is no such setting, or it is not for the file.
        pydantic.ValidationError: The value is wrong; nothing is changed.
    """
    field = _field(name)
    variable = f"{ENV_PREFIX}{field.upper()}"
    home = home_directory()
    values = read_env_file(home)
    _check_is_for_the_file(field, variable, values)
    if value:
        given: dict[str, Any] = {field: value}
        Settings(_env_file=None, **given)
        values[variable] = value
    else:
        values.pop(variable, None)
    try:
        home.mkdir(parents=True, exist_ok=True)
        write_env_file(home, values)
    except OSError as error:
        raise OperatorError(f"{home / ENV_FILE} cannot be written: {error.strerror}") from error
    return f"{variable} is {'set' if value else 'its default'}: {_what_follows(field, variable)}"


def replace_write_key(key: str) -> None:
    """Write another FOOTFALL_WRITE_KEY into footfall.env.

    Raises:
        OperatorError: The environment has one, which goes before the file; or the file cannot be
            written.
    """
    variable = f"{ENV_PREFIX}WRITE_KEY"
    if variable in os.environ:
        raise OperatorError(
            f"{variable} is in the environment, which goes before {ENV_FILE}: set another key "
            "there, and run `make up` or `footfall migrate`, which put it in force."
        )
    change_setting(variable, key)


def _field(name: str) -> str:
    field = name.lower().removeprefix(ENV_PREFIX.lower())
    if field in Settings.model_fields:
        return field
    near = difflib.get_close_matches(field, Settings.model_fields, n=3)
    hint = f"do you mean {' or '.join(near)}?" if near else "`footfall settings list` has them all."
    raise OperatorError(f"There is no setting {name}; {hint}")


def _check_is_for_the_file(field: str, variable: str, values: dict[str, str]) -> None:
    if field == "home":
        raise OperatorError(f"{variable} says where the file is: set it in the environment.")
    if variable in _MADE_BY_UP:
        raise OperatorError(
            f"{variable} follows from ports, FOOTFALL_BIND_HOST and FOOTFALL_DATABASE_URL: change "
            "those, and run `make up`."
        )
    if field == "privacy_secret" and variable in values:
        raise OperatorError(f"{variable} is kept for ever: with another, nobody stays erased.")


def _what_follows(field: str, variable: str) -> str:
    if field in RETENTION_SETTINGS:
        return "retention obeys from its next run on; `footfall retention --dry-run` shows how."
    if field not in LIVE_SETTINGS:
        return "run `make up`, which starts anew what it concerns."
    if variable in _environment_of_ingestion():
        return (
            "but ingestion was started with it in its environment, which goes before the file. Run "
            "`make up` from an environment without it."
        )
    return "ingestion obeys from its next request on."


def _environment_of_ingestion() -> set[str]:
    try:
        return set(read_launches(home_directory())[INGESTION].environment)
    except (FileNotFoundError, KeyError):
        return set()


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
