"""Users and their API keys."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, CreatedAt, UpdatedAt, UuidKey, enum_type


class UserRole(enum.StrEnum):
    """What a user may do."""

    USER = "user"
    ADMIN = "admin"


class User(Base):
    """A person or company that calls the API, or an administrator."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email) AND email ~ '^[^@ ]+@[^@ ]+$'", name="email_form"),
        # Modular crypt format ($algorithm$...): a password in clear cannot be stored by mistake.
        CheckConstraint("password_hash ~ '^[$][a-z0-9-]+[$]'", name="password_hash_form"),
        Index(None, "preferred_currency"),
        {"comment": "Customers and administrators"},
    )

    id: Mapped[UuidKey]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    full_name: Mapped[str | None]
    company: Mapped[str | None]
    role: Mapped[UserRole] = mapped_column(enum_type(UserRole, "user_role"), server_default="user")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    email_verified_at: Mapped[datetime | None]
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    preferred_currency: Mapped[str | None] = mapped_column(ForeignKey("currency_config.code"))

    api_keys: Mapped[list[ApiKey]] = relationship(back_populates="user", passive_deletes=True)


class ApiKey(Base):
    """An API key: a prefix to find and show it by, and the SHA-256 of its secret."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("octet_length(key_hash) = 32", name="key_hash_length"),
        CheckConstraint("requests_per_minute > 0", name="requests_per_minute_positive"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        Index(None, "user_id"),
        {"comment": "API keys; only a hash of the secret is stored"},
    )

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    requests_per_minute: Mapped[int] = mapped_column(server_default=text("60"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    user: Mapped[User] = relationship(back_populates="api_keys")
