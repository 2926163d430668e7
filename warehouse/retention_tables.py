"""The tables of ``ops`` by which retention goes, beside those in :mod:`warehouse.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Identity, Table, Text, func

from warehouse.tables import TIMESTAMP, metadata

raw_contents = Table(
    "raw_contents",
    metadata,
    Column("day", Date, primary_key=True, comment="day of receipt, UTC"),
    Column("source", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("event_type", Text, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False, comment="share of the day's partition"),
    Column("looked_at", TIMESTAMP, nullable=False),
    schema="ops",
    comment="What each past day of raw events holds, so that retention need not read it again.",
)

removals = Table(
    "removals",
    metadata,
    Column("removal_id", BigInteger, Identity(always=True), primary_key=True),
    Column("removed_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("what", Text, nullable=False, comment="table, or kind of file"),
    Column("is_whole", Boolean, nullable=False, comment="a partition was dropped"),
    Column("removed", BigInteger, nullable=False, comment="rows, or files"),
    Column("bytes", BigInteger),
    Column("oldest", TIMESTAMP),
    Column("newest", TIMESTAMP),
    Column("archive", Text, comment="file that holds it now"),
    schema="ops",
    comment="What retention has removed, and when.",
)
