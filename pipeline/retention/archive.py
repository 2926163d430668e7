"""Writes raw events that are about to go to Parquet, from which ``footfall import`` reads them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.retention.grains import classes_as_arrays
from pipeline.retention.rules import EventClass
from warehouse.connections import Connection
from warehouse.errors import OperatorError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 20_000
_TEXTS = (
    "event_id",
    "source",
    "category",
    "event_type",
    "visitor_id",
    "user_id",
    "anonymous_id",
    "session_id",
    "entity_type",
    "entity_id",
    "value",
    "currency",
    "quantity",
)
_TIMES = ("occurred_at", "received_at")
_OBJECTS = ("context", "properties")
_QUERY = f"""
select
    {", ".join(f"{name}::text" for name in _TEXTS)},
    {", ".join(_TIMES)},
    is_time_corrected,
    load_id,
    {", ".join(f"{name}::text" for name in _OBJECTS)}
from raw.events
where
    received_at >= %(day)s::timestamp at time zone 'UTC'
    and received_at < (%(day)s + 1)::timestamp at time zone 'UTC'
    and (source, category, event_type) in (
        select * from unnest(%(sources)s::text[], %(categories)s::text[], %(types)s::text[])
    )
"""  # noqa: S608 - constants


def archive_events(
    connection: Connection,
    directory: Path,
    day: dt.date,
    classes: Sequence[EventClass],
    *,
    expected: int,
) -> Path:
    """Write the events of a day that go to a file of their own, safe on disk on return.

    Numbers are written as the text that they are, so that money is not rounded.

    Args:
        connection: Of the pipeline.
        directory: Where the file goes; made where it is missing, for its owner alone.
        day: Day of receipt, UTC.
        classes: Classes of events that go.
        expected: How many events that are.

    Returns:
        The file, ``events_YYYYMMDD_<n>.parquet``; n counts how often something of the day went.

    Raises:
        OperatorError: The file cannot be written, or does not hold what it must; nothing may be
            removed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    unfinished = directory / f".events_{day:%Y%m%d}.unfinished"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as (
            file
        ):
            with pq.ParquetWriter(file, _schema(), compression="zstd") as writer:
                for table in _tables(connection, day, classes):
                    writer.write_table(table)
            file.flush()
            os.fsync(file.fileno())
        written = pq.read_metadata(unfinished).num_rows
        if written != expected:
            raise OperatorError(
                f"The archive of {day} holds {written:,} events and not {expected:,}: nothing was "
                "removed. Run it again."
            )
        path = _free_name(directory, day)
        unfinished.rename(path)
        _sync(directory)
    except (OSError, pa.ArrowException) as error:
        unfinished.unlink(missing_ok=True)
        raise OperatorError(
            f"The archive of {day} cannot be written to {directory} ({error}): nothing was "
            "removed. Free some space, or point FOOTFALL_RETENTION_ARCHIVE_DIR elsewhere."
        ) from error
    return path


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            *((name, pa.string()) for name in _TEXTS),
            *((name, pa.timestamp("us", tz="UTC")) for name in _TIMES),
            ("is_time_corrected", pa.bool_()),
            ("load_id", pa.int64()),
            *((name, pa.string()) for name in _OBJECTS),
        ]
    )


def _tables(
    connection: Connection, day: dt.date, classes: Sequence[EventClass]
) -> Iterator[pa.Table]:
    import pyarrow as pa

    schema = _schema()
    with connection.transaction(), connection.cursor(name="archive") as cursor:
        cursor.execute(_QUERY.encode(), {"day": day, **classes_as_arrays(classes)})
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)
            ]
            yield pa.Table.from_arrays(arrays, schema=schema)


def _free_name(directory: Path, day: dt.date) -> Path:
    number = 1
    while (path := directory / f"events_{day:%Y%m%d}_{number}.parquet").exists():
        number += 1
    return path


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
