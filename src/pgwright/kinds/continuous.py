"""Rollups that TimescaleDB's Community edition keeps, as continuous aggregates with a refresh job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.buckets import ZONED, interval
from pgwright.kinds.contract import REPLACE, Alteration, Context
from pgwright.kinds.policy_records import COMMUNITY, forget, record, relation
from pgwright.kinds.steps import name_of, statement, step
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed, literal, names

if TYPE_CHECKING:
    from pgwright.kinds.rollup_parts import RollupParts


def create_continuous(o: Any, made: RollupParts, context: Context) -> tuple[Step, ...]:
    """Return the continuous aggregate, its jobs and the record."""
    at: sql.Composable = statement("time_bucket({}, {})", interval(o.bucket), Name(made.column))
    if made.type == ZONED:
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
        step(o.id, _refresh_job(o, made, context), f"let TimescaleDB refresh {o.id} every {o.refresh}"),
    ]
    if o.realtime:
        live = statement("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}", made.live, name_of(made.relation))
        steps.append(step(o.id, live, f"make the view that reads {o.id} up to date"))
    if o.retain:
        steps.append(step(o.id, _retention_job(o, made), f"let TimescaleDB keep {o.id} for {o.retain}"))
    return (*steps, step(o.id, record(o, by=COMMUNITY, adopts=False), f"record {o.id}"))


def _refresh_job(o: Any, made: RollupParts, context: Context) -> sql.Composed:
    """Compose the job; it looks no further back than rows are kept, or it would delete their history."""
    kept = context.after.get(ObjectId("retention", QualifiedName(None, "retention"), made.source))
    start = interval(kept.keep) if kept is not None and hasattr(kept, "keep") else sql.SQL("NULL")
    return statement(
        "SELECT add_continuous_aggregate_policy({}, start_offset => {}, end_offset => NULL, "
        "schedule_interval => {})",
        relation(made.relation),
        start,
        interval(o.refresh),
    )


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


def alter_continuous(change: Change, made: RollupParts, context: Context) -> Alteration:
    """Change jobs and the reading of the live tail in place; TimescaleDB cannot change what is added up."""
    before: Any = change.before
    after: Any = change.after
    if not set(change.fields) <= {"refresh", "retain", "realtime"}:
        return REPLACE
    where, id = relation(made.relation), after.id
    steps: list[Step] = []
    if before.refresh != after.refresh:
        ended = statement("SELECT remove_continuous_aggregate_policy({}, if_exists => true)", where)
        steps.append(step(id, ended, f"end the refresh job of {id}"))
        steps.append(step(id, _refresh_job(after, made, context), f"refresh {id} every {after.refresh}"))
    if before.retain != after.retain:
        ended = statement("SELECT remove_retention_policy({}, if_exists => true)", where)
        steps.append(step(id, ended, f"end the retention of {id}"))
        if after.retain:
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
