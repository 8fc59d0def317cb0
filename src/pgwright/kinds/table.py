"""Tables: plain, partitioned, partitions, inheriting, foreign; their parts are kinds of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.errors import PolicyError
from pgwright.kinds.column_override import settle_columns
from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.foreign_options import changed_options
from pgwright.kinds.steps import alter_parent, name_of, outdated, step
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.tables.held_rows import hold, holds_rows
from pgwright.kinds.tables.held_rows import refill as refilled
from pgwright.kinds.tables.not_null import not_null_follows, set_not_null
from pgwright.kinds.tables.partition_moves import (
    change_parents,
    columns_of_new_parents,
    default_partitions,
    detach,
    locked_referred,
    locked_referring,
    move_partitions,
    referring,
    rehashed,
    unlike_after,
)
from pgwright.kinds.tables.prepared import put_in_place
from pgwright.kinds.tables.table_text import body, flavour, parameter, tail
from pgwright.kinds.tables.typed import in_order_of_type
from pgwright.kinds.timeseries.chunked import Chunks
from pgwright.kinds.timeseries.partition_steps import (
    becomes_series,
    dissolve,
    first_partitions,
    leaves_series,
    set_aside,
    take_in,
)
from pgwright.kinds.timeseries.policy_records import made_relations
from pgwright.kinds.timeseries.replicated import partitions_identified
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed


@dataclass(frozen=True, kw_only=True)
class Table(CatalogObject):
    """Define a table without its columns, constraints and the rest of its parts.

    `partition_key` is set for a partitioned table, `partition_of` and `partition_bound` for a partition,
    `inherits` for a child by inheritance, `server` for a foreign table. `replica_identity` is
    ``d`` (the key), ``n`` (nothing), ``f`` (all columns); one by index is a field of that index.
    `time_column` is set for a time series, whose partition key it stands for: on TimescaleDB the same table
    is a hypertable and has none. `managed` marks its partitions, which come and go with time.
    `chunks` tells what TimescaleDB does with a hypertable.
    """

    unlogged: bool = False
    access_method: str = "heap"
    tablespace: str | None = None
    options: tuple[str, ...] = ()
    partition_key: str | None = None
    partition_of: ObjectId | None = None
    partition_bound: str | None = None
    inherits: tuple[ObjectId, ...] = ()
    of_type: str | None = None
    replica_identity: str = "d"
    server: str | None = None
    server_options: tuple[str, ...] = ()
    time_column: str | None = None
    managed: bool = fact(False)
    chunks: Chunks | None = fact(None)

    @property
    def is_partitioned(self) -> bool:
        """Tell whether the table has partitions instead of rows."""
        return self.partition_key is not None or self.time_column is not None


def read(reading: Reading) -> Iterator[Found]:
    """Yield the tables of the schemas being read."""
    rows = reading.rows("table")
    records = reading.records
    series = {r.relation: r.definition["column"] for r in records if r.kind == "time_series" and r.recorded}
    made = made_relations(records)
    ids = {r.oid: ObjectId("table", QualifiedName(r.schema, r.name)) for r in rows}
    for r in rows:
        parents = tuple(ids[p] for p in r.parents or () if p in ids)
        table = Table(
            id=ids[r.oid],
            derived=ids[r.oid].name in made,
            unlogged=r.persistence == "u",
            access_method=r.access_method or "heap",
            tablespace=r.tablespace,
            options=tuple(sorted(r.options or ())),
            partition_key=None if r.oid in series else r.partition_key,
            partition_of=ids.get(r.partition_parent),
            partition_bound=r.partition_bound,
            inherits=parents,
            of_type=r.of_type,
            replica_identity="d" if r.replica_identity == "i" or r.foreign_server else r.replica_identity,
            server=r.foreign_server,
            server_options=tuple(r.foreign_options or ()),
            time_column=series.get(r.oid),
            managed=r.partition_parent in series,
            chunks=reading.chunks.get(r.oid),
        )
        types = tuple(Address(SystemCatalog.TYPE, oid) for oid in (r.rowtype, r.arraytype) if oid)
        yield Found(table, (Address(SystemCatalog.CLASS, r.oid), *types))


def create(o: Table, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TABLE with the parts that it takes in, and what needs a statement of its own."""
    head = sql.SQL(" ").join(
        [
            sql.SQL("CREATE"),
            *flavour(o),
            sql.SQL("TABLE"),
            name_of(o.id),
            *body(o, context),
            *tail(o, context),
        ]
    )
    parents = [p for p in (o.partition_of, *o.inherits) if p]
    linked = locked_referring(o.partition_of, context) if o.partition_of else ()
    on = tuple(p for p in (*parents, *default_partitions(o, context), *linked) if not context.is_new(p))
    if o.partition_of:
        # What is made anew later stands until then.
        on = (*on, *locked_referred(o.partition_of, context))
    # CREATE … PARTITION OF locks the parent fully; inheriting from a table only against its changes.
    lock = None
    if on:
        lock = LockMode.ACCESS_EXCLUSIVE if o.partition_of else LockMode.SHARE_UPDATE_EXCLUSIVE
    hazards = [
        Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"rows of {d.path} that belong into {o.id.path} stop it",
            hint=f"where it has such, take them out of {d.path} in one transaction before: detach it, create "
            f"{o.id.path}, delete them there RETURNING what goes INTO {parents[0].path}, attach it again",
        )
        for d in default_partitions(o, context)
    ]
    steps = [step(o.id, head, f"create {o.id}", lock=lock, on=on, hazards=hazards)]
    if o.id in context.prepared:
        steps = [put_in_place(o.id, context)]
    elif leaves_series(o.id, context):
        steps.append(dissolve(o.id, context))
    elif becomes_series(o.id, context):
        steps.append(take_in(o.id, context))
    elif _has_partitions_ahead(o, context):
        steps.append(first_partitions(o.id, context))
    # In the CREATE TABLE all the same, so that the columns keep their order.
    for part in () if o.id in context.prepared else context.inlined.get(o.id, ()):
        if isinstance(part, Column):
            settings = part.settings()
            steps += [alter_parent(part.id, s, f"set storage of {part.id}", context) for s, _ in settings]
            steps += set_not_null(part, context) if not_null_follows(part, context) else ()
    if o.replica_identity != "d":
        steps += [_set_replica_identity(o), *partitions_identified(o.id, o.id, context)]
    return (*steps, *settle_columns(o.id, context))


def _has_partitions_ahead(o: Table, context: Context) -> bool:
    """Tell whether a new time series needs partitions that the plan does not make one by one."""
    if o.time_column is None or context.server.timescaledb:
        return False
    return not any(getattr(t, "partition_of", None) == o.id for t in context.after.of("table"))


def _set_replica_identity(o: Table) -> Step:
    words = {"d": "DEFAULT", "n": "NOTHING", "f": "FULL"}
    text = sql.SQL("ALTER TABLE {} REPLICA IDENTITY {}").format(
        name_of(o.id), deparsed(words[o.replica_identity])
    )
    return step(o.id, text, f"set the replica identity of {o.id}", lock=LockMode.ACCESS_EXCLUSIVE, on=(o.id,))


def drop(o: Table, context: Context) -> tuple[Step, ...]:
    """Return the DROP TABLE; a partition goes with its parent."""
    held = (hold(o.id, context),) if holds_rows(o.id, context) else ()
    if o.partition_of in context.dropped and not held:
        return ()
    if o.id in context.prepared or becomes_series(o.id, context) or leaves_series(o.id, context):
        return (set_aside(o.id, context),)
    keyword = "DROP FOREIGN TABLE {}" if o.server else "DROP TABLE {}"
    hazards = [Hazard(code=HazardCode.DELETES_DATA, message=f"all rows of {o.id} are deleted")]
    if o.server or held:
        hazards = []
    tables = context.with_descendants(o.id)
    # The constraints of foreign keys go on both sides.
    keys = (c for table in tables for c in context.before.children(table, "constraint"))
    targets = dict.fromkeys(getattr(c, "target", None) for c in keys)
    on = dict.fromkeys(
        [*tables, *([o.partition_of] if o.partition_of else [])]
        + [id for t in targets if t for id in context.with_descendants(t)]
        + list(default_partitions(o, context))
    )
    # PostgreSQL drops no partition of a table that foreign keys refer to.
    linked = o.partition_of is not None and any(referring(o.partition_of, context))
    return (
        *held,
        *(detach(o, context) if linked else ()),
        step(
            o.id,
            sql.SQL(keyword).format(name_of(o.id)),
            f"drop {o.id}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=on,
            hazards=hazards,
            reversibility=Reversibility.DATA_LOST if hazards else Reversibility.LOSSLESS,
            phase=Phase.CONTRACT,
        ),
    )


def refill(o: Table, context: Context) -> Step | None:
    """Return the step that copies the rows of a table that was made anew into it."""
    return refilled(o.id, context) if holds_rows(o.id, context) else None


# What only a new table can have.
_FIXED = frozenset({"partition_key", "server"})


def alter(change: Change, context: Context) -> Alteration:
    """Change what PostgreSQL can change in place; a table that becomes partitioned is replaced."""
    before, after = change.before, change.after
    assert isinstance(before, Table) and isinstance(after, Table)
    if "time_column" in change.fields:
        return _alter_time_column(before, after, context)
    if _FIXED & set(change.fields) or not in_order_of_type(change, context):
        return REPLACE
    if after.partition_of and rehashed(before, after):
        # Rows of each partition belong into others: all of them are put aside and come back.
        return Alteration(detach=(after.partition_of,))
    steps: list[Step] = []
    for field in change.fields:
        writer = _WRITERS.get(field)
        if writer is not None:
            steps.extend(writer(before, after, context))
    moved = bool({"partition_of", "partition_bound"} & set(change.fields))
    if moved:
        steps.extend(move_partitions(before, after, context))
    follows = [*columns_of_new_parents(before, after, context)]
    if before.unlogged != after.unlogged:
        follows += unlike_after(before, after, context)
    return Alteration(steps=tuple(steps), atomic=moved, follows=tuple(follows))


def _alter_time_column(before: Table, after: Table, context: Context) -> Alteration:
    """Replace the table, unless it is partitioned that way already or TimescaleDB changes it in place."""
    if after.id in context.prepared:
        return REPLACE
    column = after.time_column or before.time_column
    key = sql.SQL("RANGE ({})").format(Name(column or "")).as_string()
    taken_over = key in (before.partition_key, after.partition_key)
    if before.time_column and after.time_column and not taken_over:
        raise PolicyError(
            f"{after.id.path} is a time series by {before.time_column}, and cannot become one by "
            f"{after.time_column} where it is",
            detail="each of its pieces holds the rows of some days by the one column; nothing was changed",
            hint=f"make it a plain table first: pgwright policy convert {after.id.path} --back; "
            "then convert it again",
        )
    in_place = after.time_column is not None and bool(context.server.timescaledb)
    return Alteration() if taken_over or in_place else REPLACE


def _alter_table(o: Table, action: sql.Composable, summary: str, **settings: Any) -> Step:
    keyword = "ALTER FOREIGN TABLE {} {}" if o.server else "ALTER TABLE {} {}"
    settings.setdefault("lock", LockMode.ACCESS_EXCLUSIVE)
    settings.setdefault("on", (o.id,))
    return step(o.id, sql.SQL(keyword).format(name_of(o.id), action), summary, **settings)


def _rewrite(o: Table, what: str) -> dict[str, Any]:
    hazards = (
        Hazard(
            code=HazardCode.REWRITES,
            message=f"{what} writes all of {o.id} anew while nobody can read or write it",
        ),
    )
    return {"rewrites": (o.id,), "hazards": hazards}


def _alter_unlogged(before: Table, after: Table, context: Context) -> list[Step]:
    word = "SET UNLOGGED" if after.unlogged else "SET LOGGED"
    what = f"{word}, after which a crash empties the table," if after.unlogged else word
    summary = f"change the persistence of {after.id}"
    return [_alter_table(after, deparsed(word), summary, **_rewrite(after, what))]


def _alter_access_method(before: Table, after: Table, context: Context) -> list[Step]:
    action = sql.SQL("SET ACCESS METHOD {}").format(Name(after.access_method))
    summary = f"change the access method of {after.id}"
    return [_alter_table(after, action, summary, **_rewrite(after, "changing the access method"))]


def _alter_tablespace(before: Table, after: Table, context: Context) -> list[Step]:
    action = sql.SQL("SET TABLESPACE {}").format(Name(after.tablespace or "pg_default"))
    settings = {} if after.is_partitioned else _rewrite(after, "moving to another tablespace")
    return [_alter_table(after, action, f"move {after.id} to another tablespace", **settings)]


def _alter_options(before: Table, after: Table, context: Context) -> list[Step]:
    old = dict(o.partition("=")[::2] for o in before.options)
    new = dict(o.partition("=")[::2] for o in after.options)
    steps = []
    changed = [f"{k}={v}" for k, v in new.items() if old.get(k) != v]
    if changed:
        action = sql.SQL("SET ({})").format(sql.SQL(", ").join(map(parameter, changed)))
        steps.append(
            _alter_table(after, action, f"set options of {after.id}", lock=LockMode.SHARE_UPDATE_EXCLUSIVE)
        )
    gone = [k for k in old if k not in new]
    if gone:
        action = sql.SQL("RESET ({})").format(sql.SQL(", ").join(map(deparsed, gone)))
        steps.append(
            _alter_table(after, action, f"reset options of {after.id}", lock=LockMode.SHARE_UPDATE_EXCLUSIVE)
        )
    return steps


def _alter_replica_identity(before: Table, after: Table, context: Context) -> list[Step]:
    return [_set_replica_identity(after), *partitions_identified(after.id, after.id, context)]


def _alter_server_options(before: Table, after: Table, context: Context) -> list[Step]:
    changed = changed_options(before.server_options, after.server_options)
    action = sql.SQL("OPTIONS ({})").format(changed)
    return [_alter_table(after, action, f"change what {after.id} stands for")]


def alter_of_type(before: Table, after: Table, context: Context) -> list[Step]:
    """Return the ALTER TABLE … OF, or NOT OF."""
    action = deparsed(f"OF {after.of_type}") if after.of_type else sql.SQL("NOT OF")
    return [_alter_table(after, action, f"change the type that {after.id} follows")]


_WRITERS = {
    "unlogged": _alter_unlogged,
    "access_method": _alter_access_method,
    "tablespace": _alter_tablespace,
    "options": _alter_options,
    "replica_identity": _alter_replica_identity,
    "inherits": change_parents,
    "of_type": alter_of_type,
    "server_options": _alter_server_options,
}


def rename(o: Table, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the statements that rename the table and move it to another schema."""
    steps = []
    at = o.id.name
    hazard = outdated(o.id.path)
    if to.name.schema != at.schema:
        action = sql.SQL("SET SCHEMA {}").format(Name(to.name.schema or "public"))
        steps.append(_alter_table(o, action, f"move {o.id} to schema {to.name.schema}", hazards=(hazard,)))
        at = QualifiedName(to.name.schema, at.name)
    if to.name.name != at.name:
        text = sql.SQL("ALTER TABLE {} RENAME TO {}").format(
            name_of(ObjectId("table", at)), Name(to.name.name)
        )
        summary = f"rename {o.id} to {to.path}"
        steps.append(step(o.id, text, summary, lock=LockMode.ACCESS_EXCLUSIVE, on=(o.id,), hazards=(hazard,)))
    return tuple(steps)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among relations and, by the row type, among types; a partition its range.

    Ranges are not compared: what goes from a partitioned table goes before what comes.
    """
    at = (o.id.name.schema, o.id.name.name)
    names = (("relation", *at), ("type", *at))
    return (*names, ("partitions", str(o.partition_of))) if o.partition_of else names


KIND = Kind(
    name="table",
    cls=Table,
    rank=40,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    refill=refill,
    claims=claims,
)
