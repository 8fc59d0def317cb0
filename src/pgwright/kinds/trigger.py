"""Triggers, constraint triggers included; the copies that partitions get from their parent are derived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import held, with_partitions
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.compressed import require_no_deleted_rows
from pgwright.kinds.timeseries.hypertables import require_chunks_bear
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed

# Keyed by pg_trigger.tgenabled, which pg_rewrite.ev_enabled shares.
ENABLED = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


@dataclass(frozen=True, kw_only=True)
class Trigger(CatalogObject):
    """Define a trigger by the statement that PostgreSQL deparses for it.

    `enabled` is ``O`` (in ordinary sessions), ``D`` (never), ``R`` (on replicas only) or ``A`` (always).
    """

    definition: str
    enabled: str = "O"
    is_constraint: bool = fact(False)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the triggers of the relations found before."""
    for r in reading.defined("trigger"):
        parent = reading.id_of(SystemCatalog.CLASS, r.relid)
        if parent is None:
            continue
        trigger = Trigger(
            id=ObjectId("trigger", QualifiedName(None, r.name), parent),
            derived=r.derived,
            definition=settled(r.definition),
            enabled=r.enabled,
            is_constraint=r.is_constraint,
        )
        # A constraint trigger is also a row of pg_constraint, which other objects may point at.
        more = (Address(SystemCatalog.CONSTRAINT, r.constraint_oid),) if r.is_constraint else ()
        yield Found(trigger, (Address(SystemCatalog.TRIGGER, r.oid), *more))


def create(o: Trigger, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TRIGGER, and the ALTER TABLE for one that is not simply enabled."""
    return (_put(o, o.definition, f"create {o.id}", context), *_state(o, "O", context))


def _put(o: Trigger, text: str, summary: str, context: Context) -> Step:
    require_no_deleted_rows(parent_of(o.id), context)
    require_chunks_bear(parent_of(o.id), context)
    on = with_partitions(context, parent_of(o.id))
    return step(o.id, deparsed(text), summary, **held(context, LockMode.SHARE_ROW_EXCLUSIVE, *on))


def _state(o: Trigger, now: str, context: Context) -> tuple[Step, ...]:
    if o.enabled == now:
        return ()
    relation = parent_of(o.id)
    text = sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
        name_of(relation), deparsed(ENABLED[o.enabled]), Name(o.id.name.name)
    )
    on = with_partitions(context, relation)
    lock = held(context, LockMode.SHARE_ROW_EXCLUSIVE, *on)
    return (step(o.id, text, f"{ENABLED[o.enabled].lower()} {o.id}", **lock),)


def drop(o: Trigger, context: Context) -> tuple[Step, ...]:
    """Return the DROP TRIGGER."""
    if context.goes_with_parent(o.id):
        return ()
    relation = parent_of(o.id)
    text = sql.SQL("DROP TRIGGER {} ON {}").format(Name(o.id.name.name), name_of(relation))
    on = with_partitions(context, relation)
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, *on)
    return (step(o.id, text, f"drop {o.id}", phase=Phase.CONTRACT, **lock),)


def alter(change: Change, context: Context) -> Alteration:
    """Switch it on or off in place; from PostgreSQL 14 also put another definition in place."""
    before, after = change.before, change.after
    assert isinstance(before, Trigger) and isinstance(after, Trigger)
    if before.definition == after.definition:
        return Alteration(steps=_state(after, before.enabled, context))
    if context.server.major < 14 or before.is_constraint or after.is_constraint:
        return REPLACE
    text = after.definition.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER", 1)
    # The new definition comes enabled, whatever the old one was.
    return Alteration(steps=(_put(after, text, f"change {after.id}", context), *_state(after, "O", context)))


def rename(o: Trigger, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TRIGGER … RENAME TO."""
    relation = parent_of(o.id)
    text = sql.SQL("ALTER TRIGGER {} ON {} RENAME TO {}").format(
        Name(o.id.name.name), name_of(relation), Name(to.name.name)
    )
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, *with_partitions(context, relation))
    return (step(o.id, text, f"rename {o.id} to {to.path}", **lock),)


KIND = Kind(
    name="trigger",
    cls=Trigger,
    rank=70,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
)
