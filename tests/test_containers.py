from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from stack.parts import define_parts
from stack.probe import main as probe
from stack.state import prepare_state
from tests.conftest import free_port
from warehouse.settings import PROJECT_ROOT, load_settings

COMPOSE = PROJECT_ROOT / "docker-compose.yml"
ONE_SHOT = {"migration"}
OFFICIAL = {"postgres"}


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


SERVICES = services()
OURS = sorted(SERVICES.keys() - OFFICIAL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the compose file needs, away from the .env of the developer."""
    shutil.copy(COMPOSE, tmp_path)
    shutil.copytree(PROJECT_ROOT / "docker", tmp_path / "docker")
    return tmp_path


def make_secrets(folder: Path) -> dict[str, str]:
    subprocess.run(["sh", folder / "docker" / "secrets.sh"], check=True, capture_output=True)
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_each_part_of_one_machine_is_a_service_with_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    parts = {part.name: part.launch.command for part in define_parts(prepare_state({}))}
    load_settings.cache_clear()

    assert set(SERVICES) == parts.keys() | ONE_SHOT
    for name in OURS:
        command = SERVICES[name]["command"]
        if name in ONE_SHOT:
            assert command == ["python", "-m", "stack.cli", "migrate"]
        elif name.startswith("airflow-"):
            assert command[:5] == ["python", "-m", "stack.cli", "airflow", "--"]
            assert tuple(command[5:]) == parts[name][3:]
        else:
            assert tuple(command[1:]) == parts[name][1:]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_restarts_is_checked_and_may_do_little(name: str) -> None:
    service = SERVICES[name]

    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    assert service["healthcheck"].get("disable", False) == (name in ONE_SHOT)
    assert name in ONE_SHOT or service["healthcheck"]["test"][0] == "CMD"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", OURS)
def test_a_part_waits_for_a_migrated_database(name: str) -> None:
    waits_for = SERVICES[name]["depends_on"]

    assert waits_for["postgres"]["condition"] == "service_healthy"
    if name not in ONE_SHOT:
        assert waits_for["migration"]["condition"] == "service_completed_successfully"


def test_no_secret_is_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items():
            if re.search(r"PASSWORD|TOKEN|SECRET|WRITE_KEY|FERNET", variable):
                assert value == f"${{{value[2:].partition(':')[0]}:?run sh docker/secrets.sh}}", (
                    name
                )
            if "://" in value and "@" in value:
                assert re.search(r":\$\{\w+_PASSWORD:\?run sh docker/secrets.sh\}@", value), name


@pytest.mark.parametrize(
    ("name", "secrets"),
    [
        ("ingestion", {"FOOTFALL_INGEST_DSN", "FOOTFALL_ADMIN_TOKEN", "FOOTFALL_PRIVACY_SECRET"}),
        ("serving", {"FOOTFALL_SERVING_DSN", "FOOTFALL_READ_TOKEN"}),
        ("airflow-api-server", {"FOOTFALL_AIRFLOW_DSN", "FOOTFALL_AIRFLOW_PASSWORD"}),
        ("airflow-scheduler", {"FOOTFALL_AIRFLOW_DSN", "FOOTFALL_TRANSFORM_DSN"}),
        ("airflow-dag-processor", {"FOOTFALL_AIRFLOW_DSN", "FOOTFALL_TRANSFORM_DSN"}),
        ("airflow-triggerer", {"FOOTFALL_AIRFLOW_DSN"}),
    ],
)
def test_a_service_gets_the_secrets_it_needs_and_no_other(name: str, secrets: set[str]) -> None:
    given = {
        variable
        for variable, value in SERVICES[name]["environment"].items()
        if variable.startswith("FOOTFALL_") and ":?" in value
    }

    assert given == secrets


def test_all_parts_share_one_image_made_from_the_lock_file() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {"footfall"}
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.11-slim"] * 2
    assert "--require-hashes -r /tmp/requirements.txt" in dockerfile
    assert dockerfile.rstrip().endswith("USER footfall")


def test_the_image_holds_what_is_installed_and_nothing_else() -> None:
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    ignored = (PROJECT_ROOT / ".dockerignore").read_text().splitlines()

    copied = re.findall(r"^COPY (\w\S*) ", dockerfile, re.MULTILINE)

    for name in copied:
        assert (PROJECT_ROOT / name).exists()
        assert f"!{name}" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)
    assert "*" in ignored


def test_the_secrets_are_strong_private_and_kept(copy: Path) -> None:
    secrets = make_secrets(copy)

    assert stat.S_IMODE((copy / ".env").stat().st_mode) == 0o600
    assert len(set(secrets.values())) == len(secrets)
    assert all(len(value) >= 43 for value in secrets.values())
    assert make_secrets(copy) == secrets
    wanted = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
    assert wanted == secrets.keys()


@pytest.mark.skipif(
    shutil.which("docker-compose") is None,
    reason="there is no docker-compose here: apt-get install docker-compose",
)
def test_docker_compose_accepts_the_file_and_asks_for_its_secrets(copy: Path) -> None:
    command = ["docker-compose", "--file", COMPOSE.name, "config", "--quiet"]

    without = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    make_secrets(copy)
    complete = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)

    assert without.returncode != 0
    assert "run sh docker/secrets.sh" in without.stderr
    assert (complete.returncode, complete.stderr) == (0, "")


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/away" else 200)
        self.end_headers()
        self.wfile.write(b'{"scheduler": {"status": "healthy"}, "triggerer": {"status": null}}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("arguments", "is_healthy"),
    [
        (["/"], True),
        (["/", "scheduler"], True),
        (["/", "triggerer"], False),
        (["/away"], False),
    ],
)
def test_the_probe_ends_with_success_only_where_the_part_is_healthy(
    arguments: list[str], is_healthy: bool
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Health) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        path, *component = arguments
        ends = nullcontext() if is_healthy else pytest.raises(SystemExit)
        try:
            with ends:
                probe([f"http://127.0.0.1:{server.server_port}{path}", *component])
        finally:
            server.shutdown()


def test_the_probe_of_a_part_that_is_not_there_fails() -> None:
    command = [sys.executable, "-m", "stack.probe", f"http://127.0.0.1:{free_port()}/"]

    ended = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, check=False)

    assert ended.returncode == 1
