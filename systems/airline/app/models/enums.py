"""How a Python enumeration becomes a PostgreSQL enum type."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Enum


def pg_enum(kind: type[StrEnum], name: str) -> Enum:
    """Return the column type `name` with the *values* of `kind` as labels (not Python's member names)."""
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])
