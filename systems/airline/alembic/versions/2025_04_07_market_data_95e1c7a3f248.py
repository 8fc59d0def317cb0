"""Market demand by route and day.

Revision ID: 95e1c7a3f248
Revises: d08b62f5137a
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "95e1c7a3f248"
down_revision: str | tuple[str, ...] | None = "d08b62f5137a"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "market_data",
        sa.Column("origin_code", sa.String(length=3), nullable=False),
        sa.Column("destination_code", sa.String(length=3), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("flights", sa.Integer(), nullable=False),
        sa.Column("flights_cancelled", sa.Integer(), nullable=False),
        sa.Column("flights_departed", sa.Integer(), nullable=False),
        sa.Column("flights_with_seats", sa.Integer(), nullable=False),
        sa.Column("seats_offered", sa.Integer(), nullable=False),
        sa.Column("departure_delay_minutes", sa.BigInteger(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("passengers", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "average_fare",
            sa.Numeric(precision=12, scale=2),
            sa.Computed("round(revenue / NULLIF(passengers, 0)::numeric, 2)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "average_departure_delay",
            sa.Numeric(precision=8, scale=2),
            sa.Computed(
                "round(departure_delay_minutes::numeric / NULLIF(flights_departed, 0)::numeric, 2)",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("flights > 0", name=op.f("ck_market_data_flights_positive")),
        sa.CheckConstraint(
            "flights_cancelled BETWEEN 0 AND flights", name=op.f("ck_market_data_flights_cancelled_range")
        ),
        sa.CheckConstraint(
            "flights_departed BETWEEN 0 AND flights", name=op.f("ck_market_data_flights_departed_range")
        ),
        sa.CheckConstraint("passengers >= bookings", name=op.f("ck_market_data_passengers_per_booking")),
        sa.ForeignKeyConstraint(
            ["destination_code"], ["airports.code"], name=op.f("fk_market_data_destination_code_airports")
        ),
        sa.ForeignKeyConstraint(
            ["origin_code"], ["airports.code"], name=op.f("fk_market_data_origin_code_airports")
        ),
        sa.PrimaryKeyConstraint(
            "origin_code", "destination_code", "service_date", name=op.f("pk_market_data")
        ),
    )
    op.create_index(
        "ix_market_data_destination_code_service_date",
        "market_data",
        ["destination_code", "service_date"],
        unique=False,
    )
    op.create_index("ix_market_data_service_date", "market_data", ["service_date"], unique=False)


def downgrade() -> None:
    """Drop them with their data."""
    op.drop_table("market_data")
