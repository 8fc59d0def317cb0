"""What several migrations need: enums that may already be there."""

from __future__ import annotations

from alembic import context, op
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ENUM, CreateEnumType, DropEnumType


def ensure_enum(name: str, *labels: str) -> None:
    """Create the enum, or add to an existing one the labels that it lacks, each in its place.

    Dropping an existing type with CASCADE, as is often advised for "type already
    exists", would drop every column that uses it.
    """
    present = () if context.is_offline_mode() else _labels(name)
    if not present:
        op.execute(CreateEnumType(ENUM(*labels, name=name)))
        return
    for index, label in enumerate(labels):
        if label in present:
            continue
        place = (
            sql.SQL("AFTER {}").format(labels[index - 1])
            if index
            else sql.SQL("BEFORE {}").format(present[0])
        )
        statement = sql.SQL("ALTER TYPE {} ADD VALUE IF NOT EXISTS {} {}").format(
            sql.Identifier(name), label, place
        )
        op.get_bind().exec_driver_sql(statement.as_string())


def drop_enum(name: str) -> None:
    """Drop the enum; an error, not a cascade, when a column still uses it."""
    op.execute(DropEnumType(ENUM(name=name)))


def _labels(name: str) -> tuple[str, ...]:
    rows = op.get_bind().execute(
        text(
            "SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid"
            " WHERE t.typname = :name AND pg_type_is_visible(t.oid) ORDER BY e.enumsortorder"
        ),
        {"name": name},
    )
    return tuple(row[0] for row in rows)
