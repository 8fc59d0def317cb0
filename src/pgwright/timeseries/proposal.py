"""Plan how the declarations of the models come to hold in a database, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from pgwright.diff.comparison import Comparison, comparable
from pgwright.diff.proposal import Proposal, propose
from pgwright.errors import UsageError
from pgwright.kinds.table import Table
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId
from pgwright.model.policy import POLICY_KINDS
from pgwright.model.selection import Selection, without_orphans
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.published import published_by_name


def propose_policies(
    url: str,
    spec: str,
    *,
    workshop: Workshop,
    rehearsed: bool = True,
    only: Sequence[str] = (),
) -> Proposal:
    """Return the plan that makes what `spec` declares over time hold at `url`, tried on scratch.

    Tables and columns stay as they are; a table that the database lacks has to be made first. `only`
    restricts it to tables that match. Raises `UsageError` where the source declares nothing, and the errors
    of loading and planning.
    """
    live, wanted = load_catalog(url, workshop), load_catalog(spec, workshop)
    if not any(wanted.of(kind) for kind in POLICY_KINDS) and not any(live.of(kind) for kind in POLICY_KINDS):
        raise UsageError(
            f"{spec} declares no time series, retention, compression or rollup",
            detail="nothing was changed",
            hint="declare them beside the models, for example TimeSeries('created_at', '1 month'): "
            "see docs/timeseries.md",
        )
    chosen = Selection(include=tuple(only))
    if not any(chosen.apply(catalog).of(kind) for catalog in (live, wanted) for kind in POLICY_KINDS):
        raise UsageError(
            f"nothing is declared about a table that is called {', '.join(only)}",
            detail="nothing was changed",
            hint="patterns are written like public.audit_*, names like users; see: pgwright policy status",
        )
    compared = comparable(live, wanted, before=url, after=spec, workshop=workshop, selection=Selection())
    after, missing = with_policies_of(compared.before, wanted, only)
    notes = tuple(
        f"{path} is declared, but not in the database yet: pgwright schema plan" for path in missing
    )
    comparison = Comparison(
        before=compared.before, after=after, selection=Selection(), notes=notes, server=compared.server
    )
    proposal = propose(comparison, rehearsed=rehearsed, scratch=workshop.scratch)
    return replace(proposal, plan=replace(proposal.plan, notes=(*notes, *proposal.plan.notes)))


def with_policies_of(
    live: Catalog, wanted: Catalog, only: Sequence[str] = ()
) -> tuple[Catalog, tuple[str, ...]]:
    """Return `live` with the declarations of `wanted`, and the tables that it lacks for some of them."""
    chosen = Selection(include=tuple(only))
    declared = {o.id: o for kind in POLICY_KINDS for o in chosen.apply(wanted).of(kind)}
    objects = {
        id: o
        for id, o in live.objects.items()
        if id.kind not in POLICY_KINDS or (only and id not in chosen.apply(live))
    }
    missing = _without_table(declared, live)
    objects |= {id: o for id, o in declared.items() if id not in missing}
    for id, o in live.objects.items():
        theirs = wanted.get(id)
        if isinstance(o, Table) and isinstance(theirs, Table) and (not only or id in chosen.apply(wanted)):
            column = theirs.time_column
            key = None if column else o.partition_key
            objects[id] = replace(o, time_column=column, partition_key=key)
        elif isinstance(o, Table) and theirs is None and o.time_column and not only:
            objects[id] = replace(o, time_column=None)
    made = {rollup_relation(id) for id in missing if id.kind == "rollup"}
    after = replace(live, objects=without_orphans(objects))
    for o in live.of("table"):
        if getattr(after.get(o.id), "is_partitioned", False) and not getattr(o, "is_partitioned", False):
            after = published_by_name(after, o.id)
    lacking = sorted({id.root.path for id in missing if id.root not in made})
    return after, tuple(lacking)


def _without_table(declared: Collection[ObjectId], live: Catalog) -> frozenset[ObjectId]:
    """Return what is declared about tables that neither are there nor come with a rollup that can be made."""
    missing: frozenset[ObjectId] = frozenset()
    while True:
        made = {rollup_relation(id) for id in declared if id.kind == "rollup" and id not in missing}
        found = frozenset(id for id in declared if id.root not in live and id.root not in made)
        if found == missing:
            return missing
        missing = found
