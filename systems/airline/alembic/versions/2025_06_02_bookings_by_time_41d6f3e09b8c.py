"""Bookings by the time of booking, for the demand curve.

Revision ID: 41d6f3e09b8c
Revises: 95e1c7a3f248
"""

from __future__ import annotations

from alembic import op

revision: str = "41d6f3e09b8c"
down_revision: str | tuple[str, ...] | None = "95e1c7a3f248"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Build the index while bookings go on."""
    with op.get_context().autocommit_block():
        # A build that failed leaves an invalid index behind, which is in the way of the next attempt.
        op.drop_index(
            "ix_bookings_booked_at", table_name="bookings", if_exists=True, postgresql_concurrently=True
        )
        op.create_index("ix_bookings_booked_at", "bookings", ["booked_at"], postgresql_concurrently=True)


def downgrade() -> None:
    """Drop the index."""
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_bookings_booked_at", table_name="bookings", if_exists=True, postgresql_concurrently=True
        )
