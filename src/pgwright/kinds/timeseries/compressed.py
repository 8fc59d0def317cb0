"""Tables whose chunks TimescaleDB compresses: it refuses changes of theirs that other tables bear.

Each is told before anything happens: a rehearsal, which is carried out without TimescaleDB, cannot know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pgwright.errors import PolicyError
from pgwright.kinds.steps import name_of, statement
from pgwright.kinds.timeseries.chunked import Chunks
from pgwright.kinds.timeseries.policy_records import COMMUNITY, relation, together

if TYPE_CHECKING:
    from psycopg import sql

    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId


def is_compressed(table: ObjectId, context: Context) -> bool:
    """Tell whether chunks of the table are compressed, or are to be once the plan is done.

    TimescaleDB validates no constraint of such a table: one is checked when it is added, or not at all.
    """
    if context.server.timescaledb != COMMUNITY:
        return False
    return _is_compressed_now(table, context) or bool(context.after.children(table, "compression"))


def unpacked_before(table: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return the compression of a table that the plan ends: what it refuses comes after that."""
    known = context.before.children(table, "compression")
    return tuple(o.id for o in known if o.id in context.dropped and o.id not in context.created)


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
    known = context.before.children(table, "compression")
    packed = _chunks(table, context).packed or any(getattr(o, "packed", False) for o in known)
    if packed and not unpacked_before(table, context):
        raise _refusal(
            table,
            f"cannot change the type of {column.name.name}",
            "another type while chunks are compressed",
            f"{_way_off(table, context)}; change the type, then compress it again. "
            "Or add a second column, and fill it",
        )


def require_no_use(column: ObjectId, table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for a column that is to go, by which chunks are compressed."""
    found = _chunks(table, context)
    if column.name.name not in found.columns or unpacked_before(table, context):
        return
    # What is set otherwise in the same plan is so before the column goes; a compressed chunk keeps its form.
    if found.packed or not context.after.children(table, "compression"):
        raise _refusal(
            table,
            f"cannot lose the column {column.name.name}",
            "to drop a column by which chunks are compressed",
            f"{_way_off(table, context)}; drop the column, then compress by others",
        )


def require_same_storage(before: Any, after: Any, table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for another storage or other options of a column, of which `before` may be None."""
    was = (getattr(before, "storage", None), getattr(before, "options", ()))
    if (
        (after.storage, after.options) == was
        or not _is_compressed_now(table, context)
        or unpacked_before(table, context)
    ):
        return
    what = "storage" if after.storage != was[0] else "options"
    raise _refusal(
        table,
        f"cannot change the {what} of {after.id.name.name}",
        f"other {what} of a column there",
        f"leave it as it is: values in compressed chunks are stored otherwise anyway. Or "
        f"{_way_off(table, context)}; change it, then compress it again",
    )


def require_no_numbering(column: ObjectId, table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for a column of a compressed table that is to become an identity."""
    if _is_compressed_now(table, context) and not unpacked_before(table, context):
        way = "give it the default nextval(...) of a sequence"
        raise _refusal(table, f"cannot number {column.name.name}", "an identity", way)


def has_row_security(table: ObjectId, context: Context) -> bool:
    """Tell whether row policies hold on a table once the plan is done."""
    return any(getattr(o, "enabled", False) for o in context.after.children(table, "row_security"))


def require_no_row_security(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` where a table is to have both compression and row-level security."""
    compressed = is_compressed(table, context) and not unpacked_before(table, context)
    if compressed and has_row_security(table, context):
        raise PolicyError(
            f"{table.path} cannot be compressed, since it has row-level security",
            detail="TimescaleDB refuses both together; nothing was changed",
            hint="leave out Compress(...), or switch row-level security off",
        )


# By word: names that are like these are quoted by PostgreSQL, or stand behind ON.
_DELETED_ROWS = re.compile(r".*? AFTER DELETE ON .*? REFERENCING ", re.DOTALL)


def require_no_deleted_rows(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` where a compressed table is to have a trigger that sees all deleted rows."""
    if not is_compressed(table, context) or unpacked_before(table, context):
        return
    for trigger in context.after.children(table, "trigger"):
        if not trigger.derived and _DELETED_ROWS.match(getattr(trigger, "definition", "")):
            raise PolicyError(
                f"{table.path} cannot be compressed and have the trigger {trigger.id.name.name}",
                detail="TimescaleDB refuses triggers with transition tables on DELETE there; "
                "nothing was changed",
                hint="let the trigger be FOR EACH ROW and read OLD, or leave out Compress(...)",
            )


def require_no_exclusion(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` where a table that is to be compressed has an exclusion constraint."""
    for part in context.after.children(table, "constraint"):
        if getattr(part, "type", "") == "x":
            raise PolicyError(
                f"{table.path} cannot be compressed and have the exclusion constraint {part.id.name.name}",
                detail="TimescaleDB refuses both together; nothing was changed",
                hint="leave out Compress(...), or drop the constraint",
            )


def unpacking(table: ObjectId) -> sql.Composed:
    """Compose what unpacks every compressed chunk of a table."""
    return statement(
        "SELECT decompress_chunk(chunk, if_compressed => true) FROM show_chunks({}) AS chunk", relation(table)
    )


def switching_off(table: ObjectId) -> sql.Composed:
    """Compose what ends the compression of a table without compressed chunks."""
    return statement("ALTER TABLE {} SET (timescaledb.compress = false)", name_of(table))


def _chunks(table: ObjectId, context: Context) -> Chunks:
    known = getattr(context.before.get(table), "chunks", None)
    return known if isinstance(known, Chunks) and not context.is_new(table) else Chunks()


def _is_compressed_now(table: ObjectId, context: Context) -> bool:
    before = context.before.children(table, "compression")
    declared = any(getattr(o, "by", "") == COMMUNITY for o in before)
    return not context.is_new(table) and (declared or _chunks(table, context).compressed)


def _way_off(table: ObjectId, context: Context) -> str:
    """Return how chunks are unpacked for good, in words."""
    if context.before.children(table, "compression"):
        return f"take Compress(...) off {table.path} and run: pgwright policy apply, which unpacks its chunks"
    by_hand = together([unpacking(table), switching_off(table)]).as_string()
    return f"no model declares its compression, so take it off by hand: {by_hand}"


def _refusal(table: ObjectId, what: str, why: str, way: str) -> PolicyError:
    return PolicyError(
        f"{table.path} {what}, since it is compressed",
        detail=f"TimescaleDB refuses {why}; nothing was changed",
        hint=way,
    )
