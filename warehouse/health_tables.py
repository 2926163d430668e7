"""The table of ``ops`` that holds Footfall's own figures of health."""

from __future__ import annotations

from sqlalchemy import Column, Numeric, Table

from warehouse.tables import TIMESTAMP, metadata

health_figures = Table(
    "health_figures",
    metadata,
    Column("measured_at", TIMESTAMP, primary_key=True),
    Column("events_per_minute", Numeric, nullable=False, comment="received, of 15 minutes"),
    Column("failed_percent", Numeric, comment="of them quarantined, 0 to 100"),
    Column("commit_ms", Numeric, nullable=False, comment="time of a small commit"),
    Column("accuracy_percent", Numeric, comment="of seven days of marts, 0 to 100"),
    schema="ops",
    comment="Footfall's own figures of health, every quarter of an hour.",
)
