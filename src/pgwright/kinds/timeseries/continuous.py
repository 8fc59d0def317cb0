"""Rollups that TimescaleDB's Community edition keeps, as continuous aggregates with a refresh job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Alteration, Context
from pgwright.kinds.steps import name_of, statement, step
from pgwright.kinds.timeseries.buckets import ZONED, equally_long, interval
from pgwright.kinds.timeseries.engines import filling
from pgwright.kinds.timeseries.policy_records import COMMUNITY, forget, record, relation
from pgwright.kinds.timeseries.policy_server import span_told
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, names

if TYPE_CHECKING:
    from pgwright.kinds.timeseries.rollup_parts import RollupParts


# A continuous aggregate's job looks back as long as rows are kept. What is older is added up once, by
# `pgwright policy run`, before TimescaleDB begins to retire it.
GRACE = "1 day"

# Told to refreshes. In batches, as in newer versions, TimescaleDB leaves out the time between chunks.
ALL_AT_ONCE = """'{"buckets_per_batch": 0}'"""


def create_continuous(o: Any, made: RollupParts, context: Context) -> tuple[Step, ...]:
    """Return the continuous aggregate, its jobs and the record."""
    at: sql.Composable = statement("time_bucket({}, {})", interval(o.bucket), Name(made.column))
    # With a zone, even UTC, TimescaleDB takes buckets for unequally long, and is not exact.
    if not equally_long(Span.of(o.bucket), made.zone, made.type) and made.type == ZONED:
        at = statement("time_bucket({}, {}, {})", interval(o.bucket), Name(made.column), literal(made.zone))
    view = statement(
        "CREATE MATERIALIZED VIEW {relation} WITH (timescaledb.continuous, "
        "timescaledb.materialized_only = {only}) AS\n"
        "SELECT {bucket} AS {name}{groups}, {aggregates} FROM {source}{where} GROUP BY {numbers} "
        "WITH NO DATA",
        relation=name_of(made.relation),
        only=deparsed(str(not o.realtime).lower()),
        bucket=at,
        name=Name(made.bucket_column),
        groups=statement(", {}", names(made.group_by)) if made.group_by else sql.SQL(""),
        aggregates=sql.SQL(", ").join(
            statement("{} AS {}", deparsed(text), Name(name)) for name, text in made.aggregates
        ),
        source=name_of(made.source),
        where=deparsed(f" WHERE {made.where}") if made.where else sql.SQL(""),
        numbers=deparsed(", ".join(str(n + 1) for n in range(len(made.keys)))),
    )
    steps = [
        step(
            o.id,
            view,
            f"make the continuous aggregate of {o.id}",
            lock=LockMode.SHARE_ROW_EXCLUSIVE,
            on=() if context.is_new(made.source) else (made.source,),
        ),
        step(
            o.id,
            _refresh_job(made.relation, o.refresh, _kept(made.source, context)),
            f"let TimescaleDB refresh {o.id} every {o.refresh}",
        ),
    ]
    above = filling(made.source, context.after)
    if not context.is_new(made.source if above is None else above.id):
        waiting = f"let TimescaleDB retire no rows of {made.source} that {o.id} has not added up"
        steps.append(step(o.id, _retire_later(made.source), waiting))
    if o.realtime:
        live = statement("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}", made.live, name_of(made.relation))
        steps.append(step(o.id, live, f"make the view that reads {o.id} up to date"))
    if o.retain:
        steps.append(step(o.id, _retention_job(o, made), f"let TimescaleDB keep {o.id} for {o.retain}"))
    return (*steps, step(o.id, record(o, by=COMMUNITY, adopts=False), f"record {o.id}"))


def _refresh_job(rollup: ObjectId, refresh: str, since: str) -> sql.Composed:
    """Compose the job anew; it looks back as long as `since` says, to the first row where that is empty."""
    return statement(
        "SELECT remove_continuous_aggregate_policy({view}, if_exists => true);\n"
        "SELECT add_continuous_aggregate_policy({view}, start_offset => {start}, end_offset => NULL, "
        "schedule_interval => {every});\n"
        "SELECT alter_job(job_id, config => config || {batches}) FROM timescaledb_information.jobs "
        "WHERE proc_name = 'policy_refresh_continuous_aggregate' "
        "AND hypertable_schema = {schema} AND hypertable_name = {name}",
        view=relation(rollup),
        batches=deparsed(ALL_AT_ONCE),
        schema=literal(rollup.name.schema or ""),
        name=literal(rollup.name.name),
        start=interval(since) if since else sql.SQL("NULL"),
        every=interval(refresh),
    )


def _retire_later(source: ObjectId) -> sql.Composed:
    """Compose what puts off the retention job of a source, if it has one."""
    return statement(
        "SELECT alter_job(job_id, next_start => now() + {grace}) FROM timescaledb_information.jobs "
        "WHERE proc_name = 'policy_retention' AND hypertable_schema = {schema} AND hypertable_name = {name}",
        grace=interval(GRACE),
        schema=literal(source.name.schema or ""),
        name=literal(source.name.name),
    )


def _kept(source: ObjectId, context: Context) -> str:
    """Return how long the rows that are added up are kept, empty for ever: further back is history.

    A job that looked there would delete the buckets of rows that are gone. Where nobody declared it, somebody
    may have told TimescaleDB all the same.
    """
    retention = context.after.get(ObjectId("retention", QualifiedName(None, "retention"), source))
    declared = getattr(retention, "keep", "") or getattr(filling(source, context.after), "retain", "")
    chunks = getattr(context.before.get(source), "chunks", None)
    told = getattr(chunks, "keep", "") and span_told(getattr(chunks, "keep", ""))
    return str(declared or told)


def look_back_less(source: ObjectId, context: Context) -> Iterator[Step]:
    """Yield what keeps continuous aggregates of a source from looking at rows that it keeps no longer.

    Where it keeps them longer than before, what is gone is gone: their jobs go on looking back as they did.
    """
    kept = _kept(source, context)
    for o in context.before.children(source, "rollup"):
        stays = o.id in context.after and o.id not in context.created
        if kept and stays and getattr(o, "by", "") == COMMUNITY and getattr(o, "refresh", ""):
            found: Any = o
            if _shorter(found.since, kept) != found.since:
                view = ObjectId("table", QualifiedName(source.name.schema, o.id.name.name))
                text = _refresh_job(view, found.refresh, kept)
                yield step(o.id, text, f"let TimescaleDB refresh {o.id} for {kept} back, as rows are kept")


def _shorter(one: str, other: str) -> str:
    """Return the shorter of two spans, of which an empty one has no end."""
    known = [span for span in (one, other) if span]
    return min(known, key=lambda span: Span.of(span).approximate_seconds, default="")


def _retention_job(o: Any, made: RollupParts) -> sql.Composed:
    return statement(
        "SELECT add_retention_policy({}, drop_after => {})", relation(made.relation), interval(o.retain)
    )


def drop_continuous(o: Any, made: RollupParts, context: Context) -> tuple[Step, ...]:
    """Return the drop of the continuous aggregate, which takes its jobs along."""
    hazard = Hazard(
        code=HazardCode.DELETES_DATA,
        message=f"the rows of {made.relation.path} are deleted, those of retired rows for good",
    )
    text = statement("DROP VIEW IF EXISTS {};\nDROP MATERIALIZED VIEW {}", made.live, name_of(made.relation))
    gone = step(
        o.id,
        text,
        f"drop the continuous aggregate of {o.id}",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=(made.source,),
        hazards=(hazard,),
        reversibility=Reversibility.DATA_LOST,
        phase=Phase.CONTRACT,
    )
    return gone, *forget(o, context)


_IN_PLACE = frozenset({"refresh", "retain", "realtime"})
_BY_NAME = frozenset({"group_by", "column", "aggregates", "where"})


def _rename_keys(before: Any, made: RollupParts, renamed: Mapping[str, str]) -> Iterator[Step]:
    """Yield new names for columns of a continuous aggregate, and of the view that reads it."""
    for old, new in renamed.items():
        if old in before.group_by:
            change = statement("RENAME COLUMN {} TO {}", Name(old), Name(new))
            text = statement("ALTER MATERIALIZED VIEW {} {}", name_of(made.relation), change)
            if before.realtime:
                text = statement("{};\nALTER VIEW {} {}", text, made.live, change)
            summary = f"rename {old} of {made.relation.path} to {new}, as in {made.source.path}"
            yield step(before.id, text, summary, lock=LockMode.ACCESS_EXCLUSIVE, on=(made.relation,))


def alter_continuous(
    change: Change, made: RollupParts, context: Context, renamed: Mapping[str, str] | None
) -> Alteration:
    """Change jobs and the reading of the live tail in place; TimescaleDB cannot change what is added up.

    `renamed` are keys that only have other names, None where what is added up is something else: the
    definition of the view follows columns of the source by itself.
    """
    before: Any = change.before
    after: Any = change.after
    if not set(change.fields) <= _IN_PLACE | (_BY_NAME if renamed is not None else frozenset()):
        return REPLACE
    where, id = relation(made.relation), after.id
    steps: list[Step] = list(_rename_keys(before, made, renamed or {}))
    if before.refresh != after.refresh:
        kept = _kept(made.source, context)
        job = _refresh_job(made.relation, after.refresh, _shorter(before.since, kept))
        steps.append(step(id, job, f"let TimescaleDB refresh {id} every {after.refresh}"))
    if before.retain != after.retain:
        ended = statement("SELECT remove_retention_policy({}, if_exists => true)", where)
        steps.append(step(id, ended, f"end the retention of {id}"))
        if after.retain:
            steps.extend(look_back_less(made.relation, context))
            steps.append(step(id, _retention_job(after, made), f"keep {id} for {after.retain}"))
    if before.realtime != after.realtime:
        only = deparsed(str(not after.realtime).lower())
        text = statement(
            "ALTER MATERIALIZED VIEW {} SET (timescaledb.materialized_only = {})",
            name_of(made.relation),
            only,
        )
        live = statement("DROP VIEW IF EXISTS {}", made.live)
        if after.realtime:
            live = statement(
                "CREATE OR REPLACE VIEW {} AS SELECT * FROM {}", made.live, name_of(made.relation)
            )
        steps.append(step(id, statement("{};\n{}", text, live), f"change how {id} is read"))
    steps.append(step(id, record(after, by=COMMUNITY, adopts=False), f"record the changed {id}"))
    return Alteration(steps=tuple(steps), atomic=True)
