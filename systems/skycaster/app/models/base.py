"""What all models share: naming, column types, and the extension that the schema needs."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import Connection, DateTime, Enum, MetaData, Numeric, Text, Uuid, event, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING_CONVENTION = {
    "ix": "idx_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

UuidKey = Annotated[uuid.UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))]
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]
UpdatedAt = Annotated[datetime, mapped_column(server_default=func.now(), onupdate=func.now())]
Money = Annotated[Decimal, mapped_column(Numeric(12, 2))]
UnitPrice = Annotated[Decimal, mapped_column(Numeric(12, 6))]
Document = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'::jsonb"))]


class Base(DeclarativeBase):
    """Carry the metadata of every Skycaster table."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    # Unbounded text and timestamptz throughout: a length limit or a naive timestamp is
    # costly to change later, while a CHECK states a real rule where there is one.
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute from the class
        datetime: DateTime(timezone=True),
        str: Text(),
        uuid.UUID: Uuid(),
    }


def enum_type(values: type[enum.StrEnum], name: str) -> Enum:
    """Return the PostgreSQL enum `name` whose labels are the values, not the Python names, of `values`."""
    return Enum(values, name=name, values_callable=lambda cls: [member.value for member in cls])


@event.listens_for(Base.metadata, "before_create")
def _create_extension(_: MetaData, connection: Connection, **__: object) -> None:
    # gen_random_uuid() is built in from PostgreSQL 13; on 12 it comes with pgcrypto.
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS pgcrypto"))
