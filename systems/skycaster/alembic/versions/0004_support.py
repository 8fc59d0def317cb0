"""Support tickets.

Revision 0004, after 0003, written 2025-04-07.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.migrating import drop_enum, ensure_enum

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    ensure_enum("ticket_status", "open", "pending", "resolved", "closed")
    ensure_enum("ticket_priority", "low", "normal", "high", "urgent")
    op.create_table(
        "support_tickets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "status",
            postgresql.ENUM(name="ticket_status", create_type=False),
            server_default="open",
            nullable=False,
        ),
        sa.Column(
            "priority",
            postgresql.ENUM(name="ticket_priority", create_type=False),
            server_default="normal",
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)",
            name=op.f("ck_support_tickets_resolved_has_time"),
        ),
        sa.CheckConstraint("subject <> ''", name=op.f("ck_support_tickets_subject_not_empty")),
        sa.CheckConstraint(
            "resolved_at >= created_at", name=op.f("ck_support_tickets_resolved_after_created")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to"],
            ["users.id"],
            name=op.f("fk_support_tickets_assigned_to_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_support_tickets_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_support_tickets_number")),
        comment="Customer support",
    )
    op.create_index(op.f("idx_support_tickets_assigned_to"), "support_tickets", ["assigned_to"])
    op.create_index(
        op.f("idx_support_tickets_status_priority_created_at"),
        "support_tickets",
        ["status", "priority", "created_at"],
    )
    op.create_index(op.f("idx_support_tickets_user_id"), "support_tickets", ["user_id"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("support_tickets")
    drop_enum("ticket_priority")
    drop_enum("ticket_status")
