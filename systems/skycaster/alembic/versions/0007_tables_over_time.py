"""The audit trail by month, retention, and the totals of each user.

Revision 0007, after 0006, written 2025-08-11.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgwright.contrib.sqlalchemy import Retain, Rollup, TimeSeries, declare_policies, withdraw_policies

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AUDIT = (TimeSeries("timestamp", "1 month"), Retain("6 months"))
USAGE = (
    Retain("1 year", column="created_at"),
    Rollup(
        "user_usage_summary",
        group_by="user_id",
        aggregates={
            "total_requests": "count(*)",
            "total_cost": "sum(cost)",
            "last_request": "max(created_at)",
        },
    ),
)


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "user_usage_summary",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("total_requests", sa.BigInteger(), nullable=False),
        sa.Column("total_cost", sa.Numeric(), nullable=False),
        sa.Column("last_request", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_usage_summary")),
        comment="Calls and cost of each user, kept by pgwright policy run",
    )
    # How a table becomes a time series depends on what it holds: a script is refused, and the error says so.
    declare_policies(op.get_bind(), "audit_logs", *AUDIT)
    declare_policies(op.get_bind(), "usage_logs", *USAGE)


def downgrade() -> None:
    """Take this revision back."""
    withdraw_policies(op.get_bind(), "usage_logs", *USAGE)
    withdraw_policies(op.get_bind(), "audit_logs", *AUDIT)
    op.drop_table("user_usage_summary")
