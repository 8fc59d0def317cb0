"""The view that reads a rollup with what no refresh has seen, as SQL.

Keys of which nothing is noted are taken from the rollup, the others computed from its source. A source that
is a rollup is read as its own view would show it, so that months of days of hours know the last row, too.
All of it is one statement, and so sees one moment: what is noted goes away with the refresh that computes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.kinds.relations import held
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.buckets import ZONED, bucket_after, bucket_opening
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.kinds.timeseries.policy_records import COMMUNITY
from pgwright.kinds.timeseries.rollup_names import live_view
from pgwright.kinds.timeseries.rollup_parts import RollupParts, parts, same_keys
from pgwright.model.catalog import Catalog
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, names

# Fields of a rollup by which its view is another one, and those of the rollups over it.
DEFINES = frozenset({"realtime", "aggregates", "where", "joins", "stale", "group_by"})
_NOTED = Name("pgwright_noted")
_ALL = sql.SQL("EXISTS (SELECT FROM {} AS l WHERE l.everything)").format(_NOTED)


@cache
def form() -> str:
    """Return a mark of how views are composed, which is another one where a version does it otherwise."""
    source = ObjectId("table", QualifiedName("s", "t"))
    sample = RollupParts(
        source=source,
        relation=ObjectId("table", QualifiedName("s", "r")),
        bucket="1 day",
        column="at",
        type=ZONED,
        zone="UTC",
        group_by=("g",),
        aggregates=(("n", "count(*)"),),
        where="w",
        bucket_column="b",
    )
    joins = (("j", (("k", "g"),), (("n", "count(*)"),), ""),)
    over = replace(sample, source=sample.relation, above=sample, column="b", relation=source)
    samples = (sample, over, replace(sample, bucket="", joins=joins), replace(over, bucket=""))
    return sha256("\n".join(make_live(s).as_string() for s in samples).encode()).hexdigest()[:8]


def make_live(rollup: RollupParts) -> sql.Composed:
    """Compose the creation of the view, over the present definition of every rollup that it needs."""
    return sql.SQL("CREATE OR REPLACE VIEW {} AS\n{}").format(rollup.live, _live(rollup))


def shown_by(id: ObjectId, made: RollupParts, **lock: Any) -> Step:
    """Return the step that makes the view of a rollup."""
    return step(id, make_live(made), f"make the view that reads {id} up to date", **lock)


def hide_above(o: Any, context: Context) -> Iterator[Step]:
    """Yield the drop of the view of a rollup that changes, and of the views over it.

    A view cannot lose or reorder columns in place.
    """
    for found in _shown(o, context.before):
        live = parts(found, context.before)
        gone = sql.SQL("DROP VIEW IF EXISTS {}").format(live.live)
        summary = f"drop the live view of {found.id}"
        yield step(o.id, gone, summary, lock=LockMode.ACCESS_EXCLUSIVE, on=(live.live_id,))


def read_by_others(o: Any, context: Context) -> tuple[ObjectId, ...]:
    """Return what users made of the views which go with the one of a rollup that changes: what reads them.

    Their owners and privileges are of that sort as well, unless the view itself is not to come back.
    """
    views = {parts(found, context.before).live_id for found in _shown(o, context.before)}
    back = {ObjectId("view", live_view(rollup_relation(id).name)) for id in _realtime(context.after)}
    made = {id for view in views for id in context.before.dependents.get(view, ())}
    there = {id for id in made if not context.before.objects[id].derived and id.root not in views - back}
    return tuple(sorted(there, key=str))


def _realtime(catalog: Catalog) -> Iterator[ObjectId]:
    return (o.id for o in catalog.of("rollup") if getattr(o, "realtime", False))


def show_above(o: Any, context: Context) -> Iterator[Step]:
    """Yield the views again; a rollup over it that changes as well brings its own and those above."""
    for found in _shown(o, context.after, unless_changed_since=context.before):
        made, known = parts(found, context.after), context.before.get(found.id)
        was = (made.live_id,) if getattr(known, "realtime", False) else ()
        yield shown_by(found.id, made, **held(context, LockMode.ACCESS_EXCLUSIVE, *was))


def _shown(o: Any, catalog: Catalog, unless_changed_since: Catalog | None = None) -> Iterator[Any]:
    """Yield the rollups that have a live view, of this one and of those that add it up."""
    if o.realtime:
        yield o
    for found in catalog.of("rollup"):
        if parent_of(found.id) != rollup_relation(o.id) or getattr(found, "by", "") == COMMUNITY:
            continue
        if unless_changed_since is None or not _differs(found, unless_changed_since):
            yield from _shown(found, catalog, unless_changed_since)


def _differs(o: Any, since: Catalog) -> bool:
    known = since.get(o.id)
    return known is None or any(getattr(known, name) != getattr(o, name) for name in DEFINES)


def _live(rollup: RollupParts) -> sql.Composed:
    dirty = _dirty_buckets(rollup) if rollup.bucket else _dirty_groups(rollup)
    above = _above(rollup)
    source = sql.SQL("({}) AS {}").format(_live(above), Name(rollup.source.name.name)) if above else None
    return sql.SQL(
        "WITH {noted} AS ({lines})\nSELECT {columns} FROM {relation} AS r WHERE {clean}\nUNION ALL\n{select}"
    ).format(
        noted=_NOTED,
        lines=_noted(rollup),
        columns=names(rollup.columns),
        relation=name_of(rollup.relation),
        clean=_clean(rollup),
        select=rollup.select(dirty, source=source),
    )


def _above(rollup: RollupParts) -> RollupParts | None:
    """Return the rollup that is read in place of the source; joins name the source itself."""
    return None if rollup.joins else rollup.above


def _noted(rollup: RollupParts) -> sql.Composable:
    """Compose the keys of which something is noted, for the rollup or for what it adds up."""
    own = sql.SQL("SELECT {}, everything FROM {} AS l").format(names(rollup.logged), rollup.noted())
    above = _above(rollup)
    if above is None:
        return own
    known = {rollup.column} if rollup.bucket else set(rollup.group_by)
    keys = (
        rollup.key_expressions(rollup.logged)
        if known <= set(above.logged)
        # What is noted of buckets says nothing of groups: any of them may have changed.
        else sql.SQL(", ").join([sql.SQL("NULL")] * len(rollup.logged))
    )
    everything = sql.SQL("everything" if known <= set(above.logged) else "true")
    return sql.SQL("{} UNION ALL SELECT {}, {} FROM ({}) AS l").format(own, keys, everything, _noted(above))


def _clean(rollup: RollupParts) -> sql.Composed:
    """Compose which rows of the rollup hold: those of which nothing is noted, and history."""
    unnoted = rollup.unnoted(Name("r"), _NOTED)
    if not rollup.bucket:
        return unnoted
    return sql.SQL("(r.{} < {} OR {})").format(Name(rollup.bucket_column), rollup.floor(), unnoted)


def _dirty_buckets(rollup: RollupParts) -> sql.Composed:
    """Compose the condition on rows whose bucket is to be computed.

    The moments around all such buckets tell PostgreSQL where to look: it finds rows of them by an index, and
    leaves partitions alone that have none.
    """
    span, bucket = Span.of(rollup.bucket), Name(rollup.bucket_column)
    first = bucket_opening(sql.SQL("n.lower"), span, rollup.zone, rollup.type)
    # The last moment before the next one begins, often with the next partition, of which nothing is needed.
    last = sql.SQL("({} - interval '1 microsecond')::{}").format(
        bucket_after(sql.SQL("n.upper"), span, rollup.zone, rollup.type), deparsed(rollup.type)
    )
    return sql.SQL(
        "{start} >= {floor} AND {at} >= {first} AND {at} <= {last} "
        "AND ({start} IN (SELECT l.{bucket} FROM {noted} AS l WHERE l.everything IS NOT TRUE) OR {all})"
    ).format(
        start=rollup.bucket_start,
        floor=rollup.floor(),
        at=Name(rollup.column),
        first=_edge(rollup, "lower", "-infinity", first),
        last=_edge(rollup, "upper", "infinity", last),
        bucket=bucket,
        noted=_NOTED,
        all=_ALL,
    )


def _edge(rollup: RollupParts, which: str, whole: str, edge: sql.Composable) -> sql.Composed:
    """Compose one end of the time in which buckets are to be computed; null where there are none."""
    return sql.SQL(
        "(SELECT CASE WHEN n.everything THEN {whole}::{type} WHEN NOT isfinite(n.{which}) THEN n.{which} "
        "ELSE {edge} END FROM (SELECT "
        "bool_or(l.everything) AS everything, min(l.{bucket}) AS lower, max(l.{bucket}) AS upper "
        "FROM {noted} AS l) AS n)"
    ).format(
        whole=sql.Literal(whole),
        which=Name(which),
        type=deparsed(rollup.type),
        edge=edge,
        bucket=Name(rollup.bucket_column),
        noted=_NOTED,
    )


def _dirty_groups(rollup: RollupParts) -> sql.Composed:
    """Compose the condition on rows whose group is to be computed.

    Some keys may be null, which a list would not find.
    """
    keys, above = names(rollup.group_by), _above(rollup)
    source = Name(rollup.source.name.name) if above else name_of(rollup.source)
    return sql.SQL(
        "(({keys}) IN (SELECT {logged} FROM {noted} AS l WHERE l.everything IS NOT TRUE) "
        "OR (num_nulls({keys}) > 0 AND EXISTS (SELECT FROM {noted} AS l WHERE {same})) OR {all})"
    ).format(
        keys=keys,
        logged=names(rollup.logged),
        noted=_NOTED,
        same=same_keys(rollup.logged, source, Name("l")),
        all=_ALL,
    )
