"""Turn the difference between two catalogs into ordered steps."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping

from pgwright.diff.compare import compare
from pgwright.diff.fold import fold
from pgwright.diff.order import Move, order
from pgwright.errors import PgwrightError
from pgwright.kinds.contract import Alteration, Context
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Phase, Plan, Step


class UnsupportedChange(PgwrightError):
    """Report a difference that PostgreSQL offers no way to bring about."""

    code = "PW305"


def make_plan(
    before: Catalog, after: Catalog, *, online: bool = True, server: ServerFacts | None = None
) -> Plan:
    """Return the steps that lead from one catalog to the other, in an order in which each works.

    `online` asks for steps that a live system can bear; otherwise for the fewest. `server` is where the
    plan will run, by default where `before` was read. Raises `UnsupportedChange` and `CircularPlan`.
    """
    server = server or before.server
    changes = {change.id: change for change in compare(before, after)}
    context = Context(before=before, after=after, server=server, online=online)
    context, alterations = _settle(changes, context)
    context = dataclasses.replace(context, inlined=fold(context.created, context))
    inlined = {part.id for parts in context.inlined.values() for part in parts}
    moves = [
        *(Move(Op.DROP, id) for id in context.dropped),
        *(Move(Op.CREATE, id) for id in context.created - inlined),
        *(Move(Op.ALTER, id) for id in alterations),
    ]
    # A part that is folded in comes about with its parent: what needs the part waits for the parent.
    stand_in = {part.id: parent for parent, parts in context.inlined.items() for part in parts}
    detached = {id: alteration.detach for id, alteration in alterations.items()}
    ordered = order(moves, before, _redirect(after, stand_in), detached)
    steps = _number(_write(ordered, context, alterations), _batches(ordered, context))
    return Plan(from_digest=before.digest, to_digest=after.digest, server=server, steps=steps)


def _settle(
    changes: Mapping[ObjectId, Change], context: Context
) -> tuple[Context, Mapping[ObjectId, Alteration]]:
    """Decide what is altered in place and what is dropped and made again, until nothing changes any more.

    Replacing an object takes along what still needs it afterwards; that may in turn change how
    others can be altered.
    """
    before, after = context.before, context.after
    dropped = {c.id for c in changes.values() if c.op is Op.DROP}
    created = {c.id for c in changes.values() if c.op is Op.CREATE}
    replaced: set[ObjectId] = set()
    while True:
        context = dataclasses.replace(
            context, dropped=frozenset(dropped | replaced), created=frozenset(created | replaced)
        )
        alterations: dict[ObjectId, Alteration] = {}
        wanted = set(replaced)
        for change in changes.values():
            if change.op is not Op.ALTER or change.id in replaced:
                continue
            alteration = kind(change.id.kind).alter(change, context)
            if alteration.unsupported:
                raise UnsupportedChange(f"{change.id} cannot be changed", detail=alteration.unsupported)
            if alteration.replace:
                wanted.add(change.id)
            else:
                alterations[change.id] = alteration
                wanted.update(id for id in alteration.detach if id in after)
        wanted = _with_dependents(wanted, before, after)
        if wanted == replaced:
            return context, alterations
        replaced = wanted


def _with_dependents(replaced: set[ObjectId], before: Catalog, after: Catalog) -> set[ObjectId]:
    """Return the replaced objects with all that stands on them before and after."""
    result: set[ObjectId] = set()
    stack = list(replaced)
    while stack:
        id = stack.pop()
        old = before.get(id)
        if id in result or old is None or old.derived:
            continue
        result.add(id)
        for dependent in before.dependents.get(id, ()):
            new = after.get(dependent)
            if new is not None and not new.derived and id in new.depends_on:
                stack.append(dependent)
    return result


def _redirect(after: Catalog, stand_in: Mapping[ObjectId, ObjectId]) -> Catalog:
    """Return the catalog in which what needs a folded part needs the statement that makes it."""
    if not stand_in:
        return after

    def final(id: ObjectId) -> ObjectId:
        while id in stand_in:
            id = stand_in[id]
        return id

    needs_of_parts: dict[ObjectId, set[ObjectId]] = {}
    for part in stand_in:
        needs_of_parts.setdefault(final(part), set()).update(after.objects[part].depends_on)
    objects = []
    for o in after:
        needs = {final(d) for d in (*o.depends_on, *needs_of_parts.get(o.id, ()))} - {o.id}
        objects.append(dataclasses.replace(o, depends_on=tuple(sorted(needs, key=str))) if needs else o)
    return after.replacing(objects)


def _write(
    ordered: Iterable[Move], context: Context, alterations: Mapping[ObjectId, Alteration]
) -> Iterable[tuple[Move, Step]]:
    for move in ordered:
        of_kind = kind(move.id.kind)
        if move.op is Op.DROP:
            steps = of_kind.drop(context.before.objects[move.id], context)
        elif move.op is Op.CREATE:
            steps = of_kind.create(context.after.objects[move.id], context)
        else:
            steps = alterations[move.id].steps
        for step in steps:
            yield move, step


def _batches(ordered: tuple[Move, ...], context: Context) -> Mapping[Move, int]:
    """Give the moves from the drop of a replaced object to its creation one number, others one each."""
    position = {move: i for i, move in enumerate(ordered)}
    spans: list[tuple[int, int]] = []
    for id in context.dropped & context.created:
        first, last = position.get(Move(Op.DROP, id)), position.get(Move(Op.CREATE, id))
        if first is not None and last is not None:
            spans.append((first, last))
    numbers: dict[Move, int] = {}
    number, reach = 0, -1
    starts: dict[int, int] = {}
    for first, last in spans:
        starts[first] = max(last, starts.get(first, -1))
    for i, move in enumerate(ordered):
        if i > reach:
            number += 1
        reach = max(reach, starts.get(i, -1))
        numbers[move] = number
    return numbers


def _number(written: Iterable[tuple[Move, Step]], batches: Mapping[Move, int]) -> tuple[Step, ...]:
    """Number the steps; a step that refuses a transaction is a batch of its own."""
    steps: list[Step] = []
    members = Counter(batches.values())
    batch, key = 0, (-1, True)
    for i, (move, step) in enumerate(written, start=1):
        # A validation reads the whole table: it must not hold the locks of what came before it.
        here = (batches[move], step.transactional and step.phase is not Phase.BACKFILL)
        alone = members[batches[move]] == 1 or not here[1]
        if here != key or alone:
            batch += 1
        key = here
        steps.append(dataclasses.replace(step, id=str(i), batch=batch))
    return tuple(steps)
