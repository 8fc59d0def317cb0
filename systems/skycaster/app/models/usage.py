"""What the API served: billed calls, and the weather requests among them."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from pgwright.contrib.sqlalchemy import Retain, Rollup
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, UnitPrice, UuidKey


class UsageLog(Base):
    """One call, with its cost in the base currency.

    `created_at` is part of the key so that the table can be partitioned by time
    without a new key; nothing refers to this table, so old rows can go freely.
    """

    __tablename__ = "usage_logs"
    __table_args__ = (
        CheckConstraint("cost >= 0", name="cost_not_negative"),
        CheckConstraint("status_code BETWEEN 100 AND 599", name="status_code_range"),
        CheckConstraint("response_time_ms >= 0", name="response_time_not_negative"),
        Index(None, "created_at", "user_id"),
        Index(None, "user_id", "created_at"),
        Index(None, "api_key_id"),
        Retain("1 year", column="created_at"),
        Rollup(
            "user_usage_summary",
            group_by="user_id",
            aggregates={
                "total_requests": "count(*)",
                "total_cost": "sum(cost)",
                "last_request": "max(created_at)",
            },
        ),
        {"comment": "API calls with their cost in the base currency"},
    )

    id: Mapped[UuidKey]
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    endpoint: Mapped[str]
    method: Mapped[str]
    status_code: Mapped[int] = mapped_column(SmallInteger)
    response_time_ms: Mapped[int]
    cost: Mapped[UnitPrice] = mapped_column(server_default=text("0"))


class UserUsageSummary(Base):
    """What a user called in all, and what it cost; filled by the rollup of `usage_logs`."""

    __tablename__ = "user_usage_summary"
    __table_args__ = ({"comment": "Calls and cost of each user, kept by pgwright policy run"},)

    # No foreign key: the row of a deleted user goes with the next refresh.
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    total_requests: Mapped[int] = mapped_column(BigInteger)
    total_cost: Mapped[Decimal]
    last_request: Mapped[datetime]


class WeatherRequest(Base):
    """One request for weather at a place, and whether it was answered."""

    __tablename__ = "weather_requests"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        CheckConstraint("success = (error_code IS NULL)", name="failure_has_code"),
        CheckConstraint("response_time_ms >= 0", name="response_time_not_negative"),
        Index("idx_weather_requests_timestamp", "created_at", postgresql_where=text("success")),
        Index(None, "user_id", "created_at"),
        Index(None, "api_key_id"),
        {"comment": "Weather requests with place, parameters and outcome"},
    )

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    endpoint: Mapped[str]
    latitude: Mapped[Decimal] = mapped_column(Numeric(8, 5))
    longitude: Mapped[Decimal] = mapped_column(Numeric(8, 5))
    parameters: Mapped[Document]
    provider: Mapped[str]
    success: Mapped[bool]
    error_code: Mapped[str | None]
    cache_hit: Mapped[bool] = mapped_column(server_default=text("false"))
    response_time_ms: Mapped[int]
    created_at: Mapped[CreatedAt]
