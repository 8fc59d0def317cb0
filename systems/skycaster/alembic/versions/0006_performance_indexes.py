"""Indexes for the common queries, built without blocking writers.

Revision 0006, after 0005, written 2025-07-14.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    # No transaction may surround a concurrent build. A build that failed leaves an invalid
    # index behind, so each name is cleared first and this revision can simply be run again.
    with op.get_context().autocommit_block():
        _drop_all()
        op.create_index(
            op.f("idx_usage_logs_created_at_user_id"),
            "usage_logs",
            ["created_at", "user_id"],
            postgresql_concurrently=True,
        )
        op.create_index(
            "idx_weather_requests_timestamp",
            "weather_requests",
            ["created_at"],
            postgresql_where=sa.text("success"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "idx_audit_logs_activity_timestamp",
            "audit_logs",
            ["activity_type", "timestamp"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Take this revision back."""
    with op.get_context().autocommit_block():
        _drop_all()


def _drop_all() -> None:
    for table, index in (
        ("audit_logs", "idx_audit_logs_activity_timestamp"),
        ("weather_requests", "idx_weather_requests_timestamp"),
        ("usage_logs", op.f("idx_usage_logs_created_at_user_id")),
    ):
        op.drop_index(index, table_name=table, if_exists=True, postgresql_concurrently=True)
