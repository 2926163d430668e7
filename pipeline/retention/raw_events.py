"""Removes raw events that are due: whole days as partitions, single classes in batches."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg

from pipeline.domains import CORE
from pipeline.locks import lock
from pipeline.retention.archive import archive_events
from pipeline.retention.contents import forget_contents
from pipeline.retention.grains import classes_as_arrays, prepare_grains, retire_grains
from pipeline.retention.plan import DayPlan
from pipeline.retention.removals import Removal, note_removal
from warehouse.connections import Connection
from warehouse.errors import OperatorError

EVENTS_AT_ONCE = 50_000
_ATTEMPTS = 5
_PAUSE_SECONDS = 2.0
_LOADS = """
select load_id, count(*) as events
from raw.events
where
    received_at >= %(day)s::timestamp at time zone 'UTC'
    and received_at < (%(day)s + 1)::timestamp at time zone 'UTC'
    and (source, category, event_type) in (
        select * from unnest(%(sources)s::text[], %(categories)s::text[], %(types)s::text[])
    )
group by load_id
order by load_id
"""


def remove_day(
    connection: Connection,
    dsn: str,
    plan: DayPlan,
    *,
    archive: Path | None,
    notify: Callable[[str], None],
) -> Removal:
    """Remove what is due of a day, after it is archived where that is asked for.

    It takes the core's lock, so that no run builds meanwhile. Cut short anywhere, it is done by
    doing it again; an archive may then hold events that a later file holds too.

    Args:
        connection: Of the pipeline, with autocommit.
        dsn: URL of the warehouse as the pipeline's role.
        plan: What is due.
        archive: Directory of the archive; None: nothing is archived.
        notify: Told how far it is.

    Returns:
        What was removed.

    Raises:
        OperatorError: It could not be archived, or Postgres refused; what is left stays whole.
        LockTimeoutError: A run did not end in time.
    """
    with lock(dsn, CORE):
        file = None
        if archive is not None and plan.events:
            notify(f"{plan.day}: archiving {plan.events:,} events")
            file = archive_events(connection, archive, plan.day, plan.classes, expected=plan.events)
        prepare_grains(connection)
        removed = 0
        for load_ids, events in _batches(connection, plan):
            with connection.transaction():
                retire_grains(connection, plan.day, load_ids, plan.classes)
                if not plan.is_whole:
                    _remove_events(connection, plan, load_ids)
            removed += events
            notify(f"{plan.day}: {removed:,} of {plan.events:,} events")
        removal = _removal(plan, file)
        if plan.is_whole:
            _drop_day(connection, plan, removal)
        else:
            with connection.transaction():
                forget_contents(connection, plan.day)
                note_removal(connection, removal)
        return removal


def describe_day(plan: DayPlan) -> Removal:
    """Return what would be removed of a day."""
    return _removal(plan, None)


def _batches(connection: Connection, plan: DayPlan) -> Iterator[tuple[Sequence[int], int]]:
    """Yield loads, by their events no more at once than a transaction should take."""
    loads = connection.execute(
        _LOADS.encode(), {"day": plan.day, **classes_as_arrays(plan.classes)}
    ).fetchall()
    batch: list[int] = []
    events = 0
    for load_id, count in loads:
        if batch and events + count > EVENTS_AT_ONCE:
            yield batch, events
            batch, events = [], 0
        batch.append(load_id)
        events += count
    if batch:
        yield batch, events


def _remove_events(connection: Connection, plan: DayPlan, load_ids: Sequence[int]) -> None:
    arrays = classes_as_arrays(plan.classes)
    connection.execute(
        "select raw.remove_events(%s, %s, %s, %s, %s)",
        (plan.day, list(load_ids), *arrays.values()),
    )


def _drop_day(connection: Connection, plan: DayPlan, removal: Removal) -> None:
    """Drop a day's partition; a reader that holds it for long is waited for, landings are not."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with connection.transaction():
                forget_contents(connection, plan.day)
                note_removal(connection, removal)
                connection.execute("select raw.drop_day(%s, %s)", (plan.day, plan.events))
        except psycopg.errors.LockNotAvailable:
            if attempt == _ATTEMPTS:
                raise OperatorError(
                    f"The raw events of {plan.day} are being read all the time: they stay for now."
                ) from None
            time.sleep(_PAUSE_SECONDS)
        except psycopg.errors.RaiseException as error:
            raise OperatorError(
                f"{error.diag.message_primary}: nothing of that day was removed. Run it again."
            ) from error
        else:
            return


def _removal(plan: DayPlan, file: Path | None) -> Removal:
    begin = dt.datetime.combine(plan.day, dt.time(), dt.UTC)
    return Removal(
        what="raw.events",
        is_whole=plan.is_whole,
        removed=plan.events,
        size=plan.size,
        oldest=begin,
        newest=begin + dt.timedelta(days=1),
        archive=str(file) if file else None,
    )
