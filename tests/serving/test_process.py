from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import psutil

from tests.conftest import Warehouse, free_port, stop
from tests.serving.conftest import BEARER, READ_TOKEN, wait_until_live
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT

COMMAND = [sys.executable, "-m", "serving"]


def start_process(home: Path, **variables: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "FOOTFALL_HOME": str(home), **variables}
    with (home / "log").open("wb") as log:
        return subprocess.Popen(COMMAND, cwd=PROJECT_ROOT, env=environment, stderr=log)


def test_the_process_serves_until_it_is_told_to_stop_and_stays_small(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    port = free_port()
    process = start_process(
        tmp_path,
        FOOTFALL_SERVING_PORT=str(port),
        FOOTFALL_SERVING_DSN=warehouse.dsn(Role.SERVING),
        FOOTFALL_READ_TOKEN=READ_TOKEN,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_until_live(client)
            assert client.get("/").status_code == 200
            assert client.get("/v1/daily", headers=BEARER).status_code == 503
        assert psutil.Process(process.pid).children() == []
        assert psutil.Process(process.pid).memory_info().rss < 100_000_000
    finally:
        stop(process, timeout=10)
    assert process.returncode == 0


def test_without_a_token_the_process_says_what_is_missing_and_ends(tmp_path: Path) -> None:
    process = start_process(tmp_path, FOOTFALL_SERVING_DSN="postgresql://localhost/none")

    assert process.wait(timeout=20) == 1
    assert "FOOTFALL_READ_TOKEN is not set" in (tmp_path / "log").read_text()
