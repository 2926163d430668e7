"""The daily partitions of ``raw.events``."""

from __future__ import annotations

from warehouse.connections import Connection


def ensure_partitions(connection: Connection, *, days_ahead: int) -> int:
    """Create the partitions from yesterday to ``days_ahead`` days from now that are missing.

    A row whose day has no partition is not lost: it lands in ``raw.events_default``.

    Args:
        connection: Of the owner, or of the pipeline (the function in the database is the
            owner's, so that the pipeline needs no right to create tables).
        days_ahead: How many days after today get a partition.

    Returns:
        How many partitions were created.
    """
    row = connection.execute("select raw.ensure_partitions(%s)", (days_ahead,)).fetchone()
    assert row is not None
    return int(row[0])
