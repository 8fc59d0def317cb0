"""Materialized views: a query whose result is stored; indexes on it are objects of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Alteration, Context, Found, Kind, Reading
from pgwright.kinds.relations import changed_parameters, held, narrower, parameters, vanishes
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.view import claims, query_text, relation_addresses
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed


@dataclass(frozen=True, kw_only=True)
class MaterializedView(CatalogObject):
    """Define a materialized view; whether it holds rows at the moment is `populated`."""

    definition: str
    options: tuple[str, ...] = ()
    access_method: str = "heap"
    tablespace: str | None = None
    populated: bool = fact(True)
    columns: tuple[str, ...] = fact(())


def read(reading: Reading) -> Iterator[Found]:
    """Yield the materialized views of the schemas being read."""
    for r in reading.rows("materialized_view"):
        view = MaterializedView(
            id=ObjectId("materialized_view", QualifiedName(r.schema, r.name)),
            definition=query_text(r.definition),
            options=tuple(sorted(r.options or ())),
            access_method=r.access_method,
            tablespace=r.tablespace,
            populated=r.populated,
            columns=tuple(r.column_names),
        )
        yield Found(view, relation_addresses(r))


def create(o: MaterializedView, context: Context) -> tuple[Step, ...]:
    """Return the CREATE MATERIALIZED VIEW; it is filled at once unless the target's was never filled."""
    clauses: list[sql.Composable] = [sql.SQL("CREATE MATERIALIZED VIEW {}").format(name_of(o.id))]
    if o.access_method != "heap":
        clauses.append(sql.SQL("USING {}").format(Name(o.access_method)))
    if o.options:
        clauses.append(sql.SQL("WITH {}").format(parameters(o.options)))
    if o.tablespace:
        clauses.append(sql.SQL("TABLESPACE {}").format(Name(o.tablespace)))
    text = sql.SQL("{} AS\n{}\n{}").format(
        sql.SQL(" ").join(clauses),
        deparsed(o.definition),
        sql.SQL("WITH DATA") if o.populated else sql.SQL("WITH NO DATA"),
    )
    hazards = []
    if o.populated:
        message = f"the whole result of the query of {o.id} is computed and stored"
        hazards.append(Hazard(code=HazardCode.LONG_RUNNING, message=message))
    return (step(o.id, text, f"create {o.id}", hazards=hazards),)


def drop(o: MaterializedView, context: Context) -> tuple[Step, ...]:
    """Return the DROP MATERIALIZED VIEW; its rows can be computed again."""
    hazards = list(vanishes(o.id, context, f"queries that read {o.id} fail from here on"))
    if not hazards:
        message = f"readers of {o.id} fail or wait until it is filled again"
        hazards.append(Hazard(code=HazardCode.LOCKS_READERS, message=message))
    new = context.after.get(o.id)
    if isinstance(new, MaterializedView):
        hazards.extend(narrower(o.columns, o.id, new.columns))
    return (
        step(
            o.id,
            sql.SQL("DROP MATERIALIZED VIEW {}").format(name_of(o.id)),
            f"drop {o.id}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=(o.id,),
            hazards=hazards,
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Change options and the place of storage; another query means another view."""
    before, after = change.before, change.after
    assert isinstance(before, MaterializedView) and isinstance(after, MaterializedView)
    if before.definition != after.definition:
        return REPLACE
    steps: list[Step] = []
    for action in changed_parameters(before.options, after.options):
        lock = held(context, LockMode.SHARE_UPDATE_EXCLUSIVE, after.id)
        steps.append(step(after.id, _altered(after, action), f"change options of {after.id}", **lock))
    moves: list[sql.Composable] = []
    if before.access_method != after.access_method:
        if context.server.major < 15:
            return REPLACE
        moves.append(sql.SQL("SET ACCESS METHOD {}").format(Name(after.access_method)))
    if before.tablespace != after.tablespace:
        moves.append(sql.SQL("SET TABLESPACE {}").format(Name(after.tablespace or "pg_default")))
    for action in moves:
        message = f"all of {after.id} is written anew while nobody can read it"
        steps.append(
            step(
                after.id,
                _altered(after, action),
                f"move {after.id} to another storage",
                rewrites=(after.id,),
                hazards=(Hazard(code=HazardCode.REWRITES, message=message),),
                **held(context, LockMode.ACCESS_EXCLUSIVE, after.id),
            )
        )
    return Alteration(steps=tuple(steps))


def _altered(o: MaterializedView, action: sql.Composable) -> sql.Composed:
    return sql.SQL("ALTER MATERIALIZED VIEW {} {}").format(name_of(o.id), action)


def rename(o: MaterializedView, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER MATERIALIZED VIEW … RENAME TO, and SET SCHEMA where the schema differs."""
    return renamed("MATERIALIZED VIEW", o.id, to, LockMode.ACCESS_EXCLUSIVE)


KIND = Kind(
    name="materialized_view",
    cls=MaterializedView,
    rank=52,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
