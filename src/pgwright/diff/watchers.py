"""Event triggers that are dropped or switched off before anything else is done: they may refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgwright.diff.compare import compare
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change, Op
from pgwright.model.plan import Step


def without_watchers(before: Catalog, after: Catalog, *, online: bool) -> tuple[Catalog, tuple[Step, ...]]:
    """Return the catalog without the event triggers that the target has not, or has off, and the steps."""
    if not before.of("event_trigger"):
        return before, ()
    changes = [c for c in compare(before, after) if c.id.kind == "event_trigger" and _ends(c)]
    gone = frozenset(c.id for c in changes if c.op is Op.DROP)
    context = Context(before=before, after=after, server=before.server, online=online, dropped=gone)
    steps = [step for change in changes for step in _ending(change, context)]
    left = {id: o for id, o in before.objects.items() if id.root not in gone}
    left |= {c.id: c.after for c in changes if c.after is not None}
    return replace(before, objects=left), tuple(
        replace(s, id=str(i), batch=i) for i, s in enumerate(steps, start=1)
    )


def _ends(change: Change) -> bool:
    off = getattr(change.after, "enabled", "") in {"D", "R"}
    return change.op is Op.DROP or (change.op is Op.ALTER and change.fields == ("enabled",) and off)


def _ending(change: Change, context: Context) -> Iterator[Step]:
    of_kind = kind(change.id.kind)
    yield from of_kind.alter(change, context).steps if change.after else of_kind.drop(change.before, context)
