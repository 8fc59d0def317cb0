"""Subscriptions and invoices.

Revision 0002, after 0001, written 2025-02-24.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.migrating import drop_enum, ensure_enum

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    ensure_enum("subscription_plan", "free", "developer", "business", "enterprise")
    ensure_enum("subscription_status", "trialing", "active", "past_due", "canceled")
    ensure_enum("invoice_status", "draft", "open", "paid", "void", "uncollectible")
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("plan", postgresql.ENUM(name="subscription_plan", create_type=False), nullable=False),
        sa.Column("status", postgresql.ENUM(name="subscription_status", create_type=False), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit_amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("stripe_subscription_id", sa.Text(), nullable=True),
        sa.Column("stripe_price_id", sa.Text(), nullable=True),
        sa.Column("current_period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_at_period_end", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_subscriptions_currency_form")),
        sa.CheckConstraint(
            "status <> 'canceled' OR canceled_at IS NOT NULL", name=op.f("ck_subscriptions_canceled_has_time")
        ),
        sa.CheckConstraint(
            "current_period_end > current_period_start", name=op.f("ck_subscriptions_period_order")
        ),
        sa.CheckConstraint("unit_amount >= 0", name=op.f("ck_subscriptions_unit_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("stripe_subscription_id", name=op.f("uq_subscriptions_stripe_subscription_id")),
        comment="Subscription plans and their Stripe identity",
    )
    op.create_index(op.f("idx_subscriptions_user_id"), "subscriptions", ["user_id"])
    op.create_index(
        "uq_subscriptions_running_user_id",
        "subscriptions",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'canceled'"),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("stripe_invoice_id", sa.Text(), nullable=True),
        sa.Column(
            "status",
            postgresql.ENUM(name="invoice_status", create_type=False),
            server_default="draft",
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("subtotal", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column(
            "amount_paid", sa.Numeric(precision=12, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_invoices_currency_form")),
        sa.CheckConstraint("status <> 'paid' OR paid_at IS NOT NULL", name=op.f("ck_invoices_paid_has_time")),
        sa.CheckConstraint("amount_paid BETWEEN 0 AND total", name=op.f("ck_invoices_amount_paid_range")),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_invoices_period_order")),
        sa.CheckConstraint("subtotal >= 0 AND tax >= 0", name=op.f("ck_invoices_amounts_not_negative")),
        sa.CheckConstraint("total = subtotal + tax", name=op.f("ck_invoices_total_is_sum")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_invoices_subscription_id_subscriptions"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_invoices_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("stripe_invoice_id", name=op.f("uq_invoices_stripe_invoice_id")),
        comment="Invoices and their Stripe identity",
    )
    op.create_index(
        "idx_invoices_open_due_at", "invoices", ["due_at"], postgresql_where=sa.text("status = 'open'")
    )
    op.create_index(op.f("idx_invoices_subscription_id"), "invoices", ["subscription_id"])
    op.create_index(op.f("idx_invoices_user_id_issued_at"), "invoices", ["user_id", "issued_at"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("invoices")
    op.drop_table("subscriptions")
    drop_enum("invoice_status")
    drop_enum("subscription_status")
    drop_enum("subscription_plan")
