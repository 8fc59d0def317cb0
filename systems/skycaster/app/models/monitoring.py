"""Performance metrics of the API's own hosts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Document, UuidKey


class PerformanceMetric(Base):
    """One measurement of one metric on one host."""

    __tablename__ = "performance_metrics"
    __table_args__ = (
        CheckConstraint("metric_name <> ''", name="metric_name_not_empty"),
        Index(None, "metric_name", "recorded_at"),
        {"comment": "Measurements of the API's hosts"},
    )

    id: Mapped[UuidKey]
    metric_name: Mapped[str]
    host: Mapped[str]
    value: Mapped[float] = mapped_column(Double)
    unit: Mapped[str]
    labels: Mapped[Document]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
