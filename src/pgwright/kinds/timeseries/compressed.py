"""Tables whose chunks TimescaleDB compresses: it refuses changes of theirs that other tables bear.

Each is told before anything happens: a rehearsal, which is carried out without TimescaleDB, cannot know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgwright.errors import PolicyError
from pgwright.kinds.timeseries.policy_records import COMMUNITY

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId


def is_compressed(table: ObjectId, context: Context) -> bool:
    """Tell whether chunks of the table are compressed, or are to be once the plan is done.

    TimescaleDB validates no constraint of such a table: one is checked when it is added, or not at all.
    """
    if context.server.timescaledb != COMMUNITY:
        return False
    before = context.before.children(table, "compression")
    return any(getattr(o, "by", "") == COMMUNITY for o in before) or bool(
        context.after.children(table, "compression")
    )


def require_new_column(column: Any, table: ObjectId, context: Context, *, constant: bool) -> None:
    """Raise `PolicyError` for a column that a compressed table cannot get.

    `constant` tells that it has a constant default, or none.
    """
    if column.identity or column.generated:
        why = "an identity there" if column.identity else "one that is computed from others"
        way = "add a plain column, and fill it"
    elif not constant:
        why = "a default there that is no constant"
        way = "add it without a default and apply that; the default, which counts for new rows, comes after"
    else:
        return
    if _is_compressed_now(table, context):
        raise _refusal(table, f"cannot get the column {column.id.name.name}", why, way)


def require_same_types(column: ObjectId, table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for another type of a column of which compressed chunks hold values."""
    if any(getattr(o, "packed", False) for o in context.before.children(table, "compression")):
        raise _refusal(
            table,
            f"cannot change the type of {column.name.name}",
            "another type while chunks are compressed",
            f"take Compress(...) off {table.path} and apply that, which unpacks its chunks; change the type; "
            "then declare it again. Or add a second column, and fill it",
        )


def require_no_numbering(column: ObjectId, table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for a column of a compressed table that is to become an identity."""
    if _is_compressed_now(table, context):
        way = "give it the default nextval(...) of a sequence"
        raise _refusal(table, f"cannot number {column.name.name}", "an identity", way)


def require_no_row_security(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` where a table is to have both compression and row-level security."""
    secured = any(getattr(o, "enabled", False) for o in context.after.children(table, "row_security"))
    if secured and is_compressed(table, context):
        raise PolicyError(
            f"{table.path} cannot be compressed, since it has row-level security",
            detail="TimescaleDB refuses both together; nothing was changed",
            hint="leave out Compress(...), or switch row-level security off",
        )


def _is_compressed_now(table: ObjectId, context: Context) -> bool:
    before = context.before.children(table, "compression")
    return not context.is_new(table) and any(getattr(o, "by", "") == COMMUNITY for o in before)


def _refusal(table: ObjectId, what: str, why: str, way: str) -> PolicyError:
    return PolicyError(
        f"{table.path} {what}, since it is compressed",
        detail=f"TimescaleDB refuses {why}; nothing was changed",
        hint=way,
    )
