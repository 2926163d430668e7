"""The first schema of raw and ops.

Revision: 0001, the first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Owned by the owner and run with its rights, so that the pipeline can make partitions ahead
# without the right to create tables. Rows that waited in the default partition move over.
ENSURE_PARTITIONS = """
create function raw.ensure_partitions(days_ahead integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    today date := (now() at time zone 'UTC')::date;
    day date;
    lower_bound timestamptz;
    upper_bound timestamptz;
    partition_name text;
    created integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('raw.ensure_partitions'));
    for day in select today + n from generate_series(-1, days_ahead) as n loop
        partition_name := 'events_' || to_char(day, 'YYYYMMDD');
        continue when to_regclass('raw.' || partition_name) is not null;
        lower_bound := day::timestamp at time zone 'UTC';
        upper_bound := (day + 1)::timestamp at time zone 'UTC';
        execute format(
            'create table raw.%I (like raw.events including all)', partition_name
        );
        execute format(
            'with moved as ('
            '    delete from raw.events_default'
            '    where received_at >= %L and received_at < %L returning *'
            ') insert into raw.%I select * from moved',
            lower_bound, upper_bound, partition_name
        );
        execute format(
            'alter table raw.events attach partition raw.%I for values from (%L) to (%L)',
            partition_name, lower_bound, upper_bound
        );
        created := created + 1;
    end loop;
    return created;
end
$$
"""


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "condition", sa.Text(), nullable=False, comment="what is wrong; one open alert for each"
        ),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="opened", nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("occurrences", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("severity in ('warning', 'critical')", name=op.f("ck_alerts_severity")),
        sa.CheckConstraint(
            "state in ('opened', 'acknowledged', 'resolved')", name=op.f("ck_alerts_state")
        ),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
        schema="ops",
        comment="What needs a person's attention, from opening to resolution.",
    )
    op.create_index(
        "uq_alerts_live_condition",
        "alerts",
        ["condition"],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "domain_progress",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column(
            "core_run_id",
            sa.BigInteger(),
            nullable=False,
            comment="last core run that it published",
        ),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_progress")),
        schema="ops",
        comment="How far each domain of marts has followed the core. Core runs are serial.",
    )
    op.create_table(
        "quality_results",
        sa.Column("result_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "checked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("suite", sa.Text(), nullable=False),
        sa.Column("expectation", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("is_success", sa.Boolean(), nullable=False),
        sa.Column("unexpected_count", sa.BigInteger(), nullable=True),
        sa.Column(
            "observed",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "severity in ('blocking', 'warning')", name=op.f("ck_quality_results_severity")
        ),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_quality_results")),
        schema="ops",
        comment="What each expectation found, run by run.",
    )
    op.create_index(
        "ix_quality_results_run_id", "quality_results", ["run_id"], unique=False, schema="ops"
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column(
            "trigger",
            sa.Text(),
            nullable=False,
            comment="who asked: cli, or airflow with its run id",
        ),
        sa.Column("is_full_refresh", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loads", sa.Integer(), nullable=True, comment="loads claimed by a core run"),
        sa.Column("events", sa.BigInteger(), nullable=True, comment="events in them"),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state in ('running', 'succeeded', 'failed', 'held')", name=op.f("ck_runs_state")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
        schema="ops",
        comment="Every run of a domain: when, over what, and how it ended.",
    )
    op.create_index(
        "ix_runs_domain_run_id", "runs", ["domain", "run_id"], unique=False, schema="ops"
    )
    op.create_table(
        "write_keys",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="source of the events sent with it"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_write_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_write_keys_name")),
        schema="ops",
        comment="Who may send events. The key itself is stored nowhere.",
    )
    op.create_table(
        "event_ids",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_ids")),
        schema="raw",
        comment="Every event id ever stored, for ever: what makes an event count once.",
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("visitor_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("anonymous_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("entity_type", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "is_time_corrected",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="the sender's clock was too far ahead; occurred_at is the time of receipt",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "context",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "properties",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_events_currency_is_iso_4217")),
        schema="raw",
        comment="Every stored event, as sent, partitioned by day of receipt.",
        postgresql_partition_by="RANGE (received_at)",
    )
    op.execute("create table raw.events_default partition of raw.events default")
    op.create_index(
        "ix_events_received_at",
        "events",
        ["received_at"],
        unique=False,
        schema="raw",
        postgresql_using="brin",
    )
    op.create_table(
        "loads",
        sa.Column("load_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("origin", sa.Text(), nullable=False, comment="http, spool or replay"),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("suppressed", sa.Integer(), nullable=False),
        sa.Column(
            "first_received_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="lowest received_at of its stored events",
        ),
        sa.Column(
            "last_received_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="highest received_at of its stored events",
        ),
        sa.Column("state", sa.Text(), server_default="landed", nullable=False),
        sa.Column(
            "run_id",
            sa.BigInteger(),
            nullable=True,
            comment="core run that last moved its state",
        ),
        sa.Column("held_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('landed', 'claimed', 'admitted', 'held', 'settled')",
            name=op.f("ck_loads_state"),
        ),
        sa.CheckConstraint(
            "received = stored + duplicate + quarantined + suppressed",
            name=op.f("ck_loads_ledger_adds_up"),
        ),
        sa.CheckConstraint(
            "stored = 0 or (first_received_at is not null and last_received_at is not null)",
            name=op.f("ck_loads_stored_has_range"),
        ),
        sa.PrimaryKeyConstraint("load_id", name=op.f("pk_loads")),
        schema="raw",
        comment="One row per landing transaction: what was received and what became of it.",
    )
    op.create_index(
        "ix_loads_unsettled",
        "loads",
        ["load_id"],
        unique=False,
        schema="raw",
        postgresql_where=sa.text("state <> 'settled' and stored > 0"),
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, comment="code, such as unknown_event_type"),
        sa.Column("field", sa.Text(), nullable=True, comment="path of the offending field"),
        sa.Column("message", sa.Text(), nullable=False, comment="what is wrong and how to mend it"),
        sa.Column(
            "payload", sa.Text(), nullable=False, comment="the event as received, JSON where it was"
        ),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'replayed', 'discarded')", name=op.f("ck_quarantine_state")
        ),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
        schema="raw",
        comment="Every event that could not be stored, with the reason; replayable.",
    )
    op.create_index(
        "ix_quarantine_open",
        "quarantine",
        ["received_at"],
        unique=False,
        schema="raw",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.execute(ENSURE_PARTITIONS)


def downgrade() -> None:
    op.execute("drop function raw.ensure_partitions(integer)")
    op.drop_index(
        "ix_quarantine_open",
        table_name="quarantine",
        schema="raw",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_table("quarantine", schema="raw")
    op.drop_index(
        "ix_loads_unsettled",
        table_name="loads",
        schema="raw",
        postgresql_where=sa.text("state <> 'settled' and stored > 0"),
    )
    op.drop_table("loads", schema="raw")
    op.drop_index(
        "ix_events_received_at", table_name="events", schema="raw", postgresql_using="brin"
    )
    op.drop_table("events", schema="raw")
    op.drop_table("event_ids", schema="raw")
    op.drop_table("write_keys", schema="ops")
    op.drop_index("ix_runs_domain_run_id", table_name="runs", schema="ops")
    op.drop_table("runs", schema="ops")
    op.drop_index("ix_quality_results_run_id", table_name="quality_results", schema="ops")
    op.drop_table("quality_results", schema="ops")
    op.drop_table("domain_progress", schema="ops")
    op.drop_index(
        "uq_alerts_live_condition",
        table_name="alerts",
        schema="ops",
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.drop_table("alerts", schema="ops")
