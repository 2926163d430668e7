"""Footfall's own figures of health, over time.

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "health_figures",
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "events_per_minute", sa.Numeric(), nullable=False, comment="received, of 15 minutes"
        ),
        sa.Column("failed_percent", sa.Numeric(), comment="of them quarantined, 0 to 100"),
        sa.Column("commit_ms", sa.Numeric(), nullable=False, comment="time of a small commit"),
        sa.Column("accuracy_percent", sa.Numeric(), comment="of seven days of marts, 0 to 100"),
        sa.PrimaryKeyConstraint("measured_at", name=op.f("pk_health_figures")),
        schema="ops",
        comment="Footfall's own figures of health, every quarter of an hour.",
    )


def downgrade() -> None:
    op.drop_table("health_figures", schema="ops")
