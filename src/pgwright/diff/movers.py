"""Tables that go from one parent, or type, to another, unlike one: they leave first, and join it as tables.

What a table keeps when it leaves its parent, and as what, PostgreSQL says itself: it is tried on scratch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgwright.diff.build import copied
from pgwright.diff.execute import execute_steps
from pgwright.kinds.contract import Context, parents_of
from pgwright.kinds.table import Table, alter_of_type
from pgwright.kinds.tables.partition_moves import detach, stop_inheriting
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.sources.database import read_catalog

# What a table must have like its new parent before it can join it.
_FITTING = frozenset({"column", "column_override", "constraint", "default"})


def leave_first(
    before: Catalog, after: Catalog, *, online: bool, scratch: str
) -> tuple[Catalog, tuple[Step, ...]]:
    """Return the catalog in which such tables have left their parents, and the steps that lead there."""
    context = Context(before=before, after=after, server=before.server, online=online)
    steps = [step for table in before.of("table") for step in _leaving(table, context)]
    if not steps:
        return before, ()
    with copied(before, scratch=scratch) as copy:
        execute_steps(copy.conn, steps, timeouts=False, spelt=copy.spelt)
        left = replace(read_catalog(copy.conn, source=before.source), server=before.server)
    return left, tuple(replace(s, id=str(i), batch=i) for i, s in enumerate(steps, start=1))


def _leaving(old: CatalogObject, context: Context) -> Iterator[Step]:
    new = context.after.get(old.id)
    if not isinstance(old, Table) or not isinstance(new, Table) or old.managed or new.managed:
        return
    joined = [parent for parent in parents_of(new) if parent not in parents_of(old)]
    if joined and old.of_type and not new.of_type:
        # It may need columns that its parent has and the type has not.
        yield from alter_of_type(old, new, context)
    if set(parents_of(old)) <= set(parents_of(new)):
        return
    hazards: tuple[Hazard, ...] = ()
    if old.of_type or not new.of_type:
        alike = dict(_fitting(old.id, context.before)) == dict(_fitting(new.id, context.after))
        alike = alike and not any(
            part.id in context.after and context.after.objects[part.id].shape != part.shape
            for part in context.before.children(old.id)
        )
        if not joined or (alike and (old.partition_of is None) == (new.partition_of is None)):
            return
        message = f"until {old.id.path} joins {joined[0].path}, its rows are seen in neither parent"
        hazards = (Hazard(code=HazardCode.NOT_ATOMIC, message=message),)
    steps = detach(old, context) if old.partition_of != new.partition_of else []
    for step in (*steps, *stop_inheriting(old, new)):
        yield replace(step, hazards=(*step.hazards, *hazards))


def _fitting(table: ObjectId, catalog: Catalog) -> Iterator[tuple[ObjectId, CatalogObject]]:
    for part in catalog.children(table):
        if part.id.kind in _FITTING:
            yield part.id, part
            yield from _fitting(part.id, catalog)
