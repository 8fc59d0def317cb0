"""Models with everything that can be declared about a table over time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Double, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pgwright.contrib.sqlalchemy import Compress, Retain, Rollup, TimeSeries

AGGREGATES = {"count": "count(*)", "total": "sum(value)", "highest": "max(value)"}


class Base(DeclarativeBase):
    metadata = MetaData()


class Sensor(Base):
    __tablename__ = "sensors"

    id: Mapped[int] = mapped_column(primary_key=True)


class Reading(Base):
    __tablename__ = "readings"
    __table_args__ = (
        Index(None, "at"),
        TimeSeries("at", "1 day"),
        Retain("1 year"),
        Compress("30 days", segment_by="sensor_id", order_by="at DESC"),
        Rollup("hourly", bucket="1 hour", group_by="sensor_id", aggregates=AGGREGATES, realtime=True),
        Rollup(
            "daily",
            of="hourly",
            bucket="1 day",
            group_by="sensor_id",
            aggregates={"count": "sum(count)", "total": "sum(total)"},
        ),
    )

    sensor_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    value: Mapped[float] = mapped_column(Double)


class Changed(DeclarativeBase):
    metadata = MetaData()


class ChangedReading(Changed):
    """The same table, declared otherwise."""

    __tablename__ = "readings"
    __table_args__ = (
        Index(None, "at"),
        TimeSeries("at", "7 days", ahead=5),
        Retain("2 years"),
        Compress("60 days", segment_by="sensor_id", order_by="at DESC"),
        Rollup(
            "hourly",
            bucket="1 hour",
            group_by="sensor_id",
            aggregates=AGGREGATES,
            realtime=True,
            refresh="10 minutes",
        ),
    )

    sensor_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    value: Mapped[float] = mapped_column(Double)
