"""Currencies, prices and variable names; bills and users refer to currencies.

Revision 0005, after 0004, written 2025-05-19.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "currency_config",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("decimal_places", sa.SmallInteger(), server_default=sa.text("2"), nullable=False),
        sa.Column(
            "exchange_rate", sa.Numeric(precision=18, scale=8), server_default=sa.text("1"), nullable=False
        ),
        sa.Column("is_base", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Z]{3}$'", name=op.f("ck_currency_config_code_form")),
        sa.CheckConstraint(
            "NOT is_base OR exchange_rate = 1", name=op.f("ck_currency_config_base_rate_is_one")
        ),
        sa.CheckConstraint(
            "decimal_places BETWEEN 0 AND 4", name=op.f("ck_currency_config_decimal_places_range")
        ),
        sa.CheckConstraint("exchange_rate > 0", name=op.f("ck_currency_config_exchange_rate_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_currency_config")),
        sa.UniqueConstraint("code", name=op.f("uq_currency_config_code")),
        comment="Currencies and their rates to the base currency",
    )
    op.create_index(
        "uq_currency_config_base",
        "currency_config",
        ["is_base"],
        unique=True,
        postgresql_where=sa.text("is_base"),
    )
    op.create_table(
        "pricing_config",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("plan", postgresql.ENUM(name="subscription_plan", create_type=False), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_per_call", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("free_calls_per_month", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "free_calls_per_month >= 0", name=op.f("ck_pricing_config_free_calls_not_negative")
        ),
        sa.CheckConstraint("price_per_call >= 0", name=op.f("ck_pricing_config_price_not_negative")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_pricing_config_validity_order")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_pricing_config_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["currency_config.code"], name=op.f("fk_pricing_config_currency_currency_config")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_config")),
        sa.UniqueConstraint(
            "endpoint",
            "plan",
            "currency",
            "valid_from",
            name=op.f("uq_pricing_config_endpoint_plan_currency_valid_from"),
        ),
        comment="Prices per call by endpoint, plan and currency",
    )
    op.create_index(op.f("idx_pricing_config_created_by"), "pricing_config", ["created_by"])
    op.create_index(op.f("idx_pricing_config_currency"), "pricing_config", ["currency"])
    op.create_table(
        "variable_mapping",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_variable", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "scale_factor", sa.Numeric(precision=14, scale=6), server_default=sa.text("1"), nullable=False
        ),
        sa.Column(
            "add_offset", sa.Numeric(precision=14, scale=6), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("scale_factor <> 0", name=op.f("ck_variable_mapping_scale_factor_not_zero")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variable_mapping")),
        sa.UniqueConstraint("name", "provider", name=op.f("uq_variable_mapping_name_provider")),
        sa.UniqueConstraint(
            "provider", "provider_variable", name=op.f("uq_variable_mapping_provider_provider_variable")
        ),
        comment="Names and units of weather variables by provider",
    )
    # Bills written before this revision name currencies that the new keys must find.
    op.execute(
        "INSERT INTO currency_config (code, name, symbol)"
        " SELECT currency, currency, currency FROM subscriptions"
        " UNION SELECT currency, currency, currency FROM invoices"
    )
    op.create_foreign_key(
        op.f("fk_subscriptions_currency_currency_config"),
        "subscriptions",
        "currency_config",
        ["currency"],
        ["code"],
    )
    op.create_index(op.f("idx_subscriptions_currency"), "subscriptions", ["currency"])
    op.create_foreign_key(
        op.f("fk_invoices_currency_currency_config"), "invoices", "currency_config", ["currency"], ["code"]
    )
    op.create_index(op.f("idx_invoices_currency"), "invoices", ["currency"])
    op.add_column("users", sa.Column("preferred_currency", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_users_preferred_currency_currency_config"),
        "users",
        "currency_config",
        ["preferred_currency"],
        ["code"],
    )
    op.create_index(op.f("idx_users_preferred_currency"), "users", ["preferred_currency"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_column("users", "preferred_currency")
    op.drop_index(op.f("idx_invoices_currency"), table_name="invoices")
    op.drop_constraint(op.f("fk_invoices_currency_currency_config"), "invoices")
    op.drop_index(op.f("idx_subscriptions_currency"), table_name="subscriptions")
    op.drop_constraint(op.f("fk_subscriptions_currency_currency_config"), "subscriptions")
    op.drop_table("variable_mapping")
    op.drop_table("pricing_config")
    op.drop_table("currency_config")
