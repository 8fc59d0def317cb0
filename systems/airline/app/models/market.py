"""What the market asked for: bookings and flights by route and day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import AirportCode, Base


class MarketData(Base):
    """Demand on one route and service date.

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
