"""One way of a migration: policies that end, a plan, and policies that begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pgwright.diff.compare import differing_fields
from pgwright.diff.needless import without_needless
from pgwright.diff.rename import Rename
from pgwright.diff.stages import plan_in_stages
from pgwright.kinds.steps import parent_of
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.kinds.timeseries.policy_edit import Edit, edited
from pgwright.kinds.timeseries.policy_records import declaring_policy
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, Plan
from pgwright.model.policy import POLICY_KINDS


@dataclass(frozen=True, kw_only=True)
class Way:
    """Lead from one catalog to another.

    What a policy does depends on the server that it meets, so migrations hold the declaration and not its
    statements. `before` and `after` are the ends of the `plan`: the policies in `withdrawn` are gone already
    in the first, and those in `declared` are not yet in the second.
    """

    before: Catalog
    after: Catalog
    plan: Plan
    withdrawn: tuple[CatalogObject, ...] = ()
    declared: tuple[CatalogObject, ...] = ()

    @property
    def summaries(self) -> tuple[tuple[str, tuple[Hazard, ...]], ...]:
        """Return what it does, each with its hazards."""
        return (
            *((f"end {o.id}", ()) for o in self.withdrawn),
            *((step.summary, step.hazards) for step in self.plan.steps),
            *((f"declare {o.id}", ()) for o in self.declared),
        )


def way(before: Catalog, after: Catalog, renames: Sequence[Rename], **settings: Any) -> Way:
    """Return the way from one catalog to the other. Raises the errors of planning."""
    names = {r.old: r.new for r in renames}
    old = {_renamed(o.id, names): o for o in _policies(before)}
    new = {o.id: o for o in _policies(after)}
    withdrawn = tuple(o for id, o in old.items() if id not in new and not _goes(o, names, after))
    declared = tuple(o for id, o in new.items() if id not in old or differing_fields(old[id], o))
    start = edited(before, (_edit(o, gone=True) for o in reversed(withdrawn)))
    # What changes stays as it was until the end, under its new name.
    kept = {id: replace(old[id], id=id) for id in new if id in old}
    end = after.replacing({**after.objects, **kept}.values())
    end = edited(end, (_edit(o, gone=True) for o in reversed(declared) if o.id not in old))
    plan, _ = without_needless(plan_in_stages(start, end, renames=renames, **settings)[0])
    return Way(before=start, after=end, plan=plan, withdrawn=tuple(reversed(withdrawn)), declared=declared)


def _policies(catalog: Catalog) -> Iterator[CatalogObject]:
    """Yield the policies in the order in which they are declared; a rollup of a rollup comes after it."""
    for kind in POLICY_KINDS:
        found = catalog.of(kind)
        made = {rollup_relation(o.id): o for o in found if kind == "rollup"}
        yield from sorted(found, key=lambda o: _depth(o, made))


def _depth(o: CatalogObject, made: Mapping[ObjectId, CatalogObject]) -> int:
    above = made.get(parent_of(o.id))
    return 0 if above is None else 1 + _depth(above, made)


def _renamed(id: ObjectId, names: Mapping[ObjectId, ObjectId]) -> ObjectId:
    return id._replace(parent=names.get(parent_of(id), parent_of(id)))


def _goes(o: CatalogObject, names: Mapping[ObjectId, ObjectId], after: Catalog) -> bool:
    """Tell whether a time series ends with its table: no rows are to be copied first."""
    table = parent_of(o.id)
    return o.id.kind == "time_series" and names.get(table, table) not in after


def _edit(o: CatalogObject, *, gone: bool) -> Edit:
    return Edit(table=parent_of(o.id).name, policy=declaring_policy(o), gone=gone)
