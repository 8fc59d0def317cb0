"""Configuration kept in the database: currencies, prices, names of weather variables."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, UnitPrice, UpdatedAt, UuidKey
from app.models.billing import SUBSCRIPTION_PLAN, SubscriptionPlan


class CurrencyConfig(Base):
    """A currency that can be billed, with its rate to the one base currency."""

    __tablename__ = "currency_config"
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z]{3}$'", name="code_form"),
        CheckConstraint("decimal_places BETWEEN 0 AND 4", name="decimal_places_range"),
        CheckConstraint("exchange_rate > 0", name="exchange_rate_positive"),
        CheckConstraint("NOT is_base OR exchange_rate = 1", name="base_rate_is_one"),
        Index("uq_currency_config_base", "is_base", unique=True, postgresql_where=text("is_base")),
        {"comment": "Currencies and their rates to the base currency"},
    )

    id: Mapped[UuidKey]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    symbol: Mapped[str]
    decimal_places: Mapped[int] = mapped_column(SmallInteger, server_default=text("2"))
    exchange_rate: Mapped[Decimal] = mapped_column(Numeric(18, 8), server_default=text("1"))
    is_base: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    updated_at: Mapped[UpdatedAt]


class PricingConfig(Base):
    """The price of one call to an endpoint, by plan and currency, from a moment on."""

    __tablename__ = "pricing_config"
    __table_args__ = (
        CheckConstraint("price_per_call >= 0", name="price_not_negative"),
        CheckConstraint("free_calls_per_month >= 0", name="free_calls_not_negative"),
        CheckConstraint("valid_to > valid_from", name="validity_order"),
        UniqueConstraint("endpoint", "plan", "currency", "valid_from"),
        Index(None, "currency"),
        Index(None, "created_by"),
        {"comment": "Prices per call by endpoint, plan and currency"},
    )

    id: Mapped[UuidKey]
    endpoint: Mapped[str]
    plan: Mapped[SubscriptionPlan] = mapped_column(SUBSCRIPTION_PLAN)
    currency: Mapped[str] = mapped_column(ForeignKey("currency_config.code"))
    price_per_call: Mapped[UnitPrice]
    free_calls_per_month: Mapped[int] = mapped_column(server_default=text("0"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class VariableMapping(Base):
    """How a provider's variable becomes ours: value = raw * scale_factor + add_offset."""

    __tablename__ = "variable_mapping"
    __table_args__ = (
        CheckConstraint("scale_factor <> 0", name="scale_factor_not_zero"),
        UniqueConstraint("provider", "provider_variable"),
        UniqueConstraint("name", "provider"),
        {"comment": "Names and units of weather variables by provider"},
    )

    id: Mapped[UuidKey]
    name: Mapped[str]
    provider: Mapped[str]
    provider_variable: Mapped[str]
    unit: Mapped[str]
    scale_factor: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("1"))
    add_offset: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    updated_at: Mapped[UpdatedAt]
