"""What every model shares: the naming convention and the types that a column may have."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, Date, DateTime, Identity, MetaData, Numeric, String, func
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Constraints without a name cannot be dropped by a later migration; these names never depend on the server.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

AirlineCode = Annotated[str, mapped_column(String(2))]
AirportCode = Annotated[str, mapped_column(String(3))]
TailNumber = Annotated[str, mapped_column(String(6))]
BigKey = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Money = Annotated[Decimal, mapped_column(Numeric(12, 2))]


class Base(DeclarativeBase):
    """Hold the metadata that Alembic compares with the database."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    # Every instant is stored with its offset: a plain timestamp would mean another hour in every airport.
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), date: Date()}
