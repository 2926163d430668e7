"""The archive of reports.

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("report_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="platform, community or geo"),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            comment="what it is about, where there is one for each of many things; else empty",
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when its figures were read",
        ),
        sa.Column("html", sa.Text(), nullable=False, comment="page without the chart library"),
        sa.Column("json", sa.Text(), nullable=False, comment="the same figures"),
        sa.Column("csv", sa.Text(), nullable=False, comment="the same figures, one to a row"),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports")),
        sa.UniqueConstraint(
            "kind", "subject", "last_day", name=op.f("uq_reports_kind_subject_last_day")
        ),
        schema="ops",
        comment="Archive of the reports for people.",
    )
    op.create_index("ix_reports_last_day", "reports", ["last_day"], schema="ops")


def downgrade() -> None:
    op.drop_table("reports", schema="ops")
