"""When events of a held load were moved into quarantine.

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "loads",
        sa.Column(
            "restated_at",
            sa.DateTime(timezone=True),
            comment="when events of it were moved into quarantine",
        ),
        schema="raw",
    )
    op.create_index(
        "ix_loads_restated_at",
        "loads",
        ["restated_at"],
        schema="raw",
        postgresql_where=sa.text("restated_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_loads_restated_at", "loads", schema="raw")
    op.drop_column("loads", "restated_at", schema="raw")
