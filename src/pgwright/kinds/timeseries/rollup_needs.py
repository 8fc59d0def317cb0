"""What a rollup needs of the tables that it reads and fills, asked before anything happens."""

from __future__ import annotations

from pgwright.errors import PolicyError
from pgwright.kinds.contract import Context
from pgwright.kinds.steps import parent_of
from pgwright.kinds.timeseries.engines import filling, is_continuous
from pgwright.kinds.timeseries.rollup_join import Joined, require_whole
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.model.names import ObjectId


def require_plain(made: RollupParts, context: Context) -> None:
    """Raise `PolicyError` where the source is a continuous aggregate, whose changes nobody can note."""
    above = filling(made.source, context.after)
    if above is not None and is_continuous(above, context):
        raise PolicyError(
            f"rollup {made.relation.name.name} adds up {made.source.path}, which TimescaleDB keeps",
            detail="changes of it cannot be noted, and only a rollup with a bucket, without joins and "
            "without a table of its own can be a continuous aggregate over it; nothing was changed",
            hint=f"add up the rows of {parent_of(above.id).path} instead, without of=",
        )


def require_columns(made: RollupParts, context: Context) -> None:
    """Raise `PolicyError` for keys that the source lacks, or columns that the adopted table lacks."""
    table = context.after.get(made.source)
    if table is None or table.derived:
        return
    has = _columns(made.source, context)
    wanted = (*((made.column,) if made.bucket else ()), *made.group_by)
    missing = [name for name in wanted if name not in has]
    if missing:
        raise PolicyError(
            f"rollup {made.relation.name.name} groups {made.source.path} by {missing[0]}, which it has not",
            detail=f"its columns are {', '.join(sorted(has))}; nothing was changed",
            hint="name one of those",
        )
    for joined in made.joined:
        _require_joined(joined, made, context)
    own = _columns(made.relation, context)
    lacking = [name for name in made.columns if name not in own]
    target = context.after.get(made.relation)
    if lacking and target is not None and not target.derived:
        raise PolicyError(
            f"{made.relation.path} has no column {lacking[0]} for its rollup to fill",
            detail=f"the rollup fills {', '.join(made.columns)}; nothing was changed",
            hint="add the column to the model, or take it out of the rollup",
        )


def _columns(table: ObjectId, context: Context) -> set[str]:
    return {column.id.name.name for column in context.after.children(table, "column")}


def _require_joined(joined: Joined, made: RollupParts, context: Context) -> None:
    """Raise `PolicyError` for a joined table that is not there, lacks a column, or loses rows by itself."""
    rollup, table = made.relation.name.name, joined.table
    if table not in context.after or table == made.source:
        why = "which it adds up already" if table == made.source else "which is not there"
        raise PolicyError(
            f"rollup {rollup} joins {table.path}, {why}",
            detail="nothing was changed",
            hint="name another table, with its schema where that is not the source's",
        )
    for of, columns in ((table, joined.theirs), (made.source, joined.ours)):
        has = _columns(of, context)
        missing = [name for name in columns if name not in has]
        if missing:
            raise PolicyError(
                f"rollup {rollup} joins on {of.path}.{missing[0]}, which is not there",
                detail=f"its columns are {', '.join(sorted(has))}; nothing was changed",
                hint="name one of those",
            )
    require_whole(table, context.after)
