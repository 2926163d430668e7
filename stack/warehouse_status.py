"""How the warehouse is, as ``footfall status`` shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row

from warehouse.amounts import size
from warehouse.connections import connect
from warehouse.overview import QUERIES, Overview, assemble
from warehouse.settings import Settings


def read_overview(settings: Settings) -> Overview | None:
    """Read how the warehouse is; None where it cannot be read.

    Args:
        settings: Needs ``serving_dsn``.
    """
    answers: dict[str, list[dict[str, Any]]] = {}
    try:
        with (
            connect(settings.require("serving_dsn"), name="footfall status") as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            for name, query in QUERIES.items():
                answers[name] = cursor.execute(query.encode()).fetchall()
    except psycopg.Error:
        return None
    return assemble(answers)


def summarise(overview: Overview, now: dt.datetime) -> Iterator[str]:
    """Yield lines that tell how the warehouse is.

    Args:
        overview: What was read.
        now: Time from which ages are counted.
    """
    for alert in overview.alerts:
        yield f"{alert['severity'].upper():<10} {alert['condition']}: {alert['summary']}"
    landing = overview.landing
    yield (
        f"events     last received {_ago(landing['last_received_at'], now)}; "
        f"{landing['events_of_last_hour']:,} within an hour; {overview.waiting_events:,} waiting, "
        f"{overview.held_events:,} held"
    )
    behind = [one for one in overview.marts if one["behind_since"]]
    yield f"marts      {len(overview.marts)}, {len(behind)} of them behind"
    for one in behind:
        yield (
            f"  -> {one['mart']} lacks what was built {_ago(one['behind_since'], now)}; "
            f"published {_ago(one['published_at'], now)}"
        )
    for run in overview.runs[:1]:
        yield (
            f"runs       the last, {run['domain']}, {run['state']} {_ago(run['started_at'], now)}; "
            f"within a day {_costs(overview)}"
        )
    yield (
        f"quality    {overview.checks['checks']:,} checks within a day, "
        f"{len(overview.quality)} expectations failed"
    )
    for one in overview.quality[:5]:
        yield (
            f"  -> {one['severity']}: {one['suite']} {one['expectation']} ({one['failures']} times)"
        )
    partitions = overview.partitions
    schemas = ", ".join(f"{one['schema']} {size(one['bytes'])}" for one in overview.sizes)
    yield f"disk       database {size(partitions['database_bytes'])}: {schemas}"
    yield (
        f"partitions {partitions['partitions']:,} days of raw events, "
        f"{partitions['days_ahead']:,} of them ahead"
        + ("; events wait in raw.events_default" if partitions["default_bytes"] else "")
    )


def _costs(overview: Overview) -> str:
    runs = sum(one["runs"] for one in overview.costs)
    failed = sum(one["failed"] for one in overview.costs)
    seconds = sum(one["seconds"] for one in overview.costs)
    return f"{runs:,} runs of {seconds:,.0f} s in all, {failed:,} of them failed"


def _ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    seconds = max((now - moment).total_seconds(), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
