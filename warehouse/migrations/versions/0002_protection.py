"""What protects ingestion and people: scopes of keys, suppressions, erasures, salts, products.

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# An event as ingestion hands it over: its fields, in the order of ingestion.event.Event.
LANDING_EVENT = """
create type raw.landing_event as (
    event_id uuid,
    visitor_id text,
    source text,
    category text,
    event_type text,
    user_id text,
    anonymous_id text,
    session_id text,
    entity_type text,
    entity_id text,
    value numeric,
    currency text,
    quantity numeric,
    occurred_at timestamptz,
    is_time_corrected boolean,
    context jsonb,
    properties jsonb
)
"""

# Numbers are drawn before commits: without this, an erasure could become visible after one of a
# higher number, and who has read up to that one would never see it.
ERASURES_IN_ORDER = """
create function ops.one_erasure_at_a_time() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtext('ops.erasures'));
    return null;
end
$$;
create trigger one_at_a_time before insert on ops.erasures
for each statement execute function ops.one_erasure_at_a_time();
"""


# What tells of a day's quality reads the day alone.
BY_TIME = (
    ("raw", "loads", "received_at"),
    ("raw", "quarantine", "received_at"),
    ("ops", "quality_results", "checked_at"),
)


def upgrade() -> None:
    op.execute(LANDING_EVENT)
    for schema, table, column in BY_TIME:
        op.create_index(
            f"ix_{table}_{column}", table, [column], schema=schema, postgresql_using="brin"
        )
    op.add_column(
        "write_keys",
        sa.Column(
            "scopes",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("array['ingest']"),
            nullable=False,
            comment="ingest: every category; ingest:<category>: that one",
        ),
        schema="ops",
    )
    op.add_column(
        "write_keys",
        sa.Column(
            "allowed_origins",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("array[]::text[]"),
            nullable=False,
            comment="origins of web pages that may send with it; empty: no web page may",
        ),
        schema="ops",
    )
    op.add_column(
        "quarantine",
        sa.Column("dialect", sa.Text(), server_default="canonical", nullable=False),
        schema="raw",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "event",
            sa.Text(),
            nullable=True,
            comment="the canonical event as JSON, as far as it could be read",
        ),
        schema="raw",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "endpoint",
            sa.Text(),
            nullable=True,
            comment="method and path at which it came in",
        ),
        schema="raw",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "sender",
            sa.Text(),
            nullable=True,
            comment="who sent it, and what that sender may send, as JSON",
        ),
        schema="raw",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "settled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was replayed or discarded",
        ),
        schema="raw",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "replay_load_id",
            sa.BigInteger(),
            nullable=True,
            comment="load in which its replay landed",
        ),
        schema="raw",
    )
    op.create_table(
        "suppressions",
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="code, such as no_consent"),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.CheckConstraint("events > 0", name=op.f("ck_suppressions_events")),
        sa.PrimaryKeyConstraint("load_id", "source", "reason", name=op.f("pk_suppressions")),
        schema="raw",
        comment="How many events were dropped on purpose, and why. Of the events nothing is kept.",
    )
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "subject_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed hash of the erased person: names nobody",
        ),
        sa.Column(
            "erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("subject_hash", name=op.f("uq_erasures_subject_hash")),
        schema="ops",
        comment="Persons of whom nothing may be stored again; numbers are in the order of commits.",
    )
    op.execute(ERASURES_IN_ORDER)
    op.create_table(
        "address_salts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_address_salts")),
        schema="ops",
        comment="Salt of the day for hashed IP addresses; deleted after the next day.",
    )
    op.create_table(
        "products",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_products")),
        schema="ops",
        comment="Products that the marketplace's endpoint takes; where there are none, it takes "
        "any.",
    )


def downgrade() -> None:
    for schema, table, column in BY_TIME:
        op.drop_index(f"ix_{table}_{column}", table, schema=schema)
    op.execute("drop type raw.landing_event")
    op.drop_table("products", schema="ops")
    op.drop_table("address_salts", schema="ops")
    op.drop_table("erasures", schema="ops")
    op.execute("drop function ops.one_erasure_at_a_time()")
    op.drop_table("suppressions", schema="raw")
    for column in ("replay_load_id", "settled_at", "sender", "endpoint", "event", "dialect"):
        op.drop_column("quarantine", column, schema="raw")
    for column in ("allowed_origins", "scopes"):
        op.drop_column("write_keys", column, schema="ops")
