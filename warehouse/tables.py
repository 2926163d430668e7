"""The tables of ``raw`` and ``ops``, as SQLAlchemy metadata.

The migrations create them; a test holds the two together. ``raw`` is append-only for its senders:
only the state of a load and of a quarantined event ever changes. Nothing here refers to
``raw.events`` by a foreign key, and it has no serial column, so that it can be distributed by
``visitor_id``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TIMESTAMP = DateTime(timezone=True)
EMPTY_OBJECT = text("'{}'::jsonb")

loads = Table(
    "loads",
    metadata,
    Column("load_id", BigInteger, Identity(always=True), primary_key=True),
    Column("received_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("origin", Text, nullable=False, comment="http, spool or replay"),
    Column("received", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("suppressed", Integer, nullable=False),
    Column("first_received_at", TIMESTAMP, comment="lowest received_at of its stored events"),
    Column("last_received_at", TIMESTAMP, comment="highest received_at of its stored events"),
    Column("state", Text, nullable=False, server_default="landed"),
    Column("run_id", BigInteger, comment="core run that last moved its state"),
    Column("held_reason", Text),
    Column("observed_at", TIMESTAMP, comment="when ops.event_hours counted its events"),
    Column("restated_at", TIMESTAMP, comment="when events of it were moved into quarantine"),
    CheckConstraint(
        "received = stored + duplicate + quarantined + suppressed", name="ledger_adds_up"
    ),
    CheckConstraint("state in ('landed', 'claimed', 'admitted', 'held', 'settled')", name="state"),
    CheckConstraint(
        "stored = 0 or (first_received_at is not null and last_received_at is not null)",
        name="stored_has_range",
    ),
    Index(
        "ix_loads_unsettled",
        "load_id",
        postgresql_where=text("state <> 'settled' and stored > 0"),
    ),
    Index("ix_loads_received_at", "received_at", postgresql_using="brin"),
    Index(
        "ix_loads_restated_at",
        "restated_at",
        postgresql_where=text("restated_at is not null"),
    ),
    Index(
        "ix_loads_unobserved",
        "load_id",
        postgresql_where=text("observed_at is null and stored > 0"),
    ),
    schema="raw",
    comment="One row per landing transaction: what was received and what became of it.",
)

event_ids = Table(
    "event_ids",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("load_id", BigInteger, nullable=False),
    schema="raw",
    comment="Every event id ever stored, for ever: what makes an event count once.",
)

events = Table(
    "events",
    metadata,
    Column("event_id", Uuid, nullable=False),
    Column("visitor_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("session_id", Text),
    Column("entity_type", Text),
    Column("entity_id", Text),
    Column("value", Numeric),
    Column("currency", Text),
    Column("quantity", Numeric),
    Column("occurred_at", TIMESTAMP, nullable=False),
    Column(
        "is_time_corrected",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the sender's clock was too far ahead; occurred_at is the time of receipt",
    ),
    Column("received_at", TIMESTAMP, nullable=False),
    Column("load_id", BigInteger, nullable=False),
    Column("context", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    Column("properties", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso_4217"),
    Index("ix_events_received_at", "received_at", postgresql_using="brin"),
    schema="raw",
    comment="Every stored event, as sent, partitioned by day of receipt.",
    postgresql_partition_by="RANGE (received_at)",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(always=True), primary_key=True),
    Column("load_id", BigInteger, nullable=False),
    Column("received_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("source", Text, nullable=False),
    Column("event_id", Uuid),
    Column("category", Text),
    Column("event_type", Text),
    Column("reason", Text, nullable=False, comment="code, such as unknown_event_type"),
    Column("field", Text, comment="path of the offending field"),
    Column("message", Text, nullable=False, comment="what is wrong and how to mend it"),
    Column("payload", Text, nullable=False, comment="the event as received, JSON where it was"),
    Column("dialect", Text, nullable=False, server_default="canonical"),
    Column("event", Text, comment="the canonical event as JSON, as far as it could be read"),
    Column("endpoint", Text, comment="method and path at which it came in"),
    Column("sender", Text, comment="who sent it, and what that sender may send, as JSON"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("settled_at", TIMESTAMP, comment="when it was replayed or discarded"),
    Column("replay_load_id", BigInteger, comment="load in which its replay landed"),
    CheckConstraint("state in ('open', 'replayed', 'discarded')", name="state"),
    Index("ix_quarantine_open", "received_at", postgresql_where=text("state = 'open'")),
    Index("ix_quarantine_received_at", "received_at", postgresql_using="brin"),
    schema="raw",
    comment="Every event that could not be stored, with the reason; replayable.",
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("load_id", BigInteger, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("reason", Text, primary_key=True, comment="code, such as no_consent"),
    Column("events", Integer, nullable=False),
    CheckConstraint("events > 0", name="events"),
    schema="raw",
    comment="How many events were dropped on purpose, and why. Of the events nothing is kept.",
)

write_keys = Table(
    "write_keys",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="SHA-256 of the key"),
    Column("name", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False, comment="source of the events sent with it"),
    Column(
        "scopes",
        ARRAY(Text),
        nullable=False,
        server_default=text("array['ingest']"),
        comment="ingest: every category; ingest:<category>: that one",
    ),
    Column(
        "allowed_origins",
        ARRAY(Text),
        nullable=False,
        server_default=text("array[]::text[]"),
        comment="origins of web pages that may send with it; empty: no web page may",
    ),
    Column("created_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("revoked_at", TIMESTAMP),
    schema="ops",
    comment="Who may send events. The key itself is stored nowhere.",
)

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "subject_hash",
        LargeBinary,
        nullable=False,
        unique=True,
        comment="keyed hash of the erased person: names nobody",
    ),
    Column("erased_at", TIMESTAMP, nullable=False, server_default=func.now()),
    schema="ops",
    comment="Persons of whom nothing may be stored again; numbers are in the order of commits.",
)

address_salts = Table(
    "address_salts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    schema="ops",
    comment="Salt of the day for hashed IP addresses; deleted after the next day.",
)

products = Table(
    "products",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("product_name", Text, nullable=False),
    schema="ops",
    comment="Products that the marketplace's endpoint takes; where there are none, it takes any.",
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", BigInteger, Identity(always=True), primary_key=True),
    Column("domain", Text, nullable=False),
    Column("trigger", Text, nullable=False, comment="who asked: cli, or airflow with its run id"),
    Column("is_full_refresh", Boolean, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("started_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("finished_at", TIMESTAMP),
    Column("loads", Integer, comment="loads claimed by a core run"),
    Column("events", BigInteger, comment="events in them"),
    Column("detail", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    CheckConstraint("state in ('running', 'succeeded', 'failed', 'held')", name="state"),
    Index("ix_runs_domain_run_id", "domain", "run_id"),
    schema="ops",
    comment="Every run of a domain: when, over what, and how it ended.",
)

domain_progress = Table(
    "domain_progress",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("core_run_id", BigInteger, nullable=False, comment="last core run that it published"),
    Column("published_at", TIMESTAMP, nullable=False, server_default=func.now()),
    schema="ops",
    comment="How far each domain of marts has followed the core. Core runs are serial.",
)

quality_results = Table(
    "quality_results",
    metadata,
    Column("result_id", BigInteger, Identity(always=True), primary_key=True),
    Column("run_id", BigInteger),
    Column("checked_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("suite", Text, nullable=False),
    Column("expectation", Text, nullable=False),
    Column("column_name", Text),
    Column("severity", Text, nullable=False),
    Column("is_success", Boolean, nullable=False),
    Column("unexpected_count", BigInteger),
    Column("observed", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    CheckConstraint("severity in ('blocking', 'warning')", name="severity"),
    Index("ix_quality_results_run_id", "run_id"),
    Index("ix_quality_results_checked_at", "checked_at", postgresql_using="brin"),
    schema="ops",
    comment="What each expectation found, run by run.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", BigInteger, Identity(always=True), primary_key=True),
    Column("condition", Text, nullable=False, comment="what is wrong; one open alert for each"),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="opened"),
    Column("summary", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=EMPTY_OBJECT),
    Column("opened_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("last_seen_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("occurrences", Integer, nullable=False, server_default=text("1")),
    Column("acknowledged_at", TIMESTAMP),
    Column("acknowledged_by", Text),
    Column("resolved_at", TIMESTAMP),
    CheckConstraint("severity in ('warning', 'critical')", name="severity"),
    CheckConstraint("state in ('opened', 'acknowledged', 'resolved')", name="state"),
    Index(
        "uq_alerts_live_condition",
        "condition",
        unique=True,
        postgresql_where=text("state <> 'resolved'"),
    ),
    schema="ops",
    comment="What needs a person's attention, from opening to resolution.",
)

notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", BigInteger, Identity(always=True), primary_key=True),
    Column("alert_id", BigInteger, nullable=False),
    Column("change", Text, nullable=False, comment="what became of the alert"),
    Column("severity", Text, nullable=False),
    Column("condition", Text, nullable=False),
    Column("summary", Text, nullable=False, comment="the alert's at that time"),
    Column("created_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("addressed_at", TIMESTAMP, comment="when it was decided to which channels it goes"),
    CheckConstraint("change in ('opened', 'worsened', 'acknowledged', 'resolved')", name="change"),
    Index(
        "ix_notifications_unaddressed",
        "notification_id",
        postgresql_where=text("addressed_at is null"),
    ),
    schema="ops",
    comment="Outbox: what people have to be told, written together with the alert's change.",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("notification_id", BigInteger, primary_key=True),
    Column("channel", Text, primary_key=True, comment="URL of the channel without its secrets"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", TIMESTAMP, nullable=False, server_default=func.now()),
    Column("failing_since", TIMESTAMP),
    Column("last_error", Text),
    Column("delivered_at", TIMESTAMP),
    Index(
        "ix_deliveries_pending",
        "channel",
        "notification_id",
        postgresql_where=text("delivered_at is null"),
    ),
    schema="ops",
    comment="What has to be told to whom, how often it was tried, and when it was told.",
)

event_hours = Table(
    "event_hours",
    metadata,
    Column("hour", TIMESTAMP, primary_key=True, comment="of occurrence"),
    Column("source", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("event_type", Text, primary_key=True),
    Column(
        "subject",
        Text,
        primary_key=True,
        comment="of errors the message, without figures and addresses; empty for all others",
    ),
    Column("events", BigInteger, nullable=False),
    schema="ops",
    comment="How many events of each kind landed, by hour: what the checks compare the present to.",
)

field_days = Table(
    "field_days",
    metadata,
    Column("day", Date, primary_key=True, comment="of occurrence, UTC"),
    Column("category", Text, primary_key=True),
    Column("event_type", Text, primary_key=True),
    Column("field", Text, primary_key=True, comment="name; * counts the events themselves"),
    Column("kind", Text, primary_key=True, comment="JSON type of its values"),
    Column("events", BigInteger, nullable=False),
    schema="ops",
    comment="How many events of each type have each field, by day: what drift is seen by.",
)
