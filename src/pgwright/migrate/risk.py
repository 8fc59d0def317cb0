"""How many rows are lost with what a migration drops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.model.names import ObjectId
from pgwright.model.wording import counted

_PATIENCE = "5s"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Name a table or column with the rows that hold something there; None where counting took too long."""

    id: ObjectId
    rows: int | None

    def __str__(self) -> str:
        rows = "an unknown number of rows" if self.rows is None else counted(self.rows, "row")
        return f"{self.id}: {rows}"


def losses(conn: Connection[Any], lost: Iterable[ObjectId]) -> tuple[Loss, ...]:
    """Return what of `lost` holds rows in the database behind `conn`, which is in autocommit mode."""
    found = (Loss(id=id, rows=_rows(conn, id)) for id in lost)
    return tuple(loss for loss in found if loss.rows != 0)


def _rows(conn: Connection[Any], id: ObjectId) -> int | None:
    root = id.root.name
    table = sql.Identifier(root.schema, root.name) if root.schema else sql.Identifier(root.name)
    what = sql.Identifier(id.name.name) if id.kind == "column" else sql.SQL("*")
    query = sql.SQL("SELECT count({}) FROM {}").format(what, table)
    try:
        with conn.transaction():
            conn.execute("SELECT set_config('statement_timeout', %s, true)", (_PATIENCE,))
            row = conn.execute(query).fetchone()
    except psycopg.errors.QueryCanceled:
        return None
    return row[0] if row else 0
