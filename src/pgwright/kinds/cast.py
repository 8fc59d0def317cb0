"""Casts that users made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import vanishes
from pgwright.kinds.steps import step
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import deparsed

_CONTEXT = {"a": " AS ASSIGNMENT", "i": " AS IMPLICIT", "e": ""}


@dataclass(frozen=True, kw_only=True)
class Cast(CatalogObject):
    """Define a cast.

    `method` is ``f`` (by `function`), ``i`` (through text) or ``b`` (the bytes are the same);
    `context` is ``e`` (only when asked for), ``a`` (also on assignment) or ``i`` (everywhere).
    """

    method: str
    context: str
    function: str | None = None
    source: str = fact("")
    target: str = fact("")


def read(reading: Reading) -> Iterator[Found]:
    """Yield the casts that users made."""
    for r in reading.rows("cast"):
        cast = Cast(
            id=ObjectId("cast", QualifiedName(None, f"{r.source} AS {r.target}")),
            method=r.method,
            context=r.context,
            function=r.function if r.method == "f" else None,
            source=r.source,
            target=r.target,
        )
        yield Found(cast, (Address(SystemCatalog.CAST, r.oid),))


def reference(o: Cast) -> sql.Composed:
    """Compose the cast as DROP and COMMENT want it."""
    return sql.SQL("({} AS {})").format(deparsed(o.source), deparsed(o.target))


def create(o: Cast, context: Context) -> tuple[Step, ...]:
    """Return the CREATE CAST."""
    by = {"f": f"WITH FUNCTION {o.function}", "i": "WITH INOUT", "b": "WITHOUT FUNCTION"}[o.method]
    text = sql.SQL("CREATE CAST {} {}").format(reference(o), deparsed(by + _CONTEXT[o.context]))
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: Cast, context: Context) -> tuple[Step, ...]:
    """Return the DROP CAST."""
    return (
        step(
            o.id,
            sql.SQL("DROP CAST {}").format(reference(o)),
            f"drop {o.id}",
            hazards=vanishes(o.id, context, f"queries that need the {o.id} fail from here on"),
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Replace it: PostgreSQL has no ALTER CAST."""
    return REPLACE


KIND = Kind(
    name="cast",
    cls=Cast,
    rank=28,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
)
