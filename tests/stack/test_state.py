"""The state directory: secrets are made once, addresses follow what is asked for."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stack.state import open_state, prepare_state, read_env_file, write_env_file
from warehouse.errors import OperatorError
from warehouse.roles import Role
from warehouse.settings import ENV_FILE

SECRETS = (
    "FOOTFALL_AIRFLOW_PASSWORD",
    "FOOTFALL_WRITE_KEY",
    "FOOTFALL_READ_TOKEN",
    "FOOTFALL_ADMIN_TOKEN",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
)
PROMISED = {
    "FOOTFALL_INGESTION_URL",
    "FOOTFALL_SERVING_URL",
    "FOOTFALL_AIRFLOW_URL",
    "FOOTFALL_AIRFLOW_USER",
    "FOOTFALL_AIRFLOW_PASSWORD",
    "FOOTFALL_WRITE_KEY",
    "FOOTFALL_READ_TOKEN",
    "FOOTFALL_ADMIN_TOKEN",
    "FOOTFALL_READ_DSN",
    "FOOTFALL_OWNER_DSN",
}


def test_the_file_holds_every_promised_name_and_is_for_its_owner_alone(home: Path) -> None:
    state = prepare_state()

    assert state.is_new
    assert set(read_env_file(home)) >= PROMISED
    assert stat.S_IMODE((home / ENV_FILE).stat().st_mode) == 0o600


def test_a_second_start_changes_nothing(home: Path) -> None:
    prepare_state()
    before = (home / ENV_FILE).read_bytes()

    assert not prepare_state().is_new
    assert (home / ENV_FILE).read_bytes() == before


def test_on_this_machine_alone_older_systems_send_without_a_key_until_the_operator_says_no(
    home: Path,
) -> None:
    prepare_state()
    values = read_env_file(home)
    assert values.pop("FOOTFALL_ANONYMOUS_SOURCE") == "web"
    assert "FOOTFALL_ANONYMOUS_SOURCE lets any program" in (home / ENV_FILE).read_text()

    write_env_file(home, values)
    assert prepare_state().settings.anonymous_source is None


def test_where_others_can_reach_ingestion_nobody_sends_without_a_key(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_BIND_HOST", "192.0.2.7")

    assert prepare_state().settings.anonymous_source is None


def test_two_states_share_no_secret(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare_state().values
    monkeypatch.setenv("FOOTFALL_HOME", str(home.parent / "other"))
    second = prepare_state().values

    assert all(first[name] != second[name] for name in SECRETS)
    assert first["FOOTFALL_OWNER_DSN"] != second["FOOTFALL_OWNER_DSN"]


def test_another_port_changes_the_addresses_and_keeps_the_secrets(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = prepare_state()
    monkeypatch.setenv("FOOTFALL_POSTGRES_PORT", "15999")
    monkeypatch.setenv("FOOTFALL_SERVING_PORT", "18999")
    after = prepare_state()

    assert after.settings.serving_url == "http://127.0.0.1:18999"
    assert "127.0.0.1:15999/footfall" in after.settings.require("read_dsn")
    assert after.settings.ingestion_url == before.settings.ingestion_url
    assert after.passwords() == before.passwords()
    assert [after.values[name] for name in SECRETS] == [before.values[name] for name in SECRETS]


def test_a_port_that_was_chosen_once_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = prepare_state()
    monkeypatch.delenv("FOOTFALL_SERVING_PORT")

    assert prepare_state().settings.serving_port == before.settings.serving_port


def test_a_setting_of_the_operators_own_in_the_file_is_kept_and_heeded(home: Path) -> None:
    prepare_state()
    with (home / ENV_FILE).open("a") as file:
        file.write("FOOTFALL_LOG_LEVEL=debug\n")

    assert prepare_state().settings.log_level == "debug"
    assert "FOOTFALL_LOG_LEVEL=debug" in (home / ENV_FILE).read_text().splitlines()


def test_a_database_of_the_users_own_is_where_every_dsn_leads(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://me:it's%20%23secret@db.example:6543/products?sslmode=require"
    monkeypatch.setenv("FOOTFALL_DATABASE_URL", url)
    prepare_state()
    monkeypatch.delenv("FOOTFALL_DATABASE_URL")
    settings = prepare_state().settings

    assert settings.require("database_url") == url
    assert settings.require("ingest_dsn").endswith("@db.example:6543/products?sslmode=require")
    assert f"//{Role.AIRFLOW}:" in settings.require("airflow_dsn")
    assert "/footfall_airflow?" in settings.require("airflow_dsn")


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_by_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("FOOTFALL_AIRFLOW_PORT", port)

    with pytest.raises(OperatorError, match="FOOTFALL_AIRFLOW_PORT must be a port"):
        prepare_state()


def test_one_port_for_two_parts_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_SERVING_PORT", "18999")
    monkeypatch.setenv("FOOTFALL_AIRFLOW_PORT", "18999")

    with pytest.raises(OperatorError, match="FOOTFALL_SERVING_PORT and FOOTFALL_AIRFLOW_PORT"):
        prepare_state()


def test_a_directory_that_cannot_be_written_is_named_with_the_remedy(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path / "file" / "home"))

    with pytest.raises(OperatorError, match="set FOOTFALL_HOME to another directory"):
        prepare_state()


def test_before_the_first_start_there_is_no_state(home: Path) -> None:
    assert open_state() is None
