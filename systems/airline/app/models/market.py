"""What the market asked for: bookings and flights by route and day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pgwright.contrib.sqlalchemy import Join, Rollup
from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import AirportCode, Base

# Declared with the flights, and filled into the table below. Bookings are summed up by flight before they
# meet it: joined row by row, a flight with three bookings would offer its seats three times.
MARKET_ROLLUP = Rollup(
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


class MarketData(Base):
    """Demand on one route and service date, kept by the rollup above.

    Sums and counts are stored, because they can be added up over days and routes; the
    averages are computed from them by the database. `seats_offered` counts flights that
    were not cancelled and whose seats are known (`flights_with_seats` of them); bookings,
    passengers and revenue leave out what was cancelled or refunded; delays are minutes of
    departure over the flights that left.
    """

    __tablename__ = "market_data"
    __table_args__ = (
        CheckConstraint("flights > 0", name="flights_positive"),
        CheckConstraint("flights_cancelled BETWEEN 0 AND flights", name="flights_cancelled_range"),
        CheckConstraint("flights_departed BETWEEN 0 AND flights", name="flights_departed_range"),
        CheckConstraint("passengers >= bookings", name="passengers_per_booking"),
        Index("ix_market_data_service_date", "service_date"),
        Index("ix_market_data_destination_code_service_date", "destination_code", "service_date"),
    )

    origin_code: Mapped[AirportCode] = mapped_column(ForeignKey("airports.code"), primary_key=True)
    destination_code: Mapped[AirportCode] = mapped_column(ForeignKey("airports.code"), primary_key=True)
    service_date: Mapped[date] = mapped_column(primary_key=True)
    flights: Mapped[int]
    flights_cancelled: Mapped[int]
    flights_departed: Mapped[int]
    flights_with_seats: Mapped[int]
    seats_offered: Mapped[int]
    departure_delay_minutes: Mapped[int] = mapped_column(BigInteger)
    bookings: Mapped[int]
    passengers: Mapped[int]
    revenue: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    average_fare: Mapped[Decimal | None] = mapped_column(
        Numeric(12, 2), Computed("round(revenue / NULLIF(passengers, 0)::numeric, 2)", persisted=True)
    )
    average_departure_delay: Mapped[Decimal | None] = mapped_column(
        Numeric(8, 2),
        Computed(
            "round(departure_delay_minutes::numeric / NULLIF(flights_departed, 0)::numeric, 2)",
            persisted=True,
        ),
    )
