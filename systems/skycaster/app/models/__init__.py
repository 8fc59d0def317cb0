"""All models; importing this package fills `Base.metadata`."""

from app.models.accounts import ApiKey, User, UserRole
from app.models.audit import AuditLog, SecurityEvent, SecuritySeverity
from app.models.base import Base
from app.models.billing import (
    Invoice,
    InvoiceStatus,
    Subscription,
    SubscriptionPlan,
    SubscriptionStatus,
)
from app.models.configuration import CurrencyConfig, PricingConfig, VariableMapping
from app.models.monitoring import PerformanceMetric
from app.models.support import SupportTicket, TicketPriority, TicketStatus
from app.models.usage import UsageLog, UserUsageSummary, WeatherRequest

__all__ = [
    "ApiKey",
    "AuditLog",
    "Base",
    "CurrencyConfig",
    "Invoice",
    "InvoiceStatus",
    "PerformanceMetric",
    "PricingConfig",
    "SecurityEvent",
    "SecuritySeverity",
    "Subscription",
    "SubscriptionPlan",
    "SubscriptionStatus",
    "SupportTicket",
    "TicketPriority",
    "TicketStatus",
    "UsageLog",
    "User",
    "UserRole",
    "UserUsageSummary",
    "VariableMapping",
    "WeatherRequest",
]
