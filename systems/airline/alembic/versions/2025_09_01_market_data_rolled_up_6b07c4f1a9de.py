"""Market data kept up to date by a rollup of flights and bookings.

Revision ID: 6b07c4f1a9de
Revises: 41d6f3e09b8c
"""

from __future__ import annotations

from alembic import op
from pgwright.contrib.sqlalchemy import Join, Rollup, declare_policies, withdraw_policies

revision: str = "6b07c4f1a9de"
down_revision: str | tuple[str, ...] | None = "41d6f3e09b8c"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

MARKET_DATA = Rollup(
    "market_data",
    group_by=("origin_code", "destination_code", "service_date"),
    joins=[
        Join(
            "bookings",
            on={"flight_id": "id"},
            aggregates={"bookings": "count(*)", "passengers": "sum(passengers)", "revenue": "sum(total)"},
            where="status IN ('confirmed', 'flown')",
        )
    ],
    aggregates={
        "flights": "count(*)",
        "flights_cancelled": "count(*) FILTER (WHERE flights.status = 'cancelled')",
        "flights_departed": "count(actual_departure)",
        "flights_with_seats": "count(seats) FILTER (WHERE flights.status <> 'cancelled')",
        "seats_offered": "coalesce(sum(seats) FILTER (WHERE flights.status <> 'cancelled'), 0)",
        "departure_delay_minutes": (
            "coalesce(sum(extract(epoch FROM actual_departure - scheduled_departure) / 60), 0)::bigint"
        ),
        "bookings": "coalesce(sum(bookings.bookings), 0)",
        "passengers": "coalesce(sum(bookings.passengers), 0)",
        "revenue": "coalesce(sum(bookings.revenue), 0)",
    },
)


def upgrade() -> None:
    """Note every change of flights and bookings from here on; the first refresh adds up what is there."""
    declare_policies(op.get_bind(), "flights", MARKET_DATA)


def downgrade() -> None:
    """Keep the rows of market_data as they are now."""
    withdraw_policies(op.get_bind(), "flights", MARKET_DATA)
