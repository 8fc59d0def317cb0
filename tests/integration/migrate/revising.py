"""A shop with SQLAlchemy models in two versions, and Alembic as `alembic init` sets it up."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

MODELS_1 = """
import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {"pk": "pk_%(table_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)


class Status(enum.Enum):
    open = "open"
    closed = "closed"


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column(sa.String(100))
    note: Mapped[str | None]
    rank: Mapped[int] = mapped_column(server_default="1")
    __table_args__ = (
        sa.CheckConstraint("rank > 0", name="rank"),
        sa.UniqueConstraint("mail", name="uq_mail"),
    )


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id", name="fk_customer"))
    status: Mapped[Status] = mapped_column(sa.Enum(Status, name="status"))
    placed: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    amount: Mapped[int] = mapped_column(sa.Integer)
    __table_args__ = (sa.Index("ix_placed", "placed"),)


class Link(Base):
    __tablename__ = "links"
    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    other: Mapped[int]
"""

MODELS_2 = """
import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pgwright.contrib.sqlalchemy import Function, Grant, MaterializedView, RowPolicy, Trigger, View, declare

NAMES = {"pk": "pk_%(table_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)


class Status(enum.Enum):
    open = "open"
    paid = "paid"
    closed = "closed"


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column(sa.String(200), comment="where invoices go; 100% of them: \\"all\\"")
    note: Mapped[str] = mapped_column(sa.Text, server_default="it's 12:30 :now \\\\ ok")
    rank: Mapped[int] = mapped_column(sa.BigInteger, server_default="5")
    seen: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    mail_lower: Mapped[str] = mapped_column(sa.Text, sa.Computed("lower(mail)", persisted=True))
    __table_args__ = (
        sa.CheckConstraint("rank BETWEEN 1 AND 10 AND mail <> '\\\\:none'", name="rank"),
        sa.UniqueConstraint("mail", "rank", name="uq_mail_rank"),
        sa.Index("ix_lower", sa.text("lower(mail)"), "rank"),
        {"comment": "who buys"},
    )


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("customers.id", name="fk_customer", ondelete="CASCADE")
    )
    status: Mapped[Status] = mapped_column(sa.Enum(Status, name="status"))
    placed: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    amount: Mapped[int] = mapped_column(sa.Numeric(12, 2))
    during = mapped_column(postgresql.TSTZRANGE)
    __table_args__ = (
        sa.Index(
            "ix_placed",
            sa.text("placed DESC"),
            postgresql_include=["amount"],
            postgresql_where=sa.text("amount > 0"),
        ),
        postgresql.ExcludeConstraint(("during", "&&"), name="no_overlap", using="gist"),
    )


class Link(Base):
    __tablename__ = "links"
    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    other: Mapped[int] = mapped_column(primary_key=True)


class Ticket(Base):
    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id", name="fk_ticket_order"))
    status: Mapped[Status] = mapped_column(sa.Enum(Status, name="status"))
    tags: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")


class Event(Base):
    __tablename__ = "events"
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    __table_args__ = {"postgresql_partition_by": "RANGE (at)"}


declare(
    Base.metadata,
    Function("touch()", "trigger", "BEGIN NEW.seen := now(); RAISE NOTICE 'a % :b', 1; RETURN NEW; END"),
    Trigger("touch", on="customers", when="BEFORE UPDATE", execute="touch()"),
    View("open_tickets", "SELECT t.id, o.amount FROM tickets t JOIN orders o ON o.id = t.order_id"),
    MaterializedView(
        "totals",
        "SELECT customer_id, sum(amount) AS total FROM orders GROUP BY 1",
        unique=("customer_id",),
    ),
    RowPolicy("own", on="orders", using="customer_id = current_setting('app.customer', true)::int"),
    Grant("SELECT, INSERT", on="TABLE orders", to=("shop_reader",)),
)
"""

ENV = """
import os
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from models import Base

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
if context.is_offline_mode():
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
"""

TOML = """
[project]
models = "sqlalchemy:models:Base"
migrations = "alembic:alembic.ini"

[databases.default]
url = "${DATABASE_URL}"
"""


def write_shop(folder: Path) -> None:
    """Write the project with its first models and no revision."""
    config = Config(str(folder / "alembic.ini"))
    command.init(config, str(folder / "alembic"))
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = %(here)s\npath_separator = os\n"
    )
    (folder / "alembic" / "env.py").write_text(ENV)
    (folder / "pgwright.toml").write_text(TOML)
    (folder / "models.py").write_text(MODELS_1)
