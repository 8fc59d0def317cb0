"""What flies, and through what weather."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import AirlineCode, AirportCode, Base, BigKey, TailNumber
from app.models.enums import pg_enum
from app.models.market import MARKET_ROLLUP
from app.models.network import Aircraft, Airline, Airport


class FlightStatus(StrEnum):
    """Say how far a flight has come."""

    SCHEDULED = "scheduled"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    DIVERTED = "diverted"


class Flight(Base):
    """One departure of a flight number.

    `service_date` is the local date at the origin; `seats` is what can be sold and
    is unknown (null) when the aircraft register does not know the aircraft.
    """

    __tablename__ = "flights"
    __table_args__ = (
        # One number can fly two legs on one day, so the day alone does not identify a departure.
        UniqueConstraint("airline_code", "flight_number", "scheduled_departure"),
        CheckConstraint("flight_number > 0", name="flight_number_positive"),
        CheckConstraint("origin_code <> destination_code", name="goes_somewhere"),
        CheckConstraint("scheduled_arrival > scheduled_departure", name="arrives_after_departure"),
        CheckConstraint("distance_miles > 0", name="distance_miles_positive"),
        CheckConstraint("seats > 0", name="seats_positive"),
        CheckConstraint("status <> 'cancelled' OR actual_departure IS NULL", name="cancelled_never_left"),
        CheckConstraint(
            "(status = 'arrived') = (actual_arrival IS NOT NULL)", name="arrived_has_actual_arrival"
        ),
        Index("ix_flights_route_date", "origin_code", "destination_code", "service_date"),
        Index("ix_flights_destination_code_service_date", "destination_code", "service_date"),
        Index("ix_flights_tail_number", "tail_number"),
        MARKET_ROLLUP,
    )

    id: Mapped[BigKey]
    airline_code: Mapped[AirlineCode] = mapped_column(ForeignKey("airlines.code"))
    flight_number: Mapped[int] = mapped_column(SmallInteger)
    tail_number: Mapped[TailNumber | None] = mapped_column(ForeignKey("aircraft.tail_number"))
    origin_code: Mapped[AirportCode] = mapped_column(ForeignKey("airports.code"))
    destination_code: Mapped[AirportCode] = mapped_column(ForeignKey("airports.code"))
    service_date: Mapped[date]
    scheduled_departure: Mapped[datetime]
    scheduled_arrival: Mapped[datetime]
    actual_departure: Mapped[datetime | None]
    actual_arrival: Mapped[datetime | None]
    air_time_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    distance_miles: Mapped[int] = mapped_column(SmallInteger)
    seats: Mapped[int | None] = mapped_column(SmallInteger)
    status: Mapped[FlightStatus] = mapped_column(
        pg_enum(FlightStatus, "flight_status"), server_default="scheduled"
    )

    airline: Mapped[Airline] = relationship()
    aircraft: Mapped[Aircraft | None] = relationship()
    origin: Mapped[Airport] = relationship(foreign_keys=[origin_code])
    destination: Mapped[Airport] = relationship(foreign_keys=[destination_code])


class Weather(Base):
    """One hour of weather at an airport, in the units of the source.

    Fahrenheit, miles per hour, inches of rain, millibars, miles of sight.
    """

    __tablename__ = "weather"
    __table_args__ = (
        CheckConstraint("humidity_percent BETWEEN 0 AND 100", name="humidity_percent_range"),
        CheckConstraint("wind_direction_degrees BETWEEN 0 AND 360", name="wind_direction_degrees_range"),
        CheckConstraint("wind_speed_mph >= 0", name="wind_speed_mph_not_negative"),
        CheckConstraint("precipitation_inches >= 0", name="precipitation_inches_not_negative"),
    )

    airport_code: Mapped[AirportCode] = mapped_column(ForeignKey("airports.code"), primary_key=True)
    observed_at: Mapped[datetime] = mapped_column(primary_key=True)
    temperature_f: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    dew_point_f: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    humidity_percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    wind_direction_degrees: Mapped[int | None] = mapped_column(SmallInteger)
    wind_speed_mph: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    wind_gust_mph: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    precipitation_inches: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    pressure_millibars: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    visibility_miles: Mapped[Decimal] = mapped_column(Numeric(5, 2))

    airport: Mapped[Airport] = relationship()
