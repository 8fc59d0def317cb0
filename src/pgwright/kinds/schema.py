"""Schemas: the namespaces that hold everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, outdated, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name


@dataclass(frozen=True, kw_only=True)
class Schema(CatalogObject):
    """Define a namespace; owner, privileges and comment are objects of their own."""


def read(reading: Reading) -> Iterator[Found]:
    """Yield the schemas being read."""
    for r in reading.rows("schema"):
        schema = Schema(id=ObjectId("schema", QualifiedName(None, r.name)))
        yield Found(schema, (Address(SystemCatalog.NAMESPACE, r.oid),))


def create(o: Schema, context: Context) -> tuple[Step, ...]:
    """Return the CREATE SCHEMA; `public` gets owner and privileges as in a new database."""
    name = name_of(o.id)
    if o.id.name.name != "public":
        return (step(o.id, sql.SQL("CREATE SCHEMA {}").format(name), f"create {o.id}"),)
    steps = [step(o.id, sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name), f"create {o.id}")]
    privileges = sql.SQL("USAGE, CREATE")
    if context.server.major >= 15:
        privileges = sql.SQL("USAGE")
        text = sql.SQL("ALTER SCHEMA {} OWNER TO pg_database_owner").format(name)
        steps.append(step(o.id, text, f"let the owner of the database own {o.id}"))
    text = sql.SQL("GRANT {} ON SCHEMA {} TO PUBLIC").format(privileges, name)
    steps.append(step(o.id, text, f"let everybody use {o.id}"))
    return tuple(steps)


def drop(o: Schema, context: Context) -> tuple[Step, ...]:
    """Return the DROP SCHEMA, which PostgreSQL refuses while something is left in it."""
    hazard = Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"{o.id} is not dropped while it holds anything that the plan does not name",
    )
    return (
        step(
            o.id,
            sql.SQL("DROP SCHEMA {}").format(name_of(o.id)),
            f"drop {o.id}",
            hazards=(hazard,),
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Return nothing: a schema has nothing but its name."""
    return Alteration()


def rename(o: Schema, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER SCHEMA … RENAME TO."""
    hazard = outdated(o.id.path)
    text = sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(name_of(o.id), Name(to.name.name))
    return (step(o.id, text, f"rename {o.id} to {to.path}", hazards=(hazard,)),)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among schemas."""
    return (("schema", o.id.name.name),)


KIND = Kind(
    name="schema",
    cls=Schema,
    rank=0,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
