"""Support tickets."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, UpdatedAt, UuidKey, enum_type


class TicketStatus(enum.StrEnum):
    """Where a ticket is in its life."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class TicketPriority(enum.StrEnum):
    """How soon a ticket needs an answer."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class SupportTicket(Base):
    """A customer's question, with the short number that people say on the telephone."""

    __tablename__ = "support_tickets"
    __table_args__ = (
        CheckConstraint("subject <> ''", name="subject_not_empty"),
        CheckConstraint("resolved_at >= created_at", name="resolved_after_created"),
        CheckConstraint(
            "(status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)", name="resolved_has_time"
        ),
        Index(None, "user_id"),
        Index(None, "assigned_to"),
        Index(None, "status", "priority", "created_at"),
        {"comment": "Customer support"},
    )

    id: Mapped[UuidKey]
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=False, start=1000), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[TicketStatus] = mapped_column(
        enum_type(TicketStatus, "ticket_status"), server_default="open"
    )
    priority: Mapped[TicketPriority] = mapped_column(
        enum_type(TicketPriority, "ticket_priority"), server_default="normal"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    resolved_at: Mapped[datetime | None]
