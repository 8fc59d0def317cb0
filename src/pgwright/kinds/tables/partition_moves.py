"""Tables that join and leave their parents, and partitions that change their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, LiteralString, cast

from psycopg import sql

from pgwright.kinds.contract import reached
from pgwright.kinds.steps import name_of, step
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode
from pgwright.pg.quoting import deparsed

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.kinds.table import Table
    from pgwright.model.names import ObjectId
    from pgwright.model.plan import Step


_HASH = "WITH (modulus"


def columns_of_new_parents(before: Table, after: Table, context: Context) -> Iterator[ObjectId]:
    """Yield what must be as it will be when a table joins its parents: they have to fit each other then."""
    for parent in (after.partition_of, *after.inherits):
        if parent is not None and parent not in (before.partition_of, *before.inherits):
            for catalog in (context.before, context.after):
                yield from (
                    part.id for part in catalog.children(parent) if part.id.kind in {"column", "constraint"}
                )


def change_parents(before: Table, after: Table, context: Context) -> list[Step]:
    """Return the steps by which a table leaves parents that it inherits from and joins others."""
    joined = [parent for parent in after.inherits if parent not in before.inherits]
    left = stop_inheriting(before, after)
    return [
        *(left if joined else map(_unseen, left)),
        *(_inherits(after, "INHERIT {}", parent, f"inherit from {parent}") for parent in joined),
    ]


def stop_inheriting(before: Table, after: Table) -> list[Step]:
    """Return the steps by which a table leaves the parents that it does not keep."""
    left = [parent for parent in before.inherits if parent not in after.inherits]
    return [_inherits(after, "NO INHERIT {}", parent, f"stop inheriting from {parent}") for parent in left]


def _inherits(table: Table, action: LiteralString, parent: ObjectId, summary: str) -> Step:
    keyword = sql.SQL("ALTER FOREIGN TABLE {} {}" if table.server else "ALTER TABLE {} {}")
    return step(
        table.id,
        keyword.format(name_of(table.id), sql.SQL(action).format(name_of(parent))),
        summary,
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=(table.id, parent),
    )


def unlike_after(before: Table, after: Table, context: Context) -> Iterator[ObjectId]:
    """Yield the tables that must change their persistence first.

    No logged table may refer to one that is lost in a crash.
    """
    for key in context.before.of("constraint"):
        target, source = getattr(key, "target", None), key.id.root
        if target is None or source == target:
            continue
        if after.unlogged and target == before.id:
            yield source
        elif not after.unlogged and source == before.id:
            yield target


def default_partitions(o: Table, context: Context) -> Iterator[ObjectId]:
    """Yield the default partition beside a partition: PostgreSQL looks through its rows."""
    if o.partition_of is None:
        return
    for other in (*context.before.of("table"), *context.after.of("table")):
        beside = getattr(other, "partition_of", None) == o.partition_of
        if beside and getattr(other, "partition_bound", None) == "DEFAULT" and other.id != o.id:
            yield from (id for id in context.with_descendants(other.id) if id in context.before)


def move_partitions(before: Table, after: Table, context: Context) -> list[Step]:
    """Detach from the old parent and attach to the new one, or with the new bound.

    Partitions that change their bounds together may overlap on the way: the first of them detaches all, and
    then attaches all.
    """
    pairs = [(before, after)]
    if before.partition_of and before.partition_of == after.partition_of:
        pairs = list(_rebound(before.partition_of, context))
        if pairs[0][0].id != before.id:
            return []
    detached = [step for old, _ in pairs for step in detach(old, context)]
    if after.partition_of is None:
        return [_unseen(step) for step in detached]
    return detached + [step for _, new in pairs for step in _attach(new, context)]


def _unseen(leaving: Step) -> Step:
    """Say of a step by which a table leaves its parent for good what readers of the parent will miss."""
    rows = f"rows of {leaving.subject} are no longer found in what it leaves"
    return replace(leaving, hazards=(*leaving.hazards, Hazard(code=HazardCode.BREAKS_CODE, message=rows)))


def rehashed(before: Table, after: Table) -> bool:
    """Tell whether a partition by hash stays with its parent and is to hold other rows."""
    bounds = (before.partition_bound, after.partition_bound)
    stays = before.partition_of == after.partition_of and bounds[0] != bounds[1]
    return stays and all(bound is not None and _HASH in bound for bound in bounds)


def _rebound(parent: ObjectId, context: Context) -> Iterator[tuple[Table, Table]]:
    for table in context.before.of("table"):
        old, new = cast("Table", table), cast("Table | None", context.after.get(table.id))
        if new is None or old.id in context.dropped:
            continue
        if old.partition_of == parent == new.partition_of and old.partition_bound != new.partition_bound:
            yield old, new


def referring(table: ObjectId, context: Context) -> Iterator[ObjectId]:
    """Yield the tables whose foreign keys point to a partitioned table, and so to each of its partitions.

    Those that the plan makes may stand already.
    """
    line = _line(table, context)
    made = (context.after.objects[id] for id in context.created if id.kind == "constraint")
    for key in (*context.before.of("constraint"), *made):
        if getattr(key, "target", None) in line:
            yield key.id.root


def _line(table: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return a table and all that it is a partition of, before or after the plan."""

    def parents(at: ObjectId) -> Iterator[ObjectId]:
        for catalog in (context.before, context.after):
            parent = getattr(catalog.get(at), "partition_of", None)
            if parent is not None:
                yield parent

    return reached(table, parents)


def locked_referred(table: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return what foreign keys of a table, or of one that it is a partition of, refer to, with partitions.

    A new partition gets the keys that stand then, also those that the plan drops later.
    """
    keys = (key for at in _line(table, context) for key in context.before.children(at, "constraint"))
    targets = [target for key in keys if (target := getattr(key, "target", None)) is not None]
    return tuple(dict.fromkeys(id for target in targets for id in context.with_descendants(target)))


def locked_referring(table: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return the same tables with their partitions: each has its own copy of the foreign key."""
    found = (id for root in referring(table, context) for id in context.with_descendants(root))
    return tuple(id for id in dict.fromkeys(found) if not context.is_new(id))


def detach(before: Table, context: Context) -> list[Step]:
    """Return the DETACH of a partition, or nothing for any other table."""
    steps = []
    beside = tuple(default_partitions(before, context))
    if before.partition_of:
        action = sql.SQL("DETACH PARTITION {}").format(name_of(before.id))
        others = tuple(dict.fromkeys(referring(before.partition_of, context)))
        steps.append(
            step(
                before.id,
                sql.SQL("ALTER TABLE {} {}").format(name_of(before.partition_of), action),
                f"detach partition {before.id.path} from {before.partition_of.path}",
                lock=LockMode.ACCESS_EXCLUSIVE,
                on=(
                    before.partition_of,
                    *context.with_descendants(before.id),
                    *beside,
                    *locked_referring(before.partition_of, context),
                    *locked_referred(before.partition_of, context),
                ),
                hazards=[
                    Hazard(
                        code=HazardCode.MAY_FAIL,
                        message=f"rows of {other.path} that refer to {before.id.path} refuse it",
                    )
                    for other in others
                ],
            )
        )
    return steps


def _attach(after: Table, context: Context) -> list[Step]:
    steps = []
    if after.partition_of:
        action = sql.SQL("ATTACH PARTITION {} {}").format(
            name_of(after.id), deparsed(after.partition_bound or "DEFAULT")
        )
        hazard = Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"rows of {after.id} outside {after.partition_bound} refuse the attach",
        )
        steps.append(
            step(
                after.id,
                sql.SQL("ALTER TABLE {} {}").format(name_of(after.partition_of), action),
                f"attach partition {after.id.path} to {after.partition_of.path}",
                lock=LockMode.ACCESS_EXCLUSIVE,
                on=(
                    *context.with_descendants(after.id),
                    *default_partitions(after, context),
                    *(() if context.is_new(after.partition_of) else (after.partition_of,)),
                    *locked_referring(after.partition_of, context),
                    *locked_referred(after.partition_of, context),
                ),
                hazards=(hazard,),
            )
        )
    return steps
