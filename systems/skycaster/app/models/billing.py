"""Subscriptions and invoices, mirrored from Stripe."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import User
from app.models.base import Base, CreatedAt, Money, UpdatedAt, UuidKey, enum_type


class SubscriptionPlan(enum.StrEnum):
    """What is sold."""

    FREE = "free"
    DEVELOPER = "developer"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


class SubscriptionStatus(enum.StrEnum):
    """Where a subscription is in its life; Stripe's words."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"


class InvoiceStatus(enum.StrEnum):
    """Where an invoice is in its life; Stripe's words."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


SUBSCRIPTION_PLAN = enum_type(SubscriptionPlan, "subscription_plan")


class Subscription(Base):
    """A user's plan; at most one is running at a time."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("unit_amount >= 0", name="unit_amount_not_negative"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("current_period_end > current_period_start", name="period_order"),
        CheckConstraint("status <> 'canceled' OR canceled_at IS NOT NULL", name="canceled_has_time"),
        Index(None, "user_id"),
        Index(None, "currency"),
        Index(
            "uq_subscriptions_running_user_id",
            "user_id",
            unique=True,
            postgresql_where=text("status <> 'canceled'"),
        ),
        {"comment": "Subscription plans and their Stripe identity"},
    )

    id: Mapped[UuidKey]
    # Records of money outlive a wish to delete the account: users are deactivated instead.
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    plan: Mapped[SubscriptionPlan] = mapped_column(SUBSCRIPTION_PLAN)
    status: Mapped[SubscriptionStatus] = mapped_column(enum_type(SubscriptionStatus, "subscription_status"))
    currency: Mapped[str] = mapped_column(ForeignKey("currency_config.code"))
    unit_amount: Mapped[Money]
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_price_id: Mapped[str | None]
    current_period_start: Mapped[datetime]
    current_period_end: Mapped[datetime]
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default=text("false"))
    canceled_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped[User] = relationship()
    invoices: Mapped[list[Invoice]] = relationship(back_populates="subscription")


class Invoice(Base):
    """One bill of a subscription, in the currency of that bill."""

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("subtotal >= 0 AND tax >= 0", name="amounts_not_negative"),
        CheckConstraint("total = subtotal + tax", name="total_is_sum"),
        CheckConstraint("amount_paid BETWEEN 0 AND total", name="amount_paid_range"),
        CheckConstraint("status <> 'paid' OR paid_at IS NOT NULL", name="paid_has_time"),
        CheckConstraint("period_end > period_start", name="period_order"),
        Index(None, "user_id", "issued_at"),
        Index(None, "subscription_id"),
        Index(None, "currency"),
        Index("idx_invoices_open_due_at", "due_at", postgresql_where=text("status = 'open'")),
        {"comment": "Invoices and their Stripe identity"},
    )

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    subscription_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("subscriptions.id", ondelete="RESTRICT"))
    number: Mapped[str] = mapped_column(unique=True)
    stripe_invoice_id: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[InvoiceStatus] = mapped_column(
        enum_type(InvoiceStatus, "invoice_status"), server_default="draft"
    )
    currency: Mapped[str] = mapped_column(ForeignKey("currency_config.code"))
    subtotal: Mapped[Money]
    tax: Mapped[Money]
    total: Mapped[Money]
    amount_paid: Mapped[Decimal] = mapped_column(Numeric(12, 2), server_default=text("0"))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    subscription: Mapped[Subscription] = relationship(back_populates="invoices")
