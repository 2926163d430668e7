"""What an operator wants to know of the warehouse, in a handful of queries that read no history.

The queries take no parameters, so that the command runs them with psycopg and serving with asyncpg.
Those who run them need the rights of :attr:`warehouse.roles.Role.SERVING`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

QUERIES = {
    "landing": """
        select
            (select received_at from raw.loads order by load_id desc limit 1) as last_received_at,
            coalesce(sum(stored), 0)::bigint as events_of_last_hour
        from raw.loads
        where received_at > now() - interval '1 hour'
    """,
    "loads": """
        select state, count(*) as loads, sum(stored)::bigint as events, min(received_at) as since
        from raw.loads
        where state <> 'settled' and stored > 0
        group by state
        order by state
    """,
    "marts": """
        with publishing as (
            select distinct on (domain) domain, detail -> 'rows' as rows
            from ops.runs
            where domain <> 'core' and state = 'succeeded'
            order by domain, run_id desc
        ),
        built as (
            select run_id, finished_at from ops.runs
            where domain = 'core' and state = 'succeeded'
        )
        select
            tables.relname::text as mart,
            publishing.domain,
            progress.published_at,
            (
                select min(built.finished_at) from built
                where built.run_id > coalesce(progress.core_run_id, 0)
            ) as behind_since,
            greatest(tables.reltuples, 0)::bigint as rows,
            pg_total_relation_size(tables.oid) as bytes
        from pg_class as tables
        left join publishing on publishing.rows ? tables.relname::text
        left join ops.domain_progress as progress on publishing.domain = progress.domain
        where tables.relnamespace = 'marts'::regnamespace and tables.relkind = 'r'
        order by publishing.domain, tables.relname
    """,
    "runs": """
        select
            run_id, domain, state, trigger, is_full_refresh, started_at, finished_at,
            extract(epoch from coalesce(finished_at, now()) - started_at)::float as seconds,
            loads, events, detail ->> 'reason' as reason
        from ops.runs
        order by run_id desc
        limit 12
    """,
    "costs": """
        select
            domain,
            count(*) as runs,
            count(*) filter (where state = 'failed') as failed,
            coalesce(sum(extract(epoch from finished_at - started_at)), 0)::float as seconds,
            coalesce(sum(events), 0)::bigint as events
        from ops.runs
        where started_at > now() - interval '1 day'
        group by domain
        order by seconds desc
    """,
    "quality": """
        select
            suite, expectation, column_name, severity,
            count(*) filter (where not is_success) as failures,
            count(*) as checks,
            max(checked_at) as checked_at
        from ops.quality_results
        where checked_at > now() - interval '1 day'
        group by suite, expectation, column_name, severity
        having count(*) filter (where not is_success) > 0
        order by severity, failures desc, suite
        limit 20
    """,
    "checks": """
        select count(*) as checks, max(checked_at) as checked_at
        from ops.quality_results
        where checked_at > now() - interval '1 day'
    """,
    "alerts": """
        select condition, severity, state, summary, opened_at, last_seen_at, occurrences
        from ops.alerts
        where state <> 'resolved'
        order by severity, opened_at desc
        limit 50
    """,
    "sizes": """
        select
            nspname::text as schema,
            coalesce(sum(pg_total_relation_size(tables.oid)), 0)::bigint as bytes
        from pg_namespace
        left join pg_class as tables
            on tables.relnamespace = pg_namespace.oid and tables.relkind in ('r', 'm')
        where nspname in ('raw', 'intermediate', 'marts', 'ops')
        group by nspname
        order by bytes desc
    """,
    "partitions": """
        with days as (
            select to_date(right(relname, 8), 'YYYYMMDD') as day
            from pg_inherits inner join pg_class on pg_class.oid = inhrelid
            where inhparent = 'raw.events'::regclass and relname ~ '^events_[0-9]{8}$'
        )
        select
            count(*) as partitions,
            min(day) as first_day,
            max(day) as last_day,
            count(*) filter (where day > (now() at time zone 'UTC')::date) as days_ahead,
            pg_relation_size('raw.events_default') as default_bytes,
            pg_database_size(current_database()) as database_bytes
        from days
    """,
    "removals": """
        select what, removed_at, removed, bytes, is_whole, oldest, newest, archive
        from ops.removals
        order by removal_id desc
        limit 5
    """,
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Overview:
    """The state of the warehouse at one moment; each part is what the query of its name returns.

    Attributes:
        landing: When the last request landed, and events of the last hour.
        loads: Loads that are not settled, by state.
        marts: Every mart: when it was published, and since when it lacks what has been built.
        runs: The last runs.
        costs: What the runs of the last day took, by domain.
        quality: Expectations that failed within a day.
        checks: How many expectations were checked within a day, and when last.
        alerts: What needs a person.
        sizes: Bytes on disk by schema.
        partitions: Partitions of raw events, and the size of the database.
        removals: What retention removed last.
    """

    landing: Row
    loads: Sequence[Row]
    marts: Sequence[Row]
    runs: Sequence[Row]
    costs: Sequence[Row]
    quality: Sequence[Row]
    checks: Row
    alerts: Sequence[Row]
    sizes: Sequence[Row]
    partitions: Row
    removals: Sequence[Row]

    @property
    def held_events(self) -> int:
        """Events that a failed check holds back."""
        return sum(int(one["events"]) for one in self.loads if one["state"] == "held")

    @property
    def waiting_events(self) -> int:
        """Events that wait for a run, or are in one."""
        return sum(int(one["events"]) for one in self.loads if one["state"] != "held")


_SINGLE = ("landing", "checks", "partitions")


def assemble(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> Overview:
    """Return the overview that the answers to all queries make.

    Args:
        answers: Rows by name of query.
    """
    parts: dict[str, Any] = {
        name: [dict(row) for row in answers[name]] for name in QUERIES if name not in _SINGLE
    }
    parts |= {name: dict(answers[name][0]) for name in _SINGLE}
    return Overview(**parts)


def as_json(overview: Overview) -> dict[str, Any]:
    """Return an overview in what JSON knows: times as ISO 8601 texts."""
    return {name: _plain(value) for name, value in vars(overview).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value
