"""Whether the applications that send events answer quickly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.checks.findings import Check, Finding
from warehouse.connections import Connection
from warehouse.settings import Settings

WINDOW = timedelta(minutes=5)
ON_ITS_WAY = timedelta(minutes=5)  # so much later than it happened may an event be received
MOST_ENDPOINTS = 20

# Received at most a few minutes ago: Postgres reads the end of the newest partition.
_SLOW = """
select entity_id, avg(milliseconds), count(*), max(milliseconds)
from (
    select
        left(entity_id, 200) as entity_id,
        case
            when jsonb_typeof(properties -> 'response_time_ms') = 'number'
                then (properties ->> 'response_time_ms')::numeric
        end as milliseconds
    from raw.events
    where
        received_at > %(received_since)s
        and received_at <= %(now)s
        and category = 'system'
        and event_type = 'api_request'
        and entity_id is not null
        and occurred_at > %(since)s
) as requests
group by entity_id
having avg(milliseconds) > %(most)s
order by avg(milliseconds) desc
limit %(limit)s
"""


def response_time(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Find endpoints whose mean response time over five minutes is too long."""
    rows = connection.execute(
        _SLOW,
        {
            "now": now,
            "since": now - WINDOW,
            "received_since": now - WINDOW - ON_ITS_WAY,
            "most": settings.alert_response_ms,
            "limit": MOST_ENDPOINTS,
        },
    ).fetchall()
    for endpoint, mean, requests, slowest in rows:
        yield Finding(
            f"response_time:{endpoint}",
            "warning",
            f"{endpoint} took {mean:,.0f} ms on average over {requests:,} requests of the last 5 "
            f"minutes; at most {settings.alert_response_ms:g} ms are well",
            {"requests": requests, "slowest_ms": float(slowest)},
        )


CHECKS = (Check("response_time", response_time),)
