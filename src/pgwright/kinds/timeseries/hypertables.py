"""What no hypertable bears, in either edition of TimescaleDB: told before anything happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pgwright.errors import PolicyError
from pgwright.kinds.timeseries.partition_steps import series_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId

_ROWS_ONE_BY_ONE = re.compile(r".*? REFERENCING .* FOR EACH ROW ", re.DOTALL)


def require_chunks_bear(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` where a hypertable is to have what TimescaleDB refuses."""
    series = series_of(context.after, table)
    known = getattr(context.before.get(table), "chunks", None) is not None and not context.is_new(table)
    # One that PostgreSQL keeps in partitions stays so.
    is_native = getattr(series_of(context.before, table), "native", False)
    if not context.server.timescaledb or not (series is not None or known) or is_native:
        return
    for what, way in _refused(table, context):
        raise PolicyError(
            f"{table.path} cannot be a hypertable and have {what}",
            detail="TimescaleDB refuses that; nothing was changed",
            hint=way,
        )


def _refused(table: ObjectId, context: Context) -> Iterator[tuple[str, str]]:
    """Yield what the table is to have that no hypertable bears, with what to do instead."""
    for trigger in context.after.children(table, "trigger"):
        if not trigger.derived and _ROWS_ONE_BY_ONE.match(getattr(trigger, "definition", "")):
            yield (
                f"the trigger {trigger.id.name.name}, which sees all rows for each row",
                "let it be FOR EACH STATEMENT, or leave out REFERENCING",
            )
    for rule in context.after.children(table, "rule"):
        yield f"the rule {rule.id.name.name}", "drop the rule; a trigger does the same"
    if getattr(context.after.get(table), "inherits", ()):
        yield "a parent that it inherits from", "let it inherit from no table"
    for heir in context.after.of("table"):
        if table in getattr(heir, "inherits", ()):
            yield f"the inheriting table {heir.id.path}", f"let {heir.id.path} be a table of its own"
