"""What the parts and look-alikes of tables share: locks on the relation, storage parameters, renaming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypedDict

from psycopg import sql

from pgwright.kinds.contract import reached
from pgwright.kinds.table import Table
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode
from pgwright.pg.quoting import deparsed, literal

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId


class Held(TypedDict):
    """Hold the arguments of `step` that declare a lock."""

    lock: LockMode | None
    on: tuple[ObjectId, ...]


def held(context: Context, lock: LockMode, *ids: ObjectId) -> Held:
    """Declare a lock on those relations that exist before the plan; none where the plan makes them all."""
    on = tuple(id for id in ids if not context.is_new(id))
    return {"lock": lock if on else None, "on": on}


def with_partitions(context: Context, id: ObjectId) -> tuple[ObjectId, ...]:
    """Return a relation and the partitions that it has at any level before or after the plan."""

    def partitions(at: ObjectId) -> Iterator[ObjectId]:
        for catalog in (context.before, context.after):
            for dependent in catalog.dependents.get(at, ()):
                o = catalog.get(dependent)
                if isinstance(o, Table) and o.partition_of == at:
                    yield dependent

    return reached(id, partitions)


def parameters(options: Iterable[str]) -> sql.Composed:
    """Compose a list of ``name=value`` texts, as `pg_class.reloptions` holds them, for WITH or SET."""
    pairs = (option.partition("=")[::2] for option in options)
    return sql.SQL("({})").format(
        sql.SQL(", ").join(sql.SQL("{} = {}").format(deparsed(name), literal(value)) for name, value in pairs)
    )


def changed_parameters(before: Iterable[str], after: Iterable[str]) -> list[sql.Composable]:
    """Return the SET and RESET actions that lead from one list of ``name=value`` texts to the other."""
    old = dict(option.partition("=")[::2] for option in before)
    new = dict(option.partition("=")[::2] for option in after)
    actions: list[sql.Composable] = []
    if changed := [f"{name}={value}" for name, value in new.items() if old.get(name) != value]:
        actions.append(sql.SQL("SET {}").format(parameters(changed)))
    if gone := [name for name in old if name not in new]:
        actions.append(sql.SQL("RESET ({})").format(deparsed(", ".join(gone))))
    return actions


def narrower(before: Iterable[str], id: ObjectId, after: Iterable[str]) -> tuple[Hazard, ...]:
    """Return the hazard of making a view anew with fewer columns, by their names."""
    kept = set(after)
    gone = [f"{id.path}.{name}" for name in before if name not in kept]
    message = f"code that still names {', '.join(gone)} fails from here on"
    return (Hazard(code=HazardCode.BREAKS_CODE, message=message),) if gone else ()


def vanishes(id: ObjectId, context: Context, message: str) -> tuple[Hazard, ...]:
    """Return the hazard of dropping something that code may call, unless the plan makes it again."""
    if id in context.created:
        return ()
    return (Hazard(code=HazardCode.BREAKS_CODE, message=message),)
