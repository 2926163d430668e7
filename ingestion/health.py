"""How ingestion is: each thing that it depends on, and what follows for those who send."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ingestion.group import AWAY_ERRORS
from ingestion.places import open_places

if TYPE_CHECKING:
    from ingestion.app import Ingestion

PING_SECONDS = 2
HEALTHY = "healthy"
STALE = "stale"  # what was read before is in force
WAITING = "waiting"  # events are safe, and not yet where they belong
DAMAGED = "damaged"  # somebody must look
UNHEALTHY = "unhealthy"
# What follows for the whole; the worst decides.
_WHOLE = {
    UNHEALTHY: "unhealthy",
    DAMAGED: "degraded",
    STALE: "degraded",
    WAITING: "degraded",
    HEALTHY: "healthy",
}


async def postgres_health(ingestion: Ingestion) -> dict[str, Any]:
    """Return how Postgres is, after at most :data:`PING_SECONDS`.

    The reason why it cannot be used names neither addresses nor log-ins: anybody may read it.
    """
    started = time.perf_counter()
    try:
        await asyncio.wait_for(ingestion.ping(), PING_SECONDS)
    except AWAY_ERRORS as error:
        ingestion.metrics.postgres_up.set(0)
        reason = f"Postgres does not answer ({type(error).__name__})"
        return {"status": UNHEALTHY, "reason": reason}
    ingestion.metrics.postgres_up.set(1)
    milliseconds = round((time.perf_counter() - started) * 1000, 3)
    return {"status": HEALTHY, "latency_ms": milliseconds}


async def health(ingestion: Ingestion) -> dict[str, Any]:
    """Return how ingestion and each of its dependencies are, as ``GET /health/`` says it."""
    settings = ingestion.live_settings.current()  # which looks at the file
    database, problem = open_places(settings.geoip_database, settings.home).state()
    dependencies = {
        "postgres": await postgres_health(ingestion),
        "catalogue": {
            **_following(ingestion.catalogue.problem),
            "event_types": len(ingestion.catalogue.current),
        },
        "settings": _following(ingestion.live_settings.problem),
        "keys": _keys(ingestion),
        "tokens": _following(ingestion.gate.problem),
        "geo": {**_following(problem), "database": database},
        "queue": _queue(ingestion),
        "spool": _spool(ingestion),
    }
    states = {one["status"] for name, one in dependencies.items() if name != "postgres"}
    is_away = dependencies["postgres"]["status"] == UNHEALTHY
    states.add(WAITING if is_away and ingestion.can_spool else dependencies["postgres"]["status"])
    whole = next(name for state, name in _WHOLE.items() if state in states)
    return {"status": whole, "dependencies": dependencies}


def _following(problem: str | None) -> dict[str, Any]:
    """Return how something is that follows what stands elsewhere."""
    if problem is None:
        return {"status": HEALTHY}
    return {"status": STALE, "reason": problem}


def _keys(ingestion: Ingestion) -> dict[str, Any]:
    keys = ingestion.keys
    if keys.is_stale:
        reason = "the write keys cannot be read from Postgres: those read before are in force"
        return {"status": STALE, "reason": reason, "valid": keys.count}
    return {"status": HEALTHY, "valid": keys.count}


def _queue(ingestion: Ingestion) -> dict[str, Any]:
    landing = ingestion.landing
    size = {"events": landing.queued_events, "bytes": landing.queued_bytes}
    if landing.is_full:
        return {"status": UNHEALTHY, "reason": "more waits than can be landed", **size}
    return {"status": HEALTHY, **size}


def _spool(ingestion: Ingestion) -> dict[str, Any]:
    backlog = ingestion.landing.backlog
    if backlog is None:
        return {"status": HEALTHY, "events": 0, "bytes": 0, "max_bytes": 0}
    spool = backlog.spool
    size = {
        "events": spool.waiting_events,
        "bytes": spool.waiting_bytes,
        "max_bytes": spool.max_bytes,
    }
    if not spool.has_room:
        return {"status": UNHEALTHY, "reason": "no more events can wait for Postgres", **size}
    if spool.damaged:
        reason = f"what could not be read was set aside, in {spool.damaged} files"
        return {"status": DAMAGED, "reason": reason, **size}
    if backlog.comes_first:
        return {"status": WAITING, "reason": "events wait for Postgres", **size}
    return {"status": HEALTHY, **size}
