"""The outbox of alerts: what people have to be told, and what each channel was told.

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alerts", sa.Column("acknowledged_by", sa.Text()), schema="ops")
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False, comment="what became of the alert"),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False, comment="the alert's at that time"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "addressed_at",
            sa.DateTime(timezone=True),
            comment="when it was decided to which channels it goes",
        ),
        sa.CheckConstraint(
            "change in ('opened', 'worsened', 'acknowledged', 'resolved')",
            name=op.f("ck_notifications_change"),
        ),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_notifications")),
        schema="ops",
        comment="Outbox: what people have to be told, written together with the alert's change.",
    )
    op.create_index(
        "ix_notifications_unaddressed",
        "notifications",
        ["notification_id"],
        schema="ops",
        postgresql_where=sa.text("addressed_at is null"),
    )
    op.create_table(
        "deliveries",
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "channel",
            sa.Text(),
            nullable=False,
            comment="URL of the channel without its secrets",
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text()),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("notification_id", "channel", name=op.f("pk_deliveries")),
        schema="ops",
        comment="What has to be told to whom, how often it was tried, and when it was told.",
    )
    op.create_index(
        "ix_deliveries_pending",
        "deliveries",
        ["channel", "notification_id"],
        schema="ops",
        postgresql_where=sa.text("delivered_at is null"),
    )


def downgrade() -> None:
    op.drop_table("deliveries", schema="ops")
    op.drop_table("notifications", schema="ops")
    op.drop_column("alerts", "acknowledged_by", schema="ops")
