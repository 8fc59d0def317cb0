"""Foreign servers: where foreign tables get their rows; the wrapper comes with an extension.

User mappings hold passwords: they are named, but never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.foreign_options import changed_options
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.types.type_steps import drop_step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import Name, literal


@dataclass(frozen=True, kw_only=True)
class ForeignServer(CatalogObject):
    """Define a foreign server; `options` are ``name=value`` as the catalog holds them."""

    wrapper: str
    type: str | None = None
    version: str | None = None
    options: tuple[str, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the foreign servers of the database."""
    for r in reading.rows("foreign_server"):
        server = ForeignServer(
            id=ObjectId("foreign_server", QualifiedName(None, r.name)),
            wrapper=r.wrapper,
            type=r.type,
            version=r.version,
            options=tuple(r.options or ()),
        )
        yield Found(server, (Address(SystemCatalog.FOREIGN_SERVER, r.oid),))


def create(o: ForeignServer, context: Context) -> tuple[Step, ...]:
    """Return the CREATE SERVER."""
    parts: list[sql.Composable] = [sql.SQL("CREATE SERVER {}").format(name_of(o.id))]
    if o.type is not None:
        parts.append(sql.SQL("TYPE {}").format(literal(o.type)))
    if o.version is not None:
        parts.append(sql.SQL("VERSION {}").format(literal(o.version)))
    parts.append(sql.SQL("FOREIGN DATA WRAPPER {}").format(Name(o.wrapper)))
    if o.options:
        parts.append(sql.SQL("OPTIONS ({})").format(changed_options((), o.options)))
    return (step(o.id, sql.SQL(" ").join(parts), f"create {o.id}"),)


def drop(o: ForeignServer, context: Context) -> tuple[Step, ...]:
    """Return the DROP SERVER."""
    return (drop_step("SERVER", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Change version and options in place; another wrapper or type makes another server."""
    before, after = change.before, change.after
    assert isinstance(before, ForeignServer) and isinstance(after, ForeignServer)
    if {"wrapper", "type"} & set(change.fields) or (before.version and after.version is None):
        return REPLACE
    actions: list[sql.Composable] = []
    if before.version != after.version and after.version is not None:
        actions.append(sql.SQL("VERSION {}").format(literal(after.version)))
    if changed := changed_options(before.options, after.options):
        actions.append(sql.SQL("OPTIONS ({})").format(changed))
    text = sql.SQL("ALTER SERVER {} {}").format(name_of(after.id), sql.SQL(" ").join(actions))
    hazard = Hazard(
        code=HazardCode.BREAKS_CODE, message=f"foreign tables of {after.id} read from another place"
    )
    return Alteration(steps=(step(after.id, text, f"change {after.id}", hazards=(hazard,)),))


def rename(o: ForeignServer, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER SERVER … RENAME TO."""
    return renamed("SERVER", o.id, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among foreign servers."""
    return (("foreign server", o.id.name.name),)


KIND = Kind(
    name="foreign_server",
    cls=ForeignServer,
    rank=33,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
