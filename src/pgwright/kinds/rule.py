"""Rewrite rules; the rule that makes a view belongs to the view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import held
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.hypertables import require_chunks_bear
from pgwright.kinds.trigger import ENABLED
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed


@dataclass(frozen=True, kw_only=True)
class Rule(CatalogObject):
    """Define a rule by the statement that PostgreSQL deparses for it; `enabled` is as for a trigger."""

    definition: str
    enabled: str = "O"


def read(reading: Reading) -> Iterator[Found]:
    """Yield the rules of the relations found before."""
    for r in reading.defined("rule"):
        parent = reading.id_of(SystemCatalog.CLASS, r.relid)
        if parent is None:
            continue
        rule = Rule(
            id=ObjectId("rule", QualifiedName(None, r.name), parent),
            definition=settled(r.definition.strip().removesuffix(";")),
            enabled=r.enabled,
        )
        yield Found(rule, (Address(SystemCatalog.REWRITE, r.oid),))


def create(o: Rule, context: Context) -> tuple[Step, ...]:
    """Return the CREATE RULE, and the ALTER TABLE for one that is not simply enabled."""
    return (_put(o, o.definition, f"create {o.id}", context), *_state(o, "O", context))


def _put(o: Rule, text: str, summary: str, context: Context) -> Step:
    require_chunks_bear(parent_of(o.id), context)
    return step(o.id, deparsed(text), summary, **held(context, LockMode.ACCESS_EXCLUSIVE, parent_of(o.id)))


def _state(o: Rule, now: str, context: Context) -> tuple[Step, ...]:
    if o.enabled == now:
        return ()
    relation = parent_of(o.id)
    text = sql.SQL("ALTER TABLE {} {} RULE {}").format(
        name_of(relation), deparsed(ENABLED[o.enabled]), Name(o.id.name.name)
    )
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, relation)
    return (step(o.id, text, f"{ENABLED[o.enabled].lower()} {o.id}", **lock),)


def drop(o: Rule, context: Context) -> tuple[Step, ...]:
    """Return the DROP RULE."""
    if context.goes_with_parent(o.id):
        return ()
    relation = parent_of(o.id)
    text = sql.SQL("DROP RULE {} ON {}").format(Name(o.id.name.name), name_of(relation))
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, relation)
    return (step(o.id, text, f"drop {o.id}", phase=Phase.CONTRACT, **lock),)


def alter(change: Change, context: Context) -> Alteration:
    """Put another definition in place; it stays as enabled as it was."""
    before, after = change.before, change.after
    assert isinstance(before, Rule) and isinstance(after, Rule)
    steps: list[Step] = []
    if before.definition != after.definition:
        text = after.definition.replace("CREATE RULE", "CREATE OR REPLACE RULE", 1)
        steps.append(_put(after, text, f"change {after.id}", context))
    return Alteration(steps=(*steps, *_state(after, before.enabled, context)))


def rename(o: Rule, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER RULE … RENAME TO."""
    relation = parent_of(o.id)
    text = sql.SQL("ALTER RULE {} ON {} RENAME TO {}").format(
        Name(o.id.name.name), name_of(relation), Name(to.name.name)
    )
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, relation)
    return (step(o.id, text, f"rename {o.id} to {to.path}", **lock),)


KIND = Kind(
    name="rule",
    cls=Rule,
    rank=72,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
)
