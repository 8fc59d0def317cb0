"""Extended statistics of tables and materialized views."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, parent_of, renamed, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import deparsed, qualified, render

_COLUMN = re.compile(r"\"(?:[^\"]|\"\")+\"|[a-z_][\w$]*")
_COLUMNS = re.compile(rf"(?:{_COLUMN.pattern})(?:, (?:{_COLUMN.pattern})(?=,|\Z))*(?=,|\Z)")


@dataclass(frozen=True, kw_only=True)
class Statistics(CatalogObject):
    """Define an extended statistics object.

    `body` is what stands between name and FROM in `pg_get_statisticsobjdef`. `target` is None where
    ANALYZE decides. The name has a schema of its own, which need not be that of the relation.
    """

    body: str
    target: int | None = None


def read(reading: Reading) -> Iterator[Found]:
    """Yield the extended statistics in the schemas being read."""
    for r in reading.defined("statistics"):
        relation = reading.id_of(SystemCatalog.CLASS, r.relid)
        if relation is None:
            continue
        name = QualifiedName(r.schema, r.name)
        tail = f" FROM {render(qualified(relation.name))}"
        head = f"CREATE STATISTICS {render(qualified(name))} "
        statistics = Statistics(
            id=ObjectId("statistics", name, relation),
            body=_in_one_order(settled(r.definition.removeprefix(head).removesuffix(tail))),
            target=r.target,
        )
        yield Found(statistics, (Address(SystemCatalog.STATISTIC_EXT, r.oid),))


def _in_one_order(body: str) -> str:
    """Return the text with its columns sorted: PostgreSQL prints them as they stand in the table."""
    kinds, on, listed = body.rpartition("ON ")
    match = _COLUMNS.match(listed)
    if not on or match is None:
        return body
    columns = sorted(_COLUMN.findall(match[0]))
    rest = listed[match.end() :]
    return f"{kinds}{on}{', '.join(columns)}{rest}"


def create(o: Statistics, context: Context) -> tuple[Step, ...]:
    """Return the CREATE STATISTICS; the numbers come with the next ANALYZE."""
    relation = parent_of(o.id)
    new = context.is_new(relation)
    text = sql.SQL("CREATE STATISTICS {} {} FROM {}").format(
        name_of(o.id), deparsed(o.body), name_of(relation)
    )
    steps = [
        step(
            o.id,
            text,
            f"create {o.id}",
            lock=None if new else LockMode.SHARE_UPDATE_EXCLUSIVE,
            on=() if new else (relation,),
        )
    ]
    if o.target is not None:
        steps.append(_set_target(o))
    return tuple(steps)


def _set_target(o: Statistics) -> Step:
    target = -1 if o.target is None else o.target
    text = sql.SQL("ALTER STATISTICS {} SET STATISTICS {}").format(name_of(o.id), deparsed(str(target)))
    return step(o.id, text, f"set the target of {o.id}")


def drop(o: Statistics, context: Context) -> tuple[Step, ...]:
    """Return the DROP STATISTICS, or nothing where the relation goes."""
    if context.goes_with_parent(o.id):
        return ()
    text = sql.SQL("DROP STATISTICS {}").format(name_of(o.id))
    return (
        step(
            o.id,
            text,
            f"drop {o.id}",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            on=(parent_of(o.id),),
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Set the target in place; replace for other columns or kinds."""
    assert isinstance(change.after, Statistics)
    if change.fields == ("target",):
        return Alteration(steps=(_set_target(change.after),))
    return REPLACE


def rename(o: Statistics, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER STATISTICS that renames or moves it."""
    return renamed("STATISTICS", o.id, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among extended statistics."""
    return (("statistics", o.id.name.schema, o.id.name.name),)


KIND = Kind(
    name="statistics",
    cls=Statistics,
    rank=56,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
