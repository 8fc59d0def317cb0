"""What of the differences after a copy is as it has to be, and no fault of the copy."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from psycopg import Connection

from pgwright.kinds.index import Index
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.verify.result import TableResult, Verdict

_PUBLIC_CLOSED_SINCE = 15


def judge_schema(
    changes: tuple[Change, ...] | None, before: int, writer: Connection[Any], on_note: Callable[[str], None]
) -> tuple[Change, ...] | None:
    """Return the differences of the schemas that count; `before` is the source's major version.

    None stays None: the schemas were not compared.
    """
    if changes is None:
        return None
    broken = [change for change in changes if _is_broken(change)]
    for change in broken:
        on_note(
            f"{change.id} of the source is not valid, which no copy can be: it is left out, or built whole"
        )
    return _without_public(tuple(c for c in changes if c not in broken), before, writer)


def _is_broken(change: Change) -> bool:
    """Tell whether an index that a failed build left in the source is what differs."""
    index = change.before
    return isinstance(index, Index) and not index.valid and set(change.fields) <= {"valid"}


def materialized(conn: Connection[Any]) -> frozenset[str]:
    """Return the names of all materialized views."""
    rows = conn.execute(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'"
    ).fetchall()
    return frozenset(str(QualifiedName(*row)) for row in rows)


def judge_table(table: TableResult, materialized: Container[str]) -> TableResult:
    """Return the result of a table; a materialized view may rightly hold something else, which is said."""
    if table.agrees or table.name not in materialized:
        return table
    note = (
        "filled here from the copied rows, as its owner sees them; "
        "the source filled its own at another time, or as another role"
    )
    return replace(table, verdict=Verdict.LEFT_OUT, rows=(), all_named=True, notes=(note,))


def _without_public(changes: tuple[Change, ...], before: int, writer: Connection[Any]) -> tuple[Change, ...]:
    """Leave out what a copy across 15 must do to the schema public, to leave it as open as it was.

    What every database had before 15 is a choice of its own from then on, and is read as one.
    """
    after = writer.info.server_version // 10000
    if (before < _PUBLIC_CLOSED_SINCE) == (after < _PUBLIC_CLOSED_SINCE):
        return changes
    public = ObjectId("schema", QualifiedName(None, "public"))
    return tuple(c for c in changes if not (c.id.parent == public and c.id.kind in ("grant", "owner")))
