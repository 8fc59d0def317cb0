"""Event triggers that are dropped or switched off before anything else is done: they may refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgwright.diff.compare import differing_fields
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change, Op
from pgwright.model.plan import Step


def without_watchers(before: Catalog, after: Catalog, *, online: bool) -> tuple[Catalog, tuple[Step, ...]]:
    """Return the catalog without the event triggers that the target has not, or has off, and the steps."""
    changes = [c for o in before.of("event_trigger") if (c := _ending(o, after.get(o.id))) is not None]
    if not changes:
        return before, ()
    gone = frozenset(c.id for c in changes if c.op is Op.DROP)
    context = Context(before=before, after=after, server=before.server, online=online, dropped=gone)
    steps = [step for change in changes for step in _steps(change, context)]
    left = {id: o for id, o in before.objects.items() if id.root not in gone}
    left |= {c.id: c.after for c in changes if c.after is not None}
    return replace(before, objects=left), tuple(
        replace(s, id=str(i), batch=i) for i, s in enumerate(steps, start=1)
    )


def _ending(old: CatalogObject, new: CatalogObject | None) -> Change | None:
    """Return the change by which an event trigger goes or does nothing more, None where there is none."""
    if new is None:
        return Change(op=Op.DROP, id=old.id, before=old, after=None)
    fields = differing_fields(old, new)
    off = fields == ("enabled",) and getattr(new, "enabled", "") in {"D", "R"}
    return Change(op=Op.ALTER, id=old.id, before=old, after=new, fields=fields) if off else None


def _steps(change: Change, context: Context) -> Iterator[Step]:
    of_kind = kind(change.id.kind)
    yield from of_kind.alter(change, context).steps if change.after else of_kind.drop(change.before, context)
