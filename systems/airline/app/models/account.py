"""Who uses the application: accounts, API keys and signed-in sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, BigKey, CreatedAt
from app.models.enums import pg_enum


class UserRole(StrEnum):
    """Say what an account may do."""

    CUSTOMER = "customer"
    ANALYST = "analyst"
    ADMIN = "admin"


class User(Base):
    """A user account; `password_hash` "!" means that nobody can sign in with a password."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email ~ '^[^@]+@[^@]+$'", name="email_form"),
        CheckConstraint("password_hash <> ''", name="password_hash_not_empty"),
        # Addresses that differ only by case are one person: the index is the rule, not the application.
        Index("uq_users_email_lower", func.lower(text("email")), unique=True),
        Index("ix_users_created_at", "created_at"),
    )

    id: Mapped[BigKey]
    email: Mapped[str] = mapped_column(String(254))
    full_name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[UserRole] = mapped_column(pg_enum(UserRole, "user_role"), server_default="customer")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]
    last_login_at: Mapped[datetime | None]

    api_keys: Mapped[list[UserAPIKey]] = relationship(back_populates="user", passive_deletes=True)
    sessions: Mapped[list[UserSession]] = relationship(back_populates="user", passive_deletes=True)


class UserAPIKey(Base):
    """A key for programmatic access; only its SHA-256 is stored, `prefix` is what the user sees in lists."""

    __tablename__ = "user_api_keys"
    __table_args__ = (
        CheckConstraint("length(key_hash) = 32", name="key_hash_length"),
        CheckConstraint("expires_at > created_at", name="expires_after_created"),
        Index("ix_user_api_keys_user_id", "user_id"),
    )

    id: Mapped[BigKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(12), unique=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="api_keys")


class UserSession(Base):
    """A signed-in browser or device; the token itself is never stored."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        CheckConstraint("length(token_hash) = 32", name="token_hash_length"),
        CheckConstraint("expires_at > created_at", name="expires_after_created"),
        Index("ix_user_sessions_user_id", "user_id"),
        Index("ix_user_sessions_open", "expires_at", postgresql_where=text("revoked_at IS NULL")),
    )

    # The key is made by the application: gen_random_uuid() needs an extension before PostgreSQL 13.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="sessions")
