"""What tables that are copied by name need of the database besides tables: functions and types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from pgwright.errors import CopyFailed
from pgwright.model.names import QualifiedName
from pgwright.pg.sqlfiles import load_sql
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.tables import CopyTable

_FOUND = {
    "function": "SELECT n.nspname, p.proname FROM pg_catalog.pg_proc p "
    "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace",
    "type": "SELECT n.nspname, t.typname FROM pg_catalog.pg_type t "
    "JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace",
}


def require_needs(
    reader: Connection[Any], target: Connection[Any], choice: Choice, tables: Iterable[CopyTable]
) -> None:
    """Raise `CopyFailed` where a table is chosen by name, and what it needs stays behind and is not there.

    It would be refused at the end, when all rows are brought.
    """
    if not choice.include or choice.what == "data":
        return
    text = load_sql("pgwright.transfer.copy", "needs", reader.info.server_version // 10000)
    needed = reader.execute(text.encode(), {"oids": [table.oid for table in tables]}).fetchall()
    there = {kind: set(target.execute(query).fetchall()) for kind, query in _FOUND.items()} if needed else {}
    lacking = [
        f"{kind} {QualifiedName(schema, name)} for {part}"
        for part, kind, schema, name in needed
        if (schema, name) not in there[kind]
    ]
    if lacking:
        raise CopyFailed(
            f"what is chosen needs more than tables: {', '.join(lacking)}",
            detail="--include brings tables only; nothing was made",
            hint="make it at the target first and add --existing; or copy whole schemas (--schema)",
        )
