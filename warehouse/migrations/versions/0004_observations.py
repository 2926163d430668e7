"""What landed by hour and type, and which fields it had: what the present is compared to.

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "loads",
        sa.Column(
            "observed_at",
            sa.DateTime(timezone=True),
            comment="when ops.event_hours counted its events",
        ),
        schema="raw",
    )
    op.create_index(
        "ix_loads_unobserved",
        "loads",
        ["load_id"],
        schema="raw",
        postgresql_where=sa.text("observed_at is null and stored > 0"),
    )
    op.create_table(
        "event_hours",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False, comment="of occurrence"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            comment="of errors the message, without figures and addresses; empty for all others",
        ),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "source", "category", "event_type", "subject", name=op.f("pk_event_hours")
        ),
        schema="ops",
        comment="How many events of each kind landed, by hour: what the checks compare the "
        "present to.",
    )
    op.create_table(
        "field_days",
        sa.Column("day", sa.Date(), nullable=False, comment="of occurrence, UTC"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column(
            "field", sa.Text(), nullable=False, comment="name; * counts the events themselves"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="JSON type of its values"),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "category", "event_type", "field", "kind", name=op.f("pk_field_days")
        ),
        schema="ops",
        comment="How many events of each type have each field, by day: what drift is seen by.",
    )


def downgrade() -> None:
    op.drop_table("field_days", schema="ops")
    op.drop_table("event_hours", schema="ops")
    op.drop_index("ix_loads_unobserved", "loads", schema="raw")
    op.drop_column("loads", "observed_at", schema="raw")
