"""Indexes that no constraint owns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.index_steps import option_steps
from pgwright.kinds.relations import with_partitions
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, parent_of, short_name, step
from pgwright.kinds.table import Table
from pgwright.kinds.timeseries.engines import has_chunks
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed, render

_STORAGE = re.compile(r" WITH \((?:[^()']|'(?:[^']|'')*')*\)")
# What stands behind the place of WITH, or at it.
_MORE = re.compile(r"\b(?:WITH|TABLESPACE|WHERE)\b")


@dataclass(frozen=True, kw_only=True)
class Index(CatalogObject):
    """Define an index of a table or materialized view.

    `body` is what follows the table's name in `pg_get_indexdef`: method, keys, INCLUDE, WITH, WHERE.
    An index that is not `valid` is the leftover of a concurrent build that failed. `statistics` holds
    ``number=target`` for expression columns.
    """

    body: str
    unique: bool = False
    valid: bool = True
    index_tablespace: str | None = None
    replica_identity: bool = False
    clustered: bool = False
    statistics: tuple[str, ...] = ()
    method: str = fact("btree")
    columns: tuple[str, ...] = fact(())
    index_options: tuple[str, ...] = fact(())

    @property
    def shape(self) -> object:
        """Return what is indexed, and how, without the options of storage."""
        return (self.unique, _STORAGE.sub("", self.body))


def read(reading: Reading) -> Iterator[Found]:
    """Yield the indexes of the relations being read; those that follow a parent's are derived."""
    for r in reading.rows("index"):
        table = reading.id_of(SystemCatalog.CLASS, r.relid)
        if table is None:
            continue
        columns = reading.column_names(r.relid, r.column_numbers)
        index = Index(
            id=ObjectId("index", QualifiedName(None, r.name), table),
            derived=r.derived,
            body=settled(r.definition.removeprefix(r.prefix)) if r.definition else _plain_body(columns),
            unique=r.unique,
            valid=r.valid,
            index_tablespace=r.tablespace,
            replica_identity=r.replica_identity,
            clustered=r.clustered,
            statistics=tuple(r.statistics or ()),
            method=r.method,
            columns=columns,
        )
        yield Found(index, (Address(SystemCatalog.CLASS, r.oid),))


def _plain_body(columns: tuple[str, ...]) -> str:
    """Return what PostgreSQL prints for a btree index in which nothing is out of the ordinary."""
    return f"USING btree ({', '.join(columns)})"


def _full_name(o: Index, name: str | None = None) -> Name:
    return Name(parent_of(o.id).name.schema or "public", name or o.id.name.name)


def _build(
    o: Index, table: ObjectId, name: str, context: Context, *, concurrently: bool, only: bool = False
) -> Step:
    """Return the CREATE INDEX of that name on a table, which may be a partition."""
    text = sql.SQL("CREATE {}INDEX {}{} ON {}{} {}").format(
        sql.SQL("UNIQUE " if o.unique else ""),
        sql.SQL("CONCURRENTLY " if concurrently else ""),
        Name(name),
        sql.SQL("ONLY " if only else ""),
        name_of(table),
        deparsed(o.body),
    )
    new = context.is_new(table)
    reached = (table,) if only or concurrently else context.with_descendants(table)
    # A table that is made anew may take in partitions that stand already.
    on = tuple(id for id in reached if not context.is_new(id))
    hazards = []
    if o.unique and not new and not only:
        hazards.append(
            Hazard(
                code=HazardCode.MAY_FAIL, message=f"duplicate keys in {table.path} stop the build of {name}"
            )
        )
    if not concurrently and not new and not only:
        hazards.append(
            Hazard(
                code=HazardCode.LOCKS_WRITERS, message=f"writers of {table.path} wait while {name} is built"
            )
        )
    lock = LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.SHARE
    return step(
        o.id,
        text,
        f"build index {name} on {table.path}",
        lock=lock if on else None,
        on=on,
        hazards=hazards,
        transactional=not concurrently,
        # A concurrent build waits for every older transaction, and lock_timeout would count that.
        lock_timeout=None if concurrently else 3.0,
    )


def create(o: Index, context: Context) -> tuple[Step, ...]:
    """Return the steps that build the index; on a live table without blocking its writers."""
    table = parent_of(o.id)
    if table in context.prepared:
        return ()
    owner = context.after.get(table)
    name = o.id.name.name
    live = context.online and not context.is_new(table)
    partitioned = isinstance(owner, Table) and owner.is_partitioned
    if partitioned and not o.valid:
        # It waits for the indexes of partitions that do not have theirs yet.
        steps = list(_build_partitioned(o, table, name, context))
    elif live and has_chunks(table, context):
        steps = [_build_by_chunks(o, table, context)]
    elif partitioned and (live or _crowded(table, context)):
        steps = list(_build_partitioned(o, table, name, context))
    else:
        steps = [_build(o, table, name, context, concurrently=live)]
    return (*steps, *_statistics_steps(o, context), *option_steps(o, name, context))


def _build_by_chunks(o: Index, table: ObjectId, context: Context) -> Step:
    """Return the CREATE INDEX of a hypertable, where it can be with a transaction for each chunk.

    Of a hypertable that has chunks, ``ON ONLY`` would leave these without the index for good.
    """
    whole = _build(o, table, o.id.name.name, context, concurrently=False)
    if o.unique or _MORE.search(o.body):
        return whole
    text = deparsed(f"{whole.sql} WITH (timescaledb.transaction_per_chunk)")
    hazard = Hazard(
        code=HazardCode.LOCKS_WRITERS,
        message=f"writers of a chunk of {table.path} wait while its part of {o.id.name.name} is built",
    )
    return replace(whole, sql=render(text), hazards=(hazard,), transactional=False, lock_timeout=None)


def _crowded(table: ObjectId, context: Context) -> bool:
    """Tell whether a partition has indexes of its own, whose names PostgreSQL may choose for the parent's.

    One that stands already, and joins a new table, may have more than one of the new parent.
    """
    partitions = with_partitions(context, table)[1:]
    if context.is_new(table) and any(not context.is_new(part) for part in partitions):
        return True
    return any(not i.derived for part in partitions for i in context.after.children(part, "index"))


def _partitions(table: ObjectId, context: Context) -> Iterator[Table]:
    for id in context.after.dependents.get(table, ()):
        part = context.after.get(id)
        if isinstance(part, Table) and part.partition_of == table:
            yield part


def _build_partitioned(o: Index, table: ObjectId, name: str, context: Context) -> Iterator[Step]:
    """Yield an index on the parent alone, one on each partition, built concurrently, and their attachment.

    One that is not valid has some of its parts only.
    """
    yield _build(o, table, name, context, concurrently=False, only=True)
    for part in _partitions(table, context):
        copy = _copy(o, part.id, context)
        if part.server or (copy is None and not o.valid):
            continue
        child = short_name(f"{part.id.name.name}_{name}")
        if (own := _taken_over(o, part.id, context)) is not None:
            child = own.id.name.name
        else:
            if copy is not None and copy.id.name.name not in context.names_before:
                child = copy.id.name.name
            if part.is_partitioned:
                yield from _build_partitioned(copy or o, part.id, child, context)
            else:
                concurrently = context.online and not context.is_new(part.id)
                yield _build(o, part.id, child, context, concurrently=concurrently)
        text = sql.SQL("ALTER INDEX {} ATTACH PARTITION {}").format(
            Name(table.name.schema or "public", name), Name(part.id.name.schema or "public", child)
        )
        yield step(
            o.id, text, f"attach index {child} to {name}", lock=LockMode.ACCESS_SHARE, on=(table, part.id)
        )


def _copy(o: Index, partition: ObjectId, context: Context) -> Index | None:
    """Return the index of a partition that is part of this one in the end, None where none is known."""
    for index in context.after.children(partition, "index"):
        if isinstance(index, Index) and index.derived and o.id in index.depends_on:
            return index
    return None


def _taken_over(o: Index, partition: ObjectId, context: Context) -> Index | None:
    """Return the index that a partition has already and that becomes a part of the parent's, or None."""
    for own in () if context.is_new(partition) else context.before.children(partition, "index"):
        part = context.after.get(own.id)
        stays = not own.derived and own.id not in context.dropped and part is not None and part.derived
        if stays and isinstance(own, Index) and (own.body, own.unique, own.valid) == (o.body, o.unique, True):
            return own
    return None


def _statistics_steps(o: Index, context: Context, before: tuple[str, ...] = ()) -> Iterator[Step]:
    old = dict(s.split("=") for s in before)
    new = dict(s.split("=") for s in o.statistics)
    for number in sorted(old.keys() | new.keys(), key=int):
        if old.get(number) != new.get(number):
            text = sql.SQL("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}").format(
                _full_name(o), deparsed(number), deparsed(new.get(number, "-1"))
            )
            yield step(o.id, text, f"set the statistics target of {o.id}")


def drop(o: Index, context: Context) -> tuple[Step, ...]:
    """Return the DROP INDEX, concurrently on a live table, or nothing where the table goes."""
    if context.goes_with_parent(o.id):
        return ()
    table = parent_of(o.id)
    owner = context.before.get(table)
    partitioned = isinstance(owner, Table) and owner.is_partitioned
    concurrently = context.online and not partitioned
    text = sql.SQL("DROP INDEX {}{}").format(sql.SQL("CONCURRENTLY " if concurrently else ""), _full_name(o))
    return (
        step(
            o.id,
            text,
            f"drop {o.id}",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.ACCESS_EXCLUSIVE,
            on=context.with_descendants(table),
            transactional=not concurrently,
            phase=Phase.CONTRACT,
            lock_timeout=None if concurrently else 3.0,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Change settings in place; build another definition under a temporary name and swap it in."""
    before, after = change.before, change.after
    assert isinstance(before, Index) and isinstance(after, Index)
    steps: list[Step] = []
    if {"body", "unique", "valid"} & set(change.fields):
        owner = context.after.get(parent_of(after.id))
        partitioned = isinstance(owner, Table) and owner.is_partitioned
        needed = context.referenced_before.get(before.id, ())
        if (
            not context.online
            or partitioned
            or not before.valid
            or any(n.kind == "constraint" for n in needed)
        ):
            return REPLACE
        steps.extend(_swap(before, after, context))
        steps.extend(_statistics_steps(after, context))
        steps.extend(option_steps(after, after.id.name.name, context))
        return Alteration(steps=tuple(steps), detach=tuple(n for n in needed if n.kind in {"comment"}))
    steps.extend(_statistics_steps(after, context, before.statistics))
    steps.extend(option_steps(after, after.id.name.name, context, before))
    return Alteration(steps=tuple(steps))


def _swap(before: Index, after: Index, context: Context) -> Iterator[Step]:
    table = parent_of(after.id)
    temporary = short_name(f"pgwright_{after.id.name.name}")
    yield _build(after, table, temporary, context, concurrently=True)
    yield from drop(before, context)
    yield step(
        after.id,
        sql.SQL("ALTER INDEX {} RENAME TO {}").format(_full_name(after, temporary), Name(after.id.name.name)),
        f"give the new {after.id} its name",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        on=(table,),
    )


def rename(o: Index, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER INDEX … RENAME TO."""
    text = sql.SQL("ALTER INDEX {} RENAME TO {}").format(_full_name(o), Name(to.name.name))
    return (
        step(
            o.id,
            text,
            f"rename {o.id} to {to.name}",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            on=(parent_of(o.id),),
        ),
    )


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among relations."""
    return (("relation", parent_of(o.id).name.schema or "", o.id.name.name),)


KIND = Kind(
    name="index",
    cls=Index,
    rank=55,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
