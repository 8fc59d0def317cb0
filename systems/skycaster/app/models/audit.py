"""Audit trail and security events.

Both name users by id without a foreign key: the record must survive its subject.
"""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from pgwright.contrib.sqlalchemy import Retain, TimeSeries
from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Document, UuidKey, enum_type


class SecuritySeverity(enum.StrEnum):
    """How much a security event matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AuditLog(Base):
    """Who did what, and when; in monthly partitions, so that a month that is old enough goes at once."""

    __tablename__ = "audit_logs"
    __table_args__ = (
        CheckConstraint("activity_type <> ''", name="activity_type_not_empty"),
        Index("idx_audit_logs_activity_timestamp", "activity_type", "timestamp"),
        Index(None, "timestamp"),
        Index(None, "user_id", "timestamp"),
        TimeSeries("timestamp", "1 month"),
        Retain("6 months"),
        {"comment": "Audit trail of the whole system"},
    )

    id: Mapped[UuidKey]
    timestamp: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    activity_type: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    resource_type: Mapped[str | None]
    resource_id: Mapped[uuid.UUID | None]
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    success: Mapped[bool] = mapped_column(server_default=text("true"))
    details: Mapped[Document]


class SecurityEvent(Base):
    """Something suspicious, until it is resolved."""

    __tablename__ = "security_events"
    __table_args__ = (
        CheckConstraint("resolved_at >= detected_at", name="resolved_after_detected"),
        Index(None, "event_type", "detected_at"),
        Index(
            "idx_security_events_unresolved",
            "severity",
            "detected_at",
            postgresql_where=text("resolved_at IS NULL"),
        ),
        {"comment": "Security incidents"},
    )

    id: Mapped[UuidKey]
    event_type: Mapped[str]
    severity: Mapped[SecuritySeverity] = mapped_column(enum_type(SecuritySeverity, "security_severity"))
    source_ip: Mapped[str | None] = mapped_column(INET)
    user_id: Mapped[uuid.UUID | None]
    details: Mapped[Document]
    detected_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
