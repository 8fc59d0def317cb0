"""Order what happens to a table with regard to those that it is derived from."""

from __future__ import annotations

from collections.abc import Iterable

from pgwright.diff.compare import differing_fields
from pgwright.diff.order import Move
from pgwright.kinds.contract import Context, parents_of, reached
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Op
from pgwright.model.names import ObjectId


def changing_hands(context: Context) -> Iterable[tuple[Move, Move]]:
    """Pair the end of what a table has by itself with what gives it a copy of that name, and the reverse."""
    for ids, own, other in (
        (context.dropped, context.before, context.after),
        (context.created, context.after, context.before),
    ):
        for id in ids:
            copy = other.get(id)
            if id.parent is None or copy is None or not copy.derived or own.objects[id].derived:
                continue
            table = Move(Op.ALTER, id.root)
            for source in (*_originals(copy, other), *_namesakes(copy.id, other)):
                if other is context.after:
                    yield from ((Move(Op.DROP, id), move) for move in (Move(Op.CREATE, source), table))
                else:
                    yield from ((move, Move(Op.CREATE, id)) for move in (Move(Op.DROP, source), table))


def _originals(copy: CatalogObject, catalog: Catalog) -> Iterable[ObjectId]:
    """Yield what a derived object is, at last, a copy of."""
    for needed in copy.depends_on:
        above = catalog.get(needed)
        if above is not None and needed.kind == copy.id.kind:
            yield from _originals(above, catalog) if above.derived else (needed,)


def _namesakes(id: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Yield what the tables above have of that name: PostgreSQL notes nowhere from which a check comes."""
    tables = reached(id.root, lambda at: parents_of(catalog.get(at)))[1:]
    return (id._replace(parent=table) for table in tables if id.parent == id.root)


def not_taken_over(context: Context) -> Iterable[tuple[Move, Move]]:
    """Pair what a partition loses with what its parent gets, of which it would become a part.

    An index that is built online takes in only what it is told to.
    """
    for id in context.created:
        if id.parent is None or not (id.kind == "constraint" or (id.kind == "index" and not context.online)):
            continue
        for part in context.with_descendants(id.parent)[1:]:
            for own in context.before.children(part, id.kind):
                if own.id in context.dropped and _would_join(own, context.after.objects[id]):
                    yield Move(Op.DROP, own.id), Move(Op.CREATE, id)


def _would_join(own: CatalogObject, above: CatalogObject) -> bool:
    """Tell whether PostgreSQL makes what a partition has a part of the parent's, as it does with equal keys.

    It does not mind when they are checked.
    """
    if getattr(own, "is_key", False):
        return _keyed(own) == _keyed(above)
    return not differing_fields(own, above)


def _keyed(o: CatalogObject) -> tuple[object, object]:
    return getattr(o, "type", None), getattr(o, "columns", None)


def untyped_first(alterations: Iterable[ObjectId], context: Context) -> Iterable[tuple[Move, Move]]:
    """Pair a table that is of a type no longer with the change of that, which would reach it."""
    for id in alterations:
        before, after = context.before.get(id), context.after.get(id)
        if getattr(before, "of_type", None) and not getattr(after, "of_type", None):
            needs = before.depends_on if before else ()
            yield from ((Move(Op.ALTER, id), Move(Op.ALTER, n)) for n in needs if n.kind == "composite")


def given_before_joining(alterations: Iterable[ObjectId], context: Context) -> Iterable[tuple[Move, Move]]:
    """Pair what a parent that stays gains with the table that joins another, and needs to have it by then."""
    for id in alterations:
        before, after = parents_of(context.before.get(id)), parents_of(context.after.get(id))
        if set(after) <= set(before):
            continue
        stays_with = (parent for parent in after if parent in before)
        above = (t for p in stays_with for t in reached(p, lambda at: parents_of(context.after.get(at))))
        for part in (part for table in above for part in context.after.children(table)):
            if part.id in context.created:
                yield Move(Op.CREATE, part.id), Move(Op.ALTER, id)


def apart_from_heirs(context: Context) -> Iterable[tuple[Move, Move]]:
    """Pair the loss of a table's part with a new heir that has one of that name by itself, and the reverse.

    The two would be merged into one.
    """
    for id in context.created:
        for part in _namesakes_of_own(id, context.after):
            if part in context.dropped:
                yield Move(Op.DROP, part), Move(Op.CREATE, id)
    for id in context.dropped:
        for part in _namesakes_of_own(id, context.before):
            if part in context.created:
                yield Move(Op.DROP, id), Move(Op.CREATE, part)


def _namesakes_of_own(table: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Yield, by the tables above, what would have the name of a part that a table has by itself."""
    if table.kind == "table" and parents_of(catalog.get(table)):
        for part in catalog.children(table):
            if not part.derived:
                yield from _namesakes(part.id, catalog)


def overloads(context: Context) -> Iterable[tuple[Move, Move]]:
    """Pair a function that goes with what is made over one of its name: a call may fit both."""
    going = context.dropped - context.created
    gone = {_unsigned(id): Move(Op.DROP, id) for id in going if id.kind == "function"}
    for id in context.created:
        first = gone.get(_unsigned(id)) if id.kind == "function" else None
        if first is not None:
            yield from ((first, Move(Op.CREATE, user)) for user in context.after.dependents.get(id, ()))


def _unsigned(id: ObjectId) -> tuple[str | None, str]:
    return id.name.schema, id.name.name.partition("(")[0]
