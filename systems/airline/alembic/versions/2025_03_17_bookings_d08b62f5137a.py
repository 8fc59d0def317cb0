"""Bookings.

Revision ID: d08b62f5137a
Revises: 7e3a91b4c05d
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "d08b62f5137a"
down_revision: str | tuple[str, ...] | None = "7e3a91b4c05d"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(length=6), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("flight_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "cabin",
            sa.Enum("economy", "premium", "business", name="cabin"),
            server_default="economy",
            nullable=False,
        ),
        sa.Column("passengers", sa.SmallInteger(), nullable=False),
        sa.Column("fare", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column(
            "total",
            sa.Numeric(precision=12, scale=2),
            sa.Computed("fare * passengers::numeric", persisted=True),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), server_default="USD", nullable=False),
        sa.Column(
            "status",
            sa.Enum("confirmed", "flown", "cancelled", "refunded", name="booking_status"),
            server_default="confirmed",
            nullable=False,
        ),
        sa.Column("booked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('cancelled', 'refunded')) = (cancelled_at IS NOT NULL)",
            name=op.f("ck_bookings_cancelled_has_a_time"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_bookings_currency_form")),
        sa.CheckConstraint("reference ~ '^[A-Z0-9]{6}$'", name=op.f("ck_bookings_reference_form")),
        sa.CheckConstraint("cancelled_at >= booked_at", name=op.f("ck_bookings_cancelled_after_booked")),
        sa.CheckConstraint("fare >= 0", name=op.f("ck_bookings_fare_not_negative")),
        sa.CheckConstraint("passengers BETWEEN 1 AND 9", name=op.f("ck_bookings_passengers_range")),
        sa.ForeignKeyConstraint(
            ["flight_id"], ["flights.id"], name=op.f("fk_bookings_flight_id_flights"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bookings_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("reference", name=op.f("uq_bookings_reference")),
    )
    op.create_index("ix_bookings_flight_id", "bookings", ["flight_id"], unique=False)
    op.create_index("ix_bookings_user_id_booked_at", "bookings", ["user_id", "booked_at"], unique=False)


def downgrade() -> None:
    """Drop them with their data."""
    # Indexes go with their tables, enum types do not.
    op.drop_table("bookings")
    op.execute("DROP TYPE booking_status")
    op.execute("DROP TYPE cabin")
