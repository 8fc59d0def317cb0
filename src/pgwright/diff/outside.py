"""What a filter leaves out, and a plan cannot leave alone: it is said, or stops the plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pgwright.diff.rename import Rename
from pgwright.errors import UsageError
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId
from pgwright.model.plan import Plan
from pgwright.model.selection import Selection
from pgwright.model.wording import shortened

# What these are made from has another form afterwards, which the planner sees to.
_REMADE = frozenset({"constraint", "index"})
_ALONE = frozenset(
    {"schema", "enum", "domain", "composite", "range", "table", "view", "function", "sequence"}
)


def touched_outside(plan: Plan, before: Catalog, selection: Selection) -> tuple[str, ...]:
    """Return in words what a plan makes again although it was left out; nothing without a filter."""
    if not selection.partial:
        return ()
    names = replace(selection, kinds=None, roles=None, owners=True, privileges=True)
    chosen = names.apply(before)
    touched = dict.fromkeys(
        _thing(s.subject)
        for s in plan.steps
        if s.subject in before and s.subject not in chosen and not _is_managed(s.subject, before)
    )
    if not touched:
        return ()
    named = shortened(touched)
    return (f"left out, but taken off and made again as it was, as it stands on what changes: {named}",)


def require_apart(before: Catalog, after: Catalog, selection: Selection, renames: Iterable[Rename]) -> None:
    """Raise `UsageError` where something goes on which stands what was left out, or comes without it."""
    told = {rename.old for rename in renames}
    chosen = selection.apply(before)
    there = {o.id.name for o in after if o.id.parent is None}
    for o in before:
        if o.id in chosen or o.id not in after or o.derived:
            continue
        for needed in o.depends_on:
            goes = needed in before and needed not in after and needed.kind not in _REMADE
            # Something of another kind has its name, or its whole's, or it was told what it becomes.
            followed = needed.root not in after and needed.root.name in there
            if goes and not followed and told.isdisjoint(_line(needed)):
                raise UsageError(
                    f"{needed} cannot go: {o.id} stands on it, and was left out",
                    detail="nothing was changed",
                    hint=f"drop {o.id.path} with a statement of your own if it may go, "
                    "or let it take part: other --schema, --include or --exclude",
                )
    _require_needs(before, after, selection)


def _require_needs(before: Catalog, after: Catalog, selection: Selection) -> None:
    """Raise `UsageError` where something comes that needs what is not there, and was left out."""
    for o in after if selection.partial else ():
        lacks = [id for id in o.depends_on if id.kind in _ALONE and id not in after and id not in before]
        if o.id not in before and not o.derived and lacks:
            raise UsageError(
                f"{o.id} needs {lacks[0]}, which is not there, and was left out",
                detail="nothing was changed",
                hint=f"let it take part as well: --include {shlex.quote(lacks[0].path)}"
                if selection.include
                else "let it take part as well: other --schema or --exclude",
            )


def needed_outside(catalog: Catalog, selection: Selection) -> tuple[str, ...]:
    """Return in words what a filtered catalog stands on and does not hold; nothing without a filter."""
    if not selection.partial:
        return ()
    needed = {id.root for o in catalog for id in o.depends_on if id.root.kind in _ALONE and id not in catalog}
    lacks = sorted(id for id in needed if id not in catalog)
    return (f"left out, and needed by what is written: {shortened(lacks)}",) if lacks else ()


def _is_managed(id: ObjectId, catalog: Catalog) -> bool:
    return bool(getattr(catalog.get(id.root), "managed", False))


def _line(id: ObjectId) -> Iterator[ObjectId]:
    at: ObjectId | None = id
    while at is not None:
        yield at
        at = at.parent


def _thing(id: ObjectId) -> ObjectId:
    """Return what people would name: the constraint or index itself, the whole of other parts."""
    return next((at for at in _line(id) if at.kind in _REMADE), id.root)
