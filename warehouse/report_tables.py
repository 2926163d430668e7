"""The table of ``ops`` that holds the archive of reports."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Table, Text, UniqueConstraint

from warehouse.tables import TIMESTAMP, metadata

reports = Table(
    "reports",
    metadata,
    Column("report_id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False, comment="platform, community or geo"),
    Column(
        "subject",
        Text,
        nullable=False,
        comment="what it is about, where there is one for each of many things; else empty",
    ),
    Column("title", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("created_at", TIMESTAMP, nullable=False, comment="when its figures were read"),
    Column("html", Text, nullable=False, comment="page without the chart library"),
    Column("json", Text, nullable=False, comment="the same figures"),
    Column("csv", Text, nullable=False, comment="the same figures, one to a row"),
    UniqueConstraint("kind", "subject", "last_day"),
    Index("ix_reports_last_day", "last_day"),
    schema="ops",
    comment="Archive of the reports for people.",
)
