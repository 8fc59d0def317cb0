"""Which moves come before which others although no object needs the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pgwright.diff.carry import carriers
from pgwright.diff.lineage import (
    apart_from_heirs,
    changing_hands,
    given_before_joining,
    not_taken_over,
    untyped_first,
)
from pgwright.diff.order import Move, contested_names
from pgwright.diff.parts import making_room
from pgwright.kinds.column_override import sources
from pgwright.kinds.contract import Alteration, Context, parents_of, reached
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import parent_of
from pgwright.kinds.tables.stored_rows import storing
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.kinds.timeseries.rollup_names import live_view
from pgwright.model.catalog import Catalog
from pgwright.model.change import Op
from pgwright.model.names import ObjectId

Pairs = Iterable[tuple[Move, Move]]


def precedence(
    context: Context,
    alterations: Mapping[ObjectId, Alteration],
    *,
    refills: Collection[ObjectId],
    renamed: Mapping[ObjectId, ObjectId],
    stand_in: Mapping[ObjectId, ObjectId],
) -> Pairs:
    """Yield pairs of moves of which the first comes before the second.

    `refills` are the objects that get their contents back; `renamed` maps new identities to old ones,
    `stand_in` parts to what they are made with.
    """
    yield from _contested(context, alterations.keys(), renamed, stand_in)
    yield from _following(context, alterations, refills)
    yield from _standing_on(context, alterations, stand_in)
    yield from _given(context, alterations)
    yield from _storing_rows(context, alterations, stand_in)
    yield from _filled(context, stand_in)
    yield from _watching(context, alterations, refills)
    yield from changing_hands(context)
    yield from not_taken_over(context)
    yield from untyped_first(alterations, context)
    yield from given_before_joining(alterations, context)
    yield from apart_from_heirs(context)


def _contested(
    context: Context,
    alterations: Collection[ObjectId],
    renamed: Mapping[ObjectId, ObjectId],
    stand_in: Mapping[ObjectId, ObjectId],
) -> Pairs:
    """Pair what frees a name with what takes it, by the statements that really do so."""
    altered = [id for id in alterations if id not in renamed]
    carrier = carriers(context)
    freed = [
        (context.before.objects[gone], Move(Op.DROP, carrier.get(id, id)))
        for id in context.dropped
        for gone in reached(id, lambda at: _derived_from(at, context.before))
    ]
    freed += [(context.before.objects[old], Move(Op.ALTER, new)) for new, old in renamed.items()]
    freed += [(context.before.objects[id], Move(Op.ALTER, id)) for id in altered]
    taken = [(context.after.objects[id], Move(Op.CREATE, final(id, stand_in))) for id in context.created]
    taken += [(context.after.objects[id], Move(Op.ALTER, id)) for id in (*renamed, *altered)]
    yield from contested_names(freed, taken, renamed)
    for first, second in making_room(context.created, context.after):
        yield Move(Op.CREATE, final(first, stand_in)), Move(Op.CREATE, final(second, stand_in))


def _derived_from(id: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    return (other for other in catalog.dependents.get(id, ()) if catalog.objects[other].derived)


def _following(
    context: Context, alterations: Mapping[ObjectId, Alteration], refills: Collection[ObjectId]
) -> Pairs:
    """Pair moves of which the second finds in place what the first does, without depending on it."""
    for id, alteration in alterations.items():
        for first in alteration.follows:
            yield Move(Op.ALTER, first), Move(Op.ALTER, id)
            yield Move(Op.DROP, first), Move(Op.ALTER, id)
    # What changes in a parent changes in its heirs: those that leave it go first, as they are.
    for id in alterations:
        yield from _attaching(id, context)
        for parent in set(parents_of(context.before.get(id))) - set(parents_of(context.after.get(id))):
            for catalog in (context.before, context.after):
                for part in catalog.children(parent):
                    for below in (part, *catalog.children(part.id)):
                        yield from ((Move(Op.ALTER, id), Move(op, below.id)) for op in Op)
    for id in context.dropped:
        yield from _going(id, context)
    for id in context.created:
        yield from _coming(id, context, refills)


def _coming(id: ObjectId, context: Context, refills: Collection[ObjectId]) -> Pairs:
    """Pair a creation with what comes before or after it."""
    o = context.after.objects[id]
    # An identity is not given to a table with heirs: those that come do so later.
    if getattr(o, "identity", ""):
        for heir in context.after.dependents.get(id.root, ()):
            joins = heir in context.created or id.root not in parents_of(context.before.get(heir))
            if joins and id.root in parents_of(context.after.get(heir)):
                yield from ((Move(Op.CREATE, id), Move(op, heir)) for op in (Op.CREATE, Op.ALTER))
    # A new sequence goes on from the numbers that rows bring back.
    column = kind(id.kind).numbers(o, context)
    if column is not None and column in context.before and parent_of(column) in refills:
        yield Move(Op.ALTER, parent_of(column)), Move(Op.CREATE, id)
    yield from _joining(id, context, refills)


def _going(id: ObjectId, context: Context) -> Pairs:
    """Pair a drop with what comes before or after it."""
    if id.kind == "table":
        yield from _attaching(id, context)
    # A check that an heir has of its own as well is its own again once the parent's has gone.
    if id.kind == "constraint" and id.parent is not None and not context.before.objects[id].derived:
        for parent in parents_of(context.before.get(id.parent)):
            yield Move(Op.DROP, id._replace(parent=parent)), Move(Op.DROP, id)


def _joining(id: ObjectId, context: Context, refills: Collection[ObjectId]) -> Pairs:
    """Pair the creation of a partition with what happens to the tables above it."""
    for above in _above(id, context.after):
        # Of an index that goes it would get a copy, under a name that may be meant for another.
        for index in context.before.children(above, "index"):
            if index.id in context.dropped - context.created:
                yield Move(Op.DROP, index.id), Move(Op.CREATE, id)
        # An index over all partitions is built when the new ones stand, and rows go into them.
        for index in context.after.children(above, "index"):
            yield Move(Op.CREATE, id), Move(Op.CREATE, index.id)
        if above in refills:
            yield Move(Op.CREATE, id), Move(Op.ALTER, above)


def _attaching(id: ObjectId, context: Context) -> Pairs:
    """Pair what makes a table a partition, or ends that, with the indexes built piece by piece from above it.

    Such an index is valid from when the last partition of that moment has its piece.
    """
    before, after = (_above(id, catalog) for catalog in (context.before, context.after))
    if before[:1] != after[:1]:
        for table in {*before, *after}:
            for index in context.after.children(table, "index"):
                yield from ((Move(op, id), Move(Op.CREATE, index.id)) for op in (Op.ALTER, Op.DROP))


def _above(id: ObjectId, catalog: Catalog) -> tuple[ObjectId, ...]:
    """Return the partitioned tables that a table is part of, from its own parent up."""

    def parent(at: ObjectId) -> Iterable[ObjectId]:
        above = getattr(catalog.get(at), "partition_of", None)
        return (above,) if above is not None else ()

    return reached(id, parent)[1:]


def _given(context: Context, alterations: Collection[ObjectId]) -> Pairs:
    """Pair what stands on a column that comes from elsewhere with what changes it there.

    A new heir, too, takes what the columns of its parents have by then.
    """
    for id in context.created:
        for parent in parents_of(context.after.objects[id]):
            columns = context.after.children(parent, "column")
            yield from ((Move(Op.ALTER, column.id), Move(Op.CREATE, id)) for column in columns)
    for id in (*context.created, *alterations):
        for source in _sources(id, context.after):
            yield from ((Move(op, source), Move(Op.CREATE, id)) for op in (Op.CREATE, Op.ALTER))
            yield from ((Move(op, source), Move(Op.ALTER, id)) for op in (Op.CREATE, Op.ALTER))
        for column in _given_columns(id, context.after):
            yield from ((Move(Op.CREATE, column.root), Move(op, id)) for op in (Op.CREATE, Op.ALTER))
    for id in context.dropped:
        for source in _sources(id, context.before):
            yield from ((Move(Op.DROP, id), Move(op, source)) for op in (Op.ALTER, Op.DROP))
    for id in (*context.dropped, *alterations):
        for column in context.before.objects[id].depends_on if id in context.before else ():
            # A column that goes by no move of its own goes with its table.
            if column.kind == "column" and column.root in context.dropped and column not in context.dropped:
                yield from ((Move(op, id), Move(Op.DROP, column.root)) for op in (Op.ALTER, Op.DROP))


def detached(id: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return what cannot stand while a new object is made."""
    return kind(id.kind).detach(context.after.objects[id], context)


def _storing_rows(
    context: Context, alterations: Collection[ObjectId], stand_in: Mapping[ObjectId, ObjectId]
) -> Pairs:
    """Pair what gives rows of a table other values with the columns that store such rows."""
    for id in context.created:
        for column in detached(id, context):
            yield Move(Op.DROP, column), Move(Op.CREATE, id)
    for op, ids in ((Op.CREATE, context.created), (Op.ALTER, alterations)):
        for id in ids:
            if id.kind == "column" and id.root in context.before and not context.is_new(id.root):
                for column in storing((id.root,), context.after):
                    if column in context.created:
                        yield Move(op, id), Move(Op.CREATE, final(column, stand_in))


def _filled(context: Context, stand_in: Mapping[ObjectId, ObjectId]) -> Pairs:
    """Pair what stands on the table or the live view of a rollup with the rollup, which makes them."""
    makers = _makers(context.after)
    for id in context.created if makers else ():
        for needed in context.after.objects[id].depends_on:
            if (maker := makers.get(needed.root)) is not None:
                yield Move(Op.CREATE, maker), Move(Op.CREATE, final(id, stand_in))
    makers = _makers(context.before)
    for id in context.dropped if makers else ():
        for needed in context.before.objects[id].depends_on:
            if (maker := makers.get(needed.root)) is not None:
                yield Move(Op.DROP, id), Move(Op.DROP, maker)


def _watching(context: Context, alterations: Collection[ObjectId], refills: Collection[ObjectId]) -> Pairs:
    """Pair event triggers, which may refuse what the plan does, with all else: new ones come last.

    PostgreSQL fires none for what is done to event triggers.
    """
    moves = tuple(_all(context, alterations, refills))
    for move in moves:
        if move.id.kind == "event_trigger" and move.op is not Op.DROP and move.id not in context.dropped:
            yield from ((other, move) for other in moves if other.id.root.kind != "event_trigger")


def _all(
    context: Context, alterations: Collection[ObjectId], refills: Collection[ObjectId]
) -> Iterable[Move]:
    yield from (Move(Op.DROP, id) for id in context.dropped)
    yield from (Move(Op.CREATE, id) for id in context.created)
    yield from (Move(Op.ALTER, id) for id in (*alterations, *refills))


def _makers(catalog: Catalog) -> Mapping[ObjectId, ObjectId]:
    """Return the rollups by what they bring along."""
    made: dict[ObjectId, ObjectId] = {}
    for rollup in catalog.of("rollup"):
        table = rollup_relation(rollup.id)
        view = ObjectId("view", live_view(table.name))
        known = ((id, catalog.get(id)) for id in (table, view, table._replace(kind="view")))
        made |= {id: rollup.id for id, o in known if o is not None and o.derived}
    return made


def _sources(id: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Yield what gives an object the derived columns that it needs."""
    for column in _given_columns(id, catalog):
        yield from sources(column, catalog)


def _given_columns(id: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Yield the derived columns that an object needs; they come and go with their tables."""
    o = catalog.get(id)
    for needed in o.depends_on if o is not None else ():
        column = catalog.get(needed)
        if needed.kind == "column" and column is not None and column.derived:
            yield needed


def _standing_on(
    context: Context, alterations: Mapping[ObjectId, Alteration], stand_in: Mapping[ObjectId, ObjectId]
) -> Pairs:
    """Pair what makes an object anew as it was with what comes to stand on it."""
    for id, alteration in alterations.items():
        for remade in alteration.remade:
            for dependent in context.after.dependents.get(remade, ()):
                if dependent in context.created:
                    yield Move(Op.ALTER, id), Move(Op.CREATE, final(dependent, stand_in))
                elif dependent not in context.before.dependents.get(remade, ()):
                    yield Move(Op.ALTER, id), Move(Op.ALTER, dependent)


def final(id: ObjectId, stand_in: Mapping[ObjectId, ObjectId]) -> ObjectId:
    """Return the object whose statement makes this one."""
    while id in stand_in:
        id = stand_in[id]
    return id
