"""What was sold."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Numeric, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, BigKey, CreatedAt, Money
from app.models.account import User
from app.models.enums import pg_enum
from app.models.flight import Flight


class Cabin(StrEnum):
    """Name the part of the aircraft that was sold."""

    ECONOMY = "economy"
    PREMIUM = "premium"
    BUSINESS = "business"


class BookingStatus(StrEnum):
    """Say what became of a booking; `cancelled` (by the customer) and `refunded` (by us) free its seats."""

    CONFIRMED = "confirmed"
    FLOWN = "flown"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Booking(Base):
    """Seats sold to a user on one flight; `fare` is for one passenger, the database computes `total`."""

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("reference ~ '^[A-Z0-9]{6}$'", name="reference_form"),
        CheckConstraint("passengers BETWEEN 1 AND 9", name="passengers_range"),
        CheckConstraint("fare >= 0", name="fare_not_negative"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint(
            "(status IN ('cancelled', 'refunded')) = (cancelled_at IS NOT NULL)", name="cancelled_has_a_time"
        ),
        CheckConstraint("cancelled_at >= booked_at", name="cancelled_after_booked"),
        Index("ix_bookings_user_id_booked_at", "user_id", "booked_at"),
        Index("ix_bookings_flight_id", "flight_id"),
        Index("ix_bookings_booked_at", "booked_at"),
    )

    id: Mapped[BigKey]
    reference: Mapped[str] = mapped_column(String(6), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    flight_id: Mapped[int] = mapped_column(ForeignKey("flights.id", ondelete="RESTRICT"))
    cabin: Mapped[Cabin] = mapped_column(pg_enum(Cabin, "cabin"), server_default="economy")
    passengers: Mapped[int] = mapped_column(SmallInteger)
    fare: Mapped[Money]
    total: Mapped[Decimal] = mapped_column(
        Numeric(12, 2), Computed("fare * passengers::numeric", persisted=True)
    )
    currency: Mapped[str] = mapped_column(String(3), server_default="USD")
    status: Mapped[BookingStatus] = mapped_column(
        pg_enum(BookingStatus, "booking_status"), server_default="confirmed"
    )
    booked_at: Mapped[CreatedAt]
    cancelled_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    flight: Mapped[Flight] = relationship()
