"""Settings that an index and the index behind a constraint have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.kinds.steps import alter_parent, parent_of, step
from pgwright.kinds.timeseries.replicated import partitions_identified
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, deparsed, literal


class IndexLike(Protocol):
    """Describe what both carry."""

    @property
    def id(self) -> ObjectId:
        """Return the identity of the object."""

    @property
    def index_options(self) -> tuple[str, ...]:
        """Return the storage parameters of the index."""

    @property
    def index_tablespace(self) -> str | None:
        """Return the tablespace, None for the default."""

    @property
    def replica_identity(self) -> bool:
        """Return the mark of the replica identity."""

    @property
    def clustered(self) -> bool:
        """Return the mark of CLUSTER."""


def index_settings(o: IndexLike) -> bool:
    """Tell whether the object has settings that need statements of their own."""
    return bool(o.index_options or o.index_tablespace or o.replica_identity or o.clustered)


def option_steps(
    o: IndexLike, index: str, context: Context, before: IndexLike | None = None
) -> Iterator[Step]:
    """Yield the steps that bring options, tablespace, replica identity and cluster mark to those of `o`."""
    table = parent_of(o.id)
    name = Name(table.name.schema or "public", index)
    on = () if context.is_new(o.id) else (table,)
    for action in _actions(o.index_options, before.index_options if before else ()):
        yield step(
            o.id,
            sql.SQL("ALTER INDEX {} {}").format(name, action),
            f"set options of {o.id}",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE if on else None,
            on=on,
        )
    if o.index_tablespace != (before.index_tablespace if before else None):
        yield step(
            o.id,
            sql.SQL("ALTER INDEX {} SET TABLESPACE {}").format(
                name, Name(o.index_tablespace or "pg_default")
            ),
            f"move {o.id} to another tablespace",
            lock=LockMode.ACCESS_EXCLUSIVE if on else None,
            on=on,
        )
    if o.replica_identity and not (before and before.replica_identity):
        text = sql.SQL("REPLICA IDENTITY USING INDEX {}").format(Name(index))
        yield alter_parent(o.id, text, f"identify replicated rows of {table} by {index}", context)
        yield from partitions_identified(o.id, table, context)
    by_key = getattr(context.after.get(table), "replica_identity", "d") == "d"
    if before and before.replica_identity and not o.replica_identity and by_key:
        yield alter_parent(
            o.id,
            sql.SQL("REPLICA IDENTITY DEFAULT"),
            f"identify replicated rows of {table} by its key",
            context,
        )
        yield from partitions_identified(o.id, table, context)
    if o.clustered != bool(before and before.clustered):
        words = sql.SQL("CLUSTER ON {}") if o.clustered else sql.SQL("SET WITHOUT CLUSTER")
        text = words.format(Name(index))
        yield alter_parent(
            o.id, text, f"mark the order of {table}", context, lock=LockMode.SHARE_UPDATE_EXCLUSIVE
        )


def _actions(new: tuple[str, ...], old: tuple[str, ...]) -> Iterator[sql.Composable]:
    wanted = dict(o.partition("=")[::2] for o in new)
    present = dict(o.partition("=")[::2] for o in old)
    changed = [
        sql.SQL("{} = {}").format(deparsed(k), literal(v)) for k, v in wanted.items() if present.get(k) != v
    ]
    if changed:
        yield sql.SQL("SET ({})").format(sql.SQL(", ").join(changed))
    gone = [deparsed(k) for k in present if k not in wanted]
    if gone:
        yield sql.SQL("RESET ({})").format(sql.SQL(", ").join(gone))
