"""Event triggers: functions that run when somebody changes the database's structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, step
from pgwright.kinds.trigger import ENABLED
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed, literal


@dataclass(frozen=True, kw_only=True)
class EventTrigger(CatalogObject):
    """Define an event trigger; `enabled` is as for a trigger, `function` a qualified name."""

    event: str
    function: str
    tags: tuple[str, ...] = ()
    enabled: str = "O"


def read(reading: Reading) -> Iterator[Found]:
    """Yield the event triggers whose function is in the schemas being read."""
    for r in reading.rows("event_trigger"):
        trigger = EventTrigger(
            id=ObjectId("event_trigger", QualifiedName(None, r.name)),
            event=r.event,
            function=r.function,
            tags=tuple(sorted(r.tags or ())),
            enabled=r.enabled,
        )
        yield Found(trigger, (Address(SystemCatalog.EVENT_TRIGGER, r.oid),))


def create(o: EventTrigger, context: Context) -> tuple[Step, ...]:
    """Return the CREATE EVENT TRIGGER, and the ALTER for one that is not simply enabled."""
    tags: sql.Composable = sql.SQL("")
    if o.tags:
        tags = sql.SQL("").join(
            [sql.SQL(" WHEN TAG IN ("), sql.SQL(", ").join(map(literal, o.tags)), sql.SQL(")")]
        )
    text = sql.SQL("CREATE EVENT TRIGGER {} ON {}{} EXECUTE FUNCTION {}()").format(
        name_of(o.id), Name(o.event), tags, deparsed(o.function)
    )
    return (step(o.id, text, f"create {o.id}"), *_state(o, "O"))


def _state(o: EventTrigger, now: str) -> tuple[Step, ...]:
    if o.enabled == now:
        return ()
    text = sql.SQL("ALTER EVENT TRIGGER {} {}").format(name_of(o.id), deparsed(ENABLED[o.enabled]))
    return (step(o.id, text, f"{ENABLED[o.enabled].lower()} {o.id}"),)


def drop(o: EventTrigger, context: Context) -> tuple[Step, ...]:
    """Return the DROP EVENT TRIGGER."""
    text = sql.SQL("DROP EVENT TRIGGER {}").format(name_of(o.id))
    return (step(o.id, text, f"drop {o.id}", phase=Phase.CONTRACT),)


def alter(change: Change, context: Context) -> Alteration:
    """Switch it on or off in place; anything else makes another event trigger."""
    before, after = change.before, change.after
    assert isinstance(before, EventTrigger) and isinstance(after, EventTrigger)
    if set(change.fields) != {"enabled"}:
        return REPLACE
    return Alteration(steps=_state(after, before.enabled))


def rename(o: EventTrigger, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER EVENT TRIGGER … RENAME TO."""
    text = sql.SQL("ALTER EVENT TRIGGER {} RENAME TO {}").format(name_of(o.id), name_of(to))
    return (step(o.id, text, f"rename {o.id} to {to.path}"),)


KIND = Kind(
    name="event_trigger",
    cls=EventTrigger,
    rank=98,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
)
