"""What an operator does with held loads: let them through, or move their events into quarantine.

Each load is dealt with in a transaction of its own, and only while it is held, so that doing it
again does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline import loads
from pipeline.alerts import resolve_alert
from pipeline.observations import forget_events
from warehouse.connections import Connection, connect
from warehouse.errors import OperatorError
from warehouse.settings import Settings

REASON = "failed_expectation"

# In the canonical format, so that `footfall quarantine` can correct and replay it.
_MOVE = """
with moved as (
    select
        *,
        (
            jsonb_strip_nulls(jsonb_build_object(
                'event_id', event_id, 'category', category, 'event_type', event_type,
                'user_id', user_id, 'anonymous_id', anonymous_id, 'session_id', session_id,
                'entity_type', entity_type, 'entity_id', entity_id, 'value', value,
                'currency', currency, 'quantity', quantity, 'occurred_at', occurred_at
            ))
            || jsonb_build_object('context', context, 'properties', properties)
        )::text as canonical
    from raw.events
    where
        load_id = %(load_id)s
        and received_at >= %(first)s and received_at <= %(last)s
        and (%(events)s::uuid[] is null or event_id = any(%(events)s::uuid[]))
)
insert into raw.quarantine (
    load_id, received_at, source, event_id, category, event_type, reason, field, message, payload,
    dialect, event, endpoint
)
select
    load_id, received_at, source, moved.event_id, category, event_type, %(reason)s, why.field,
    coalesce(why.message, %(message)s), canonical, 'canonical', canonical, 'POST /v1/events'
from moved
left join unnest(%(events)s::uuid[], %(fields)s::text[], %(messages)s::text[])
    as why (event_id, field, message) on moved.event_id = why.event_id
"""
_DELETE = """
delete from raw.events
where
    load_id = %(load_id)s
    and received_at >= %(first)s and received_at <= %(last)s
    and (%(events)s::uuid[] is null or event_id = any(%(events)s::uuid[]))
"""
_DELETE_IDS = """
delete from raw.event_ids
where
    load_id = %(load_id)s
    and (%(events)s::uuid[] is null or event_id = any(%(events)s::uuid[]))
"""
_RESTATE = """
with remaining as (
    select min(received_at) as first, max(received_at) as last
    from raw.events
    where load_id = %(load_id)s and received_at >= %(first)s and received_at <= %(last)s
)
update raw.loads set
    stored = stored - %(moved)s,
    quarantined = quarantined + %(moved)s,
    first_received_at = remaining.first,
    last_received_at = remaining.last,
    state = 'landed',
    held_reason = null,
    restated_at = clock_timestamp()
from remaining
where load_id = %(load_id)s
"""


def release_loads(settings: Settings, load_ids: Sequence[int] | None = None) -> int:
    """Let held loads through without the gate; the next run builds them.

    Args:
        settings: Of this process.
        load_ids: Which; all that are held where None.

    Returns:
        How many loads were released; those that are not held are left alone.

    Raises:
        OperatorError: There is no such load.
    """
    with connect(settings.require("transform_dsn"), name="footfall loads") as connection:
        _check_existence(connection, load_ids)
        released = loads.release(connection, load_ids)
    _settle_alert(settings)
    return released


def quarantine_loads(
    settings: Settings,
    load_ids: Sequence[int] | None = None,
    *,
    only_offending: bool = False,
) -> Mapping[int, int]:
    """Move the events of held loads into quarantine; the ledger says so.

    Args:
        settings: Of this process.
        load_ids: Which; all that are held where None.
        only_offending: Move those events alone that break an expectation by themselves; the rest
            of the load goes to the gate again with the next run.

    Returns:
        How many events were moved, by load; loads that are not held are left alone.

    Raises:
        OperatorError: There is no such load, or no event of it is to blame by itself.
    """
    moved = {}
    with connect(
        settings.require("owner_dsn"), autocommit=True, name="footfall loads"
    ) as connection:
        _check_existence(connection, load_ids)
        held = connection.execute(
            "select load_id from raw.loads where state <> 'settled' and stored > 0"
            " and state = 'held' and (%s::bigint[] is null or load_id = any(%s))"
            " order by load_id",
            (load_ids, load_ids),
        ).fetchall()
        for (load_id,) in held:
            with connection.transaction():
                moved[load_id] = _quarantine(connection, settings, load_id, only_offending)
    _settle_alert(settings)
    return moved


def _quarantine(
    connection: Connection, settings: Settings, load_id: int, only_offending: bool
) -> int:
    row = connection.execute(
        "select first_received_at, last_received_at, held_reason from raw.loads"
        " where load_id = %s and state = 'held' and stored > 0 for update",
        (load_id,),
    ).fetchone()
    if row is None:
        return 0
    values: dict[str, object] = {
        "load_id": load_id,
        "first": row[0],
        "last": row[1],
        "reason": REASON,
        "message": row[2] or "the load was held",
        "events": None,
        "fields": None,
        "messages": None,
    }
    events: list[str] | None = None
    if only_offending:
        from expectations.offences import offending_events

        blamed = offending_events(connection, settings, load_id)
        if not blamed:
            raise OperatorError(
                f"Load {load_id}: no event of it is to blame by itself, so that all or none can "
                "go: leave --only-offending out, or `footfall loads release` it."
            )
        rules = blamed.values()
        events = list(blamed)
        values |= {
            "events": events,
            "fields": [rule.column for rule in rules],
            "messages": [f"expected that {rule.sentence}" for rule in rules],
        }
    moved = connection.execute(_MOVE, values).rowcount
    forget_events(connection, load_id, row[0], row[1], events)
    connection.execute(_DELETE_IDS, values)
    connection.execute(_DELETE, values)
    connection.execute(_RESTATE, {**values, "moved": moved})
    return moved


def _check_existence(connection: Connection, load_ids: Sequence[int] | None) -> None:
    if load_ids is None:
        return
    known = connection.execute(
        "select load_id from raw.loads where load_id = any(%s)", (list(load_ids),)
    ).fetchall()
    missing = sorted(set(load_ids) - {row[0] for row in known})
    if missing:
        raise OperatorError(
            f"There is no load {', '.join(map(str, missing))}: `footfall loads list` shows those "
            "that are not settled."
        )


def _settle_alert(settings: Settings) -> None:
    with connect(settings.require("transform_dsn"), name="footfall loads") as connection:
        if not loads.are_held(connection):
            resolve_alert(connection, "gate:raw")
