"""Turn the difference between two catalogs into ordered steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Set

from pgwright.diff.carry import carried, circular_parts, copies
from pgwright.diff.compare import compare
from pgwright.diff.fold import fold
from pgwright.diff.joining import neighbours, rewriting, sparing
from pgwright.diff.lineage import overloads
from pgwright.diff.order import Move, order
from pgwright.diff.parts import of_another_kind, rename_step, renamed_parts, standing
from pgwright.diff.precedence import detached, final, precedence
from pgwright.diff.privileges import losing
from pgwright.diff.transactions import in_transactions, sharing
from pgwright.diff.unread import pointing_out
from pgwright.errors import UnsupportedChange
from pgwright.kinds.contract import Alteration, Context
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Plan, Step
from pgwright.model.policy import POLICY_KINDS


def make_plan(
    before: Catalog,
    after: Catalog,
    *,
    online: bool = True,
    server: ServerFacts | None = None,
    prepared: Mapping[ObjectId, ObjectId] | None = None,
) -> Plan:
    """Return the steps that lead from one catalog to the other, in an order in which each works.

    `online` asks for steps that a live system can bear; otherwise for the fewest. `server` is where the
    plan will run, by default where `before` was read. `prepared` names tables that were built and filled
    already, to take the place of others. Raises `UnsupportedChange` and `CircularPlan`.
    """
    server = server or before.server
    changes = {change.id: change for change in compare(before, after)}
    context = Context(before=before, after=after, server=server, online=online, prepared=prepared or {})
    context, alterations, renamed = _settle(changes, context)
    context = dataclasses.replace(context, inlined=fold(context.created, context))
    context = dataclasses.replace(context, explicit=circular_parts(context))
    refills = dict(_refills(context))
    inlined = {part.id for parts in context.inlined.values() for part in parts}
    moves = [
        *(Move(Op.DROP, id) for id in context.dropped - set(renamed.values())),
        *(Move(Op.CREATE, id) for id in context.created - inlined),
        *(Move(Op.ALTER, id) for id in (*alterations, *refills)),
    ]
    rewrites = rewriting(moves, lambda move: _steps(move, context, {**alterations, **refills}))
    at_once = neighbours(rewrites)
    groups = (*sharing(moves, context), *at_once)
    # A part that is folded in comes about with its parent: what needs the part waits for the parent.
    stand_in = {part.id: parent for parent, parts in context.inlined.items() for part in parts}
    ordered = order(
        moves,
        _known_anew(carried(before, context), renamed),
        _redirect(after, stand_in),
        {id: alteration.detach for id, alteration in alterations.items()},
        precedence(context, alterations, refills=refills, renamed=renamed, stand_in=stand_in),
        additive={id for id, alteration in alterations.items() if alteration.additive},
        copies=copies(context),
        groups=groups,
        neighbours=at_once,
        better=(*sparing(rewrites, context.dropped - context.created), *overloads(context)),
    )
    shells = frozenset(move for move in ordered if move.shell)
    # Nobody is to see a shell.
    groups = (*groups, *(frozenset({shell, shell._replace(shell=False)}) for shell in shells))
    made = frozenset(shell.id for shell in shells if shell.op is Op.CREATE)
    context = dataclasses.replace(context, shells=made)
    together = {Move(Op.ALTER, id) for id, alteration in alterations.items() if alteration.atomic}
    written = _write(ordered, context, {**alterations, **refills})
    steps = in_transactions(written, ordered, context, groups, together, rewritten=at_once)
    steps = tuple(losing(pointing_out(steps, before.unhandled, context.dropped), context))
    if online and refills and _torn(steps, refills):
        return make_plan(before, after, online=False, server=server)
    return Plan(from_digest=before.digest, to_digest=after.digest, server=server, steps=steps)


def _refills(context: Context) -> Iterable[tuple[ObjectId, Alteration]]:
    """Yield what gives replaced objects their contents back, as alterations of what was made."""
    for id in context.dropped & context.created:
        refill = kind(id.kind).refill
        step = refill(context.after.objects[id], context) if refill else None
        if step is not None:
            yield id, Alteration(steps=(step,))


def _torn(steps: Iterable[Step], refills: Collection[ObjectId]) -> bool:
    """Tell whether a step that needs a transaction of its own parts what is held from where it goes."""
    batches: dict[ObjectId, set[int]] = {}
    for step in steps:
        batches.setdefault(step.subject, set()).add(step.batch)
    return any(len(batches[id]) > 1 for id in refills)


def _settle(
    changes: Mapping[ObjectId, Change], context: Context
) -> tuple[Context, Mapping[ObjectId, Alteration], Mapping[ObjectId, ObjectId]]:
    """Decide what is altered in place and what is dropped and made again, until nothing changes any more.

    Replacing an object takes along what still needs it afterwards; that may in turn change how
    others can be altered.
    """
    before, after = context.before, context.after
    pairs = renamed_parts(changes.values(), before, after)
    turned = of_another_kind(changes.values(), context)
    replaced: set[ObjectId] = set()

    def becomes_own(id: ObjectId) -> bool:
        return id in before and before.objects[id].derived and id in after and not after.objects[id].derived

    while True:
        gone = {c.id for c in changes.values() if c.op is Op.DROP}
        renamed = {**standing(pairs, gone, replaced, before), **turned}
        dropped = gone - set(renamed.values())
        created = {c.id for c in changes.values() if c.op is Op.CREATE} - set(renamed)
        # What a replaced partition had from its parent, and has of its own now, comes with the new table; and
        # what it had of its own comes from the parent.
        tables = {id for id in replaced if id.kind == "table"}
        own = {o.id for o in after if o.id.root in tables and becomes_own(o.id)} if tables else set()
        given = {id for id in changes if id.root in tables and id in after and after.objects[id].derived}
        created -= given
        context = dataclasses.replace(
            context,
            # What is a part of a type that becomes another kind goes with it.
            dropped=frozenset({*dropped, *replaced, *turned.values()}),
            created=frozenset(created | replaced | own),
        )
        alterations = {new: rename_step(before.objects[old], new, context) for new, old in renamed.items()}
        wanted, settled = set(replaced), replaced | own | given
        wanted.update(id for a in alterations.values() for id in a.detach if id in after)
        wanted.update(id for made in context.created for id in detached(made, context) if id in after)
        for change in changes.values():
            if change.op is not Op.ALTER or change.id in settled:
                continue
            alteration = kind(change.id.kind).alter(change, context)
            if alteration.unsupported:
                raise UnsupportedChange(
                    f"{change.id} cannot be changed",
                    detail=alteration.unsupported,
                    hint="make this change with statements of your own, then plan again",
                )
            if alteration.replace:
                wanted.add(change.id)
            else:
                alterations[change.id] = alteration
                wanted.update(id for id in alteration.detach if id in after)
        wanted = _with_dependents(wanted, dropped, changes, context)
        if wanted == replaced:
            return context, alterations, renamed
        replaced = wanted


def _with_dependents(
    replaced: set[ObjectId], dropped: set[ObjectId], changes: Mapping[ObjectId, Change], context: Context
) -> set[ObjectId]:
    """Return the replaced objects with all that cannot stand while they, or what is dropped, are gone.

    What depends on them afterwards as well has to be made again; so has what has no change of its own
    that would end its dependence: a foreign key whose definition stays while the key behind it goes; and what
    needs afterwards what takes their names: a view over a view that becomes a materialized one.
    """
    before, after = context.before, context.after
    successors = _successors(dropped, context)
    result: set[ObjectId] = set()
    stack = [*dropped, *replaced]
    seen: set[ObjectId] = set()
    while stack:
        id = stack.pop()
        if id in seen or id not in before:
            continue
        seen.add(id)
        # While a partition is on its way, what it has from the one parent becomes what the other wants.
        asked = id in changes and changes[id].op is Op.ALTER and before.objects[id].shape is not None
        if id not in dropped and (asked or not any(_comes_along(id, catalog) for catalog in (before, after))):
            result.add(id)
        for dependent in before.dependents.get(id, ()):
            new = after.get(dependent)
            if new is None:
                continue
            taken_over = any(d.root in successors.get(id.root, ()) for d in new.depends_on)
            if id in new.depends_on or taken_over or dependent not in changes:
                stack.append(dependent)
    return result


def _comes_along(id: ObjectId, catalog: Catalog) -> bool:
    """Tell whether an object comes and goes with another: a column of a type, or the owner of a live view.

    What is declared about the table of a rollup does not.
    """
    of = [id] if id.kind in POLICY_KINDS else [id, id.parent]
    return any(at in catalog and catalog.objects[at].derived for at in of if at is not None)


def _successors(dropped: Collection[ObjectId], context: Context) -> Mapping[ObjectId, set[ObjectId]]:
    """Return for what is dropped the new objects that take its names."""
    taken: dict[tuple[str, ...], set[ObjectId]] = {}
    for id in context.created:
        for claim in kind(id.kind).claims(context.after.objects[id]):
            taken.setdefault(claim, set()).add(id)
    found: dict[ObjectId, set[ObjectId]] = {}
    for id in dropped:
        for claim in kind(id.kind).claims(context.before.objects[id]):
            if claim in taken:
                found.setdefault(id, set()).update(taken[claim])
    return found


def _known_anew(before: Catalog, renamed: Mapping[ObjectId, ObjectId]) -> Catalog:
    """Return the catalog in which what needs a type needs the other kind of type that it becomes, too.

    What has the new name of another object, a copy that goes, is not that object.
    """
    turned = {old: new for new, old in renamed.items() if old.kind != new.kind}
    if not (turned or any(new in before for new in renamed)):
        return before
    objects = []
    for o in before:
        anew = tuple(turned[d] for d in o.depends_on if d in turned)
        if o.id not in renamed:
            objects.append(dataclasses.replace(o, depends_on=(*o.depends_on, *anew)) if anew else o)
    return before.replacing(objects)


def _redirect(after: Catalog, stand_in: Mapping[ObjectId, ObjectId]) -> Catalog:
    """Return the catalog in which what needs a folded part needs the statement that makes it."""
    if not stand_in:
        return after

    needs_of_parts: dict[ObjectId, set[ObjectId]] = {}
    for part in stand_in:
        needs_of_parts.setdefault(final(part, stand_in), set()).update(after.objects[part].depends_on)
    objects = []
    for o in after:
        needs = {final(d, stand_in) for d in (*o.depends_on, *needs_of_parts.get(o.id, ()))} - {o.id}
        objects.append(dataclasses.replace(o, depends_on=tuple(needs)) if needs else o)
    return after.replacing(objects)


def _write(
    ordered: Iterable[Move], context: Context, alterations: Mapping[ObjectId, Alteration]
) -> Iterable[tuple[Move, Step]]:
    gone: set[ObjectId] = set()
    for move in ordered:
        steps = tuple(_steps(move, context, alterations))
        yield from ((move, _without(gone, step) if gone else step) for step in steps)
        # Without steps, it goes with something else, and later.
        if steps and move.op is Op.DROP and not move.shell and move.id not in context.created:
            gone.add(move.id)


def _without(gone: Set[ObjectId], step: Step) -> Step:
    """Return the step without locks on, and rewrites of, what is not there any more."""
    if gone.isdisjoint(step.locks_on) and gone.isdisjoint(step.rewrites):
        return step
    on = tuple(id for id in step.locks_on if id not in gone)
    rewrites = tuple(id for id in step.rewrites if id not in gone)
    return dataclasses.replace(step, lock=step.lock if on else None, locks_on=on, rewrites=rewrites)


def _steps(move: Move, context: Context, alterations: Mapping[ObjectId, Alteration]) -> Iterable[Step]:
    of_kind = kind(move.id.kind)
    catalog = context.before if move.op is Op.DROP else context.after
    if move.shell and of_kind.shell is not None:
        return (of_kind.shell(catalog.objects[move.id], move.op),)
    if move.op is Op.ALTER:
        return alterations[move.id].steps
    write = of_kind.drop if move.op is Op.DROP else of_kind.create
    return write(catalog.objects[move.id], context)
