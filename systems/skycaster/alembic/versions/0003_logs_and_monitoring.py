"""Usage, weather requests, audit trail, security events and metrics.

Revision 0003, after 0002, written 2025-03-17.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.migrating import drop_enum, ensure_enum

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    ensure_enum("security_severity", "low", "medium", "high", "critical")
    op.create_table(
        "usage_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status_code", sa.SmallInteger(), nullable=False),
        sa.Column("response_time_ms", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=12, scale=6), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_usage_logs_cost_not_negative")),
        sa.CheckConstraint("response_time_ms >= 0", name=op.f("ck_usage_logs_response_time_not_negative")),
        sa.CheckConstraint("status_code BETWEEN 100 AND 599", name=op.f("ck_usage_logs_status_code_range")),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_usage_logs_api_key_id_api_keys"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_usage_logs_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_usage_logs")),
        comment="API calls with their cost in the base currency",
    )
    op.create_index(op.f("idx_usage_logs_api_key_id"), "usage_logs", ["api_key_id"])
    op.create_index(op.f("idx_usage_logs_user_id_created_at"), "usage_logs", ["user_id", "created_at"])
    op.create_table(
        "weather_requests",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=8, scale=5), nullable=False),
        sa.Column("longitude", sa.Numeric(precision=8, scale=5), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("cache_hit", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("response_time_ms", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_weather_requests_latitude_range")),
        sa.CheckConstraint(
            "longitude BETWEEN -180 AND 180", name=op.f("ck_weather_requests_longitude_range")
        ),
        sa.CheckConstraint(
            "response_time_ms >= 0", name=op.f("ck_weather_requests_response_time_not_negative")
        ),
        sa.CheckConstraint(
            "success = (error_code IS NULL)", name=op.f("ck_weather_requests_failure_has_code")
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_weather_requests_api_key_id_api_keys"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_weather_requests_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weather_requests")),
        comment="Weather requests with place, parameters and outcome",
    )
    op.create_index(op.f("idx_weather_requests_api_key_id"), "weather_requests", ["api_key_id"])
    op.create_index(
        op.f("idx_weather_requests_user_id_created_at"), "weather_requests", ["user_id", "created_at"]
    )
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("activity_type", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("success", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint("activity_type <> ''", name=op.f("ck_audit_logs_activity_type_not_empty")),
        sa.PrimaryKeyConstraint("id", "timestamp", name=op.f("pk_audit_logs")),
        comment="Audit trail of the whole system",
    )
    op.create_index(op.f("idx_audit_logs_timestamp"), "audit_logs", ["timestamp"])
    op.create_index(op.f("idx_audit_logs_user_id_timestamp"), "audit_logs", ["user_id", "timestamp"])
    op.create_table(
        "security_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("severity", postgresql.ENUM(name="security_severity", create_type=False), nullable=False),
        sa.Column("source_ip", postgresql.INET(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "resolved_at >= detected_at", name=op.f("ck_security_events_resolved_after_detected")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_events")),
        comment="Security incidents",
    )
    op.create_index(
        op.f("idx_security_events_event_type_detected_at"), "security_events", ["event_type", "detected_at"]
    )
    op.create_index(
        "idx_security_events_unresolved",
        "security_events",
        ["severity", "detected_at"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "performance_metrics",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("metric_name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("metric_name <> ''", name=op.f("ck_performance_metrics_metric_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_metrics")),
        comment="Measurements of the API's hosts",
    )
    op.create_index(
        op.f("idx_performance_metrics_metric_name_recorded_at"),
        "performance_metrics",
        ["metric_name", "recorded_at"],
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("performance_metrics")
    op.drop_table("security_events")
    op.drop_table("audit_logs")
    op.drop_table("weather_requests")
    op.drop_table("usage_logs")
    drop_enum("security_severity")
