"""Collations: rules of sorting and comparing text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.types.retyping import BUILT_ON_TYPES, as_it_is, rebuild, through_text, users
from pgwright.kinds.types.type_steps import drop_step
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import deparsed, literal, render


@dataclass(frozen=True, kw_only=True)
class Collation(CatalogObject):
    """Define a collation.

    `provider` is ``libc``, ``icu`` or ``builtin``. `locale` is that of the last two; the first has
    `lc_collate` and `lc_ctype`. `version` is what the operating system's library said when it was made.
    """

    provider: str
    locale: str | None = None
    lc_collate: str | None = None
    lc_ctype: str | None = None
    deterministic: bool = True
    rules: str | None = None
    version: str | None = fact(None)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the collations of the schemas being read."""
    for r in reading.rows("collation"):
        collation = Collation(
            id=ObjectId("collation", QualifiedName(r.schema, r.name)),
            provider=r.provider,
            locale=r.locale,
            lc_collate=r.lc_collate,
            lc_ctype=r.lc_ctype,
            deterministic=r.deterministic,
            rules=r.rules,
            version=r.version,
        )
        yield Found(collation, (Address(SystemCatalog.COLLATION, r.oid),))


def create(o: Collation, context: Context) -> tuple[Step, ...]:
    """Return the CREATE COLLATION."""
    options: list[sql.Composable] = [deparsed(f"provider = {o.provider}")]
    locale, collate, ctype = o.locale, o.lc_collate, o.lc_ctype
    if locale is None and collate == ctype:
        locale, collate, ctype = collate, None, None
    for keyword, value in (("locale", locale), ("lc_collate", collate), ("lc_ctype", ctype)):
        if value is not None:
            options.append(sql.SQL("{} = {}").format(deparsed(keyword), literal(value)))
    if not o.deterministic:
        options.append(sql.SQL("deterministic = false"))
    if o.rules is not None:
        options.append(sql.SQL("rules = {}").format(literal(o.rules)))
    text = sql.SQL("CREATE COLLATION {} ({})").format(name_of(o.id), sql.SQL(", ").join(options))
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: Collation, context: Context) -> tuple[Step, ...]:
    """Return the DROP COLLATION."""
    return (drop_step("COLLATION", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Make the collation anew; what is sorted by it is changed over, and its indexes built again."""
    domains = {render(name_of(id)) for id in users(change.id, context) if id.kind in BUILT_ON_TYPES}
    if not context.referenced_before.get(change.id):
        return REPLACE

    def conversion(column: Column) -> sql.Composable:
        return through_text(column) if column.type.removesuffix("[]") in domains else as_it_is(column)

    hazard = Hazard(
        code=HazardCode.BREAKS_CODE, message=f"what {change.id.path} sorts and compares comes out otherwise"
    )
    return rebuild(change, context, hazards=(hazard,), conversion=conversion)


def rename(o: Collation, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER COLLATION that renames or moves it."""
    return renamed("COLLATION", o.id, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among collations."""
    return (("collation", o.id.name.schema, o.id.name.name),)


KIND = Kind(
    name="collation",
    cls=Collation,
    rank=10,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
