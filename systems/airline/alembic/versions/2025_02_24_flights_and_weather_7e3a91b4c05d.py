"""Flights and weather.

Revision ID: 7e3a91b4c05d
Revises: 2c9d05e8a716
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "7e3a91b4c05d"
down_revision: str | tuple[str, ...] | None = "2c9d05e8a716"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "flights",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("airline_code", sa.String(length=2), nullable=False),
        sa.Column("flight_number", sa.SmallInteger(), nullable=False),
        sa.Column("tail_number", sa.String(length=6), nullable=True),
        sa.Column("origin_code", sa.String(length=3), nullable=False),
        sa.Column("destination_code", sa.String(length=3), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("scheduled_departure", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheduled_arrival", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actual_departure", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_arrival", sa.DateTime(timezone=True), nullable=True),
        sa.Column("air_time_minutes", sa.SmallInteger(), nullable=True),
        sa.Column("distance_miles", sa.SmallInteger(), nullable=False),
        sa.Column("seats", sa.SmallInteger(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("scheduled", "arrived", "cancelled", "diverted", name="flight_status"),
            server_default="scheduled",
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'arrived') = (actual_arrival IS NOT NULL)",
            name=op.f("ck_flights_arrived_has_actual_arrival"),
        ),
        sa.CheckConstraint(
            "status <> 'cancelled' OR actual_departure IS NULL", name=op.f("ck_flights_cancelled_never_left")
        ),
        sa.CheckConstraint("distance_miles > 0", name=op.f("ck_flights_distance_miles_positive")),
        sa.CheckConstraint("flight_number > 0", name=op.f("ck_flights_flight_number_positive")),
        sa.CheckConstraint("origin_code <> destination_code", name=op.f("ck_flights_goes_somewhere")),
        sa.CheckConstraint(
            "scheduled_arrival > scheduled_departure", name=op.f("ck_flights_arrives_after_departure")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_flights_seats_positive")),
        sa.ForeignKeyConstraint(
            ["airline_code"], ["airlines.code"], name=op.f("fk_flights_airline_code_airlines")
        ),
        sa.ForeignKeyConstraint(
            ["destination_code"], ["airports.code"], name=op.f("fk_flights_destination_code_airports")
        ),
        sa.ForeignKeyConstraint(
            ["origin_code"], ["airports.code"], name=op.f("fk_flights_origin_code_airports")
        ),
        sa.ForeignKeyConstraint(
            ["tail_number"], ["aircraft.tail_number"], name=op.f("fk_flights_tail_number_aircraft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flights")),
        sa.UniqueConstraint(
            "airline_code",
            "flight_number",
            "scheduled_departure",
            name=op.f("uq_flights_airline_code_flight_number_scheduled_departure"),
        ),
    )
    op.create_index(
        "ix_flights_destination_code_service_date",
        "flights",
        ["destination_code", "service_date"],
        unique=False,
    )
    op.create_index(
        "ix_flights_route_date", "flights", ["origin_code", "destination_code", "service_date"], unique=False
    )
    op.create_index("ix_flights_tail_number", "flights", ["tail_number"], unique=False)
    op.create_table(
        "weather",
        sa.Column("airport_code", sa.String(length=3), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("temperature_f", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("dew_point_f", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("humidity_percent", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("wind_direction_degrees", sa.SmallInteger(), nullable=True),
        sa.Column("wind_speed_mph", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("wind_gust_mph", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("precipitation_inches", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("pressure_millibars", sa.Numeric(precision=6, scale=1), nullable=True),
        sa.Column("visibility_miles", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.CheckConstraint(
            "humidity_percent BETWEEN 0 AND 100", name=op.f("ck_weather_humidity_percent_range")
        ),
        sa.CheckConstraint(
            "precipitation_inches >= 0", name=op.f("ck_weather_precipitation_inches_not_negative")
        ),
        sa.CheckConstraint(
            "wind_direction_degrees BETWEEN 0 AND 360", name=op.f("ck_weather_wind_direction_degrees_range")
        ),
        sa.CheckConstraint("wind_speed_mph >= 0", name=op.f("ck_weather_wind_speed_mph_not_negative")),
        sa.ForeignKeyConstraint(
            ["airport_code"], ["airports.code"], name=op.f("fk_weather_airport_code_airports")
        ),
        sa.PrimaryKeyConstraint("airport_code", "observed_at", name=op.f("pk_weather")),
    )


def downgrade() -> None:
    """Drop them with their data."""
    # Indexes go with their tables, enum types do not.
    op.drop_table("weather")
    op.drop_table("flights")
    op.execute("DROP TYPE flight_status")
