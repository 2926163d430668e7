"""Whether the parts of Footfall answer, and how quickly Postgres commits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

from pipeline.checks.findings import Check, Finding
from warehouse.connections import Connection, connect
from warehouse.settings import Settings

SECONDS = 10
COMMITS = 3
_WELL = ("healthy", "ready")


class _Service(NamedTuple):
    name: str
    url: str


def dependency(_: Connection, settings: Settings, __: datetime) -> Iterator[Finding]:
    """Find services that do not answer, or say that they are not well."""
    services = (
        _Service("ingestion", f"{settings.ingestion_url}/health/"),
        _Service("serving", f"{settings.serving_url}/health/ready"),
        _Service("airflow", f"{settings.airflow_url}/api/v2/monitor/health"),
    )
    with ThreadPoolExecutor(len(services)) as pool:
        for service, problems in zip(services, pool.map(_problems, services), strict=True):
            if problems:
                is_down = "" in problems
                what = "; ".join(
                    f"{name}: {reason}" if name else reason for name, reason in problems.items()
                )
                yield Finding(
                    f"dependency:{service.name}",
                    "critical" if is_down else "warning",
                    f"{service.name} is {'down' if is_down else 'not well'}: {what}",
                )


def _problems(service: _Service) -> Mapping[str, str]:
    """Return what is wrong by part of a service, under an empty name of the whole of it."""
    import httpx

    try:
        response = httpx.get(service.url, timeout=SECONDS, trust_env=False)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        return {"": f"no answer ({type(error).__name__})"}
    parts = answer.get("dependencies") or answer.get("checks") or answer
    unwell = dict(_unwell(parts)) if isinstance(parts, Mapping) else {}
    if response.is_error:
        return {"": f"status {response.status_code}", **unwell}
    return unwell


def _unwell(parts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, state in parts.items():
        # Airflow names parts that it does not run, with no status
        if isinstance(state, Mapping) and state.get("status") not in (*_WELL, None):
            yield name, str(state.get("reason") or state["status"])


def database_latency(_: Connection, settings: Settings, __: datetime) -> Iterator[Finding]:
    """Find that a commit takes long: the median of three that write next to nothing."""
    seconds = commit_seconds(settings)
    if seconds * 1000 > settings.alert_database_ms:
        yield Finding(
            "database_latency",
            "warning",
            f"a commit took {seconds * 1000:,.0f} ms; at most {settings.alert_database_ms:g} ms "
            "are well",
        )


def commit_seconds(settings: Settings) -> float:
    """Return how long a small commit takes."""
    dsn = settings.require("transform_dsn")
    taken = []
    with connect(dsn, autocommit=True, name="footfall latency") as connection:
        for _ in range(COMMITS):
            started = time.perf_counter()
            connection.execute("select pg_current_xact_id()")  # which makes the commit a real one
            taken.append(time.perf_counter() - started)
    return median(taken)


CHECKS = (Check("dependency", dependency), Check("database_latency", database_latency))
